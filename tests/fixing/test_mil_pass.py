"""The graph pass inside coremltools, converting real PyTorch modules."""

import importlib.util
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from halfpixel.checking.check import check
from halfpixel.formats.coreml.model import opened
from halfpixel.runtimes.mil_as_onnx.program import lowered

if importlib.util.find_spec("coremltools") is None:
    pytest.skip("coremltools is not installed", allow_module_level=True)

import onnxruntime as ort
import torch
import torch.nn.functional as F  # noqa: N812 - its own users' name

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

Array = np.ndarray[Any, np.dtype[Any]]
pytestmark = pytest.mark.filterwarnings("ignore")


class Call(torch.nn.Module):
    """A function as a module."""

    def __init__(self, run: "Callable[[Tensor], Tensor]") -> None:
        super().__init__()
        self.run = run

    def forward(self, x: "Tensor") -> "Tensor":
        return self.run(x)


CASES: "dict[str, tuple[Callable[[Tensor], Tensor], list[str], str]]" = {
    "a nudged bilinear size": (
        lambda x: F.interpolate(x, size=(9, 11), mode="bilinear"), [], "resize_bilinear",
    ),
    "aligned corners": (
        lambda x: F.interpolate(x, size=(9, 11), mode="bilinear", align_corners=True), [],
        "resize_bilinear",
    ),
    "a fractional nearest": (lambda x: F.interpolate(x, size=(9, 11)), [], ""),
    "a whole nearest": (
        lambda x: F.interpolate(x, scale_factor=2), [], "upsample_nearest_neighbor",
    ),
    "antialias that is expected": (
        lambda x: F.interpolate(x, size=(4, 3), mode="bilinear", antialias=True),
        ["antialias=true"], "",
    ),
}  # fmt: skip


def _converted(
    run: "Callable[[Tensor], Tensor]", expect: list[str], folder: Path, *, exported: bool = False
) -> Path:
    ct: Any = import_module("coremltools")

    from halfpixel.plugins import coreml

    x = torch.zeros(1, 2, 6, 7)
    module = Call(run).eval()
    options: dict[str, Any] = {"inputs": [ct.TensorType(name="x", shape=x.shape)]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer PyTorch warns that it is the old way
        read: Any = torch.jit.trace(module, x)  # type: ignore[no-untyped-call]
    if exported:
        read, options = torch.export.export(module, (x,)).run_decompositions({}), {}
    model = ct.convert(
        read,
        minimum_deployment_target=ct.target.iOS16,
        compute_precision=ct.precision.FLOAT32,
        pass_pipeline=coreml.pipeline(expect=expect),
        **options,
    )
    path = folder / "model.mlpackage"
    model.save(str(path))
    return path


def _ran(path: Path, x: Array) -> Array:
    model = opened(path)
    session = ort.InferenceSession(
        lowered(model).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(None, {session.get_inputs()[0].name: x})
    return np.asarray(found)


@pytest.mark.parametrize(("run", "expect", "op"), CASES.values(), ids=CASES)
def test_what_is_converted_computes_what_pytorch_does(
    tmp_path: Path, run: "Callable[[Tensor], Tensor]", expect: list[str], op: str
) -> None:
    path = _converted(run, expect, tmp_path)
    assert [site.op for site in opened(path).sites] == [op] * bool(op)
    assert not [one for one in check(path).findings if one.rule.name == "device-dependent"]
    x = np.random.default_rng(0).standard_normal((1, 2, 6, 7)).astype(np.float32)
    np.testing.assert_allclose(_ran(path, x), run(torch.tensor(x)).numpy(), rtol=0, atol=1e-5)


def test_the_name_of_an_antialiased_call_is_enough(tmp_path: Path) -> None:
    def run(x: "Tensor") -> "Tensor":
        return F.interpolate(x, size=(4, 3), mode="bilinear", antialias=True)

    path = _converted(run, [], tmp_path, exported=True)
    x = np.random.default_rng(0).standard_normal((1, 2, 6, 7)).astype(np.float32)
    np.testing.assert_allclose(_ran(path, x), run(torch.tensor(x)).numpy(), rtol=0, atol=1e-5)


def test_a_resize_that_keeps_its_lengths_and_moves_is_not_deleted(tmp_path: Path) -> None:
    ct: Any = import_module("coremltools")
    mb: Any = import_module("coremltools.converters.mil").Builder

    from halfpixel.plugins import coreml

    def program() -> object:
        def moved(x: object) -> object:
            y = mb.resize_bilinear(
                x=mb.exp(x=x),
                target_size_height=4,
                target_size_width=4,
                sampling_mode="OFFSET_CORNERS",
            )
            return mb.sqrt(x=y)

        inputs = [mb.TensorSpec(shape=(1, 2, 4, 4))]
        made: object = mb.program(input_specs=inputs, opset_version=ct.target.iOS16)(moved)
        return made

    kinds = {}
    for name, passes in (("plain", None), ("ours", coreml.pipeline())):
        model = ct.convert(
            program(),  # a conversion changes it
            minimum_deployment_target=ct.target.iOS16,
            compute_precision=ct.precision.FLOAT32,
            pass_pipeline=passes,
        )
        model.save(str(tmp_path / f"{name}.mlpackage"))
        values = opened(tmp_path / f"{name}.mlpackage").values
        kinds[name] = [one.op for one in values if one.op != "Constant"]
    assert kinds["plain"] == ["exp", "sqrt"]
    assert kinds["ours"] == ["exp", "matmul", "matmul", "sqrt"]


def test_the_pass_is_registered_once() -> None:
    from halfpixel.plugins import coreml

    for _ in range(2):
        made: Any = coreml.pipeline()
        assert made.passes[0] == coreml.NAME


def test_an_expectation_of_no_operator_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _converted(lambda x: F.interpolate(x, size=(9, 11)), ["neck*:align_corners=true"], tmp_path)
    (record,) = (one for one in caplog.records if one.name == "halfpixel" and one.levelno == 30)
    assert record.getMessage().startswith("expect 'neck*': no such operator; resizes are: ")
