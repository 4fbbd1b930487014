"""The picture of a signal: a test image through both operators, and their difference as a map."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from halfpixel.report.pictures.drawable import Drawable, Pair
from halfpixel.report.pictures.palette import Theme
from halfpixel.report.pictures.site import picture_of_site

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def picture_of_signal(
    found: Drawable,
    meant: Drawable | None = None,
    *,
    lengths: Sequence[Pair],
    image: "str | NDArray[np.floating]" = "zone plate",
    title: str = "",
    labels: tuple[str, str] = ("file", "meant"),
    theme: Theme = "auto",
) -> str:
    """Return a test image as both operators resample it, and the difference with its scale.

    Args:
        found: what the file computes.
        meant: what was meant; None where nothing is to be compared.
        lengths: (input length, output length) of height and width.
        image: ramp, checkerboard, zone plate, edge, or pixels of shape (height, width).
        title: as of `picture_of_site`, and so the others.
        labels: what the two are called.
        theme: light, dark or auto.

    Raises:
        ValueError: an image of another name or shape.
    """
    return picture_of_site(found, meant, lengths=lengths, title=title, labels=labels, theme=theme)
