"""The node is an Upsample, which opset 10 replaced and which must not shrink.

## Why it matters
onnxruntime refuses to load an Upsample with a scale below 1, and any Upsample at opset 10 or
later. Other runtimes differ in how they read its coordinates, which its text leaves open.

## Where it comes from
PyTorch's exporter at opset 9, whatever the scale; older converters of Caffe2 and Darknet.

## What is reported
An error where onnxruntime does not load the node; a note otherwise.

## Fix safety
Safe where the scales are 1 or more: Resize with asymmetric coordinates computes what Upsample
does; the model is taken to opset 11 for it. Unsafe where it shrinks, for which Upsample has no
meaning: what the exporter meant is taken.
"""

from collections.abc import Iterator
from fractions import Fraction

from msgspec.structs import replace

from halfpixel.intents.deviation import meant_resize
from halfpixel.rule import Bad, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Nearest, Resize, Sampling
from halfpixel.sampling.kernel import Rounding
from halfpixel.site import Site


def check(site: Site) -> Iterator[Finding]:
    """Look for scales below 1 and opsets that have no Upsample."""
    operator = site.operator
    if site.op != "Upsample" or not isinstance(operator, Resize):
        return
    scales = site.operation.scales or ()
    shrinks = bool(scales) and min(scales) < 1
    kept = Fix("safe", operator)
    fix = kept
    if shrinks:
        fix = Fix("unsafe", meant_resize(site.operation) or _floor(operator))
    if site.opset >= 10:
        message = f"opset {site.opset} has no Upsample: onnxruntime does not load it"
        yield Finding(message, "error", "simulated", fix)
    elif shrinks:
        message = f"scale {min(scales):.6g} is below 1: onnxruntime does not load such an Upsample"
        yield Finding(message, "error", "simulated", fix)
    else:
        yield Finding("Upsample was replaced by Resize in opset 10", "note", "proven", kept)


def _floor(operator: Resize) -> Resize:
    """Return the resize that rounds down wherever it is nearest, as Upsample's text has it."""

    def floor(sampling: Sampling) -> Sampling:
        nearest = isinstance(sampling.kernel, Nearest)
        return replace(sampling, kernel=Nearest("floor")) if nearest else sampling

    return replace(operator, axes=tuple((axis, floor(s)) for axis, s in operator.axes))


def _scaled(scale: float, rounding: Rounding = "simple") -> Resize:
    return Resize(((2, Sampling("asymmetric", Nearest(rounding), Fraction(scale))),))


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
                Fix("unsafe", _scaled(0.5, "floor")),
            ),
        ),
        Bad(
            example_site("Upsample", _scaled(2), opset=9, scales=(1.0, 1.0, 2.0)),
            Finding(
                "Upsample was replaced by Resize in opset 10",
                "note",
                "proven",
                Fix("safe", _scaled(2)),
            ),
        ),
        Bad(
            example_site("Upsample", _scaled(2), opset=11, scales=(1.0, 1.0, 2.0)),
            Finding(
                "opset 11 has no Upsample: onnxruntime does not load it",
                "error",
                "simulated",
                Fix("safe", _scaled(2)),
            ),
        ),
    ),
)
