"""The Python API takes paths and models in memory, and says the same of each."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx_ir
import pytest
import torch
from torch import Tensor, nn

import example_models as models
import halfpixel
from halfpixel.errors import UsageError

PATH = models.MISMATCHES / "A3.onnx"


def test_a_path_a_proto_and_an_ir_model_are_judged_alike() -> None:
    proto = onnx.load(PATH)
    sources = [PATH, str(PATH), proto, onnx_ir.from_proto(proto)]
    found = [[(f.rule.name, f.finding) for f in halfpixel.check(s).findings] for s in sources]
    assert found[0]
    assert all(other == found[0] for other in found)


class Up(nn.Module):
    """Enlarges by 2."""

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge."""
        return nn.functional.interpolate(x, scale_factor=2, mode="bilinear")


@pytest.mark.filterwarnings("ignore")
def test_a_torch_program_is_judged_without_a_file() -> None:
    program = torch.onnx.export(Up(), (torch.rand(1, 1, 3, 4),), dynamo=True, verbose=False)
    (site,) = halfpixel.sites(program)
    assert site.op == "Resize"
    assert (
        site.torch_call
        == 'F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)'
    )
    assert site.intent is not None
    assert site.intent.how == "recorded"
    assert site.source is not None
    assert Path(site.source.rpartition(":")[0]).name == "test_api.py"


def test_other_objects_are_refused() -> None:
    with pytest.raises(UsageError, match=r"builtins\.dict is neither a path nor a model"):
        halfpixel.sites({})


@pytest.mark.parametrize("name", ["bilinear_down_ac0-t2.13.0d-o18", "bicubic_x2_ac1-t2.13.0d-o20"])
def test_torch_call_can_be_pasted_and_evaluate_agrees(name: str) -> None:
    (site,) = halfpixel.sites(models.CORPUS / f"{name}.onnx")
    with np.load(models.CORPUS / f"{name}.npz") as arrays:
        (x,) = (arrays[key] for key in arrays.files if key in {"x", "input", "in0", "i0"})
    assert site.torch_call is not None
    names = {"x": torch.from_numpy(x), "F": nn.functional}
    pasted = eval(site.torch_call, names)  # noqa: S307 - our own text
    np.testing.assert_allclose(site.evaluate(x), pasted.numpy(), atol=1e-5)


def test_a_report_is_read_at_a_prompt() -> None:
    report = halfpixel.check(models.MISMATCHES / "A3.onnx")
    assert str(report).splitlines() == [
        *(f"{report.files[0].path}: {one}" for one in report.findings),
        "1 resampling site",
    ]
    assert len(repr(report.findings[0].rule)) < 100


def test_names_are_imported_when_they_are_asked_for() -> None:
    program = (
        "import sys, halfpixel\n"
        "assert 'halfpixel.checking.check' not in sys.modules\n"
        "assert set(halfpixel.__all__) <= set(dir(halfpixel))\n"
        "print(*(getattr(halfpixel, name).__name__ for name in halfpixel.__all__))\n"
        "from halfpixel import *\n"
        "print(check is halfpixel.check, hasattr(halfpixel, 'judge'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [" ".join(halfpixel.__all__), "True False"]
