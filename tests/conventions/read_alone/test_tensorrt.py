"""TensorRT was read alone: its documents give ONNX's formulas, by names of their own."""

import pytest

from halfpixel.checking.called import reading_of

WORDS = {
    "half_pixel": "HALF_PIXEL", "asymmetric": "ASYMMETRIC", "align_corners": "ALIGN_CORNERS",
    "round_prefer_ceil": "HALF_UP", "round_prefer_floor": "HALF_DOWN", "ceil": "CEIL",
    "floor": "FLOOR",
}  # fmt: skip


@pytest.mark.parametrize("place", ["half_pixel", "asymmetric", "align_corners"])
@pytest.mark.parametrize("how", ["round_prefer_ceil", "round_prefer_floor", "ceil", "floor"])
@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_it_is_the_resize_of_onnx(place: str, how: str, mode: str) -> None:
    theirs = (
        f"trt.IResizeLayer(x, shape=(1, 3, 5, 9), resize_mode=trt.InterpolationMode.{mode.upper()}"
        f", coordinate_transformation=trt.ResizeCoordinateTransformation.{WORDS[place]}"
        f", nearest_rounding=trt.ResizeRoundMode.{WORDS[how]})"
    )
    onnx = f"Resize(mode={mode}, coordinate_transformation_mode={place}, sizes=[1, 3, 5, 9]"
    onnx += f", nearest_mode={how})" if mode == "nearest" else ")"
    convention, read = reading_of(theirs)
    assert convention.name == "TensorRT"
    assert not convention.ran
    assert read.samplings == reading_of(onnx)[1].samplings
    assert read.lengths == (5, 9)


def test_what_is_not_said() -> None:
    """Nearest, asymmetric and floor; a single pixel by the formula, or the first."""
    nothing = reading_of("trt.IResizeLayer(x, scales=(1, 1, 2, 1.5))")[1].at((4, 5))
    assert nothing.lengths == (8, 7)
    assert nothing.samplings[0] is not None
    assert (nothing.samplings[0].coordinate, str(nothing.samplings[1])) == (
        "asymmetric", str(reading_of("Resize(mode=nearest, nearest_mode=floor, "
        "coordinate_transformation_mode=asymmetric, scales=[1, 1, 1, 1.5])")[1].samplings[1]),
    )  # fmt: skip
    text = "trt.IResizeLayer(x, shape=(1, 1, 1, 1), resize_mode=LINEAR, "
    text += "coordinate_transformation=HALF_PIXEL, selector_for_single_pixel={})"
    for word, pixel in (("FORMULA", 2), ("UPPER", 0)):
        sampling = reading_of(text.format(word))[1].samplings[0]
        assert sampling is not None
        assert sampling.weights(5, 1).matrix().argmax() == pixel
