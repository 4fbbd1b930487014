"""A RoiAlign takes a maximum, and runtimes take it of different things.

## Why it matters
onnxruntime and ONNX's reference take the maximum over the weighted corners of all samples,
before these are added up: a map of constant 1 gives 0.25 where the sample lies between four
pixels. OpenVINO interpolates first. torchvision has no maximum.

## Where it comes from
Graphs written by hand, and converters of frameworks that have such a mode.

## What is reported
A note: no two runtimes need agree.

## Fix safety
None: mode="avg" is another operator.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import RoiAlign
from halfpixel.site import Site

DECLINED = 'mode="avg" is another operator'


def check(site: Site) -> Iterator[Finding]:
    """Look for mode max."""
    operator = site.operator
    if isinstance(operator, RoiAlign) and operator.mode == "max":
        message = (
            "mode max is the maximum of weighted corners in onnxruntime, so that a constant of 1 "
            "gives down to 0.25, and of interpolated samples in OpenVINO; torchvision has none"
        )
        yield Finding(message, "note", "simulated", declined=DECLINED)


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("RoiAlign", RoiAlign(aligned=True))),
        Bad(
            example_site("RoiAlign", RoiAlign(aligned=True, mode="max")),
            Finding(
                "mode max is the maximum of weighted corners in onnxruntime, so that a constant "
                "of 1 gives down to 0.25, and of interpolated samples in OpenVINO; torchvision "
                "has none",
                "note",
                "simulated",
                declined=DECLINED,
            ),
        ),
    ),
)
