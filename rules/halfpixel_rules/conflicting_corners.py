"""An operator has both align_corners and half_pixel_centers.

## Why it matters
The two flags ask for different coordinates: corners on corners, or half pixels on half pixels.
No document says what both at once are, and no two runtimes agree. LiteRT's own kernels refuse such
a RESIZE_BILINEAR where XNNPACK, which takes the node before they are asked, computes align_corners
alone: the same file runs on one phone and does not load on another. A RESIZE_NEAREST_NEIGHBOR reads
pixel (i + 1/2) (n_in - 1) / (n_out - 1), rounded, everywhere, which no framework means. Those that
are handed to TensorFlow (FlexResizeBicubic and others) it refuses.

## Where it comes from
Models built or edited by hand. TensorFlow's kernel refuses both flags, and so does coremltools'
frontend for its graphs; Apple's own tests leave the pair out as invalid. Source: TensorFlow,
core/kernels/image/image_resizer_state.h; coremltools,
converters/mil/frontend/tensorflow/ops.py, ResizeBilinear; LiteRT 2.2.0,
tflite/kernels/resize_bilinear.cc and resize_nearest_neighbor.cc, and ai-edge-litert 2.3.0, run.

## What is reported
An error. In a Core ML model from iOS 16 on only: before, the operator has no half_pixel_centers.

## Fix safety
Safe where you say which of the two was meant, as the file does not: `--expect align_corners=true`
(or false), or of a nearest resize `--expect mode=nearest` (or nearest-exact). Without that, none.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.conventions.litert.resize import NEAREST
from halfpixel.dialect import LITERT, ML_PROGRAM
from halfpixel.origin import Intent
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Operation, Site
from halfpixel_rules._coreml import linear
from halfpixel_rules._flags import both_flags

EXPECT = {
    False: "--expect align_corners=true or false does",
    True: "--expect mode=nearest or mode=nearest-exact does",
}
DECLINED = "the file does not say which was meant; {}"
UNTOLD = "align_corners and half_pixel_centers are both true, which no document gives a meaning"
MESSAGE = "{why}: samples on half pixels and on corners would be up to {off:.3g} input px apart"


def check(site: Site) -> Iterator[Finding]:
    """Look for the two flags together."""
    operation = site.operation
    if not both_flags(operation):
        return
    meant = None if site.intent is None or site.intent.call is None else site.intent.call
    fix, declined = None, DECLINED.format(EXPECT[operation.op == NEAREST])
    policy = site.intent is not None and site.intent.how == "policy"
    if meant is not None and policy:
        fix, declined = Fix("safe", meant.resize(operation.rank)), ""
    why = operation.problem if operation.dialect == LITERT and operation.problem else UNTOLD
    message = MESSAGE.format(why=why, off=_apart(operation))
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
_LITERT: Facts = {**_LIKE, "dialect": LITERT, "opset": 3, "by": "sizes", "scales": None}
_UNMEANT = f"{_PROBLEM}, which no framework means"


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
            Finding(
                MESSAGE.format(why=UNTOLD, off=0.25),
                "error",
                "proven",
                declined=DECLINED.format(EXPECT[False]),
            ),
        ),
        Bad(
            example_site(
                NEAREST, None, attributes=_FLAGS, problem=_UNMEANT, like=_LITERT
            ),
            Finding(
                "align_corners and half_pixel_centers are both true, which no framework means: "
                "samples on half pixels and on corners would be up to 0.25 input px apart",
                "error",
                "proven",
                declined=DECLINED.format(EXPECT[True]),
            ),
        ),
        Bad(
            example_site(
                "upsample_bilinear", None, attributes=_FLAGS, problem=_PROBLEM,
                intent=_expected(), like=_LIKE,
            ),
            Finding(
                MESSAGE.format(why=UNTOLD, off=0.25),
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
