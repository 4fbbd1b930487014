"""Which site each call of PyTorch's own graph became, and the lengths that a call has."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import halfpixel
from halfpixel.converting.calls import NOT_HELD, match_calls
from halfpixel.converting.plain.lengths import LONGEST
from halfpixel.intents.aten_call import read_call
from halfpixel.intents.exported_program import GraphCall
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Operation, Site
from halfpixel.surroundings import Shape


class Lengths(nn.Module):
    """Gives the length that F.interpolate has, at every length in one run."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = F.interpolate(x, scale_factor=2.8, mode="area")
        return y


def test_lengths_are_those_of_float64_to_the_longest(tmp_path: Path) -> None:
    halfpixel.convert(Lengths(), tmp_path / "m.onnx", inputs=["1x1x9"], dynamic="2")
    session = ort.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    for n in (2, 45, 90, 170, 1000):
        y = np.asarray(session.run(None, {"x": np.zeros((1, 1, n), np.float32)})[0])
        assert y.shape[2] == int(n * 2.8)
    assert LONGEST > 1000


def _call(name: str, outs: Shape, module: str = "", line: str | None = None) -> GraphCall:
    found = read_call("aten.upsample_bilinear2d.vec", ("%x", list(outs[2:]), False, None))
    assert found is not None
    return GraphCall(name, "aten.upsample_bilinear2d.vec", *found, (1, 3, 4, 4), outs, module, line)


def _site(name: str, outs: Shape) -> Site:
    resize = Resize(tuple((axis, Sampling("half_pixel", Linear())) for axis in (2, 3)))
    shapes = {"input_shape": (1, 3, 4, 4), "output_shape": outs}
    return Site(name, Operation("Resize", 19, {}, resize, **shapes))  # type: ignore[arg-type]


A, B = (1, 3, 8, 8), (1, 3, 16, 16)

PAIRED = [
    ([("a", A), ("b", B)], [("x", A), ("y", B)], {0: 0, 1: 1}),
    ([("a", A), ("b", B)], [("y", B)], {0: 1}),
    ([("a", A), ("b", A)], [("x", A)], {}),  # either fits: told, not guessed
    ([("a", A), ("b", A)], [("node_b", A)], {0: 1}),
    ([("a", A)], [("x", B)], {}),
    ([("a", (1, 3, 29, 29))], [("x", (1, 3, 28, 28))], {0: 0}),  # a length one off
]


@pytest.mark.parametrize(("calls", "sites", "pairs"), PAIRED)
def test_calls_and_sites_are_paired_where_one_way_is_best(
    calls: list[tuple[str, Shape]], sites: list[tuple[str, Shape]], pairs: dict[int, int]
) -> None:
    found = match_calls([_call(*one) for one in calls], [_site(*one) for one in sites])
    assert found.sites == pairs
    assert set(found.notes) == set(range(len(sites))) - set(pairs)
    assert set(found.lost) == set(range(len(calls))) - set(pairs.values())


def test_names_of_values_pair_what_order_does_not() -> None:
    calls, sites = [_call("a", A), _call("b", A)], [_site("x", A), _site("y", B)]
    found = match_calls(calls, sites, ["p", "q"], {"p": "b", "q": "a"})
    assert found.sites == {0: 1}
    assert "its lengths are others" in found.notes[1]


class Moves(nn.Module):
    """Shuffles and repeats pixels beside a resize."""

    def forward(self, x: Tensor) -> Tensor:
        y = F.pixel_shuffle(x, 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
        return F.interpolate(y, scale_factor=0.5, mode="bilinear", align_corners=False)


def test_what_moves_pixels_is_held_against_no_call(tmp_path: Path) -> None:
    result = halfpixel.convert(Moves(), tmp_path / "m.onnx", inputs=["1x4x6x6"])
    assert not result.refused
    pairs = [(one.call is not None, one.site.op if one.site else "") for one in result.sites]
    assert sorted(pairs) == [(False, "DepthToSpace"), (False, "Reshape"), (True, "Resize")]
    assert [one.note for one in result.sites if one.call is None] == [NOT_HELD] * 2
