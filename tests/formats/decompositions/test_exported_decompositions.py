"""Resizes that torch's exporter writes in other operators are what PyTorch computes."""

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime as ort
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import ModelProto
from torch import Tensor, nn

import example_models as models
import halfpixel
from halfpixel.conventions.torch.interpolate import LENGTHS as NAMES
from halfpixel.site import Site

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of torch itself
Call = Callable[[Tensor], Tensor]
FORMS: Final[dict[str, Callable[[ModelProto], ModelProto]]] = {
    "as exported": lambda made: made,
    "without records": models.without_records,
    "in a function": models.in_function,
    "in a function without records": lambda made: models.in_function(models.without_records(made)),
}


class Net(nn.Module):
    """One call, and what turns the axes around it."""

    def __init__(self, call: Call, turn: tuple[int, ...] | None) -> None:
        super().__init__()
        self.call, self.turn = call, turn

    def forward(self, x: Tensor) -> Tensor:
        if self.turn is None:
            return self.call(x)
        return self.call(x.permute(self.turn)).permute(tuple(np.argsort(self.turn)))


def resized(size: int | tuple[int, ...] | None = None, **options: Any) -> Call:  # noqa: ANN401 - torch's own
    return partial(F.interpolate, size=size, **options)


@lru_cache(maxsize=64)
def exported(
    call: Call, shape: tuple[int, ...], turn: tuple[int, ...] | None, opset: int, *, free: bool
) -> tuple[nn.Module, ModelProto]:
    """Return a call as a module, and as the exporter writes it."""
    torch.manual_seed(0)
    net = Net(call, turn).eval()
    axes = range(2, len(shape)) if turn is None else range(1, len(shape) - 1)
    dims = dict.fromkeys(axes, torch.export.Dim.DYNAMIC)
    program = torch.onnx.export(
        net, (torch.rand(shape),), dynamo=True, verbose=False, opset_version=opset,
        dynamic_shapes=(dims,) if free else None,
    )  # fmt: skip
    assert program is not None
    return net, program.model_proto


