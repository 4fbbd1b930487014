"""Core ML's image inputs: ct.ImageType, as it is handed to coremltools' convert.

It says the size, the colours and what is done to the values. What brings an image to that size is
no part of the model: Vision, or MLFeatureValue, by a crop-and-scale option; no document says by
which kernel. Source, read: coremltools 9.0 `converters/mil/input_types.py`, ImageType; Apple's
pages of VNCoreMLRequest.imageCropAndScaleOption.
"""

from typing import Final

from halfpixel.conventions.python_call import Symbol, name_of
from halfpixel.errors import ConventionError
from halfpixel.pipeline.sizes import Exactly
from halfpixel.pipeline.steps import Pipeline, Resizing, Step, Values
from halfpixel.preprocessor import Preprocessor, Written
from halfpixel.preprocessors.calls import rescaled
from halfpixel.preprocessors.fields import items, length, listed, number, numbers, shown

COLOURS: Final = {
    "RGB": "RGB",
    "BGR": "BGR",
    "GRAYSCALE": "one channel",
    "GRAYSCALE_FLOAT16": "one channel, float16",
}


def _takes(written: Written) -> bool:
    return written.call is not None and written.call.last == "ImageType"


def read(written: Written) -> Pipeline:
    """Return what a call of ct.ImageType says; raises ConventionError."""
    if written.call is None:
        raise ConventionError("it is no call of ct.ImageType")
    given = written.call.bind(
        "name", "shape", "scale", "bias", "color_layout", "channel_first", "grayscale_use_uint8"
    )
    steps: list[Step] = []
    if given.get("shape") is not None:
        shape = items("shape", given["shape"], 4)
        if len(shape) != 4:
            raise ConventionError(f"shape has {len(shape)} values, expected 4")
        last = given.get("channel_first") is False
        height, width = shape[1:3] if last else shape[2:4]
        if not isinstance(height, Symbol) and not isinstance(width, Symbol):
            steps.append(Resizing(Exactly(length("shape", height), length("shape", width)), ""))
    layout = str(name_of(given.get("color_layout", "RGB")))
    if layout not in COLOURS:
        known = ", ".join(COLOURS)
        raise ConventionError(f"color_layout is {shown(layout)}, expected one of {known}")
    steps.append(Values("colour", COLOURS[layout]))
    if given.get("scale") is not None:
        steps.append(rescaled(_scale(given["scale"])))
    if given.get("bias") is not None:
        steps.append(Values("normalise", f"plus {listed(numbers('bias', given['bias']))}"))
    return Pipeline("Core ML ImageType", tuple(steps), (OUTSIDE,))


OUTSIDE: Final = (
    "what brings an image to that size is no part of the model: Vision or MLFeatureValue, and no "
    "document says by which kernel"
)


def _scale(value: object) -> float:
    from fractions import Fraction

    return float(value) if isinstance(value, Fraction) else number("scale", value)


PREPROCESSOR = Preprocessor(
    "Core ML image inputs",
    _takes,
    read,
    examples=(
        ("ct.ImageType(shape=(1, 3, 224, 192), scale=1/255, color_layout=ct.colorlayout.BGR)", ""),
    ),
    how="read in coremltools 9.0 and Apple's documentation",
)
