"""The node is an Upsample, which opset 10 replaced and which must not shrink.

## Why it matters
onnxruntime refuses to load an Upsample with a scale below 1, and any Upsample at opset 10 or
later. Other runtimes differ in how they read its coordinates, which its text leaves open.

## Where it comes from
PyTorch's exporter at opset 9, whatever the scale; older converters of Caffe2 and Darknet.

## What is reported
An error where onnxruntime does not load the node; a note otherwise.

## Fix safety
None for the node alone: Resize needs opset 10 or later, so the whole model has to be taken
there, or exported again at opset 11 or later, which says the coordinates.
"""

from collections.abc import Iterator
from fractions import Fraction

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import Nearest, Resize, Sampling
from halfpixel.site import Site

DECLINED = "the whole model has to be exported at opset 11 or later"


def check(site: Site) -> Iterator[Finding]:
    """Look for scales below 1 and opsets that have no Upsample."""
    if site.op != "Upsample":
        return
    scales = site.operation.scales or ()
    if site.opset >= 10:
        message = f"opset {site.opset} has no Upsample: onnxruntime does not load it"
        yield Finding(message, "error", "simulated", declined=DECLINED)
    elif scales and min(scales) < 1:
        message = f"scale {min(scales):.6g} is below 1: onnxruntime does not load such an Upsample"
        yield Finding(message, "error", "simulated", declined=DECLINED)
    else:
        message = "Upsample was replaced by Resize in opset 10"
        yield Finding(message, "note", "proven", declined=DECLINED)


def _scaled(scale: float) -> Resize:
    return Resize(((2, Sampling("asymmetric", Nearest("simple"), Fraction(scale))),))


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _scaled(0.5), opset=10, scales=(1.0, 1.0, 0.5))),
        Bad(
            example_site("Upsample", _scaled(0.5), opset=9, scales=(1.0, 1.0, 0.5)),
            Finding(
                "scale 0.5 is below 1: onnxruntime does not load such an Upsample",
                "error",
                "simulated",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site("Upsample", _scaled(2), opset=9, scales=(1.0, 1.0, 2.0)),
            Finding(
                "Upsample was replaced by Resize in opset 10", "note", "proven", declined=DECLINED
            ),
        ),
        Bad(
            example_site("Upsample", _scaled(2), opset=11, scales=(1.0, 1.0, 2.0)),
            Finding(
                "opset 11 has no Upsample: onnxruntime does not load it",
                "error",
                "simulated",
                declined=DECLINED,
            ),
        ),
    ),
)
