"""A resize that keeps the length moves the samples, and converters delete it as a copy.

## Why it matters
With sampling_mode OFFSET_CORNERS output i reads (i + 1/2) (X - 1)/X, which is no pixel: at length 4
it reads 0.375, 1.125, 1.875, 2.625. coremltools' noop_elimination sees equal shapes and deletes the
operator, so that the model changes when it is converted or optimised once more.

## Where it comes from
RoIAlign-like crops of a whole image; models built by hand.

## What is reported
A warning, with the worst distance from a copy.

## Fix safety
None: whether the shift or the copy was meant is not in the file.
"""

from collections.abc import Iterator
from fractions import Fraction

from halfpixel.dialect import ML_PROGRAM
from halfpixel.rule import Bad, Facts, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.sampling.coordinate import ONE, ZERO
from halfpixel.site import Site

DECLINED = "whether the shift or the copy was meant is not in the file"


def check(site: Site) -> Iterator[Finding]:
    """Look for axes whose length stays and whose samples move."""
    operator = site.operator
    if not isinstance(operator, Resize):
        return
    ins, outs = site.operation.lengths
    if len(ins) != len(outs) or any(a is None or a != b for a, b in zip(ins, outs, strict=True)):
        return
    moved = [
        _off(sampling, ins[axis] or 1)
        for axis, sampling in operator.axes
        if sampling.coordinate == "coreml_offset_corners" and (ins[axis] or 1) > 1
    ]
    if moved:
        message = (
            f"no length changes, and samples move by up to {float(max(moved)):.3g} input px; "
            "coremltools deletes such an operator as a copy"
        )
        yield Finding(message, "warning", "proven", declined=DECLINED)


def _off(sampling: Sampling, length: int) -> Fraction:
    """Return the worst distance of a sample from its own pixel, at one of the two ends."""
    line = sampling.line(length, length)
    return max(abs(min(max(line.at(i), ZERO), length - ONE) - i) for i in (0, length - 1))


_LIKE: Facts = {
    "dialect": ML_PROGRAM, "opset": 6, "by": "sizes",
    "input_shape": (1, 2, 4, 4), "output_shape": (1, 2, 4, 4),
}  # fmt: skip
_OFFSET = Resize(tuple((a, Sampling("coreml_offset_corners", Linear())) for a in (2, 3)))

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site("resize_bilinear", _OFFSET, like={**_LIKE, "output_shape": (1, 2, 8, 8)})
        ),
        Bad(
            example_site("resize_bilinear", _OFFSET, like=_LIKE),
            Finding(
                "no length changes, and samples move by up to 0.375 input px; coremltools deletes "
                "such an operator as a copy",
                "warning",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
)  # fmt: skip
