"""OpenCV's names: the interpolation argument of cv2.resize.

===================== ============================ ======================================
interpolation         source coordinate            kernel
===================== ============================ ======================================
INTER_NEAREST         asymmetric                   nearest, floor
INTER_NEAREST_EXACT   tf_half_pixel_for_nn         nearest, floor
INTER_LINEAR          half_pixel                   linear
INTER_CUBIC           half_pixel                   cubic, a = -0.75
INTER_AREA            windows                      mean, pixels counted by overlap
===================== ============================ ======================================

Nothing is antialiased but INTER_AREA. Enlarging with INTER_AREA takes two pixels, weighted
by how their common edge cuts the window: the same overlap, by another formula. That formula
serves both axes as soon as one is enlarged, and a shrunk axis beside an enlarged one is then
no mean any more: with r = n_in / n_out and j = floor(i r), pixel j counts by the part of it that
window i has, and pixel j + 1 stands for the whole rest of the window. That has no name here.

With fx and fy instead of a size the output length is n * fx rounded to the nearest, ties to
even; equal lengths are copied; and coordinates use the factor itself, but INTER_NEAREST_EXACT
still takes the ratio of the lengths, and INTER_AREA has windows without a name here.

These are the exact meanings. OpenCV rounds where a nearest coordinate, or the start of an
enlarging window, is a whole number: it may fall short, and the pixel before is read
(INTER_NEAREST and INTER_AREA, length 14 to 18, output 9). INTER_NEAREST_EXACT adds its step
up in float64 from release 5 on; before, the step has 16 fractional bits, which on long axes
(10 to 1920) picks a neighbour between the ties too. Bytes are computed in fixed point.

Source: OpenCV `modules/imgproc/src/resize.cpp`, releases 4.14 and 5.0.
"""

from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Reading
from halfpixel.conventions.meaning import choice
from halfpixel.conventions.python_call import Symbol, exact, name_of, open_lengths, parse
from halfpixel.errors import ConventionError
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Sampling
from halfpixel.sampling.canonical import canonical

MEANINGS: Final[dict[str, Sampling]] = {
    "INTER_NEAREST": Sampling("asymmetric", Nearest("floor")),
    "INTER_NEAREST_EXACT": Sampling("tf_half_pixel_for_nn", Nearest("floor")),
    "INTER_LINEAR": Sampling("half_pixel", Linear()),
    "INTER_CUBIC": Sampling("half_pixel", Cubic(Fraction(-3, 4))),
    "INTER_AREA": Sampling("half_pixel", Area("overlap")),
}
NUMBERS: Final = dict(enumerate(("INTER_NEAREST", "INTER_LINEAR", "INTER_CUBIC", "INTER_AREA"))) | {
    6: "INTER_NEAREST_EXACT"
}
"""The constants by value."""

BY_FACTOR: Final = frozenset({"INTER_NEAREST", "INTER_LINEAR", "INTER_CUBIC"})
"""Interpolations whose coordinates use fx and fy themselves."""


def read(interpolation: str, factor: Fraction | None = None) -> Sampling:
    """Return what cv2.resize computes along one axis.

    Args:
        interpolation: name of the constant, without the `cv2.`.
        factor: fx or fy where no size was given, as an exact rational.

    Raises:
        ConventionError: an interpolation, or a factor with one, that is not described here.

    >>> read("INTER_LINEAR").coordinate
    'half_pixel'
    >>> read("INTER_CUBIC", Fraction(3, 2)).copies_same_length
    True
    """
    meaning = MEANINGS[choice("interpolation", interpolation, MEANINGS)]
    if factor is None:
        return meaning
    if interpolation in BY_FACTOR:
        return replace(meaning, scale=factor, copies_same_length=True)
    if interpolation == "INTER_AREA" and factor.denominator != 1:
        raise ConventionError(f"INTER_AREA has a factor of {factor}, expected a size")
    return meaning


def output_length(n_in: int, factor: Fraction) -> int:
    """Return the output length that fx or fy asks for.

    >>> output_length(3, Fraction(3, 2)), output_length(5, Fraction(3, 2))
    (4, 8)
    """
    return round(n_in * factor)


def _read(text: str, length: int | None) -> Reading:
    given = parse(text).bind("src", "dsize", "dst", "fx", "fy", "interpolation")
    named = name_of(given.get("interpolation", "INTER_LINEAR"))
    name = str(NUMBERS.get(named, named) if isinstance(named, int) else named)
    size = given.get("dsize")
    if size is not None and size != (0, 0):
        width, height = open_lengths("dsize", size, 2)
        return Reading((read(name),) * 2, (height, width))
    if any(isinstance(given.get(side, 0), Symbol) or not given.get(side) for side in ("fx", "fy")):
        raise ConventionError("neither dsize nor fx and fy are numbers, expected one or both")
    factors = [exact(side, given[side]) for side in ("fy", "fx")]
    lengths = [None if length is None else output_length(length, factor) for factor in factors]
    return Reading(tuple(read(name, factor) for factor in factors), tuple(lengths))


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial > 2:
        return None
    scale = None if isinstance(sampling.kernel, Area) else sampling.scale
    wanted = canonical(sampling.by_size())
    same = (name for name, meaning in MEANINGS.items() if canonical(meaning) == wanted)
    name = next(same, None)
    if name is None:
        return None
    size = "(width, height)"
    if scale is not None and scale != 1:
        if not _same_by_factor(sampling, name, scale):
            return None
        size = f"None, fx={_factor(scale)}, fy={_factor(scale)}"
    return f"cv2.resize(x, {size}, interpolation=cv2.{name})"


def _same_by_factor(sampling: Sampling, name: str, scale: Fraction) -> bool:
    """Whether fx means the same: its coordinates, and a copy where lengths stay the same."""
    if scale.denominator == 1:
        return True
    may_stay = 1 < scale < 2  # others change every length that floor(n * scale) gives
    return name in BY_FACTOR and (sampling.copies_same_length or not may_stay)


def _factor(scale: Fraction) -> str:
    """Return a factor as Python, a decimal where that is exact."""
    text = f"{float(scale):.9g}"
    return text if Fraction(text) == scale else str(scale)


CONVENTION = Convention(
    "OpenCV",
    ("cv2.resize", "cv.resize"),
    _read,
    _write,
    examples=tuple(
        (f"cv2.resize(x, (width, height), interpolation=cv2.{name})", meaning)
        for name, meaning in MEANINGS.items()
    ),
)