def run(made: ModelProto, x: Tensor) -> np.ndarray[Any, np.dtype[Any]] | None:
    """Return what onnxruntime makes of an input; None where it fails."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(made.SerializeToString(), options)
    try:
        return np.asarray(session.run(None, {session.get_inputs()[0].name: x.numpy()})[0])
    except Exception:  # noqa: BLE001 - onnxruntime raises a dozen kinds, all mean the same
        return None


def only(made: ModelProto) -> Site:
    (site,) = halfpixel.sites(made)
    return site


def called(site: Site, x: Tensor) -> Tensor:
    """Return what the PyTorch call that a site is said to be computes."""
    assert site.torch_call is not None
    found = eval(site.torch_call, {"F": F, "x": x})  # noqa: S307 - what is claimed
    assert isinstance(found, Tensor)
    return found


FIXED: Final[dict[str, tuple[Call, tuple[int, ...], tuple[int, ...] | None, int]]] = {
    "area-1d-masked": (resized(3, mode="area"), (2, 3, 8), None, 20),
    "area-1d-enlarged": (resized(8, mode="area"), (2, 3, 5), None, 20),
    "area-1d-mean": (resized(3, mode="area"), (2, 3, 7), None, 20),
    "area-1d-pool": (resized(4, mode="area"), (2, 3, 8), None, 20),
    "area-2d-pool": (resized((4, 3), mode="area"), (2, 3, 8, 6), None, 20),
    "area-2d-one-axis": (resized((4, 6), mode="area"), (2, 3, 8, 6), None, 20),
    "area-2d-mean": (resized((3, 3), mode="area"), (2, 3, 7, 7), None, 18),
    "area-2d-mixed": (resized((3, 4), mode="area"), (2, 3, 8, 9), None, 20),
    "area-2d-masked-twice": (resized((7, 8), mode="area"), (2, 3, 4, 5), None, 15),
    "area-channels-last": (resized((6, 4), mode="area"), (1, 10, 10, 2), (0, 3, 1, 2), 20),
    "adaptive-identity": (nn.AdaptiveAvgPool2d(6), (1, 3, 6, 6), None, 20),
    "adaptive-masked": (nn.AdaptiveAvgPool2d(6), (1, 3, 10, 10), None, 20),
    "exact-1d-cube": (resized(mode="nearest-exact", scale_factor=1.5), (4, 4, 4), None, 20),
    "exact-2d": (resized((9, 5), mode="nearest-exact"), (1, 2, 6, 7), None, 16),
    "exact-2d-doubled": (resized(mode="nearest-exact", scale_factor=2), (2, 2, 5, 5), None, 20),
    "exact-3d": (resized(mode="nearest-exact", scale_factor=2), (1, 2, 3, 4, 5), None, 20),
    "exact-channels-last": (
        resized((9, 5), mode="nearest-exact"), (1, 6, 7, 2), (0, 3, 1, 2), 20,
    ),
    "linear": (resized(7, mode="linear"), (2, 3, 4), None, 20),
    "linear-corners": (resized(5, mode="linear", align_corners=True), (1, 3, 8), None, 15),
    "linear-to-one": (resized(1, mode="linear"), (2, 3, 7), None, 20),
    "linear-same-length": (resized(4, mode="linear"), (4, 4, 4), None, 20),
    "linear-channels-last": (resized(7, mode="linear"), (2, 4, 3), (0, 2, 1), 20),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", FIXED)
def test_shapes_call_and_values_are_those_of_pytorch(name: str, form: str) -> None:
    """All are of one tensor: the one that the site itself reports."""
    net, made = exported(*FIXED[name], free=False)
    given = FIXED[name][1]
    if name == "adaptive-identity" and "without" in form:
        assert not halfpixel.sites(FORMS[form](made))  # a copy, whoever wrote it
        return
    site = only(FORMS[form](made))
    x = torch.rand(given)
    want = net(x)
    if site.input_shape != tuple(given):  # it stands behind a Transpose of its own
        turn = FIXED[name][2]
        assert turn is not None
        x, want = x.permute(turn), want.permute(turn)
    assert site.input_shape == tuple(x.shape)
    assert site.output_shape == tuple(want.shape)
    torch.testing.assert_close(called(site, x), want, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(site.evaluate(x.numpy()), want.numpy(), rtol=1e-5, atol=1e-6)


FREE: Final[dict[str, tuple[Call, tuple[int, ...], tuple[int, ...] | None, int]]] = {
    "area-1d-masked": (resized(3, mode="area"), (2, 3, 8), None, 20),
    "area-2d-mean": (resized((3, 3), mode="area"), (2, 3, 7, 7), None, 20),
    "area-2d-masked": (resized((7, 8), mode="area"), (2, 3, 4, 5), None, 20),
    "area-channels-last": (resized((3, 3), mode="area"), (1, 7, 7, 2), (0, 3, 1, 2), 20),
    "adaptive-identity": (nn.AdaptiveAvgPool2d(6), (1, 3, 6, 6), None, 20),
    "adaptive-mean": (nn.AdaptiveAvgPool2d(3), (1, 3, 7, 7), None, 20),
    "adaptive-masked": (nn.AdaptiveAvgPool2d(6), (1, 3, 10, 10), None, 20),
    "exact-1d": (resized(5, mode="nearest-exact"), (2, 3, 7), None, 20),
    "exact-2d-doubled": (resized(mode="nearest-exact", scale_factor=2), (1, 2, 6, 7), None, 20),
    "exact-channels-last": (
        resized((9, 5), mode="nearest-exact"), (1, 6, 7, 2), (0, 3, 1, 2), 20,
    ),
    "linear": (resized(7, mode="linear"), (2, 3, 4), None, 20),
    "linear-corners": (resized(5, mode="linear", align_corners=True), (1, 3, 8), None, 20),
    "linear-factor": (resized(mode="linear", scale_factor=2.5), (2, 3, 4), None, 20),
}  # fmt: skip
LENGTHS: Final = ((9, 12, 10), (14, 15, 9), (7, 16, 13))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", FREE)
def test_windows_of_the_exported_size_are_loud_at_free_lengths(name: str, form: str) -> None:
    """What onnxruntime makes of other sizes is evaluated, and is PyTorch's or is warned of."""
    call, shape, turn, opset = FREE[name]
    net, made = exported(call, shape, turn, opset, free=True)
    report = halfpixel.check(FORMS[form](made)).files[0]
    (site,) = report.sites
    loud = {f.rule.name for f in report.findings if f.finding.severity != "note"}
    right = True
    for lengths in LENGTHS:
        free = iter(lengths)
        fixed = {0, 1} if turn is None else {0, len(shape) - 1}
        x = torch.rand([n if axis in fixed else next(free) for axis, n in enumerate(shape)])
        here, there = run(made, x), net(x).numpy()
        same = here is not None and here.shape == there.shape and np.allclose(here, there, 1e-4)
        right = right and same
        if here is not None:
            np.testing.assert_allclose(site.evaluate(x.numpy()), here, rtol=1e-4, atol=1e-6)
        if same and site.torch_call:
            outs = there.shape[2:] if turn is None else there.shape[1:-1]
            named = dict(zip(NAMES[len(outs)], outs, strict=True))
            assert turn is None or ".permute(" in site.torch_call
            told = eval(site.torch_call, {"F": F, "x": x, **named})  # noqa: S307 - what is claimed
            np.testing.assert_allclose(told.numpy(), there, rtol=1e-4, atol=1e-6)
    assert loud == (set() if right else {"frozen-window"})


@pytest.mark.parametrize("free", [False, True])
def test_a_pooling_that_is_meant_is_no_resize(*, free: bool) -> None:
    for form in FORMS.values():
        _, made = exported(nn.AvgPool2d(2), (1, 3, 8, 8), None, 20, free=free)
        report = halfpixel.check(form(made)).files[0]
        assert not report.findings
        assert [site.op for site in report.sites] == ["AveragePool"]


