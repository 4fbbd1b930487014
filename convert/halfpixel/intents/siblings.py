"""What the other resizes of a model tell of one of which nothing is recorded.

A network is built on one convention more often than not. Where the others align their corners, a
resize on asymmetric coordinates may have lost just that, and half pixels are not offered first.
"""

from collections.abc import Sequence

from halfpixel.origin import Operator
from halfpixel.sampling import Cubic, Linear, Resize
from halfpixel.sampling.coordinate import Coordinate
from halfpixel.site import Site

HALF: frozenset[Coordinate] = frozenset({"half_pixel", "pytorch_half_pixel"})
CORNERS: frozenset[Coordinate] = frozenset({"align_corners"})
FIRST: frozenset[Coordinate] = frozenset({"asymmetric"})


def aligned(sites: Sequence[Site]) -> tuple[int, int]:
    """Return how many smooth resizes of a model align corners, and how many it has.

    None aligns them where any is on half pixels.
    """
    found = [one for site in sites if (one := _coordinates(site.operator))]
    if any(one & HALF for one in found):
        return 0, len(found)
    return sum(one == CORNERS for one in found), len(found)


def would_part(site: Site, meant: Operator) -> bool:
    """Whether a site of which nothing is recorded would be moved from pixel 0 to half pixels."""
    if site.intent is not None and site.intent.how != "assumed":
        return False
    return _coordinates(site.operator) == FIRST and _coordinates(meant) <= HALF


def _coordinates(operator: Operator | None) -> frozenset[Coordinate]:
    """Return the coordinates of a smooth resize; none of anything else."""
    if not isinstance(operator, Resize):
        return frozenset()
    smooth = (s for _, s in operator.axes if isinstance(s.kernel, Linear | Cubic))
    return frozenset(sampling.coordinate for sampling in smooth)
