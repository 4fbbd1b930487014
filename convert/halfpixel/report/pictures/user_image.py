"""The image that a user wants to see resampled: a name, numbers, or a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.errors import MissingExtraError, UsageError, system_reason
from halfpixel.report.pictures.images import NAMES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST: Final = 32
"""Longest side of an image: a larger one is made smaller, so that its pixels can be seen."""


def user_image(text: str) -> "str | NDArray[np.float64]":
    """Return a test image's name, or the pixels of an image, of shape (height, width).

    Args:
        text: one of the names, with or without hyphens; rows of numbers, parted by `;`; or the
            path of an image file, which becomes grey and at most `LONGEST` pixels large.

    Raises:
        UsageError: it is none of these.
        MissingExtraError: pillow is missing.

    >>> user_image("zone-plate"), user_image("1 2; 3 4").tolist()
    ('zone plate', [[1.0, 2.0], [3.0, 4.0]])
    """
    name = text.replace("-", " ")
    if name in NAMES:
        return name
    numbers = _numbers(text)
    if numbers is not None:
        return numbers
    path = Path(text)
    if not path.is_file():
        known = ", ".join(one.replace(" ", "-") for one in NAMES)
        raise UsageError(f"--image {text!r}: no image file, no numbers, and none of {known}")
    return _file(path)


def _numbers(text: str) -> "NDArray[np.float64] | None":
    """Return rows of numbers as an image; None where it is none."""
    import numpy as np

    try:
        rows = [[float(part) for part in row.replace(",", " ").split()] for row in text.split(";")]
        image = np.array(rows, dtype=np.float64)
    except ValueError:  # no number, or rows of other lengths
        return None
    fits = image.ndim == 2 and image.size > 0 and max(image.shape) <= LONGEST
    return image if fits and bool(np.isfinite(image).all()) else None


def _file(path: Path) -> "NDArray[np.float64]":
    import numpy as np

    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("pillow", "images") from error
    try:
        with Image.open(path) as opened:
            grey = opened.convert("L")
            grey.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
            pixels = np.asarray(grey, dtype=np.float64) / 255
    except OSError as error:
        raise UsageError(f"{path}: {system_reason(error)}") from error
    except (ValueError, Image.DecompressionBombError, SyntaxError) as error:
        raise UsageError(f"{path}: {error}") from error
    return pixels
