"""At which lengths a converted file is the module."""

import json
import sys
import types
from pathlib import Path

import pytest
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import halfpixel
from convert_nets import SHAPE, Up, agree, run
from halfpixel.converting import cases
from halfpixel.converting.result import Exporter


class Branch(nn.Module):
    """Takes another mode at some lengths; `opaque` to torch.export, so that no guard tells."""

    def __init__(self, where: str, *, opaque: bool) -> None:
        super().__init__()
        self.where, self.opaque = where, opaque

    def forward(self, x: Tensor) -> Tensor:
        if self.opaque and x.sum() < -1e9:
            return x
        high, wide = x.shape[2:]
        other = {
            "short": high <= 8,
            "long": high > 64,
            "tall": high > 20 * wide,
        }[self.where]
        return F.interpolate(x, scale_factor=2.0, mode="nearest" if other else "bilinear")


OPAQUE = [("short", "x=1x2x4x6"), ("tall", "x=1x2x150x5"), ("long", "x=1x2x150x5")]


@pytest.mark.filterwarnings("ignore")  # the tracer says that a branch is not followed
@pytest.mark.parametrize(("where", "told"), OPAQUE)
def test_a_branch_that_no_guard_tells_is_found_by_a_trial(where: str, told: str) -> None:
    found = halfpixel.convert(
        Branch(where, opaque=True), inputs=[SHAPE], dynamic="2,3", exporter="torchscript"
    )
    assert found.refused.startswith(f"verification failed on model.onnx@cpu at {told}: ")
    assert (found.ok, found.verified) == (False, False)


GUARDED = [
    ("dynamo", "short", "input x axis 2: the file is right from 9 on only; the module takes 8 ("),
    ("torchscript", "long", "the file is right from 2 to 64 only; the module takes 65 ("),
]


@pytest.mark.filterwarnings("ignore")  # likewise
@pytest.mark.parametrize(("exporter", "where", "told"), GUARDED)
def test_lengths_outside_of_a_guard_are_a_finding(
    exporter: str, where: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("guarded")
    vars(module)["make"] = lambda: Branch(where, opaque=False)
    monkeypatch.setitem(sys.modules, "guarded", module)
    path = tmp_path / "m.onnx"
    result = run(
        "guarded:make", "--input", SHAPE, "--dynamic", "2", "--exporter", exporter, "-o", path,
        "--output-format", "json",
    )  # fmt: skip
    body = json.loads(result.output)
    assert (result.exit_code, body["refused"], len(body["narrower"])) == (1, None, 1)
    assert told in body["narrower"][0]
    agree(path, Branch(where, opaque=False), [(1, 2, 9, 10), (1, 2, 64, 10)])


class Padded(nn.Module):
    """PyTorch asks for 3 rows, and so does the module itself."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(F.pad(x, (2, 2, 2, 2), mode="reflect"), scale_factor=2.0)


class Checked(nn.Module):
    """Its path asks for 9 rows, and the other path computes the same."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x if x.shape[2] > 8 else x + 0, scale_factor=2.0)


RIGHT = [
    ("dynamo", Padded(), "axis 2: PyTorch's graph holds from 3 on, and the module takes no other"),
    ("torchscript", Checked(),
     "PyTorch's graph holds from 9 on; the file is the module at 8, 4, 2, 1 too"),
]  # fmt: skip


@pytest.mark.parametrize(("exporter", "module", "told"), RIGHT)
def test_a_guard_that_changes_nothing_is_told_and_no_finding(
    exporter: Exporter, module: nn.Module, told: str
) -> None:
    found = halfpixel.convert(module, inputs=[SHAPE], dynamic="2", exporter=exporter)
    assert (found.refused, found.findings) == ("", 0)
    assert any(told in note for note in found.notes)


def test_a_trial_that_grows_too_much_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "MOST_NUMBERS", 1)
    found = halfpixel.convert(Up(scale_factor=2.0), inputs=[SHAPE], dynamic="2", exporter="dynamo")
    told = "not tried at x=1x2x150x10: the module makes 12000 numbers there, more than 2160"
    assert (found.refused, told in found.notes) == ("", True)


def test_pytorchs_own_column_is_told_and_not_compared() -> None:
    module = Up(scale_factor=0.4, mode="bilinear", antialias=True)
    found = halfpixel.convert(module, inputs=[SHAPE], dynamic="2,3", exporter="dynamo")
    assert found.refused == ""
    assert any("where its last length comes to 1, PyTorch's own" in one for one in found.notes)
    fixed = halfpixel.convert(module, inputs=[SHAPE], dynamic="2", exporter="dynamo")
    assert not any("last length" in note for note in fixed.notes)


class Single(nn.Module):
    """Takes another mode for one image."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, size=(9, 7), mode="bilinear" if x.shape[0] == 1 else "nearest")


def test_a_length_of_one_is_tried_where_the_exported_one_is_longer() -> None:
    found = halfpixel.convert(Single(), inputs=["2x2x4x5"], dynamic="0")
    assert found.findings == 1
    told = "input x axis 0: the file is right from 2 on only; the module takes 1 ("
    assert found.narrower[0].startswith(told)


class Spatial(nn.Module):
    """A spatial transformer: a grid of its input's own lengths."""

    def forward(self, x: Tensor, theta: Tensor) -> Tensor:
        return F.grid_sample(x, F.affine_grid(theta, list(x.shape), align_corners=False))


@pytest.mark.filterwarnings("ignore")  # grid_sample without align_corners
@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
def test_an_affine_grid_follows_free_lengths(exporter: Exporter) -> None:
    found = halfpixel.convert(
        Spatial(), inputs=["1x2x6x8", "1x2x3"], dynamic="x=2,3", exporter=exporter
    )
    assert (found.refused, found.findings) == ("", 0)
    assert len(found.verifications[0].cases) > 3


def test_lengths_that_runtimes_round_otherwise_are_computed_in_the_graph(tmp_path: Path) -> None:
    module = Up(scale_factor=0.7, mode="bilinear")
    path = tmp_path / "m.onnx"
    found = halfpixel.convert(module, path, inputs=["1x2x20x30"], dynamic="2,3")
    assert (found.refused, found.findings) == ("", 0)
    agree(path, module, [(1, 2, 90, 170), (1, 2, 180, 7)])
