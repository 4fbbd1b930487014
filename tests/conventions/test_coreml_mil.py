"""Core ML's resizing operators in an ML Program: Apple's numbers, formulas, runtimes, words."""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from numpy.typing import NDArray
from onnx import TensorProto, helper

from halfpixel.conventions.coreml import mil as coreml_mil
from halfpixel.conventions.coreml import mil_deconvolution as coreml_mil_deconvolution
from halfpixel.conventions.coreml import mil_grid as coreml_mil_grid
from halfpixel.conventions.coreml.mil import floor_of, open_question, read, words
from halfpixel.conventions.coreml.mil_convention import CALLS, CONVENTION
from halfpixel.conventions.coreml.names import RULES
from halfpixel.conventions.onnx.resize import ONNX_COORDINATES, attributes_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import (
    Area,
    Cubic,
    GridSample,
    Linear,
    Nearest,
    Resample,
    Resize,
    Sampling,
    compare,
    compare_resize,
)
from halfpixel.sampling.arithmetic import pytorch_nearest
from oracles import by_onnxruntime

Given = Mapping[str, object]
Array = NDArray[np.float64]
LENGTHS = (1, 2, 3, 4, 5, 7, 8, 16, 33)
PAIRS = list(product(LENGTHS, LENGTHS))
FLAGS: Given = {"align_corners": False, "half_pixel_centers": False}


def sized(n: int, **rest: object) -> Given:
    """Return the inputs of a resize by size, both axes alike."""
    return {"target_size_height": n, "target_size_width": n, **rest}


def scaled(height: float, width: float, **rest: object) -> Given:
    return {"scale_factor_height": height, "scale_factor_width": width, **rest}


# Apple's own expected numbers: coremltools converters/mil/mil/ops/tests/ iOS14, iOS15, iOS16 and
# iOS17/test_image_resizing.py, one row an assertion: operator, its inputs, image, output.
ROW = [[0.0, 1.0]]
APPLE: list[tuple[str, Given, list[list[float]], list[list[float]]]] = [
    ("resize_nearest_neighbor", {"target_size_height": 2, "target_size_width": 3},
     [[0.37], [6.17]], [[0.37] * 3, [6.17] * 3]),
    ("resize_bilinear", {"target_size_width": 5, "sampling_mode": "STRICT_ALIGN_CORNERS"},
     ROW, [[0, 0.25, 0.5, 0.75, 1]]),
    ("resize_bilinear", {"target_size_width": 5, "sampling_mode": "DEFAULT"},
     ROW, [[0, 0.4, 0.8, 1, 1]]),
    ("resize_bilinear", {"target_size_width": 5, "sampling_mode": "OFFSET_CORNERS"},
     ROW, [[0.1, 0.3, 0.5, 0.7, 0.9]]),
    ("resize_bilinear", {"target_size_width": 5, "sampling_mode": "UNALIGN_CORNERS"},
     ROW, [[0, 0.1, 0.5, 0.9, 1]]),
    ("upsample_bilinear", scaled(1, 3, align_corners=True),
     ROW, [[0, 0.2, 0.4, 0.6, 0.8, 1]]),
    ("upsample_bilinear", scaled(1.0, 2.6, align_corners=False),
     ROW, [[0, 0.1, 0.5, 0.9, 1]]),
    ("upsample_nearest_neighbor", scaled(1, 2),
     [[1.5, 2.5, 3.5]], [[1.5, 1.5, 2.5, 2.5, 3.5, 3.5]]),
    ("upsample_nearest_neighbor", scaled(1.0, 1.0),
     [[1.5, -2.5, 3.5]], [[1.5, -2.5, 3.5]]),
    ("upsample_nearest_neighbor", scaled(3.17, 0.67),
     [[1.5, -2.5, 3.5]], [[1.5, -2.5]] * 3),
    ("upsample_nearest_neighbor", scaled(2.0, 1.12),
     [[1.5, -2.5, 3.5]], [[1.5, -2.5, 3.5]] * 2),
    ("upsample_bilinear", scaled(2, 3, align_corners=True, half_pixel_centers=False),
     [[1, 2]], [[1, 1.2, 1.4, 1.6, 1.8, 2]] * 2),
    ("upsample_bilinear", scaled(2, 3, align_corners=True),
     [[1, 2]], [[1, 1.2, 1.4, 1.6, 1.8, 2]] * 2),
    ("upsample_bilinear", scaled(2, 3, align_corners=False, half_pixel_centers=True),
     [[1, 2]], [[1, 1, 1.33334, 1.66667, 2, 2]] * 2),
    ("upsample_bilinear", scaled(2, 3, align_corners=False),
     [[1, 2]], [[1, 1, 1.33334, 1.66667, 2, 2]] * 2),
    ("upsample_bilinear", scaled(2, 3, **FLAGS),
     [[1, 2]], [[1, 1.33334, 1.66667, 2, 2, 2]] * 2),
    ("resize", {"shape": (1, 1, 3, 2), "resized_dims": 2,
                "interpolation_mode": "NEAREST_NEIGHBOR", "sampling_mode": "DEFAULT"},
     [[-6.174], [9.371]], [[-6.174] * 2, [9.371] * 2, [9.371] * 2]),
    ("resize", {"shape": (1, 1, 5), "resized_dims": 2, "interpolation_mode": "LINEAR"},
     ROW, [[0, 0.4, 0.8, 1, 1]]),
    ("resize", {"shape": (3, 1, 5), "resized_dims": 2, "interpolation_mode": "LINEAR"},
     ROW, [[0, 0.4, 0.8, 1, 1]]),
]  # fmt: skip


