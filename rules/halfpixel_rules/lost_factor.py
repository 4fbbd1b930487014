"""The exporter keeps no scale_factor, and these lengths may have come from one.

## Why it matters
PyTorch steps by 1 / scale_factor where a factor is given, and by the ratio of the two lengths where
a size is. The two are the same where the factor is that ratio; where the length was rounded (7 by
1.7 is 11) they are not: samples drift along the axis, by up to half a pixel and more at its end.

## Where it comes from
litert-torch 0.10.0, which writes every resize by its size: on images of 7x10 by 1.7, bilinear is
0.17 off PyTorch's own output on values around 1. Source: models/litert, written by it and run.

## What is reported
A note where no axis says otherwise: the shortest factor that gives all these lengths, and how far
from here it would read. The file cannot tell whether a factor was asked for: `halfpixel convert`,
which has PyTorch's own graph, can, and mends it. Nothing where the lengths grow or shrink by whole
numbers, where no one factor gives them all, where corners are aligned (PyTorch takes the lengths
then), or where the call is known.

## Fix safety
None: a size may have been asked for, and then the file is right. In the model's source `size=`, or
`recompute_scale_factor=True`, asks for what the file computes.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor
from typing import Final

from msgspec.structs import replace

from halfpixel.dialect import LITERT
from halfpixel.intents.deviation import meant_resize
from halfpixel.intents.exporter_habit import cannot_be_known
from halfpixel.origin import Producer
from halfpixel.rule import Bad, Facts, Finding, Good, Rule, example_resize, example_site
from halfpixel.sampling import Linear, Resize, Sampling, compare_resize
from halfpixel.site import Operation, Site

DIGITS: Final = 3
"""Decimal places of a factor that somebody would write."""

DECLINED = "a size may have been asked for; halfpixel convert reads it in PyTorch's own graph"


def check(site: Site) -> Iterator[Finding]:
    """Compare the site with the same resize by a factor that gives its lengths."""
    operation, operator = site.operation, site.operator
    if not isinstance(operator, Resize) or operation.hidden or operation.by != "sizes":
        return
    if site.intent is not None and site.intent.how != "assumed":
        return
    factor = _factor(operation, operator)
    if factor is None:
        return
    exporter = cannot_be_known(operation, "scales")
    if exporter is None:
        return
    by_size = meant_resize(operation) or operator
    axes = tuple((axis, replace(sampling, scale=factor)) for axis, sampling in by_size.axes)
    verdict = compare_resize(by_size, replace(by_size, axes=axes), *operation.lengths)
    if verdict.negligible:
        return
    worst = verdict.worst
    n_in, n_out = worst.verdict.witness or (0, 0)
    off = float(worst.verdict.displacement)
    yield Finding(
        f"length {n_in} to {n_out} (axis {worst.axis}) is no whole factor, and {exporter.title} "
        f"keeps none: with scale_factor={float(factor):g} samples would be up to {off:.3g} input "
        "px elsewhere; the file cannot tell whether one was given",
        "note",
        "assumed",
        declined=DECLINED,
    )


def _factor(operation: Operation, operator: Resize) -> Fraction | None:
    """Return the shortest factor that gives every length, where the lengths are no whole factor."""
    ins, outs = operation.lengths
    pairs = [(ins[axis], outs[axis]) for axis, _ in operator.axes]
    known = [(n, m) for n, m in pairs if n and m]
    if not known or len(known) < len(pairs) or all(n % m == 0 or m % n == 0 for n, m in known):
        return None
    low = max(Fraction(m, n) for n, m in known)
    high = min(Fraction(m + 1, n) for n, m in known)
    for digits in range(DIGITS + 1):
        places = int(10**digits)
        for number in range(ceil(low * places), ceil(high * places)):
            factor = Fraction(number, places)
            if all(floor(n * float(factor)) == m for n, m in known):  # as PyTorch computes it
                return factor
    return None


_HALF = Sampling("half_pixel", Linear())
_TORCH = Producer("tflite-keep_stablehlo_constant mlir converted.")
_GROWN: Facts = {
    "dialect": LITERT, "opset": 3, "by": "sizes", "producer": _TORCH,
    "input_shape": (1, 3, 7, 10), "output_shape": (1, 3, 11, 17),
}  # fmt: skip

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site(
                "RESIZE_BILINEAR", example_resize(_HALF), {**_GROWN, "output_shape": (1, 3, 14, 20)}
            ),
            because="a factor of 2 is the ratio of the lengths",
        ),
        Good(
            example_site(
                "RESIZE_BILINEAR", example_resize(_HALF), {**_GROWN, "output_shape": (1, 3, 9, 20)}
            ),
            because="no one factor gives both lengths",
        ),
        Good(
            example_site(
                "RESIZE_BILINEAR",
                example_resize(_HALF),
                {**_GROWN, "input_shape": (1, 3, 113, 100), "output_shape": (1, 3, 129, 115)},
            ),
            because="1.15 alone would do, and makes 114 of 100 in float64",
        ),
        Good(
            example_site(
                "RESIZE_BILINEAR", example_resize(Sampling("align_corners", Linear())), _GROWN
            ),
            because="PyTorch takes the lengths where corners are aligned",
        ),
        Good(
            example_site(
                "RESIZE_BILINEAR", example_resize(_HALF), {**_GROWN, "producer": Producer()}
            ),
            because="nothing says that the exporter loses factors",
        ),
        Bad(
            example_site("RESIZE_BILINEAR", example_resize(_HALF), _GROWN),
            Finding(
                "length 7 to 11 (axis 2) is no whole factor, and litert-torch keeps none: with "
                "scale_factor=1.7 samples would be up to 0.457 input px elsewhere; the file cannot "
                "tell whether one was given",
                "note",
                "assumed",
                declined=DECLINED,
            ),
        ),
    ),
)
