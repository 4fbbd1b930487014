"""An upsample_bilinear has both align_corners and half_pixel_centers.

## Why it matters
The two flags ask for different coordinates: corners on corners, or half pixels on half pixels.
coremltools builds such an operator, and no document says what it computes; Apple's own tests
leave the pair out as invalid.

## Where it comes from
Models built or edited by hand. TensorFlow's kernel refuses both flags, and so does coremltools'
frontend for its graphs. Source: TensorFlow, core/kernels/image/image_resizer_state.h; coremltools,
converters/mil/frontend/tensorflow/ops.py, ResizeBilinear.

## What is reported
An error. From iOS 16 on only: before, the operator has no half_pixel_centers.

## Fix safety
None: the file does not say which of the two was meant. `--expect align_corners=true` (or false)
does, and the operator is written that way.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.dialect import ML_PROGRAM
from halfpixel.origin import Intent
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Operation, Site
from halfpixel_rules._coreml import both_flags, linear

DECLINED = "the file does not say which was meant; --expect align_corners=true or false does"
MESSAGE = (
    "align_corners and half_pixel_centers are both true, which no document gives a meaning: "
    "samples would be up to {off:.3g} input px apart"
)


def check(site: Site) -> Iterator[Finding]:
    """Look for the two flags together."""
    operation = site.operation
    if not both_flags(operation):
        return
    meant = None if site.intent is None or site.intent.call is None else site.intent.call
    fix, declined = None, DECLINED
    policy = site.intent is not None and site.intent.how == "policy"
    if meant is not None and policy:
        fix, declined = Fix("safe", meant.resize(operation.rank)), ""
    message = MESSAGE.format(off=_apart(operation))
    yield Finding(message, "error", "proven", fix, declined)


def _apart(operation: Operation) -> float:
    """Return how far the two conventions are apart at the lengths of the file, in pixels."""
    ins, outs = operation.lengths
    half, corners = Sampling("half_pixel", Linear()), Sampling("align_corners", Linear())
    worst = 0.0
    for n_in, n_out in list(zip(ins, outs, strict=False))[-2:]:
        if n_in is not None and n_out is not None and n_in > 0 and n_out > 0:
            lines = half.line(n_in, n_out), corners.line(n_in, n_out)
            ends = (0, n_out - 1)
            worst = max(worst, *(float(abs(lines[0].at(i) - lines[1].at(i))) for i in ends))
    return worst or 0.5


_LIKE: Facts = {
    "dialect": ML_PROGRAM, "opset": 7, "by": "scales", "scales": (1.0, 1.0, 2.0, 2.0),
    "input_shape": (1, 2, 5, 7), "output_shape": (1, 2, 10, 14),
}  # fmt: skip
_FLAGS = {"align_corners": 1, "half_pixel_centers": 1}
_PROBLEM = "align_corners and half_pixel_centers are both true"


def _expected() -> Intent:
    from halfpixel.conventions.torch.interpolate import parse_call

    call = parse_call('F.interpolate(x, size=(10, 14), mode="bilinear", align_corners=True)')
    return Intent("policy", "expected: align_corners=True", call.text(), call)


def _meant() -> Resize:
    axes = linear("corners").axes
    return Resize(tuple((axis, replace(s, copies_same_length=True)) for axis, s in axes))


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site(
                "upsample_bilinear", linear("corners"), attributes={"align_corners": 1}, like=_LIKE
            )
        ),
        Bad(
            example_site(
                "upsample_bilinear", None, attributes=_FLAGS, problem=_PROBLEM, like=_LIKE
            ),
            Finding(MESSAGE.format(off=0.25), "error", "proven", declined=DECLINED),
        ),
        Bad(
            example_site(
                "upsample_bilinear", None, attributes=_FLAGS, problem=_PROBLEM,
                intent=_expected(), like=_LIKE,
            ),
            Finding(
                MESSAGE.format(off=0.25),
                "error",
                "proven",
                Fix(
                    "safe",
                    _meant(),
                ),
            ),
        ),
    ),
)  # fmt: skip
