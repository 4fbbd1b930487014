"""A nearest resize picks pixels by a rule that no PyTorch mode has.

## Why it matters
PyTorch has two nearest modes: `nearest` is asymmetric + floor, `nearest-exact` is half_pixel +
round_prefer_ceil, or tf_half_pixel_for_nn + floor, which is proven to be the same. Most other
pairs of coordinates and rounding pick the neighbour at some samples: masks and label maps move by
a pixel.

## Where it comes from
ONNX's own default is half_pixel + round_prefer_floor, which differs from nearest-exact at every
tie: at every even downscale, but also from 2 to 3 or from 4 to 3. Resize-10 leaves the rounding
open: onnxruntime rounds up where it shrinks, TensorRT down; PyTorch's exporter at opset 10 means
down. litert-torch 0.10.0 writes mode="nearest" with half_pixel_centers, which is nearest-exact.

## What is reported
An error where the call is recorded, a warning where it is assumed, or where nothing is known
and neither mode of PyTorch picks these pixels (a note where the model is TensorFlow's or Paddle's,
which have roundings of their own); with the lengths at which they differ. A warning too where the
converter writes what its framework never computes, or drops the flags that would tell.

## Fix safety
Safe where the call is recorded; unsafe where it is assumed, or where the nearer of PyTorch's
two modes is taken for what was meant. None where another framework picks these pixels.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.intents.exporter_habit import as_written, dropped, instead
from halfpixel.origin import Intent
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_resize, example_site
from halfpixel.sampling import Nearest, Resize, Sampling, compare_resize
from halfpixel.site import Attribute, Site
from halfpixel_rules._dropped import dropped_flags
from halfpixel_rules._meant import findings
from halfpixel_rules._upgraded import as_in_opset_10

if TYPE_CHECKING:
    from halfpixel.intents.exporter import Row


def check(site: Site) -> Iterator[Finding]:
    """Compare the site with its intent, or with PyTorch's two modes where there is none."""
    operator = site.operator
    if not isinstance(operator, Resize) or not operator.axes or site.operation.hidden:
        return
    if not all(isinstance(sampling.kernel, Nearest) for _, sampling in operator.axes):
        return
    if as_in_opset_10(site):
        return  # lost-coordinates is about these
    if site.intent is not None:
        why = "the pixels are picked by another rule"
        yield from findings(site, frozenset({"rounding"}), why)
    else:
        yield from _without_intent(site, operator)


def _without_intent(site: Site, operator: Resize) -> Iterator[Finding]:
    """Compare with what the exporter's framework picks, or with PyTorch's two modes."""
    flags = dropped(site.operation, "rounding")
    if flags is not None:
        yield from dropped_flags(site, flags, "pixels are picked on asymmetric coordinates")
        return
    found = instead(site.operation, "rounding")
    if found is not None:
        yield from _never(site, operator, *found)
        return
    exact = [_as(operator, "tf_half_pixel_for_nn"), _as(operator, "asymmetric")]
    verdicts = [(compare_resize(operator, m, *site.operation.lengths), m) for m in exact]
    if any(verdict.equal for verdict, _ in verdicts):
        return
    worst, nearer = min(verdicts, key=lambda pair: pair[0].worst.verdict.displacement)
    n_in, n_out = worst.worst.verdict.witness or (0, 0)
    message = (
        f"at length {n_in} to {n_out} (axis {worst.worst.axis}) the pixels are those of neither "
        "nearest nor nearest-exact"
    )
    foreign = as_written(site.operation, "rounding")
    if foreign is not None:
        yield Finding(message, "note", "proven", declined=f"{foreign.framework} means it")
        return
    yield Finding(message, "warning", "proven", Fix("unsafe", nearer))


def _never(site: Site, operator: Resize, row: "Row", meant: Resize) -> Iterator[Finding]:
    """Yield that a framework picks other pixels, whatever it was asked for."""
    verdict = compare_resize(operator, meant, *site.operation.lengths)
    if verdict.negligible:
        return
    n_in, n_out = verdict.worst.verdict.witness or (0, 0)
    off = float(verdict.worst.verdict.displacement)
    message = (
        f"no call of {row.framework} picks these pixels: at length {n_in} to {n_out} (axis "
        f"{verdict.worst.axis}) samples are up to {off:.3g} input px off; {row.note}"
    )
    yield Finding(message, "warning", "assumed", Fix("unsafe", meant))


def _as(operator: Resize, coordinate: str) -> Resize:
    plain = Sampling("asymmetric", Nearest("floor"))
    if coordinate != "asymmetric":
        plain = replace(plain, coordinate="tf_half_pixel_for_nn")
    axes = tuple((axis, replace(plain, scale=s.scale)) for axis, s in operator.axes)
    return replace(operator, axes=axes)


_DEFAULT = Sampling("half_pixel", Nearest("round_prefer_floor"))
_SIMPLE = Sampling("asymmetric", Nearest("simple"))
_NEAREST = Sampling("asymmetric", Nearest("floor"))
_EXACT = Sampling("tf_half_pixel_for_nn", Nearest("floor"))
_WRITTEN: dict[str, Attribute] = {"mode": "nearest", "nearest_mode": "round_prefer_floor"}
_HALF: Facts = {"input_shape": (1, 3, 8, 8), "output_shape": (1, 3, 2, 2), "by": "sizes"}
_ODD: Facts = {"input_shape": (1, 3, 5, 5), "output_shape": (1, 3, 3, 3), "by": "sizes"}
_CALL = parse_call('F.interpolate(x, size=(3, 3), mode="nearest")')

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", example_resize(_NEAREST), attributes=_WRITTEN)),
        Good(
            example_site("Resize", example_resize(_DEFAULT), attributes=_WRITTEN, like=_ODD),
            because="5 to 3 has no tie: these are the pixels of nearest-exact",
        ),
        Bad(
            example_site("Resize", example_resize(_DEFAULT), attributes=_WRITTEN, like=_HALF),
            Finding(
                "at length 8 to 2 (axis 2) the pixels are those of neither nearest nor "
                "nearest-exact",
                "warning",
                "proven",
                Fix("unsafe", example_resize(_EXACT)),
            ),
        ),
        Bad(
            example_site(
                "Resize",
                example_resize(_SIMPLE),
                opset=10,
                attributes={"mode": "nearest"},
                intent=Intent("assumed", "a habit", _CALL.text(), _CALL),
                like=_ODD,
            ),
            Finding(
                "the pixels are picked by another rule: at length 5 to 3 (axis 2) samples are "
                "up to 1 input px off, interpolation weights up to 1; F.interpolate(x, "
                'size=(3, 3), mode="nearest") was meant',
                "warning",
                "assumed",
                Fix(
                    "unsafe",
                    example_resize(_NEAREST),
                ),
            ),
        ),
    ),
)
