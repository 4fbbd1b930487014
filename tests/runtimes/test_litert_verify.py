"""LiteRT files against recorded arrays, PyTorch, ONNX and other kernels, and their sites alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import save
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

from halfpixel.runtimes.turned import orders_of
from halfpixel.verifying.one_model import verify_sites
from halfpixel.verifying.verify import verify
from litert_files.built import BILINEAR, flags, tflite
from litert_files.built import resize as resize_of
from resize_pairs import FLOAT, built, resize

FILES = Path(__file__).parents[2] / "models/litert"
TF = FILES / "tf2_bilinear_7x10_3x5.tflite"
LAST = "channels last, given first"


class Interpolate(nn.Module):
    """One F.interpolate, behind a permutation where images come with their channels last."""

    def __init__(self, *, last: bool = False, mode: str = "bilinear") -> None:
        """Take the mode."""
        super().__init__()
        self.last, self.mode = last, mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Resize to 3x5."""
        if self.last:
            x = x.permute(0, 3, 1, 2)
        y = F.interpolate(x, size=(3, 5), mode=self.mode)
        return y.permute(0, 2, 3, 1) if self.last else y


def recorded(folder: Path, *, first: bool, names: tuple[str, str] = ("x", "y")) -> Path:
    """Return the recorded arrays of a TensorFlow model, with the channels first or last."""
    with np.load(TF.with_suffix(".npz")) as arrays:
        values = [arrays["x"], arrays["y"]]
    if first:
        values = [np.moveaxis(value, -1, 1) for value in values]
    path = folder / "recorded.npz"
    np.savez(path, allow_pickle=False, **dict(zip(names, values, strict=True)))
    return path


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("names", [("x", "y"), ("pixels", "resized")])
def test_recorded_arrays_have_either_layout(
    tmp_path: Path, *, first: bool, names: tuple[str, str]
) -> None:
    """The layout is told where it is another one; names are the model's, or go by their order."""
    found = verify(str(TF), str(recorded(tmp_path, first=first, names=names)))
    assert found.equal
    assert (LAST in found.names[0]) is first


@pytest.mark.parametrize(
    ("module", "told", "equal"),
    [
        (Interpolate(), True, True),
        (Interpolate(last=True), False, True),
        (Interpolate(mode="nearest"), True, False),
    ],
)
def test_a_module_declares_no_layout_and_is_run_in_it(
    module: Interpolate, *, told: bool, equal: bool
) -> None:
    """Its layout is the one in which its outputs fit; the resize that parts them is named."""
    found = verify(str(TF), module)
    assert found.equal is equal
    assert (LAST in found.names[0]) is told
    if not equal:
        assert found.first is not None
        assert (found.first.op, found.first.node) == ("RESIZE_BILINEAR", "Identity")
        assert found.first.introduced is not None


@pytest.mark.parametrize("swapped", [True, False])
def test_an_onnx_model_is_held_against_it_site_by_site(tmp_path: Path, *, swapped: bool) -> None:
    """The two sites are paired, whichever side is which, and the one that differs is named."""
    sizes = {"sizes": np.array([1, 3, 3, 5], np.int64)}
    for coordinates, equal in (("half_pixel", True), ("align_corners", False)):
        path = tmp_path / f"{coordinates}.onnx"
        save(built([resize(coordinates)], {"x": (FLOAT, (1, 3, 7, 10))}, ["y"], sizes), path)
        a, b = (path, TF) if swapped else (TF, path)
        found = verify(str(a), str(b))
        assert found.equal is equal
        assert LAST in found.names[int(swapped)]
        assert found.pairing is not None
        assert len(found.pairing.pairs) == 1


def test_kernels_are_held_against_each_other() -> None:
    """XNNPACK and the reference kernels give the same."""
    found = verify(f"{TF}@xnnpack", f"{TF}@reference")
    assert found.equal
    assert found.names == (f"{TF}@xnnpack", f"{TF}@reference")


@pytest.mark.parametrize("where", ["xnnpack", "builtin", "reference"])
@pytest.mark.parametrize(
    "name",
    ["torch_nearest_7x10_3x5", "torch_bilinear_ac1_7x10_3x5", "tf2_bilinear_7x10_3x5",
     "tf2_nearest_6x8_12x16", "tf1_bilinear_ac0hp0_5x9_9x7"],
)  # fmt: skip
def test_each_site_runs_alone(name: str, where: str) -> None:
    """A site that was cut out computes its exact weights, and the PyTorch call that it is."""
    found = verify_sites(str(FILES / f"{name}.tflite"), providers=[(where, {})])
    (one,) = found.results
    assert found.equal
    assert one.exact is not None
    assert one.exact.max_abs < 1e-6
    assert one.where == where
    if one.site.torch_call is not None:
        assert one.torch is not None
        assert one.torch.equal


def test_a_site_of_several_operators_does_not_stand_alone() -> None:
    """What it is written as is told, and nothing is claimed."""
    found = verify_sites(str(FILES / "torch_bicubic_ac0_7x10_3x5.tflite"))
    assert found.verdict == "nothing was compared"
    assert "it is written as GATHER_ND" in found.results[0].refused


@pytest.mark.parametrize(
    ("own", "other", "count"),
    [
        ((1, 7, 10, 3), (1, 3, 7, 10), 1),
        ((1, 7, 10, 3), ("n", 3, None, None), 1),
        ((1, 8, 8, 8), (1, 8, 8, 8), 3),
        ((4, 4), (4, 4), 1),
        ((1, 7, 10, 3), None, 3),
    ],
)
def test_orders_follow_shapes(
    own: tuple[int, ...], other: tuple[int | str | None, ...] | None, count: int
) -> None:
    """Each order that fits is one to try."""
    assert len(orders_of(own, other)) == count


@pytest.mark.parametrize(("where", "equal"), [("", True), ("xnnpack", True), ("builtin", False)])
def test_a_site_alone_runs_on_the_kernels_that_are_asked_for(
    tmp_path: Path, where: str, *, equal: bool
) -> None:
    """XNNPACK steps exactly in int8, LiteRT's own kernels do not: neither is told of the other."""
    path = tmp_path / "long.tflite"
    graph = resize_of(
        BILINEAR, flags(half_pixel_centers=True), (333, 333), (1, 100, 100, 1), "INT8", scale=0.1
    )
    path.write_bytes(tflite(graph))
    found = verify_sites(str(path), providers=[(where, {})] if where else ())
    (one,) = found.results
    assert one.exact is not None
    assert found.equal is equal
    assert (one.exact.max_abs <= 1) is equal
    told = "XNNPACK, in place of LiteRT's own kernels, changes output"
    assert [told in line for line in found.optimiser] == [True] * equal
