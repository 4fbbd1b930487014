"""OpenCV's names: the interpolation argument of cv2.resize.

===================== ============================ ======================================
interpolation         source coordinate            kernel
===================== ============================ ======================================
INTER_NEAREST         asymmetric                   nearest, floor
INTER_NEAREST_EXACT   tf_half_pixel_for_nn         nearest, floor
INTER_LINEAR          half_pixel                   linear
INTER_LINEAR_EXACT    half_pixel                   linear
INTER_CUBIC           half_pixel                   cubic, a = -0.75
INTER_LANCZOS4        half_pixel                   Lanczos, a = 4
INTER_AREA            windows                      mean, pixels counted by overlap
===================== ============================ ======================================

Nothing is antialiased but INTER_AREA, and indices beyond the border are clamped. INTER_AREA has
three cases: cells of whole pixels, windows with parts of pixels, and, where an axis is enlarged,
two pixels weighted by how their common edge cuts the window (`Overlapped`): the same overlap, by
another formula. That formula serves both axes as soon as one is enlarged, and a shrunk axis beside
an enlarged one is then no mean any more.

With fx and fy instead of a size the output length is n * fx rounded to the nearest, ties to
even; an image whose two lengths stay is copied; and coordinates and windows use the factor itself,
but INTER_NEAREST_EXACT still takes the ratio of the lengths.

These are the exact meanings. OpenCV rounds where a nearest coordinate, or the start of an
enlarging window, is a whole number: it may fall short, and the pixel before is read
(INTER_NEAREST and INTER_AREA, length 14 to 18, output 9). INTER_NEAREST_EXACT adds its step
up in float64 from release 5 on; before, the step has 16 fractional bits, which on long axes
(10 to 1920) picks a neighbour between the ties too.

Source: OpenCV `modules/imgproc/src/resize.cpp`, releases 4.14 and 5.0.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Library, Reading, Remark
from halfpixel.conventions.images.opencv_remarks import MISPLACED, remarks_on
from halfpixel.conventions.meaning import choice
from halfpixel.conventions.python_call import (
    PythonCall,
    Symbol,
    exact,
    name_of,
    open_lengths,
    parse,
)
from halfpixel.errors import ConventionError
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.kernel import Filter
from halfpixel.sampling.kernels.profiles import Lanczos
from halfpixel.sampling.kernels.windows import Overlapped, Windows

SIZE: Final = re.compile(r"(?:\w+\.)?Size(?:2i)?\((.*)\)")
"""A size as C++ and JavaScript make it."""

MEANINGS: Final[dict[str, Sampling]] = {
    "INTER_NEAREST": Sampling("asymmetric", Nearest("floor")),
    "INTER_NEAREST_EXACT": Sampling("tf_half_pixel_for_nn", Nearest("floor")),
    "INTER_LINEAR": Sampling("half_pixel", Linear()),
    "INTER_CUBIC": Sampling("half_pixel", Cubic(Fraction(-3, 4))),
    "INTER_LANCZOS4": Sampling("half_pixel", Filter(Lanczos(4))),
    "INTER_AREA": Sampling("half_pixel", Area("overlap")),
}
"""Every meaning once: INTER_LINEAR_EXACT is INTER_LINEAR, bytes aside."""

SAME: Final = {"INTER_LINEAR_EXACT": "INTER_LINEAR"}
NUMBERS: Final = dict(
    enumerate(
        (
            "INTER_NEAREST", "INTER_LINEAR", "INTER_CUBIC", "INTER_AREA", "INTER_LANCZOS4",
            "INTER_LINEAR_EXACT", "INTER_NEAREST_EXACT",
        )
    )
)  # fmt: skip
"""The constants by value."""

BY_FACTOR: Final = frozenset({"INTER_NEAREST", "INTER_LINEAR", "INTER_CUBIC", "INTER_LANCZOS4"})
"""Interpolations whose coordinates use fx and fy themselves."""

STAYS: Final = Fraction(1, 2), Fraction(3, 2)
"""Factors between which a length, of one pixel at least, may stay."""


def read(interpolation: str, factor: Fraction | None = None) -> Sampling:
    """Return what cv2.resize computes along one axis, the other one being like it.

    Args:
        interpolation: name of the constant, without the `cv2.`.
        factor: fx or fy where no size was given, as an exact rational.

    Raises:
        ConventionError: an interpolation that is not described here.

    >>> read("INTER_LINEAR").coordinate
    'half_pixel'
    >>> read("INTER_CUBIC", Fraction(3, 2)).copies_same_length
    True
    """
    known = [*MEANINGS, *SAME]
    name = choice("interpolation", interpolation, known)
    meaning = MEANINGS[SAME.get(name, name)]
    if factor is None:
        return meaning
    if SAME.get(name, name) in BY_FACTOR:
        return replace(meaning, scale=factor, copies_same_length=True)
    if name == "INTER_AREA" and factor.denominator != 1:
        kernel = Windows(factor) if factor < 1 else Overlapped(factor)
        return Sampling("half_pixel", kernel, copies_same_length=True)
    return meaning


def output_length(n_in: int, factor: Fraction) -> int:
    """Return the output length that fx or fy asks for.

    >>> output_length(3, Fraction(3, 2)), output_length(5, Fraction(3, 2))
    (4, 8)
    """
    return round(n_in * factor)


def _respelled(text: str) -> str:
    """Return a call of C++ or JavaScript as one of Python, but for the order of its arguments.

    >>> _respelled("cv::resize(a, b, cv::Size(4, 3), 0, 0, cv::INTER_AREA);")
    'cv.resize(a, b, cv.Size(4, 3), 0, 0, cv.INTER_AREA);'
    """
    return text.replace("cv::", "cv.").replace("new cv.", "cv.") if "resize(" in text else text


def _bound(call: PythonCall) -> dict[str, object]:
    """Return the arguments by name; where a Size stands third, in the order of C++."""
    third = call.positional[2] if len(call.positional) > 2 else None
    size = SIZE.fullmatch(third.text) if isinstance(third, Symbol) else None
    if size is None:
        return call.bind("src", "dsize", "dst", "fx", "fy", "interpolation")
    given = call.bind("src", "dst", "dsize", "fx", "fy", "interpolation")
    return {**given, "dsize": parse(f"f(({size[1]}))").positional[0] if size[1] else None}


def _read(text: str, length: int | None) -> Reading:
    given = _bound(parse(text))
    before = (name_of(given.get(one)) for one in ("dst", "fx", "fy"))
    misplaced = any(str(one).startswith("INTER_") for one in before)
    named = name_of(given.get("interpolation", "INTER_LINEAR"))
    name = str(NUMBERS.get(named, named) if isinstance(named, int) else named)
    size = given.get("dsize")
    if size is not None and size != (0, 0):
        width, height = open_lengths("dsize", size, 2)
        made = by_size(name, (height, width))
    else:
        sides = ("fy", "fx")
        if any(isinstance(given.get(one, 0), Symbol) or not given.get(one) for one in sides):
            raise ConventionError("neither dsize nor fx and fy are numbers, expected one or both")
        made = by_factors(name, [exact(side, given[side]) for side in sides], length)
    if misplaced:
        made = replace(made, remarks=(*made.remarks, MISPLACED))
    return made if length is None or made.by_lengths is None else made.at((length, length))


def by_size(name: str, size: tuple[int | None, int | None]) -> Reading:
    """Return what cv2.resize computes for a size.

    Args:
        name: of the interpolation.
        size: output lengths, height before width.
    """
    remarks = remarks_on(name)

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        """Tell an axis that shrinks beside one that grows from the mean that it is alone."""
        pairs = [(n_in, n_out) for n_in, n_out in zip(ins, size, strict=True) if n_out is not None]
        return Reading(_area([read(name)] * 2, pairs), size, remarks)

    mixed = by_lengths if name == "INTER_AREA" else None
    return Reading((read(name),) * 2, size, remarks, mixed)


def by_factors(name: str, factors: Sequence[Fraction], length: int | None = None) -> Reading:
    """Return what cv2.resize computes for fy and fx, on an image of known sides or on any.

    Each axis is for itself where an output of both input lengths cannot come about.
    """
    samplings = tuple(read(name, factor) for factor in factors)
    remarks = remarks_on(name)

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        outs = tuple(output_length(n, factor) for n, factor in zip(ins, factors, strict=True))
        for n_out in outs:
            if n_out < 1:
                raise ConventionError("the output has length 0")
        if outs == ins:
            return Reading((None, None), outs, remarks)
        axes = [replace(one, copies_same_length=False) for one in samplings]
        if name != "INTER_AREA":
            return Reading(tuple(axes), outs, remarks)
        grows = any(factor > 1 for factor in factors)
        kernels = [Overlapped(factor) if grows else Windows(factor) for factor in factors]
        return Reading(tuple(Sampling("half_pixel", one) for one in kernels), outs, remarks)

    if length is not None:
        return by_lengths((length, length))
    if name != "INTER_AREA" and not all(STAYS[0] < factor < STAYS[1] for factor in factors):
        alone = tuple(replace(one, copies_same_length=False) for one in samplings)
        return Reading(alone, (None, None), remarks)
    return Reading(samplings, (None, None), remarks, by_lengths)


def _area(axes: list[Sampling], pairs: list[tuple[int, int]]) -> tuple[Sampling, ...]:
    """Return the axes of INTER_AREA: by two pixels where one of them grows, and one shrinks."""
    grows, shrinks = (any(sign * (b - a) > 0 for a, b in pairs) for sign in (1, -1))
    mixed = Sampling("half_pixel", Overlapped())
    return (mixed,) * len(axes) if grows and shrinks else tuple(axes)


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
    source="OpenCV modules/imgproc/src/resize.cpp, releases 4.14 and 5.0",
    ran="OpenCV 5.0.0",
    remarks=(
        Remark("axis order", "a size is (width, height)"),
        Remark("colour order", "cv2.imread gives blue, green, red"),
    ),
    respell=_respelled,
    library=Library((("cv2", "cv2"), ("cv", "cv2")), lambda image: image, lambda made: made),
)