def without_lines(made: ModelProto) -> ModelProto:
    """Return a model without source lines, the modules kept."""
    found = ModelProto.FromString(made.SerializeToString())
    for node in found.graph.node:
        kept = [entry for entry in node.metadata_props if "stack_trace" not in entry.key]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    return found


@pytest.mark.parametrize(
    ("name", "net", "how"),
    [
        ("lines", nn.AvgPool2d(1), ""),
        ("modules", nn.AvgPool2d(1), ""),
        ("bare", nn.AvgPool2d(1), "assumed"),
        ("lines", nn.AdaptiveAvgPool2d(6), "proven"),
        ("modules", nn.AdaptiveAvgPool2d(6), "proven"),
        ("bare", nn.AdaptiveAvgPool2d(6), "assumed"),
        ("modules", nn.AvgPool2d(2), ""),
        ("modules", nn.AdaptiveAvgPool2d(3), "proven"),
        ("modules", nn.Upsample((3, 3), mode="area"), "proven"),
        ("bare", nn.AdaptiveAvgPool2d(3), ""),
    ],
)
def test_windows_are_said_to_be_frozen_as_far_as_the_file_tells(
    name: str, net: nn.Module, how: str
) -> None:
    """A pooling by 1 that keeps every pixel, and an adaptive one, become the same node."""
    forms: dict[str, Callable[[ModelProto], ModelProto]] = {
        "lines": lambda made: made,
        "modules": without_lines,
        "bare": models.without_records,
    }
    _, made = exported(net, (1, 3, 6, 6), None, 20, free=True)
    findings = halfpixel.check(forms[name](made)).files[0].findings
    found = [one.finding for one in findings if one.rule.name == "frozen-window"]
    assert [one.how for one in found] == ([how] if how else [])
    assert all(("either" in one.message) == (how == "assumed") for one in found)


@pytest.mark.filterwarnings("ignore")  # torch says that its exporter is an old one
@pytest.mark.parametrize("opset", [9, 17])
def test_a_pooling_by_one_of_torchscript_is_meant(opset: int, tmp_path: Path) -> None:
    """It refuses an adaptive pooling of free lengths, and writes pads for no other."""
    torch.onnx.export(
        nn.AvgPool2d(1), (torch.rand(1, 3, 6, 6),), tmp_path / "m.onnx", dynamo=False,
        input_names=["x"], dynamic_axes={"x": {2: "h", 3: "w"}}, opset_version=opset,
    )  # fmt: skip
    assert not halfpixel.check(tmp_path / "m.onnx").files[0].findings


def reordered(x: Tensor) -> Tensor:
    return x[:, :, [3, 0, 2]]


def one_row(x: Tensor) -> Tensor:
    return x[:, :, [2]]


def by_data(x: Tensor) -> Tensor:
    return x[:, :, torch.argsort(x[0, 0, :, 0])]


@pytest.mark.parametrize("call", [reordered, one_row, by_data])
def test_a_choice_of_pixels_is_no_resize(call: Call) -> None:
    for free in (False, True):
        _, made = exported(call, (1, 3, 8, 8), None, 20, free=free)
        assert not halfpixel.sites(made)


@pytest.mark.parametrize(
    "name", ["area-1d-masked", "area-2d-mixed", "area-channels-last", "exact-3d", "linear"]
)
def test_a_decomposition_is_written_as_a_product(name: str) -> None:
    """One site is one change, whatever stands between its two ends."""
    net, made = exported(*FIXED[name], free=False)
    result = halfpixel.fix(made, lower={only(made).name: "matmul"})
    x = torch.rand(FIXED[name][1])
    assert isinstance(result.model, ModelProto)
    assert "GatherND" not in {node.op_type for node in result.model.graph.node}
    here = run(result.model, x)
    assert here is not None
    np.testing.assert_allclose(here, net(x).numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("factor", "loud"), [(1.4, True), (1.5, False)])
def test_a_length_that_the_graph_computes_in_float32_is_told(factor: float, loud: bool) -> None:  # noqa: FBT001
    """45 times 1.4 is below 63 in PyTorch's float64, and 63 in the graph's float32."""
    call = resized(scale_factor=factor, mode="nearest-exact")
    module, made = exported(call, (1, 1, 20, 30), None, 18, free=True)
    x = torch.rand(1, 1, 45, 45)
    here, there = run(made, x), module(x)
    assert here is not None
    assert (here.shape != tuple(there.shape)) is loud
    (site,) = halfpixel.sites(made)
    assert ("45 gives 63, not 62" in site.operation.torch_where) is loud
    said = [(one.rule.name, one.finding.severity) for one in halfpixel.check(made).findings]
    assert (("output-length-rounding", "warning") in said) is loud
