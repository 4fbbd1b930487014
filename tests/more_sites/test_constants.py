"""Constants that stand behind DequantizeLinear, Cast or Identity are constants."""

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper

from halfpixel.formats.onnx.read.lengths.folding import folded
from more_sites.cases import Array, held, made, only, random

Maker = tuple[list[NodeProto], dict[str, Array]]


def cast(values: Array, to: int) -> Maker:
    """Return `c` as a constant that is cast."""
    return [helper.make_node("Cast", ["raw"], ["c"], to=to)], {"raw": values}


def dequantized(
    values: Array,
    scale: Array | np.generic,
    zero: Array | np.generic | None = None,
    axis: int = 1,
) -> Maker:
    """Return `c` as a constant that is dequantized, behind an Identity."""
    given = ["raw", "scale"] + ["zero"] * (zero is not None)
    nodes = [
        helper.make_node("DequantizeLinear", given, ["d"], axis=axis),
        helper.make_node("Identity", ["d"], ["c"]),
    ]
    found = {"raw": values, "scale": np.asarray(scale)}
    return nodes, found if zero is None else {**found, "zero": np.asarray(zero)}


HALF = np.float32(0.5)
SCALES = dequantized(np.array([2, 2, 4, 3], np.uint8), HALF)
ROI = dequantized(np.array([0, 0, 1, 2, 10, 10, 9, 8], np.int8), np.float32(0.1), np.int8(0))
RESIZES = [
    ("scales", SCALES, (1, 2, 8, 7)),
    ("scales", cast(np.array([1, 1, 1.5, 2], np.float16), TensorProto.FLOAT), (1, 2, 6, 10)),
    ("sizes", cast(np.array([1, 2, 7, 9], np.int32), TensorProto.INT64), (1, 2, 7, 9)),
    ("roi", ROI, (1, 2, 6, 6)),
]


@pytest.mark.parametrize(("place", "maker", "out"), RESIZES)
def test_what_says_the_lengths_may_be_cast(place: str, maker: Maker, out: tuple[int, ...]) -> None:
    nodes, constants = maker
    feeds, rest = {"x": random(1, 2, 4, 5)}, {"sizes": np.array([1, 2, 6, 6], np.int64)}
    given = {"scales": ["", "c"], "sizes": ["", "", "c"], "roi": ["c", "", "sizes"]}[place]
    coordinate = "tf_crop_and_resize" if place == "roi" else "half_pixel"
    up = helper.make_node(
        "Resize", ["x", *given], ["y"], "up", mode="linear",
        coordinate_transformation_mode=coordinate,
    )  # fmt: skip
    model = made([*nodes, up], feeds, {**constants, **(rest if place == "roi" else {})})
    site = only(model)
    assert site.operation.constant_lengths
    assert site.output_shape == out
    held(site, model, feeds, ["x"])


def test_a_grid_may_be_dequantized() -> None:
    grid = np.random.default_rng(1).integers(-128, 127, (1, 3, 2, 2)).astype(np.int8)
    nodes, constants = dequantized(grid, np.float32(1 / 128), np.int8(3))
    sample = helper.make_node("GridSample", ["x", "c"], ["y"], "warp", align_corners=1)
    feeds = {"x": random(1, 2, 4, 5)}
    model = made([*nodes, sample], feeds, constants)
    held(only(model), model, feeds, ["x"])


@pytest.mark.parametrize("axis", [0, 1, -3])
def test_weights_may_be_dequantized_along_an_axis(axis: int) -> None:
    raw = np.random.default_rng(2).integers(-128, 127, (3, 2, 4, 4)).astype(np.int8)
    count = raw.shape[axis]
    scale, zero = np.linspace(0.01, 0.03, count), np.arange(count)
    maker = dequantized(raw, scale.astype(np.float32), zero.astype(np.int8), axis)
    up = helper.make_node("ConvTranspose", ["x", "c"], ["y"], "up", strides=[2, 2])
    feeds = {"x": random(1, 3, 4, 5)}
    model = made([*maker[0], up], feeds, maker[1])
    site = only(model)
    assert site.output_shape is not None
    assert site.output_shape[2:] == (10, 12)
    held(site, model, feeds, ["x"])


@pytest.mark.parametrize(
    ("op", "attributes", "inputs"),
    [
        ("Cast", {"to": 3}, [(200.0,)]),  # beyond int8
        ("Cast", {"to": 7}, [(float("inf"),)]),
        ("Cast", {"to": 8}, [(1.0,)]),  # a string
        ("DequantizeLinear", {"block_size": 2}, [(1,), (0.5,)]),
        ("DequantizeLinear", {"axis": 4}, [(1,), (0.5, 0.5)]),
        ("DequantizeLinear", {}, [(1,), None]),
    ],
)
def test_what_is_not_known_is_no_constant(
    op: str, attributes: dict[str, int], inputs: list[tuple[float, ...] | None]
) -> None:
    assert folded(op, attributes, inputs, (1,)) is None
