"""What this operator computes is left open by Core ML's documents, and devices may differ.

## Why it matters
A Core ML model runs on a CPU, a GPU or a Neural Engine as the system decides. Where the documents
give no formula, the three need not agree: a fractional nearest resize is tested by Apple on the CPU
alone, because the GPU reads other pixels.

## Where it comes from
Nearest resizes by a fraction (upsample_nearest_neighbor), the NEAREST_NEIGHBOR of iOS 17's resize,
samples between pixels in a resample by pixel coordinates (wrong on macOS 14), crop_resize with
UNALIGN_CORNERS, an affine without align_corners.

## What is reported
A note: what halfpixel says of such an operator is the reading that Apple's tests support. On a Mac,
`halfpixel verify model.mlpackage@coreml ...` shows what a device computes.

## Fix safety
Safe for a resize at lengths that the file fixes: the samples of that reading are gathered, which
has one meaning everywhere. None otherwise.
"""

from collections.abc import Iterator

from halfpixel.dialect import ML_PROGRAM
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Nearest, Resize, Sampling
from halfpixel.site import Site
from halfpixel_rules._coreml import fix_for, otherwise_meant

DECLINED = "nothing at these lengths says it without question"


def check(site: Site) -> Iterator[Finding]:
    """Report what is left open."""
    operation, operator = site.operation, site.operator
    if not operation.doubt:
        return
    fix, declined = None, DECLINED
    if isinstance(operator, Resize) and operator.axes and not otherwise_meant(site):
        fix, declined = fix_for(operation, operator, "safe")
    message = f"ambiguous on device: {operation.doubt}"
    yield Finding(message, "note", "proven", fix, declined)


_LIKE: Facts = {
    "dialect": ML_PROGRAM, "opset": 6, "by": "scales", "scales": (1.0, 1.0, 1.5, 1.5),
    "input_shape": (1, 2, 6, 6), "output_shape": (1, 2, 9, 9),
}  # fmt: skip
_NEAREST = Resize(tuple((axis, Sampling("asymmetric", Nearest())) for axis in (2, 3)))
_DOUBT = "a fractional factor: Apple tests it on the CPU alone, as the GPU differs"

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("upsample_nearest_neighbor", _NEAREST, like=_LIKE)),
        Bad(
            example_site("upsample_nearest_neighbor", _NEAREST, doubt=_DOUBT, like=_LIKE),
            Finding(
                f"ambiguous on device: {_DOUBT}",
                "note",
                "proven",
                Fix("safe", "write what PyTorch computes at these lengths", _NEAREST),
            ),
        ),
        Bad(
            example_site("affine", None, doubt="align_corners=False", like=_LIKE),
            Finding(
                "ambiguous on device: align_corners=False", "note", "proven", declined=DECLINED
            ),
        ),
    ),
)  # fmt: skip
