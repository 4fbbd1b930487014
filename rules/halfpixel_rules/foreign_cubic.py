"""A cubic resize has a coefficient or border that no PyTorch call has.

## Why it matters
PyTorch's bicubic has a = -0.75 and repeats the border pixel. a = -0.5 (Keys; TensorFlow,
Pillow) is softer and overshoots less; leaving out what lies beyond the border and
renormalising changes the two outermost pixels. Both change values, not positions.

## Where it comes from
TensorFlow (a = -0.5 with half_pixel_centers), Pillow, graphs written by hand.

## What is reported
A warning where nothing is known of what was meant, or PyTorch wrote the model; nothing where
the call is recorded (differs-from-intent compares with it) or the exporter writes what TensorFlow
computes. A warning where TensorFlow computes otherwise at these coordinates: tf2onnx writes
a = -0.5 whatever the flags.

## Fix safety
Unsafe: it may have been meant.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec.structs import replace

from halfpixel.intents.exporter_habit import as_written, instead
from halfpixel.origin import Producer
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Cubic, Resize, Sampling, compare_resize
from halfpixel.site import Site

if TYPE_CHECKING:
    from halfpixel.intents.exporter import Row

PYTORCH_A = Fraction(-3, 4)


def check(site: Site) -> Iterator[Finding]:
    """Compare a cubic kernel with PyTorch's."""
    operator, intent = site.operator, site.intent
    if not isinstance(operator, Resize) or (intent is not None and intent.how != "assumed"):
        return
    if not any(isinstance(sampling.kernel, Cubic) for _, sampling in operator.axes):
        return
    found = instead(site.operation, "cubic")
    if found is not None:
        yield from _never(site, operator, *found)
        return
    fixed = replace(operator, axes=tuple((a, _pytorch(s)) for a, s in operator.axes))
    verdict = compare_resize(operator, fixed, *site.operation.lengths)
    if fixed == operator or verdict.negligible or as_written(site.operation, "cubic"):
        return
    sampling = next(s for _, s in operator.axes if s != _pytorch(s))
    off = float(verdict.worst.verdict.weight_difference)
    message = (
        f"cubic with {_words(sampling)}: weights are up to {off:.3g} from PyTorch's, "
        "a = -0.75 and a repeated border"
    )
    fix = Fix("unsafe", fixed)
    yield Finding(message, "warning", "proven", fix)


def _never(site: Site, operator: Resize, row: "Row", meant: Resize) -> Iterator[Finding]:
    """Yield that a framework weighs pixels otherwise, whatever it was asked for."""
    verdict = compare_resize(operator, meant, *site.operation.lengths)
    if verdict.negligible:
        return
    (_, written), (_, other) = operator.axes[-1], meant.axes[-1]
    off = float(verdict.worst.verdict.weight_difference)
    message = (
        f"cubic with {_words(written)} at {written.coordinate} coordinates: weights are up to "
        f"{off:.3g} from those of {row.framework}, which has {_words(other)} there; {row.note}"
    )
    yield Finding(message, "warning", "assumed", Fix("unsafe", meant))


def _words(sampling: Sampling) -> str:
    """Return the coefficient and the border of a cubic kernel in words."""
    a = float(sampling.kernel.a) if isinstance(sampling.kernel, Cubic) else 0.0
    return f"a = {a:g} and a {'renormalised' if sampling.exclude_outside else 'repeated'} border"


def _pytorch(sampling: Sampling) -> Sampling:
    kernel = sampling.kernel
    if not isinstance(kernel, Cubic) or kernel.antialias:
        return sampling
    return replace(sampling, kernel=replace(kernel, a=PYTORCH_A), exclude_outside=False)


def _cubic(a: Fraction) -> Resize:
    return Resize(((2, Sampling("half_pixel", Cubic(a))),))


_SIZES: Facts = {"input_shape": (1, 3, 4), "output_shape": (1, 3, 8), "by": "sizes"}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _cubic(PYTORCH_A), _SIZES)),
        Good(
            example_site("Resize", _cubic(Fraction(-1, 2)), _SIZES, producer=Producer("tf2onnx")),
            because="TensorFlow's bicubic has a = -0.5",
        ),
        Bad(
            example_site("Resize", _cubic(Fraction(-1, 2)), _SIZES),
            Finding(
                "cubic with a = -0.5 and a repeated border: weights are up to 0.0352 from "
                "PyTorch's, a = -0.75 and a repeated border",
                "warning",
                "proven",
                Fix("unsafe", _cubic(PYTORCH_A)),
            ),
        ),
    ),
)
