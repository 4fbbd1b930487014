"""What a module may be: what it takes and returns, its state, its mode and its values."""

import gc
import re
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import halfpixel
from convert_nets import SHAPE, Up
from halfpixel.converting.result import Exporter
from halfpixel.errors import UsageError


class Same(nn.Module):
    """Returns one value twice."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        y = F.interpolate(x, scale_factor=2.0)
        return y, y, y + 1


class Nested(nn.Module):
    """Returns dicts with equal keys."""

    def forward(self, x: Tensor) -> dict[str, dict[str, Tensor]]:
        return {"a": {"x": F.interpolate(x, scale_factor=2.0)}, "b": {"x": 2 * x}}


class Unused(nn.Module):
    """Does not read one of its inputs, which torchscript's exporter drops."""

    def forward(self, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        del b
        return F.interpolate(a, scale_factor=2.0) + F.interpolate(2 * c, scale_factor=2.0)


class Returned(nn.Module):
    """Returns its input as it came."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, F.interpolate(x, scale_factor=2.0)


X = "1x1x5x5"

RETURNS = [
    (Same(), "torchscript", [X], ["x"], 3),
    (Nested(), "torchscript", [X], ["x"], 2),
    (Unused(), "torchscript", [X, "1x1x3x3", X], ["a", "c"], 1),
    (Returned(), "dynamo", [X], ["x"], 2),
]


@pytest.mark.parametrize(("module", "exporter", "inputs", "names", "outputs"), RETURNS)
def test_what_a_module_takes_and_returns_is_compared_one_by_one(
    module: nn.Module, exporter: str, inputs: list[str], names: list[str], outputs: int
) -> None:
    found = halfpixel.convert(module, inputs=inputs, exporter=exporter)  # type: ignore[arg-type]
    assert (found.refused, found.verified) == ("", True)
    assert [one.name for one in found.model.graph.input] == names
    assert len(found.verifications[0].outputs) == outputs


@pytest.mark.parametrize("shape", [SHAPE, "1x2"])
def test_a_module_keeps_the_mode_of_each_of_its_parts(shape: str) -> None:
    module = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Upsample(scale_factor=2)), nn.ReLU())
    module.train()
    module[1].eval()
    before = [part.training for part in module.modules()]
    try:
        assert halfpixel.convert(module, inputs=[shape], exporter="torchscript").ok
    except UsageError:
        assert shape == "1x2"
    assert [part.training for part in module.modules()] == before


class Signed(nn.Module):
    """Takes another mode where its input is negative."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear" if x.sum() > 0 else "nearest")