@pytest.mark.parametrize(("op", "given", "image", "expected"), APPLE)
def test_apples_vectors(
    op: str, given: Given, image: list[list[float]], expected: list[list[float]]
) -> None:
    x = np.array(image)[None, None]
    meaning = read(op, given, x.shape)
    found = np.array(expected)
    assert meaning.sizes == (1, 1, *found.shape)
    np.testing.assert_allclose(
        meaning.resize.evaluate(x, (1, 1, *found.shape))[0, 0], found, atol=1e-5
    )


# The formulas of the documents, one an output length above 1, clamped to the image; for output
# length 1 those of NeuralNetwork.proto, whose linspace has a first point alone.
FORMULAS: dict[str, Callable[[int, int, Array], Array]] = {
    "STRICT_ALIGN_CORNERS": lambda x, n, i: i * ((x - 1) / max(n - 1, 1)),
    "ALIGN_CORNERS": lambda x, n, i: i * ((x - 1) / (n - 1)) if n > 1 else i + (x - 1) / 2,
    "DEFAULT": lambda x, n, i: i * ((x - x / n) / max(n - 1, 1)),
    "OFFSET_CORNERS": lambda x, n, i: 0.5 * max(1, x - 1) / n + i * (max(1, x - 1) / n),
    "UNALIGN_CORNERS": lambda x, n, i: i * (x / n) + 0.5 * (x / n) - 0.5,
}


def by_formula(mode: str, n_in: int, n_out: int) -> Array:
    """Return W of a linear resize, written from the documents."""
    places = np.clip(FORMULAS[mode](n_in, n_out, np.arange(n_out, dtype=np.float64)), 0, n_in - 1)
    away = np.abs(places[:, None] - np.arange(n_in))
    return np.asarray(np.maximum(1 - away, 0.0), np.float64)


def by_torch(n_in: int, n_out: int, *, align_corners: bool) -> Array:
    images = torch.eye(n_in, dtype=torch.float64).reshape(n_in, 1, n_in, 1)
    found = F.interpolate(images, (n_out, 1), mode="bilinear", align_corners=align_corners)
    return np.asarray(found.reshape(n_in, n_out).numpy().T, np.float64)


