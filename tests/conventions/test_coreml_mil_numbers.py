"""What an ML Program's resizes compute: Apple's own numbers, the documents' formulas, runtimes."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from onnx import TensorProto, helper

from coreml_resizes import (
    CORNERS,
    HALF,
    LENGTHS,
    PAIRS,
    Array,
    Given,
    linear_weights,
    scaled,
    torch_weights,
)
from halfpixel.conventions.coreml.mil import read
from halfpixel.conventions.onnx.resize import ONNX_COORDINATES, attributes_of
from halfpixel.sampling import Linear, Sampling, compare
from halfpixel.sampling.nearest import pytorch_nearest
from oracles import by_onnxruntime

FLAGS: Given = {"align_corners": False, "half_pixel_centers": False}
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
    return linear_weights(FORMULAS[mode](n_in, n_out, np.arange(n_out, dtype=np.float64)), n_in)


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
            there = torch_weights(n_in, n_out, align_corners=corners)
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
        np.testing.assert_allclose(
            found, torch_weights(n_in, n_out, align_corners=corners), atol=1e-9
        )


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
