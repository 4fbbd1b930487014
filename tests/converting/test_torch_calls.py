"""A model said in PyTorch's words: its calls, and snippets that run them."""

from pathlib import Path

import pytest

import example_models as models
import halfpixel
from convert_nets import run
from halfpixel.checking.check import opened
from halfpixel.converting.torch_calls import script, torch_calls

CALLS = [
    models.CORPUS / "bicubic_x2_ac1-t2.13.0d-o20.onnx",
    models.MISMATCHES / "A3.onnx",
]


@pytest.mark.parametrize("path", CALLS, ids=lambda p: p.stem)
def test_a_models_calls_run_as_pytorch(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "calls.py"
    printed, written = run(path, "--to", "torch"), run(path, "--to", "torch", "-o", out)
    assert printed.exit_code == written.exit_code == 0
    for site in halfpixel.sites(path):
        assert f"{site.name} ({site.op}): {site.torch_call}" in printed.output
        assert site.source is None or site.source in out.read_text()
    space: dict[str, object] = {"__name__": "__main__"}
    exec(compile(out.read_text(), out, "exec"), space)  # noqa: S102 - our own text
    assert space["CALLS"] == {site.name: site.torch_call for site in halfpixel.sites(path)}


def test_calls_of_every_small_model_run() -> None:
    folders = (models.CORPUS, models.MISMATCHES)
    seen: set[tuple[str, str]] = set()
    for path in sorted(path for folder in folders for path in folder.glob("*.onnx")):
        calls = torch_calls(opened(path).sites)
        kinds = {(one.op, (one.call or "")[:30]) for one in calls}
        if kinds <= seen:
            continue
        seen |= kinds
        text = script(path.name, calls)
        if "torchvision" not in text:
            exec(compile(text, path.name, "exec"), {"__name__": "__main__"})  # noqa: S102 - likewise
    assert len(seen) > 5


COREML = [
    ("nearest-6x10-to-9x7-ios15.mlpackage", 0,
     'op_6 (upsample_nearest_neighbor): F.interpolate(x, size=(9, 7), mode="nearest")\n'),
    ("nearest-6x10-to-9x7-network.mlmodel", 0,
     '6 (upsample): F.interpolate(x, size=(9, 7), mode="bilinear", align_corners=True)\n'),
    ("conv_transpose-output_padding-network.mlmodel", 1,
     "conv_transpose_0_has_output_shape (deconvolution): no PyTorch call computes this\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "code", "told"), COREML)
def test_core_ml_models_are_said_as_pytorch(name: str, code: int, told: str) -> None:
    result = run(models.CORPUS.parent / "coreml/interpolate" / name, "--to", "torch")
    assert (result.exit_code, result.output) == (code, told)
