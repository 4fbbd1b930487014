"""An affine grid and the sampling that it feeds disagree on align_corners.

## Why it matters
An AffineGrid with align_corners puts -1 and 1 on the centres of the border pixels; a GridSample
without takes them for the outer edges, and the other way round. The identity transform then
scales the image by (n - 1) / n: half a pixel at the border, nothing in the middle.

## Where it comes from
F.affine_grid and F.grid_sample have separate arguments, and code written before PyTorch 1.3
relied on a default that changed. The file does what PyTorch did: both arguments stand in it as they
were given, and the two are almost always meant to be the same.

## What is reported
A warning, recorded or not. torch.onnx.export(dynamo=True) writes F.affine_grid as a product of a
table of base coordinates and theta; which setting the table has is read from its numbers.

## Fix safety
Unsafe: a network that was trained with the disagreement has learnt it. None where the call is
recorded: the file does what was called, and the module is what to change.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.rule import Bad, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import AffineGrid, GridSample
from halfpixel.site import Site

DECLINED = "the file does what was called: the calls of the module are what to change"


def check(site: Site) -> Iterator[Finding]:
    """Compare the site's align_corners with that of its grid."""
    operator, grid = site.operator, site.operation.surroundings.fed_by
    if not isinstance(operator, GridSample) or grid is None:
        return
    if grid.align_corners == operator.align_corners:
        return
    fixed = replace(operator, align_corners=grid.align_corners)
    intent = site.operation.intent
    known = intent.operator if intent is not None and intent.how in {"recorded", "policy"} else None
    called = known.align_corners if isinstance(known, GridSample) else None
    if called == grid.align_corners:
        return  # the file is not what was called, which is another rule's
    as_called = called == operator.align_corners
    yield Finding(
        f"align_corners is {operator.align_corners} here and {grid.align_corners} in the "
        "affine grid: the identity is up to 0.5 input px off at the border"
        f"{', in PyTorch as in this file' * as_called}; give both calls the same align_corners",
        "warning",
        "proven",
        None if as_called else Fix("unsafe", fixed),
        DECLINED if as_called else "",
    )


def _sample(*, corners: bool) -> GridSample:
    return GridSample("linear", "zeros", align_corners=corners, spatial=2)


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site("GridSample", _sample(corners=True), fed_by=AffineGrid(align_corners=True))
        ),
        Good(example_site("GridSample", _sample(corners=True)), because="its grid is not known"),
        Bad(
            example_site(
                "GridSample", _sample(corners=False), fed_by=AffineGrid(align_corners=True)
            ),
            Finding(
                "align_corners is False here and True in the affine grid: the identity is up "
                "to 0.5 input px off at the border; give both calls the same align_corners",
                "warning",
                "proven",
                Fix("unsafe", _sample(corners=True)),
            ),
        ),
    ),
)
