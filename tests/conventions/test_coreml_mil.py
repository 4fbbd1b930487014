"""An ML Program's resizes as they are read: lengths, refusals, open questions, versions."""

import math

import pytest

from coreml_resizes import Given, Shape, scaled, sized
from halfpixel.conventions.coreml.mil import floor_of, open_question, read
from halfpixel.errors import ConventionError

FLAGS: Given = {"align_corners": False, "half_pixel_centers": False}


def test_lengths_as_type_inference_has_them() -> None:
    """Measured with coremltools 9.0 and numpy 2: a product in float32, rounded down."""
    rows = [(100, 0.29, 29), (10, 0.7, 7), (5, 0.6, 3), (25, 1.12, 28)]
    for n_in, factor, n_out in rows:
        meaning = read("upsample_bilinear", scaled(factor, 2.0), (1, 1, n_in, n_in))
        assert meaning.sizes == (1, 1, n_out, 2 * n_in)
        assert meaning.scales == (1.0, 1.0, factor, 2.0)


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