class Large(nn.Module):
    """Takes another mode where its input is large, which no made one is."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear" if x.max() < 9 else "nearest")


def test_a_trace_is_run_on_other_values_and_says_what_pytorch_warned_of() -> None:
    found = halfpixel.convert(Signed(), inputs=["1x2x4x5"], exporter="torchscript")
    assert "parts them" in found.refused
    refused = halfpixel.convert(Signed(), inputs=["1x2x4x5"]).refused
    assert "; --exporter torchscript is refused too" in refused
    assert "--exporter torchscript --range 0,1" in refused
    found = halfpixel.convert(Large(), inputs=["1x2x4x5"], exporter="torchscript")
    assert (found.refused, found.findings) == ("", 1)
    assert "tensor to a Python boolean" in found.narrower[0]
    ranged = halfpixel.convert(
        Signed(), inputs=["1x2x4x5"], exporter="torchscript", limits=(0.0, 1.0)
    )
    assert ranged.refused == ""


class Counter(nn.Module):
    """Adds how often it was called: in a buffer, or in a plain attribute."""

    runs: Tensor

    def __init__(self, *, buffer: bool, read: bool = True) -> None:
        super().__init__()
        self.read, self.count = read, 0.0
        if buffer:
            self.register_buffer("runs", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.count += 1
        if "runs" in self._buffers:
            self.runs = self.runs + 1
        more = self.runs if "runs" in self._buffers else self.count
        y: Tensor = F.interpolate(x, scale_factor=2.0) + (more if self.read else 0)
        return y


STIRRED = [
    (Counter(buffer=True), "it changes its state (runs); a file holds no state"),
    (Counter(buffer=False), "it changes its state, or draws numbers; a file holds no state"),
]


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
@pytest.mark.parametrize(("module", "told"), STIRRED)
def test_a_module_that_is_no_function_of_its_inputs_is_refused(
    module: nn.Module, told: str, exporter: Exporter
) -> None:
    found = halfpixel.convert(module, inputs=["1x2x4x5"], exporter=exporter)
    assert found.refused.startswith("called twice on the same inputs the module gives other")
    assert found.refused.endswith(told)


def test_a_buffer_that_a_call_changes_is_told_and_put_back() -> None:
    module = Counter(buffer=True, read=False)
    found = halfpixel.convert(module, inputs=["1x2x4x5"], exporter="torchscript")
    assert (found.refused, found.findings) == ("", 1)
    assert "a call changes the module's buffer runs" in found.narrower[0]
    assert float(module.runs) == 0


class Sized(nn.Module):
    """Takes the values of an input for lengths, or its lengths alone."""

    def __init__(self, *, values: bool) -> None:
        super().__init__()
        self.values = values

    def forward(self, x: Tensor, size: Tensor) -> Tensor:
        wanted = [int(size[0]) + 3, int(size[1]) + 3] if self.values else list(size.shape)
        return F.interpolate(x, size=wanted)


@pytest.mark.parametrize("values", [True, False])
def test_an_input_whose_values_became_constants_is_told(values: bool) -> None:  # noqa: FBT001
    found = halfpixel.convert(
        Sized(values=values),
        inputs=["1x2x4x5", "2:int64" if values else "6x7:int64"],
        exporter="torchscript",
    )
    told = [note for note in found.narrower if "input size is not in the file" in note]
    assert (bool(told), bool(found.refused)) == (values, values)


class Pooled(nn.Module):
    """Averages 2 x 2 pixels, and spreads them again: no resize but the last."""

    def forward(self, x: Tensor) -> Tensor:
        small = F.avg_pool2d(x, 2)
        return F.interpolate(small, size=x.shape[2:], mode="bilinear")


def test_a_pooling_that_is_meant_is_no_frozen_window() -> None:
    found = halfpixel.convert(Pooled(), inputs=["1x2x16x24"], dynamic="2,3")
    assert (found.refused, found.findings) == ("", 0)


class Twice(nn.Module):
    """Returns one tensor twice."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        return y, y


@pytest.mark.filterwarnings("ignore")  # coremltools' own
def test_two_outputs_of_one_name_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    found = halfpixel.convert(Twice(), tmp_path / "m.mlpackage", inputs=["1x2x4x6"])
    assert "two outputs the name" in found.refused
    assert halfpixel.convert(Twice(), inputs=["1x2x4x6"]).verified
    gc.collect()


class Named(nn.Module):
    """Takes an input by name alone."""

    def forward(self, x: Tensor, *, ref: Tensor) -> Tensor:
        return F.interpolate(x, size=ref.shape[2:])


LATE: list[tuple[nn.Module, dict[str, object], str]] = [
    (Named(), {}, "input 'ref' is given by name alone; export a module whose inputs are tensors"),
    (Up(scale_factor=2), {"opset": 99}, "--opset 99: the newest that is known here is"),
    (Up(scale_factor=2), {"targets": ["coreml-ios17"]}, "runs models of ML Program, not"),
    (Up(scale_factor=2), {"targets": ["tensort"]}, "--target 'tensort': expected one of"),
]


@pytest.mark.parametrize(("module", "options", "told"), LATE)
def test_what_cannot_be_is_told_before_any_export(
    module: nn.Module, options: dict[str, object], told: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        halfpixel.convert(module, inputs=["1x2x4x5"], **options)  # type: ignore[arg-type]
