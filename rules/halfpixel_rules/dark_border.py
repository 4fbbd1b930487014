"""A grid sample blends the border with zeros.

## Why it matters
Without align_corners the coordinate -1 is the outer edge of the first pixel, half a pixel
beyond its centre. With padding_mode="zeros" a linear sample there takes half of its weight an
axis from outside: an image of constant 100 gives 25 in the corner.

## Where it comes from
The defaults of F.grid_sample; spatial transformers whose identity darkens the frame.

## What is reported
A note: it is what was asked for, and seldom what is wanted.

## Fix safety
None: padding_mode="border" or align_corners=True are other operators.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import GridSample
from halfpixel.site import Site

DECLINED = 'padding_mode="border" and align_corners=True are other operators'


def check(site: Site) -> Iterator[Finding]:
    """Look for a border that is blended with zeros."""
    operator = site.operator
    if not isinstance(operator, GridSample) or operator.border_weight() == 1:
        return
    kept = float(operator.border_weight()) * 100
    yield Finding(
        f"an image of constant 100 gives {kept:g} in the corner: padding is zeros and the corner "
        "of the grid lies half a pixel outside",
        "note",
        "proven",
        declined=DECLINED,
    )


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("GridSample", GridSample("linear", "zeros", align_corners=True))),
        Good(example_site("GridSample", GridSample("linear", "border", align_corners=False))),
        Bad(
            example_site(
                "GridSample", GridSample("linear", "zeros", align_corners=False, spatial=2)
            ),
            Finding(
                "an image of constant 100 gives 25 in the corner: padding is zeros and the "
                "corner of the grid lies half a pixel outside",
                "note",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
)
