"""Why a provider computes something else than its description: each known cause, and who is right.

Every difference that was found on onnxruntime's CPU provider has been looked at. A cause says
which results it explains by what came out: it predicts the wrong numbers. A difference that none
explains is new.
"""

from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

from halfpixel.conforming.conformance import Result
from halfpixel.conforming.crops import border_ties, skips_roi, writes_planes
from halfpixel.conforming.predictions import (
    copies,
    copies_axis,
    keeps_negative,
    nearest_grid,
    single_row,
    ties,
    unsigned,
    whole_numbers,
)


class Cause(Struct, frozen=True):
    """One reason why results differ.

    Attributes:
        name: a short name.
        wrong: what is at fault: the runtime, or a text that leaves the case open.
        text: what happens, and what the specification says.
        source: the paragraph that decides.
        reports: public reports of it.
        explains: whether a result is explained by it.
        beyond: it shows at nodes that a conformance run does not have.
    """

    name: str
    wrong: Literal["runtime", "specification"]
    text: str
    source: str
    reports: tuple[str, ...]
    explains: Callable[[Result], bool]
    beyond: bool = False


RESIZE: Final = "ONNX Operators.md, Resize, coordinate_transformation_mode"
CAUSES: Final = (
    Cause(
        "kept length",
        "runtime",
        "A scale that is not 1 and leaves every length as it is: onnxruntime hands the input "
        "through. The formula divides by the scale, and says nothing of lengths.",
        RESIZE,
        (),
        copies,
    ),
    Cause(
        "roi skipped",
        "runtime",
        "tf_crop_and_resize with an axis whose scale is 1: onnxruntime takes the whole axis "
        "where the formula starts at start_x * (length_original - 1).",
        f"{RESIZE}; onnxruntime upsample.cc, SetupUpsampleBilinear",
        (),
        skips_roi,
    ),
    Cause(
        "float32 tie",
        "specification",
        "The exact coordinate lies on a rounding boundary, or within 1e-5 of one, and float32 "
        "falls to the other side. The text gives real numbers and no precision, and two "
        "implementations may differ by a pixel.",
        "ONNX Operators.md, Resize, nearest_mode",
        (
            "https://github.com/microsoft/onnxruntime/issues/12098",
            "https://github.com/microsoft/onnxruntime/issues/28291",
            "https://github.com/onnx/onnx/issues/4583",
        ),
        ties,
    ),
    Cause(
        "int8 clipped at 0",
        "runtime",
        "Antialiased resizes of int8: onnxruntime clips each pass to 0 to 255, the range of uint8, "
        "so that everything negative is lost.",
        "ONNX Operators.md, Resize, type constraint T1 (int8 is allowed)",
        (),
        unsigned,
    ),
    Cause(
        "whole numbers",
        "specification",
        "Linear and cubic resizes of whole numbers: onnxruntime truncates, and with antialias "
        "rounds and clips after each axis. The text does not say how a blend becomes whole; "
        "PyTorch and the reference evaluator round once.",
        "ONNX Operators.md, Resize, type constraint T1",
        ("https://github.com/microsoft/onnxruntime/pull/7216",),
        whole_numbers,
    ),
    Cause(
        "single row",
        "specification",
        "AffineGrid with align_corners=1 and a length of 1: onnxruntime starts at +1, the "
        "reference evaluator at -1, PyTorch at 0. Corners of one pixel cannot be told apart, "
        "and the text does not choose.",
        "ONNX Operators.md, AffineGrid, align_corners",
        (),
        single_row,
    ),
    Cause(
        "negative axes",
        "runtime",
        "keep_aspect_ratio_policy with negative axes: onnxruntime looks for each axis by its plain "
        "number, and leaves the length of one that it does not find.",
        "ONNX Operators.md, Resize, axes and keep_aspect_ratio_policy",
        (),
        keeps_negative,
        beyond=True,
    ),
    Cause(
        "kept axis",
        "runtime",
        "A scale that is not 1 and leaves the length of one axis: onnxruntime's antialias copies "
        "the axis. The formula divides by the scale, and says nothing of lengths.",
        RESIZE,
        (),
        copies_axis,
        beyond=True,
    ),
    Cause(
        "float32 border",
        "specification",
        "A crop reads exactly the first or the last pixel, and float32 falls beside it: outside, "
        "where the sample is the extrapolation value. The text gives real numbers and no "
        "precision.",
        "ONNX Operators.md, Resize, extrapolation_value",
        (),
        border_ties,
        beyond=True,
    ),
    Cause(
        "channels last border",
        "runtime",
        "A crop of axes 1 and 2 that reads outside, cubic or with antialias: onnxruntime writes "
        "the extrapolation value at the places that it would have, came the channels first, and "
        "leaves the samples outside as they are, 0 beyond the reach of the image.",
        "ONNX Operators.md, Resize, extrapolation_value; onnxruntime upsample_antialias.h, "
        "NhwcUpsampleBasicAntiAlias and HandleExtrapolation",
        (),
        writes_planes,
        beyond=True,
    ),
    Cause(
        "float32 grid",
        "specification",
        "A nearest GridSample whose exact coordinate lies near a rounding boundary: onnxruntime "
        "takes the pixel of the coordinate in float32. "
        "The text gives real numbers and no precision.",
        "ONNX Operators.md, GridSample, mode; onnxruntime grid_sample.cc, GsDenormalize",
        (),
        nearest_grid,
        beyond=True,
    ),
)


def cause_of(result: Result) -> Cause | None:
    """Return why a result differs; None where no known cause explains it."""
    return next((cause for cause in CAUSES if cause.explains(result)), None)
