"""Boxes and thumbnails, as Pillow has them.

Source: Pillow 13.0 `src/PIL/Image.py` (resize, thumbnail).
"""

import math
from fractions import Fraction

from halfpixel.conventions.python_call import Symbol, listed, number_of
from halfpixel.errors import ConventionError

Edges = tuple[Fraction, Fraction]
"""Where a part of an axis starts and ends, in pixels."""


def thumbnail_size(size: tuple[int, int], ins: tuple[int, int]) -> tuple[int, int]:
    """Return the size of a thumbnail (height, width): within a size, with the image's ratio.

    >>> thumbnail_size((128, 128), (480, 640)), thumbnail_size((128, 128), (50, 100))
    ((96, 128), (50, 100))
    """
    (y, x), (height, width) = size, ins
    if x >= width and y >= height:
        return ins
    aspect = width / height  # floats, as the library has them
    if x / y >= aspect:
        near = y * aspect
        x = max(min(math.floor(near), math.ceil(near), key=lambda n: abs(aspect - n / y)), 1)
    else:
        near = x / aspect
        both = math.floor(near), math.ceil(near)
        y = max(min(both, key=lambda n: 0 if n == 0 else abs(aspect - x / n)), 1)
    return y, x


def edges(value: object) -> tuple[Edges, Edges] | None:
    """Return the edges of a box (left, upper, right, lower), of the height before the width's.

    Raises:
        ConventionError: it is no box, or not written out.
    """
    if value is None:
        return None
    items = listed(value)
    if items is None or len(items) != 4 or any(isinstance(item, Symbol) for item in items):
        raise ConventionError(f"box is {value!r}, expected 4 numbers")
    left, upper, right, lower = (number_of("box", item) for item in items)
    if not (0 <= left < right and 0 <= upper < lower):
        raise ConventionError(f"box is {value!r}, expected left before right, upper before lower")
    return (upper, lower), (left, right)
