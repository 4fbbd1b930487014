"""What the rules about flags that contradict each other have in common."""

from halfpixel.dialect import LITERT
from halfpixel.site import Operation


def both_flags(operation: Operation) -> bool:
    """Whether an operator has align_corners and half_pixel_centers at once."""
    given = operation.attributes
    flagged = operation.op == "upsample_bilinear"  # whose align_corners is on unless it is said
    if not flagged and operation.dialect != LITERT:
        return False
    corners, half = given.get("align_corners", flagged), given.get("half_pixel_centers", False)
    return bool(corners) and bool(half)
