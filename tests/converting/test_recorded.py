"""What is asked of PyTorch's own graph, what of a run, and which line a refusal names."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import halfpixel
from halfpixel.converting.export.quietly import is_guard
from halfpixel.converting.free_axes import parse_dynamic
from halfpixel.converting.load import load
from halfpixel.converting.recorded import recorded_calls
from halfpixel.converting.remembering import remembering
from halfpixel.converting.result import ConvertSettings, Exporter, InputSpec, parse_input


class Pyramid(nn.Module):
    """Two resizes, an antialiased one and a pooling to one pixel."""

    def forward(self, x: Tensor) -> Tensor:
        small = F.interpolate(x, scale_factor=0.5, mode="nearest")
        up = F.interpolate(small, size=x.shape[2:], mode="bilinear")
        return x + up + F.adaptive_avg_pool2d(x, 1)


class Guarded(nn.Module):
    """Raises an error where it is too small, and does nothing else there."""

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2] < 2:
            raise ValueError
        assert x.shape[3] > 1
        return F.interpolate(x, scale_factor=2.0, mode="bilinear")


class Parting(nn.Module):
    """Takes another path where it is small."""

    def forward(self, x: Tensor) -> Tensor:
        y = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        return y if x.shape[2] > 8 else y + 1


class Small(nn.Module):
    """Takes another path where there is one row or no channel."""

    def forward(self, x: Tensor) -> Tensor:
        rows = x.size(2)
        y = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        return y if x.shape[1] != 0 and rows > 1 else y + 1


class Rest(nn.Module):
    """Takes another path where its length is a multiple of 47."""

    def forward(self, x: Tensor) -> Tensor:
        rest = x.shape[2] % 47
        y = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        return y if rest > 0 else y + 1


class Bright(nn.Module):
    """Takes another path where it is bright."""

    def forward(self, x: Tensor) -> Tensor:
        y = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        return y if x.sum() > 1 else y + 1


class Numbered(nn.Module):
    """Computes with a length in Python's own numbers."""

    def forward(self, x: Tensor) -> Tensor:
        middle = float(x.shape[2] - 1) / 2
        return F.interpolate(x, scale_factor=2.0, mode="bilinear") * middle


class Squared(nn.Module):
    """Takes squares alone, the root of whose number of pixels torch.export takes for fixed."""

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(2).transpose(1, 2)
        root = rows.shape[1] ** 0.5
        side: Any = root.to(torch.int64) if isinstance(root, Tensor) else int(root)
        return rows.reshape(x.shape[0], side, side, x.shape[1]) * 2


def stages_of(module: nn.Module, dynamic: str, exporter: Exporter) -> tuple[Any, list[str]]:
    """Return what comes of a conversion, and its stages."""
    stages: list[str] = []
    found = halfpixel.convert(
        module,
        inputs=["1x2x16x12"],
        dynamic=[dynamic] if dynamic else [],
        exporter=exporter,
        progress=stages.append,
    )
    return found, stages


@pytest.mark.filterwarnings("ignore")  # the tracer warns
@pytest.mark.parametrize("dynamic", ["", "2,3"])
@pytest.mark.parametrize(
    ("module", "asked"),
    [
        (Pyramid(), (False, False)),
        (Guarded(), (False, False)),
        (Parting(), (False, True)),
        (Small(), (False, False)),
        (Rest(), (False, True)),
        (Bright(), (True, True)),
    ],
    ids=["pyramid", "guarded", "parting", "small", "rest", "bright"],
)
def test_a_trace_that_follows_every_length_needs_no_graph(
    module: nn.Module, asked: tuple[bool, bool], dynamic: str
) -> None:
    found, stages = stages_of(module, dynamic, "torchscript")
    assert ("torch.export" in stages) is asked[bool(dynamic)]
    if isinstance(module, Bright):
        assert found.refused
    if isinstance(module, Bright | Rest):
        return
    call = next(one.call for one in found.sites if one.call is not None)
    assert call.source.rpartition("/")[2].startswith("test_recorded.py:")
    assert "F.interpolate" in call.source_text
    assert all(one.site is not None for one in found.sites if one.call is not None)
    wrong = isinstance(module, Parting) and dynamic
    assert bool(found.refused or found.narrower) is bool(wrong)


def test_the_calls_of_two_runs_are_those_of_the_graph() -> None:
    asked = ConvertSettings(inputs=(InputSpec((1, 2, 16, 12)),), dynamic=parse_dynamic(("2,3",)))
    source = load(Pyramid(), asked)
    found = list(recorded_calls(source) or ())
    graph = [one for one in source.calls if "pool" not in one.target]
    assert [one.text for one in found] == [one.text for one in graph]
    assert [one.source for one in found] == [one.source for one in graph]
    assert found[0].input_shape == (1, 2, "s16_32", "s12_36")
    assert found[1].output_shape == (1, 2, "2*s8_16", "2*s6_18")


def test_whole_numbers_are_left_to_the_graph() -> None:
    asked = ConvertSettings(inputs=(parse_input("1x2x8x8:int64"),))
    assert recorded_calls(load(nn.ReLU(), asked)) is None


@pytest.mark.filterwarnings("ignore")
def test_a_refusal_names_the_constants_of_a_trace() -> None:
    found, _ = stages_of(Numbered(), "2,3", "torchscript")
    assert "; constants of the trace: test_recorded.py:" in found.refused
    assert "(`middle = float(x.shape[2] - 1) / 2`)" in found.refused
    assert found.refused.endswith("--exporter dynamo")


@pytest.mark.filterwarnings("ignore")
def test_a_graph_that_is_right_at_one_size_leaves_to_the_trace() -> None:
    asked: dict[str, Any] = {"inputs": ["1x2x16x16"], "dynamic": "2,3"}
    refused = halfpixel.convert(Squared(), exporter="dynamo", **asked).refused
    assert refused.endswith("; --exporter torchscript is another way")
    found = halfpixel.convert(Squared(), **asked)
    assert (found.refused, found.exporter) == ("", "torchscript")


def test_a_pooling_to_one_pixel_is_exported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    export = torch.export.export

    def counted(*given: Any, **options: Any) -> Any:  # noqa: ANN401 - torch's own signature
        asked.append(given)
        return export(*given, **options)

    monkeypatch.setattr(torch.export, "export", counted)
    found, _ = stages_of(nn.AdaptiveAvgPool2d(1), "2,3", "dynamo")
    assert (found.refused, len(asked)) == ("", 1)


def test_a_run_is_made_once() -> None:
    calls: list[Tensor] = []

    def forward(_module: nn.Module, given: tuple[Tensor, ...]) -> None:
        calls.append(given[0])

    module = nn.ReLU()
    module.register_forward_pre_hook(forward)
    running = remembering(module, "relu")
    array = torch.rand(2, 3).numpy()
    first = running.run({"x": array})
    first["output_0"] = np.zeros(6)
    assert running.run({"renamed": array})["output_0"].any()
    assert len(calls) == 1
    running.run({"x": array.copy()})
    assert running.run_double({"x": array})["output_0"].dtype == "float64"
    assert len(calls) == 3


def test_guards_raise_and_do_no_more() -> None:
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123 - line by line
        lines = file.read().splitlines()
    found = {line.strip() for number, line in enumerate(lines, 1) if is_guard(__file__, number)}
    assert "if x.shape[2] < 2:" in found
    assert "return y if x.shape[2] > 8 else y + 1" not in found