@cache
def by_ort(n_in: int, n_out: int, coordinate: str) -> Array:
    """Return W by onnxruntime's Resize of an identity."""
    roi = [0.0, 0.0, 1.0, 1.0]
    node = helper.make_node(
        "Resize", ["x", "roi", "", "sizes"], ["y"], mode="linear",
        coordinate_transformation_mode=coordinate,
    )  # fmt: skip
    lengths = {"x": (n_in, n_in), "y": (n_out, n_in)}
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in lengths.items()
    )
    constants = [
        helper.make_tensor("roi", TensorProto.FLOAT, [4], roi),
        helper.make_tensor("sizes", TensorProto.INT64, [2], lengths["y"]),
    ]
    graph = helper.make_graph([node], "resize", [x], [y], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    return np.asarray(by_onnxruntime(model, {"x": np.eye(n_in, dtype=np.float32)}), np.float64)


def matrix(op: str, given: Given, n_in: int, n_out: int) -> Array:
    """Return W of our own description, along the last axis."""
    meaning = read(op, given, (1, 1, n_in, n_in))
    columns: Array = meaning.resize.evaluate(np.eye(n_in)[None, None], (1, 1, n_in, n_out))[0, 0]
    return columns.T


@pytest.mark.parametrize("mode", FORMULAS)
@pytest.mark.parametrize("op", ["resize_bilinear", "resize"])
def test_documented_formulas(op: str, mode: str) -> None:
    for n_in, n_out in PAIRS:
        given: Given = {"target_size_height": n_in, "target_size_width": n_out}
        if op == "resize":
            given = {"shape": (n_out,), "resized_dims": 1}
        elif mode == "OFFSET_CORNERS":
            continue  # moves the other axis too; `resize` shows it along one
        found = matrix(op, {**given, "sampling_mode": mode}, n_in, n_out)
        np.testing.assert_allclose(found, by_formula(mode, n_in, n_out), atol=1e-9)


RUNTIMES: list[tuple[str, bool | None, str]] = [
    ("STRICT_ALIGN_CORNERS", True, "align_corners"),
    ("ALIGN_CORNERS", None, "tf_crop_and_resize"),
    ("DEFAULT", None, "asymmetric"),
    ("UNALIGN_CORNERS", False, "half_pixel"),
]


@pytest.mark.parametrize(("mode", "corners", "coordinate"), RUNTIMES)
def test_runtimes(mode: str, corners: bool | None, coordinate: str) -> None:  # noqa: FBT001
    for n_in, n_out in PAIRS:
        given: Given = {"target_size_height": n_in, "target_size_width": n_out}
        found = matrix("resize_bilinear", {**given, "sampling_mode": mode}, n_in, n_out)
        lengths = f"{n_in} to {n_out}"
        if corners is not None:
            there = by_torch(n_in, n_out, align_corners=corners)
            np.testing.assert_allclose(found, there, atol=1e-9, err_msg=lengths)
        expected = by_ort(n_in, n_out, coordinate)
        np.testing.assert_allclose(found, expected, atol=1e-5, err_msg=lengths)


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 7, 1.5, 2.6, 0.5, 0.67, 3.17])
@pytest.mark.parametrize("corners", [False, True])
def test_upsample_bilinear(factor: float, *, corners: bool) -> None:
    """The step comes from the lengths, as in a call by size, or with a recomputed factor."""
    for n_in in LENGTHS:
        if math.floor(n_in * factor) < 1:
            continue
        given = scaled(1, factor, align_corners=corners)
        n_out = math.floor(n_in * factor)
        found = matrix("upsample_bilinear", given, n_in, n_out)
        np.testing.assert_allclose(found, by_torch(n_in, n_out, align_corners=corners), atol=1e-9)


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 7])
def test_whole_factors_repeat_pixels(factor: int) -> None:
    for n_in in LENGTHS:
        found = matrix("upsample_nearest_neighbor", scaled(1, factor), n_in, n_in * factor)
        np.testing.assert_array_equal(found, np.repeat(np.eye(n_in), factor, axis=0))


