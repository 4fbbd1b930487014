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
None: what was meant cannot be told from a value that means nothing.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Site

DECLINED = "what was meant cannot be told from a value that means nothing"


def check(site: Site) -> Iterator[Finding]:
    """Report why the node cannot be described."""
    if site.operation.problem:
        yield Finding(site.operation.problem, "error", "proven", declined=DECLINED)


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
    ),
)
