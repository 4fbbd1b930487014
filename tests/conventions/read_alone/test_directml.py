"""DirectML was read alone: its formula of coordinates, and what onnxruntime asks of it for ONNX."""

import math

import numpy as np
import pytest

from halfpixel.checking.called import called
from halfpixel.checking.comparing.compare import compare
from halfpixel.errors import UsageError

LINEAR, NEAREST = "DML_INTERPOLATION_MODE_LINEAR", "DML_INTERPOLATION_MODE_NEAREST_NEIGHBOR"
UP, DOWN = "DML_AXIS_DIRECTION_INCREASING", "DML_AXIS_DIRECTION_DECREASING"

# ONNX's modes, and the offsets and direction that DmlOperatorResize.cpp gives to RESAMPLE2
ASKED = [
    ("half_pixel", 0.5, -0.5),
    ("asymmetric", 0.0, 0.0),
    ("tf_half_pixel_for_nn", 0.0, -0.5),
]
ROUNDED = [
    ("round_prefer_floor", 0.5, UP),
    ("round_prefer_ceil", -0.5, DOWN),
    ("floor", 0.0, DOWN),
    ("ceil", 0.0, UP),
]


def structure(mode: str, before: float, after: float, towards: str, scale: float = 2) -> str:
    """Return a call of RESAMPLE2 along the width."""
    return (
        f"DML_RESAMPLE2_OPERATOR_DESC(InterpolationMode={mode}, RoundingDirection={towards}, "
        f"Scales=[1, 1, 1, {scale}], InputPixelOffsets=[0.5, 0.5, 0.5, {before}], "
        f"OutputPixelOffsets=[-0.5, -0.5, -0.5, {after}])"
    )


@pytest.mark.parametrize("scale", [2, 0.5, 1.5])
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("rounded", ROUNDED)
def test_nearest_is_what_onnxruntime_asks_for(
    asked: tuple[str, float, float], rounded: tuple[str, float, str], scale: float
) -> None:
    (coordinate, before, after), (rounding, more, towards) = asked, rounded
    resize = (
        f"Resize(mode=nearest, coordinate_transformation_mode={coordinate}, "
        f"nearest_mode={rounding}, scales=[1, 1, 1, {scale}])"
    )
    found = called(structure(NEAREST, before + more, after, towards, scale)).reading
    wanted = called(resize).reading
    assert found is not None
    assert wanted is not None
    for n in range(2, 12):
        m = math.floor(n * scale)
        one, other = found.samplings[1], wanted.samplings[1]
        assert one is not None
        assert other is not None
        assert one.weights(n, m).rows == other.weights(n, m).rows


@pytest.mark.parametrize("scale", [2, 0.5, 1.5, 0.3])
@pytest.mark.parametrize(("before", "after"), [(0.5, -0.5), (0, 0), (0, -0.5), (1, 0.25), (0.2, 3)])
def test_linear_is_the_formula_of_the_documentation(
    scale: float, before: float, after: float
) -> None:
    made = called(structure(LINEAR, before, after, UP, scale)).reading
    assert made is not None
    width = made.samplings[1]
    assert width is not None
    for n_in, n_out in ((4, 7), (9, 3), (1, 4), (6, 1)):
        x = np.clip((np.arange(n_out) - after) / scale - before, 0, n_in - 1)
        exact = np.maximum(0, 1 - np.abs(x[:, None] - np.arange(n_in)))
        assert np.abs(width.weights(n_in, n_out).matrix() - exact).max() < 1e-12


SMOOTH = f"DML_RESAMPLE3_OPERATOR_DESC(InterpolationMode={LINEAR}, Scales={{}}, Antialiased=True)"
PAIRS = [
    (f"dml::Resample(x, {{1, 3, 20, 30}}, {LINEAR})",
     "F.interpolate(x, (20, 30), mode='bilinear')"),
    (f"dml::Resample(x, {{n, c, h, w}}, {LINEAR}, {{1.0f, 1.0f, 2.0f, 2.0f}})",
     "F.interpolate(x, scale_factor=2, mode='bilinear')"),
    (f"dml::Resample(x, {{1, 3, 20, 30}}, {LINEAR}, {{}}, {{0, 0, 0, 0}}, {{0, 0, 0, 0}})",
     "tf.compat.v1.image.resize_bilinear(x, (20, 30))"),
    (f"dml::Upsample2D(x, DML_SIZE_2D{{3, 2}}, {LINEAR})",
     "F.interpolate(x, scale_factor=(2, 3), mode='bilinear')"),
    (f"DML_UPSAMPLE_2D_OPERATOR_DESC(x, y, [2, 2], {NEAREST})", "F.interpolate(x, scale_factor=2)"),
    (f"DML_RESAMPLE_OPERATOR_DESC(InterpolationMode={LINEAR}, ScaleCount=4, Scales=[1, 1, 2, 2])",
     "cv2.resize(x, None, fx=2, fy=2)"),
    (SMOOTH.format("[1, 1, 2, 2]"),
     "F.interpolate(x, scale_factor=2, mode='bilinear', antialias=True)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "other"), PAIRS)
def test_calls_that_are_those_of_others(call: str, other: str) -> None:
    found = called(call)
    assert found.name == "DirectML"
    assert found.convention is not None
    assert not found.convention.ran
    assert compare(call, other)


REFUSED = [
    (f"dml::Resample(x, {{1, 3, 20, 30}}, {LINEAR}, {{2, 1, 2, 2}})", "are no image's"),
    (f"dml::Resample(x, {{1, 3, 20, 30}}, {LINEAR}, {{}}, {{0, 0, 1, 1}})", "which are no image's"),
    (f"dml::Resample(x, {{20, 30}}, {LINEAR}, {{}}, {{1, 1}})", "ask for Scales"),
    (f"dml::Resample(x, {{20, 30}}, {LINEAR}, {{2, 2, 2, 2, 2, 2}})", "expected up to 5"),
    (f"dml::Resample(x, {{20, 30}}, {LINEAR}, {{2}})", "not of one length"),
    ("dml::Resample(x, {20, 30}, DML_INTERPOLATION_MODE_CUBIC)", "InterpolationMode is"),
    (f"dml::Upsample2D(x, DML_SIZE_2D{{0, 2}}, {LINEAR})", "ScaleSize is below 1"),
    (SMOOTH.format("[0.25, 0.25]"), "its border is not described"),
    (structure(NEAREST, 0.5, -0.5, "DML_AXIS_DIRECTION_LEFT"), "RoundingDirection is 'LEFT'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "reason"), REFUSED)
def test_what_is_not_described_is_refused(call: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        called(call)