def test_resize_nearest_neighbor_is_nearest_exact() -> None:
    """Against PyTorch's arithmetic, but where float32 falls short of a whole coordinate."""
    nearest: Given = {"resized_dims": 1, "interpolation_mode": "NEAREST_NEIGHBOR"}
    apart = 0
    for n_in, n_out in PAIRS:
        given: Given = {"target_size_height": n_in, "target_size_width": n_out}
        found = matrix("resize_nearest_neighbor", given, n_in, n_out).argmax(1)
        again = matrix("resize", {**nearest, "shape": (n_out,)}, n_in, n_out).argmax(1)
        exact = [min((2 * i + 1) * n_in // (2 * n_out), n_in - 1) for i in range(n_out)]
        assert found.tolist() == again.tolist() == exact
        apart += found.tolist() != [*pytorch_nearest(n_in, n_out, exact=True)]
    assert apart < len(PAIRS) / 20


def test_lengths_as_type_inference_has_them() -> None:
    """Measured with coremltools 9.0 and numpy 2: a product in float32, rounded down."""
    rows = [(100, 0.29, 29), (10, 0.7, 7), (5, 0.6, 3), (25, 1.12, 28)]
    for n_in, factor, n_out in rows:
        meaning = read("upsample_bilinear", scaled(factor, 2.0), (1, 1, n_in, n_in))
        assert meaning.sizes == (1, 1, n_out, 2 * n_in)
        assert meaning.scales == (1.0, 1.0, factor, 2.0)


Shape = tuple[int | None, ...]
SHAPES: list[tuple[Given, Shape | None, Shape, tuple[int, ...]]] = [
    # inputs of `resize`, input lengths, output lengths, axes that may move
    ({"shape": (1, 6, 8), "resized_dims": 2}, (1, 2, 3, 4), (1, 2, 6, 8), (2, 3)),
    ({"shape": (1, 0, 0), "resized_dims": 2}, (1, 2, 3, None), (1, 2, 3, None), (3,)),
    ({"shape": (0, 8), "resized_dims": 2}, (1, 2, 3, 4), (1, 2, 3, 8), (3,)),
    ({"shape": (0, 4), "resized_dims": 2, "sampling_mode": "OFFSET_CORNERS"}, (1, 2, 3, 4),
     (1, 2, 3, 4), (2, 3)),
    ({"shape": (None, 8), "resized_dims": 2}, (1, 2, 3, 4), (1, 2, None, 8), (2, 3)),
    ({"resized_dims": 2}, (1, 2, 3, 4), (1, 2, None, None), (2, 3)),
    ({"shape": (5, 6, 7), "resized_dims": 3}, (1, 2, 3, 4), (1, 5, 6, 7), (1, 2, 3)),
    ({"shape": (7,), "resized_dims": 1}, (1, 2, 3, 4), (1, 2, 3, 7), (3,)),
    ({"shape": (), "resized_dims": 0}, (1, 2, 3, 4), (1, 2, 3, 4), ()),
    ({"shape": (6, 8), "resized_dims": 2}, None, (None, None, 6, 8), (2, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("given", "shape", "sizes", "axes"), SHAPES)
def test_shapes_of_resize(
    given: Given, shape: Shape | None, sizes: Shape, axes: tuple[int, ...]
) -> None:
    meaning = read("resize", given, shape)
    assert meaning.sizes == sizes
    assert tuple(axis for axis, _ in meaning.resize.axes) == axes


REFUSED: list[tuple[str, Given, Shape | None, str]] = [
    ("upsample_bilinear", scaled(2, 2, align_corners=True, half_pixel_centers=True), None, "both"),
    ("upsample_bilinear", scaled(math.nan, 2), None, "scale_factor_height is nan"),
    ("upsample_bilinear", scaled(2, 0), None, "scale_factor_width is 0"),
    ("upsample_nearest_neighbor", scaled(-1, 2), None, "scale_factor_height is -1"),
    ("upsample_nearest_neighbor", scaled(math.inf, 2), None, "scale_factor_height is inf"),
    ("upsample_nearest_neighbor", scaled(0.1, 2), (1, 1, 3, 3), "makes length 3 into 0"),
    ("upsample_bilinear", {"scale_factor_width": "two"}, None, "expected a number"),
    ("upsample_bilinear", {}, (3, 4), "rank 2"),
    ("resize_bilinear", sized(0), None, "target_size_height is 0"),
    ("resize_bilinear", sized(4, sampling_mode="HALF_PIXEL"), None, "sampling_mode"),
    ("resize_nearest_neighbor", sized(-3), None, "target_size_height is -3"),
    ("resize", {"shape": (4, 4), "resized_dims": 3}, (1, 1, 4, 4), "at most 2"),
    ("resize", {"shape": (1, 1, 1, 5), "resized_dims": 2}, (1, 1, 2), "rank 3"),
    ("resize", {"shape": (4, -4), "resized_dims": 2}, None, "is -4"),
    ("resize", {"shape": (4, 4)}, None, "resized_dims"),
    ("resize", {"shape": (4, 4), "resized_dims": 2, "interpolation_mode": "CUBIC"}, None, "CUBIC"),
    ("resize", {"shape": (4, 4), "resized_dims": 2, "sampling_mode": "DUMMY"}, None, "DUMMY"),
    ("resize_bicubic", {}, None, "resize_bicubic"),
]


@pytest.mark.parametrize(("op", "given", "shape", "reason"), REFUSED)
def test_refused(op: str, given: Given, shape: Shape | None, reason: str) -> None:
    with pytest.raises(ConventionError, match=reason):
        read(op, given, shape)


NEAREST: Given = {"resized_dims": 2, "interpolation_mode": "NEAREST_NEIGHBOR"}
QUESTIONS: list[tuple[str, Given, str]] = [
    ("upsample_nearest_neighbor", scaled(2, 3), ""),
    ("upsample_nearest_neighbor", scaled(2, 1.5), "fractional"),
    ("upsample_bilinear", scaled(2, 1.5), ""),
    ("resize_nearest_neighbor", sized(1), "1 x 1"),
    ("resize_nearest_neighbor", sized(2), ""),
    ("resize_bilinear", sized(1), ""),
    ("resize", {"shape": (4, 4), "resized_dims": 2}, ""),
    ("resize", {"shape": (0, 4), "resized_dims": 2}, "0 in shape"),
    ("resize", {"shape": (0, 4, 4), "resized_dims": 2}, ""),
    ("resize", {"shape": (4, 4, 4), "resized_dims": 3}, "3 axes"),
    ("resize", NEAREST, "rounding"),
    ("resize", {**NEAREST, "sampling_mode": "UNALIGN_CORNERS"}, "DEFAULT alone"),
    ("resample", {"coordinates_mode": "unnormalized"}, "macOS 14"),
    ("resample", {"coordinates_mode": "normalized_zero_to_one"}, ""),
    ("affine", {"align_corners": False}, "not supported"),
    ("affine", {"align_corners": True}, ""),
    ("crop_resize", {"sampling_mode": "UNALIGN_CORNERS"}, "one test"),
    ("crop_resize", {}, ""),
    ("conv_transpose", {"output_shape": (1, 1, 8, 8)}, "which end"),
    ("conv_transpose", {}, ""),
]


@pytest.mark.parametrize(("op", "given", "part"), QUESTIONS)
def test_open_questions(op: str, given: Given, part: str) -> None:
    found = open_question(op, given, None)
    assert part in found
    assert bool(part) == bool(found)


FLOORS: list[tuple[str, Given, str, int]] = [
    ("upsample_nearest_neighbor", {}, "", 6),
    ("upsample_bilinear", {"align_corners": False}, "", 6),
    ("upsample_bilinear", FLAGS, "", 7),
    ("resize_bilinear", {"sampling_mode": "UNALIGN_CORNERS"}, "", 6),
    ("resize", {}, "", 8),
    ("crop_resize", {"roi": None}, "", 6),
    ("crop_resize", {"roi": None, "pad_value": 0.0}, "", 7),
    ("crop_resize", {"boxes": None}, "", 8),
    ("resample", {}, "fp32", 6),
    ("resample", {}, "int32", 6),
    ("resample", {}, "fp16", 7),
    ("resample", {}, "uint8", 8),
    ("affine", {}, "", 6),
    ("conv_transpose", {}, "", 6),
]


@pytest.mark.parametrize(("op", "given", "dtype", "version"), FLOORS)
def test_floors(op: str, given: Given, dtype: str, version: int) -> None:
    assert floor_of(op, given, dtype) == version


def test_an_unknown_operator_has_no_floor() -> None:
    with pytest.raises(ConventionError, match="softmax"):
        floor_of("softmax", {})


ROUND_TRIPS: list[tuple[str, Given]] = [
    *(("resize_bilinear", {"sampling_mode": mode}) for mode in RULES),
    *(("upsample_bilinear", flags) for flags in coreml_mil.FLAGS),
    ("resize_nearest_neighbor", {}),
    ("upsample_nearest_neighbor", {}),
]


@pytest.mark.parametrize(("op", "flags"), ROUND_TRIPS, ids=str)
def test_round_trip(op: str, flags: Given) -> None:
    """What is read is said again, and what is said is the same matrix, at every size."""
    for n_in, n in PAIRS:
        ins = (1, 3, n_in, n_in)
        given = {**(scaled(n, n) if op.startswith("upsample") else sized(n)), **flags}
        meaning = read(op, given, ins)
        outs = meaning.sizes or ()
        said = words(meaning.resize, ins, outs, 6)
        if said is None:  # Apple's own test of a target of 1 x 1 fails
            assert (op, n) == ("resize_nearest_neighbor", 1)
            continue
        again = read(said.op, said.attributes, ins)
        assert again.sizes == outs
        assert compare_resize(again.resize, meaning.resize, ins, outs).proven
        assert open_question(said.op, said.attributes, ins) == ""
        if "bilinear" in op and meaning.resize.axes:
            assert said.op == "resize_bilinear"


def resize(sampling: Sampling, *axes: int) -> Resize:
    return Resize(tuple((axis, sampling) for axis in axes))


HALF, ASYMMETRIC = Sampling("half_pixel", Linear()), Sampling("asymmetric", Linear())
CORNERS = Sampling("align_corners", Linear())
FLOOR = Sampling("asymmetric", Nearest("floor"))
EXACT = Sampling("tf_half_pixel_for_nn", Nearest("floor"))
TWICE = Sampling("half_pixel", Linear(), scale=Fraction(2))
SMALL, UNKNOWN = (1, 3, 8, 8), (None,) * 4
SAID: list[tuple[Resize, tuple[Shape, Shape], int, tuple[float, ...] | None, str]] = [
    # what, input and output lengths, version, factors, the words ("" for none)
    (resize(HALF, 2, 3), (SMALL, (1, 3, 12, 16)), 6, None,
     'resize_bilinear(x, height=12, width=16, sampling_mode="UNALIGN_CORNERS")'),
    (resize(CORNERS, 2, 3), (UNKNOWN, (1, 3, 12, 16)), 6, None,
     'resize_bilinear(x, height=12, width=16, sampling_mode="STRICT_ALIGN_CORNERS")'),
    (Resize(((2, HALF), (3, CORNERS))), ((1, 3, 8, 1), (1, 3, 16, 5)), 6, None,
     'resize_bilinear(x, height=16, width=5, sampling_mode="UNALIGN_CORNERS")'),
    (resize(FLOOR, 2, 3), (SMALL, (1, 3, 16, 24)), 6, None,
     "upsample_nearest_neighbor(x, height=2, width=3)"),
    (resize(EXACT, 2, 3), (SMALL, (1, 3, 12, 20)), 6, None,
     "resize_nearest_neighbor(x, height=12, width=20)"),
    (resize(EXACT, 2, 3), (SMALL, (1, 3, 16, 16)), 6, None,
     "resize_nearest_neighbor(x, height=16, width=16)"),
    (resize(FLOOR, 2, 3), (SMALL, (1, 3, 4, 4)), 6, None,
     'resize_bilinear(x, height=4, width=4, sampling_mode="DEFAULT")'),  # on pixels all the way
    (resize(TWICE, 2, 3), (UNKNOWN, UNKNOWN), 6, None,
     "upsample_bilinear(x, height=2, width=2, align_corners=False)"),
    (resize(CORNERS, 2, 3), (UNKNOWN, UNKNOWN), 6, (1.0, 1.0, 2.0, 3.0),
     "upsample_bilinear(x, height=2, width=3, align_corners=True)"),
    (resize(ASYMMETRIC, 2, 3), (UNKNOWN, UNKNOWN), 7, (1.0, 1.0, 2.0, 2.0),
     "upsample_bilinear(x, height=2, width=2, align_corners=False, half_pixel_centers=False)"),
    (resize(ASYMMETRIC, 2, 3), (UNKNOWN, UNKNOWN), 6, (1.0, 1.0, 2.0, 2.0), ""),
    (resize(HALF, 3), (UNKNOWN, (None, None, None, 9)), 8, None,
     'resize(x, shape=(9,), resized_dims=1, sampling_mode="UNALIGN_CORNERS")'),
    (resize(HALF, 3), (UNKNOWN, (None, None, None, 9)), 7, None, ""),
    (resize(HALF, 2, 3), (UNKNOWN, UNKNOWN), 9, None, ""),
    (resize(FLOOR, 2, 3), (SMALL, (1, 3, 12, 12)), 9, None, ""),
    (resize(FLOOR, 2, 3), (UNKNOWN, UNKNOWN), 9, (1.0, 1.0, 1.5, 1.5), ""),
    (resize(Sampling("half_pixel", Cubic()), 2, 3), (SMALL, (1, 3, 16, 16)), 9, None, ""),
    (resize(Sampling("half_pixel", Linear(antialias=True)), 2, 3),
     (SMALL, (1, 3, 3, 3)), 9, None, ""),
    (resize(Sampling("half_pixel", Area()), 2, 3), (SMALL, (1, 3, 3, 3)), 9, None, ""),
    (resize(HALF, 1, 2), (SMALL, (1, 6, 16, 8)), 9, None, ""),
    (resize(HALF, 2, 3), ((1, 3, 0, 8), (1, 3, 4, 8)), 9, None, ""),
    (Resize(((2, HALF), (3, CORNERS))), (SMALL, (1, 3, 16, 16)), 9, None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "lengths", "version", "factors", "text"), SAID)
def test_words(
    what: Resize,
    lengths: tuple[Shape, Shape],
    version: int,
    factors: tuple[float, ...] | None,
    text: str,
) -> None:
    said = words(what, *lengths, version, factors)
    found = "" if said is None else said.text()
    assert found.replace("target_size_", "").replace("scale_factor_", "") == text


@pytest.mark.parametrize(("text", "sampling"), CALLS.items(), ids=str)
def test_calls_by_size_are_written(text: str, sampling: Sampling) -> None:
    assert CONVENTION.write(sampling, 2) == text
    assert CONVENTION.write(sampling, 3) is None


@pytest.mark.parametrize("flags", coreml_mil.FLAGS)
def test_whole_factors_are_written(flags: Given) -> None:
    meaning = read("upsample_bilinear", scaled(2, 2, **flags), None)
    text = CONVENTION.write(meaning.resize.axes[0][1].by_size(), 2)
    assert text is not None
    assert text.startswith("resize_bilinear")


def test_align_corners_differ_for_one_output_alone() -> None:
    middle = Sampling("tf_crop_and_resize", Linear())
    for n_in, n_out in PAIRS:
        apart = n_out == 1 and n_in > 1
        assert compare(middle, CORNERS, n_in, n_out).equal is not apart
    assert compare(middle, CORNERS).witness == (2, 1)


def test_offset_corners_move_where_the_length_stays() -> None:
    """It is no copy, and no ONNX operator has a name for it."""
    offset = Sampling("coreml_offset_corners", Linear())
    for n in LENGTHS:
        assert compare(offset, HALF, n, n).equal is (n == 1)
    assert compare(offset, CORNERS).proof == "sizes"
    assert "coreml_offset_corners" not in ONNX_COORDINATES
    assert attributes_of(offset) is None


def test_resample_words() -> None:
    """Every GridSample over two axes, and every Resample, is read again as it was said."""
    for mode, padding, corners in product(
        ("linear", "nearest"), ("zeros", "border", "reflection"), (False, True)
    ):
        meant = GridSample(mode, padding, corners, 2)  # type: ignore[arg-type]
        assert coreml_mil_grid.resample(coreml_mil_grid.resample_words(meant)) == meant
    other = Resample("linear", "constant", 2.5, "normalized_zero_to_one", align_corners=False)
    assert coreml_mil_grid.resample(coreml_mil_grid.resample_words(other)) == other
    with pytest.raises(ConventionError, match="cubic"):
        coreml_mil_grid.resample_words(GridSample("cubic", "zeros", align_corners=True))


BOXES: list[tuple[Given, str]] = [
    ({"sampling_mode": "HALF"}, "sampling_mode"),
    ({"box_coordinate_mode": "XYXY"}, "box_coordinate_mode"),
    ({"target_height": 0}, "target_height is 0"),
]


@pytest.mark.parametrize(("given", "reason"), BOXES)
def test_crops_that_are_refused(given: Given, reason: str) -> None:
    with pytest.raises(ConventionError, match=reason):
        coreml_mil_grid.crop_resize(given)


AFFINE: Given = {
    "sampling_mode": "bilinear",
    "padding_mode": "constant",
    "padding_value": 0.0,
    "coordinates_mode": "normalized_minus_one_to_one",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sampling_mode", "nearest"),
        ("padding_mode", "border"),
        ("padding_value", 1.0),
        ("coordinates_mode", "unnormalized"),
    ],
)
def test_affines_that_are_refused(name: str, value: object) -> None:
    coreml_mil_grid.affine(AFFINE)
    with pytest.raises(ConventionError, match=name):
        coreml_mil_grid.affine({**AFFINE, name: value})


TRANSPOSED: list[tuple[Given, int, int, int]] = [
    # inputs, kernel length, input length, PyTorch's padding (output_padding 0)
    ({"strides": (2,), "pad": (1, 1), "pad_type": "custom"}, 4, 5, 1),
    ({"strides": (3,), "pad": (0, 0), "pad_type": "custom", "dilations": (2,)}, 3, 4, 0),
    ({"strides": (2,), "pad": (7, 7)}, 3, 5, 0),
    ({"strides": (2,), "pad_type": "same"}, 4, 5, 1),
]


@pytest.mark.parametrize(("given", "kernel", "n_in", "padding"), TRANSPOSED)
def test_conv_transpose(given: Given, kernel: int, n_in: int, padding: int) -> None:
    meant = coreml_mil_deconvolution.conv_transpose(given, (kernel,))
    x = torch.rand(1, 2, n_in, dtype=torch.float64)
    weight = torch.rand(2, 3, kernel, dtype=torch.float64)
    stride, dilation = meant.strides[0], meant.dilations[0]
    found = F.conv_transpose1d(x, weight, stride=stride, padding=padding, dilation=dilation)
    np.testing.assert_allclose(meant.evaluate(x.numpy(), weight.numpy()), found.numpy(), atol=1e-9)


def test_conv_transpose_with_an_output_shape() -> None:
    """It is what PyTorch calls output_padding: the cut at the start is kept."""
    given = {"strides": (2,), "pad": (1, 1), "pad_type": "custom", "output_shape": (1, 3, 10)}
    meant = coreml_mil_deconvolution.conv_transpose(given, (3,), (5,))
    x, weight = torch.rand(1, 2, 5).double(), torch.rand(2, 3, 3).double()
    found = F.conv_transpose1d(x, weight, stride=2, padding=1, output_padding=1)
    np.testing.assert_allclose(meant.evaluate(x.numpy(), weight.numpy()), found.numpy(), atol=1e-9)
    assert coreml_mil_deconvolution.conv_transpose(given, (3,)).output_length(0, 5) == 10
    with pytest.raises(ConventionError, match="pad_type"):
        coreml_mil_deconvolution.conv_transpose({"pad_type": "same_lower"}, (3,))
    with pytest.raises(ConventionError, match="strides"):
        coreml_mil_deconvolution.conv_transpose({"strides": (2, 2)}, (3,))
