"""The node makes another size, or takes another factor, than the call that was recorded.

## Why it matters
Every pixel of the output is another one, and what stands behind it may fail or, where lengths are
free, go on with a size that the network was never trained on.

## Where it comes from
A tool that rewrote sizes or scales, a policy that keeps the aspect ratio, or a model edited by
hand: no exporter writes another size than the one it records.

## What is reported
An error where the call is recorded or expected and its own output length, or its factor, is another
than the file's. A length that float32 alone rounds to another is output-length-rounding's.

## Fix safety
Safe: the call's own size is given, and with it all that the call says. It is declined where the
call has a size and the length that it is called at is free.
"""

from collections.abc import Iterator

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.intents.deviation import meant_resize
from halfpixel.rule import (
    Bad,
    Facts,
    Finding,
    Fix,
    Good,
    Rule,
    example_record,
    example_resize,
    example_site,
)
from halfpixel.sampling import Linear, Nearest, Sampling
from halfpixel.site import Site
from halfpixel_rules._meant import other_size

DECLINED = "the length that the call is made at is not known"


def check(site: Site) -> Iterator[Finding]:
    """Hold the size of the file against that of the call."""
    operation, intent = site.operation, site.intent
    found, meant = other_size(operation), meant_resize(operation)
    if found is None or intent is None or meant is None:
        return
    nearest = any(isinstance(sampling.kernel, Nearest) for _, sampling in meant.axes)
    factors = found.factors
    fix = None if factors is None else Fix("safe", meant, factors, exact=nearest)
    message = f"{found.text}; {intent.text} was meant"
    yield Finding(message, "error", "proven", fix, "" if fix else DECLINED)


_CALL = 'F.interpolate(x, size=(7, 25), mode="bilinear", align_corners=False)'
_RECORD = example_record(parse_call(_CALL))
_HALF = Sampling("half_pixel", Linear())
_MEANT = Sampling("half_pixel", Linear(), copies_same_length=True)
_SIZES: Facts = {"input_shape": (1, 3, 12, 16), "by": "sizes", "intent": _RECORD}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", example_resize(_HALF), _SIZES, output_shape=(1, 3, 7, 25))),
        Bad(
            example_site("Resize", example_resize(_HALF), _SIZES, output_shape=(1, 3, 7, 50)),
            Finding(
                f"length 16 becomes 50 (axis 3), and 25 in the call; {_CALL} was meant",
                "error",
                "proven",
                Fix("safe", example_resize(_MEANT), (7.25 / 12, 25.25 / 16)),
            ),
        ),
    ),
)
