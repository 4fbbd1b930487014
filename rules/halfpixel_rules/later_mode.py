"""A mode or operator of Core ML is later than the specification that the model names.

## Why it matters
A model says which specification it is written in, and so which systems run it. What an older
system makes of a mode that it does not know is not documented: it may refuse the model, or skip the
field, as protocol buffers allow, and read the default in its place.

## Where it comes from
coremltools does not raise the version for what stands in a branch or loop of a neural network
(run with 9.0: version 4 with ALIGN_CORNERS_TRUE inside), and `milproto` checks a program against
the model's version alone; models edited by hand.

## What is reported
A warning with the version that is needed. half_pixel_centers and pad_value need 7 (iOS 16), resize
and crop_resize with boxes 8 (iOS 17), linearUpsampleMode and fractional factors 5 (iOS 14).

## Fix safety
Safe where an operator of the model's own version computes the same. Otherwise none: the version
decides where the model runs, and is never raised unasked.
"""

from collections.abc import Iterator

from halfpixel.dialect import CORE_ML, ML_PROGRAM, NEURAL_NETWORK, SYSTEMS
from halfpixel.errors import ConventionError
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Resize
from halfpixel.site import Operation, Site
from halfpixel_rules._coreml import linear, words_for

DECLINED = "the version decides where the model runs, and is not raised unasked"


def check(site: Site) -> Iterator[Finding]:
    """Compare what an operator needs with the model's version."""
    operation, operator = site.operation, site.operator
    needed = _needed(operation)
    if needed <= operation.opset:
        return
    message = (
        f"{operation.op} with these parameters came with specification {needed} (iOS "
        f"{SYSTEMS.get(needed, '?')}), and the model says {operation.opset}"
    )
    fix, declined = None, DECLINED
    words = words_for(operation, operator) if isinstance(operator, Resize) else None
    if words is not None and isinstance(operator, Resize):
        fix, declined = Fix("safe", operator), ""
    yield Finding(message, "warning", "proven", fix, declined)


def _needed(operation: Operation) -> int:
    from halfpixel.conventions.coreml.dialects import words_of

    floor_of = words_of(operation.dialect).floor_of
    try:
        return max(operation.since, floor_of(operation.op, operation.attributes))
    except ConventionError:
        return operation.since


_PROGRAM: Facts = {
    "dialect": ML_PROGRAM, "opset": 6, "by": "scales", "scales": (1.0, 1.0, 2.0, 2.0),
    "input_shape": (1, 2, 5, 7), "output_shape": (1, 2, 10, 14),
    "attributes": {"align_corners": 0, "half_pixel_centers": 0},
}  # fmt: skip
_NETWORK: Facts = {
    **_PROGRAM, "dialect": NEURAL_NETWORK, "opset": 4,
    "attributes": {"mode": "BILINEAR", "linearUpsampleMode": "ALIGN_CORNERS_FALSE"},
}  # fmt: skip

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site(
                "upsample_bilinear", linear("asymmetric"), like={**_PROGRAM, "opset": 7}
            )
        ),
        Bad(
            example_site("upsample_bilinear", linear("asymmetric"), like=_PROGRAM),
            Finding(
                "upsample_bilinear with these parameters came with specification 7 (iOS 16), and "
                "the model says 6",
                "warning",
                "proven",
                Fix(
                    "safe",
                    linear("asymmetric"),
                ),
            ),
        ),
        Bad(
            example_site("crop_resize", None, dialect=ML_PROGRAM, opset=6, since=8),
            Finding(
                "crop_resize with these parameters came with specification 8 (iOS 17), and the "
                "model says 6",
                "warning",
                "proven",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site("upsample", linear("half"), like=_NETWORK),
            Finding(
                "upsample with these parameters came with specification 5 (iOS 14), and the model "
                "says 4",
                "warning",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
    dialects=CORE_ML,
)  # fmt: skip
