"""A node has an attribute or input that its operator does not take.

## Why it matters
No runtime has to load such a node, and those that do may compute anything. A scale of NaN or
zero, scales of another rank than the input, or a mode that ONNX does not have are such values.

## Where it comes from
Scripted PyTorch modules with mode="area" (the exporter passes the name on), opset conversions
that keep a value which the target lacks, graphs edited by hand.

## What is reported
An error that names the value and what is expected in its place.

## Fix safety
Unsafe for PyTorch's mode="area", which is written out at the lengths that the file fixes. None
otherwise: what was meant cannot be told from a value that means nothing.
"""

from collections.abc import Iterator

from halfpixel.intents.exporter_habit import as_written
from halfpixel.origin import Producer
from halfpixel.rule import Bad, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Area, Linear, Resize, Sampling
from halfpixel.site import Operation, Site
from halfpixel_rules._flags import both_flags

DECLINED = "what was meant cannot be told from a value that means nothing"


def check(site: Site) -> Iterator[Finding]:
    """Report why the node cannot be described."""
    if site.operation.problem and not both_flags(site.operation):
        fix = _area(site.operation)
        yield Finding(site.operation.problem, "error", "proven", fix, "" if fix else DECLINED)


def _area(operation: Operation) -> Fix | None:
    """Return PyTorch's area, whose name its exporter passes on, at lengths that are known."""
    if operation.attributes.get("mode") != "area" or as_written(operation, "mode") is None:
        return None
    ins, outs = operation.lengths
    axes = tuple(range(2, operation.rank))
    if len(ins) != len(outs) or any(ins[a] is None or outs[a] is None for a in axes):
        return None
    meant = Resize(tuple((axis, Sampling("half_pixel", Area())) for axis in axes))
    return Fix("unsafe", meant)


_WORDS = "mode is 'area', expected one of cubic, linear, nearest"

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", Resize(((2, Sampling("half_pixel", Linear())),)))),
        Bad(
            example_site("Resize", None, problem=_WORDS),
            Finding(_WORDS, "error", "proven", declined=DECLINED),
        ),
        Bad(
            example_site(
                "Resize",
                None,
                problem=_WORDS,
                attributes={"mode": "area"},
                producer=Producer("pytorch"),
                input_shape=(1, 3, 5),
                output_shape=(1, 3, 2),
            ),
            Finding(
                _WORDS,
                "error",
                "proven",
                Fix(
                    "unsafe",
                    Resize(((2, Sampling("half_pixel", Area())),)),
                ),
            ),
        ),
    ),
)
