"""The coordinates of a grid sample are float16, too coarse for the image.

## Why it matters
A normalised coordinate near 1 has steps of 2^-11 in float16. On an image 3840 pixels wide that is
0.94 pixels, so that samples land up to 0.47 pixels from where they should: half a pixel off,
growing with the image and gone in float32.

## Where it comes from
coremltools from iOS 16 on, whose default precision casts the grid of `resample` as everything else
(iOS 15 has no float16 coordinates); ONNX models converted to float16 as a whole.

## What is reported
The worst rounding for coordinates inside the image, in pixels: a warning from an eighth of a
pixel on, a note from a thirty-second on.

## Fix safety
None: the grid is computed in the model. Convert with
`compute_precision=ct.transform.FP16ComputePrecision(op_selector=lambda op: op.op_type !=
"resample")`, or keep the grid's operators in float32.
"""

import math
from collections.abc import Iterator

from halfpixel.dialect import ML_PROGRAM
from halfpixel.rule import Bad, Facts, Finding, Good, Rule, Severity, example_site
from halfpixel.sampling import GridSample, Resample
from halfpixel.site import Site

DECLINED = "the grid is computed in the model; convert it with the grid in float32"
ROUNDING = 2.0**-12
"""Half a step of float16 between 1/2 and 1."""

WARNED, NOTED = 1 / 8, 1 / 32


def check(site: Site) -> Iterator[Finding]:
    """Compare the step of float16 with a pixel."""
    operation, operator = site.operation, site.operator
    if operation.grid_dtype != "float16" or not isinstance(operator, GridSample | Resample):
        return
    lengths = [n for n in operation.lengths[0][2:] if n is not None]
    if not lengths:
        return
    longest = max(lengths)
    span = longest - 1 if operator.align_corners else longest
    units = operator.coordinates if isinstance(operator, Resample) else ""
    if units == "unnormalized":
        off = 2.0 ** (math.frexp(longest - 1)[1] - 12)
    else:
        off = ROUNDING * span * (1.0 if units == "normalized_zero_to_one" else 0.5)
    if off < NOTED:
        return
    severity: Severity = "warning" if off >= WARNED else "note"
    message = (
        f"float16 coordinates on {longest} pixels are off by up to {off:.2g} input px; in float32 "
        "by nothing that shows"
    )
    yield Finding(message, severity, "simulated", declined=DECLINED)


_SAMPLE = GridSample("linear", "border", align_corners=False, spatial=2)
_LIKE: Facts = {
    "dialect": ML_PROGRAM, "opset": 7, "grid_dtype": "float16", "dtype": "float16",
    "input_shape": (1, 3, 2160, 3840), "output_shape": (1, 3, 2160, 3840),
}  # fmt: skip

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("resample", _SAMPLE, like={**_LIKE, "grid_dtype": "float32"})),
        Good(
            example_site("resample", _SAMPLE, like={**_LIKE, "input_shape": (1, 3, 64, 64)}),
            because="the step is a hundredth of a pixel there",
        ),
        Bad(
            example_site("resample", _SAMPLE, like=_LIKE),
            Finding(
                "float16 coordinates on 3840 pixels are off by up to 0.47 input px; in float32 by "
                "nothing that shows",
                "warning",
                "simulated",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site(
                "resample", Resample("linear", "border", coordinates="unnormalized"), like=_LIKE
            ),
            Finding(
                "float16 coordinates on 3840 pixels are off by up to 1 input px; in float32 by "
                "nothing that shows",
                "warning",
                "simulated",
                declined=DECLINED,
            ),
        ),
    ),
)  # fmt: skip
