"""A resampling node computes something else than the call that was meant.

## Why it matters
The exporter recorded the call with all its arguments, or the user said what is expected, and
the node's own attributes give other weights. Nothing crashes; the output is wrong.

## Where it comes from
- antialias with align_corners=True: PyTorch keeps the centres of half pixels and changes the
  step alone, which no Resize attribute says (torch.onnx.export writes align_corners);
- onnxscript up to 0.7.0 wrote exclude_outside=0 and, up to 0.6.2, cubic_coeff_a=-0.75 for
  antialias (source: models/exporter_mismatches, H1 to H4, written by both); tools that rewrite
  attributes;
- a model edited by hand, or a policy (`--expect`) that the model does not follow;
- pads of a transposed convolution that a tool moved from one side to the other, a RoiAlign that
  was taken to a later opset without its old default, a GridSample or AffineGrid with the other
  align_corners.

Differences that have a rule of their own (asymmetric coordinates, a single output pixel, a
nearest rounding, antialias lost, scale against size, a kept length, float32 arithmetic) are
left to it.

## What is reported
An error where the call is recorded or expected and the file fixes the sizes at which the two
differ; a warning where they differ only at some sizes, or where the call is assumed from the
exporter's habits.

## Fix safety
Safe where the call is recorded or expected: the attributes are those of that very call.
Unsafe where it is assumed. Where ONNX has no attribute for it, as with antialias and
align_corners together, two constant MatMul nodes are exact; they need lengths that the file
fixes.
"""

from collections.abc import Iterator
from fractions import Fraction

from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import Interpolate, parse_call
from halfpixel.dialect import LITERT, ONNX
from halfpixel.intents.axis_deviation import Deviation
from halfpixel.intents.cause import Cause
from halfpixel.origin import Intent, Operator
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
from halfpixel.sampling import (
    AffineGrid,
    ConvTranspose,
    Cubic,
    GridSample,
    Linear,
    RoiAlign,
    Sampling,
)
from halfpixel.site import Site
from halfpixel_rules._difference import difference, on_axes_of
from halfpixel_rules._meant import findings

CAUSES: frozenset[Cause] = frozenset({"coordinates", "kernel", "cubic", "border"})
ASYMMETRIC: frozenset[Cause] = frozenset({"asymmetric"})


def check(site: Site) -> Iterator[Finding]:
    """Compare the site with its intent."""
    intent = site.intent
    if intent is None or intent.how == "named":  # differs-from-name is about these
        return
    if intent.operator is None:
        # asymmetric-linear and coreml-default-mode tell it of the other formats
        asymmetric = site.operation.dialect == LITERT
        yield from findings(site, CAUSES | ASYMMETRIC if asymmetric else CAUSES, _why)
    elif (off := difference(site, intent.operator)) is not None:
        meant = on_axes_of(site, intent.operator)
        fix = Fix("safe", meant)
        yield Finding(f"{off}; {intent.text} was meant", "error", "proven", fix)


def _why(site: Site, _found: Deviation) -> str:
    """Return what is wrong: something that no attribute says, or the attributes."""
    call = None if site.intent is None else site.intent.call
    if site.operation.dialect == ONNX and call and call.antialias and call.align_corners:
        return "ONNX's Resize cannot express antialias=True with align_corners=True"
    return "the interpolation weights are not those of the call"


def _intent(text: str) -> Intent:
    call: Interpolate = parse_call(text)
    return example_record(call)


def _other(meant: Operator) -> Intent:
    return Intent("recorded", "a record", "the call", operator=meant)


def _enlarging(begin: int, end: int, extra: int = 0) -> ConvTranspose:
    two = (2 * (3,), 2 * (begin,), 2 * (end,), 2 * (extra,), (1, 1))
    return ConvTranspose((9, 9), *two)


_SHAPES: Facts = {"input_shape": (1, 3, 5, 5), "output_shape": (1, 3, 3, 3), "by": "sizes"}
_AA = Sampling("half_pixel", Linear(antialias=True), exclude_outside=True)
_CALL = 'F.interpolate(x, size=(3, 3), mode="bilinear", antialias=True)'
_CORNERS = 'F.interpolate(x, size=(3, 3), mode="bilinear", align_corners=True, antialias=True)'
_PLAIN = 'F.interpolate(x, size=(3, 3), mode="bicubic")'

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", example_resize(_AA), intent=_intent(_CALL), like=_SHAPES)),
        Bad(
            example_site(
                "Resize", example_resize(replace(_AA, exclude_outside=False)),
                intent=_intent(_CALL),
                attributes={"antialias": 1, "coordinate_transformation_mode": "half_pixel",
                            "mode": "linear", "exclude_outside": 0},
                like=_SHAPES,
            ),
            Finding(
                "the interpolation weights are not those of the call: at length 5 to 3 (axis 2) "
                "interpolation weights are up to 0.0536 off; F.interpolate(x, size=(3, 3), "
                'mode="bilinear", align_corners=False, antialias=True) was meant',
                "error",
                "proven",
                Fix("safe", example_resize(replace(_AA, copies_same_length=True))),
            ),
        ),
        Bad(
            example_site(
                "Resize", example_resize(replace(_AA, coordinate="align_corners")),
                intent=_intent(_CORNERS), like=_SHAPES,
            ),
            Finding(
                "ONNX's Resize cannot express antialias=True with align_corners=True: at length 5 "
                "to 3 (axis 2) samples are up to 0.5 input px off, interpolation weights up to "
                '0.286; F.interpolate(x, size=(3, 3), mode="bilinear", align_corners=True, '
                "antialias=True) was meant",
                "error",
                "proven",
                Fix(
                    "safe",
                    example_resize(replace(_AA, coordinate="pytorch_antialias_align_corners",
                                  copies_same_length=True)),
                ),
            ),
        ),
        Good(
            example_site(
                "Resize", example_resize(Sampling("half_pixel", Cubic(Fraction(-3, 4)))),
                intent=_intent(_PLAIN), like=_SHAPES,
            ),
        ),
        Good(
            example_site("GridSample", GridSample("linear", "zeros", align_corners=False)),
            because="nothing is known of what was meant",
        ),
        Bad(
            example_site(
                "RoiAlign", RoiAlign(aligned=False), intent=_other(RoiAlign(aligned=True))
            ),
            Finding(
                "samples are 0.5 feature px off; the call was meant",
                "error",
                "proven",
                Fix("safe", RoiAlign(aligned=True)),
            ),
        ),
        Bad(
            example_site(
                "AffineGrid", AffineGrid(align_corners=True),
                intent=_other(AffineGrid(align_corners=False)),
            ),
            Finding(
                "samples are up to 0.5 px off at the border; the call was meant",
                "error",
                "proven",
                Fix("safe", AffineGrid(align_corners=False)),
            ),
        ),
        Bad(
            example_site(
                "ConvTranspose", _enlarging(2, 4), intent=_other(_enlarging(3, 3)),
                like={"input_shape": (1, 8, 12, 12), "output_shape": (1, 3, 36, 36)},
            ),
            Finding(
                "samples are 0.333 input px off (axis 2); the call was meant",
                "error",
                "proven",
                Fix("safe", _enlarging(3, 3)),
            ),
        ),
        Good(
            example_site(
                "ConvTranspose", _enlarging(3, 4, 1), intent=_other(_enlarging(3, 3)),
                like={"input_shape": (1, 8, 12, 12), "output_shape": (1, 3, 36, 36)},
            ),
            because="what is added at the end is cut there again",
        ),
    ),
)  # fmt: skip
