"""Ultralytics' LetterBox: in proportion by cv2.resize, with a border of 114 around.

With auto the border goes no further than to a multiple of the stride; with scale_fill there is
none, and the image is stretched. Source: Ultralytics 8.4.190 `data/augment.py`, LetterBox; run.
"""

from typing import Final

from halfpixel.conventions.python_call import name_of
from halfpixel.errors import ConventionError
from halfpixel.pipeline.sizes import Exactly, Fitting
from halfpixel.pipeline.steps import Padding, Pipeline, Resizing, Step, Values
from halfpixel.preprocessor import Preprocessor, Written
from halfpixel.preprocessors.calls import opencv, rescaled
from halfpixel.preprocessors.fields import flag, length, lengths, number, shown

NUMBERS: Final = ("INTER_NEAREST", "INTER_LINEAR", "INTER_CUBIC", "INTER_AREA", "INTER_LANCZOS4")
"""OpenCV's constants by value."""


def _takes(written: Written) -> bool:
    return written.call is not None and written.call.last == "LetterBox"


def read(written: Written) -> Pipeline:
    """Return what a call of LetterBox does; raises ConventionError."""
    if written.call is None:
        raise ConventionError("it is no call of LetterBox")
    given = written.call.bind(
        "new_shape", "auto", "scale_fill", "scaleup", "center", "stride", "padding_value",
        "interpolation",
    )  # fmt: skip
    shape = lengths("new_shape", given.get("new_shape", 640))
    height, width = shape[0], shape[-1]
    auto, fill, up, middle = (
        flag(key, given.get(key, usual))
        for key, usual in (
            ("auto", False), ("scale_fill", False), ("scaleup", True), ("center", True)
        )
    )  # fmt: skip
    call = opencv(_interpolation(given.get("interpolation", 1)))
    value = number("padding_value", given.get("padding_value", 114))
    stride = length("stride", given.get("stride", 32))
    steps: list[Step] = []
    if fill and not auto:
        steps.append(Resizing(Exactly(height, width), call))
    else:
        steps.append(Resizing(Fitting(height, width, enlarges=up), call))
        border = Padding(None, None, value, middle, stride)
        steps.append(border if auto else Padding(height, width, value, middle))
    steps += [
        rescaled(1 / 255),
        Values("colour", "RGB, turned from the BGR of cv2.imread"),
        Values("order", "NCHW, float32"),
    ]
    return Pipeline("Ultralytics LetterBox", tuple(steps))


def _interpolation(value: object) -> str:
    named = name_of(value)
    if isinstance(named, int) and not isinstance(named, bool) and 0 <= named < len(NUMBERS):
        return NUMBERS[named]
    if named not in NUMBERS:
        known = ", ".join(NUMBERS)
        raise ConventionError(f"interpolation is {shown(value)}, expected one of {known}")
    return str(named)


PREPROCESSOR = Preprocessor(
    "Ultralytics LetterBox",
    _takes,
    read,
    examples=(
        (
            "LetterBox(new_shape=(640, 640))",
            "cv2.resize(x, (640, 480), interpolation=cv2.INTER_LINEAR)",
        ),
        (
            "LetterBox(320, auto=True, stride=32)",
            "cv2.resize(x, (320, 240), interpolation=cv2.INTER_LINEAR)",
        ),
        (
            "LetterBox((320, 640), scale_fill=True, interpolation=cv2.INTER_AREA)",
            "cv2.resize(x, (640, 320), interpolation=cv2.INTER_AREA)",
        ),
    ),
    how="run with Ultralytics 8.4.190 and OpenCV 5.0.0",
)
