"""What every framework's words are read into: a resize, with what was said of its lengths.

And the values that an operator is given, checked one by one: a name, a number, a whole number.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.convention import Reading
from halfpixel.errors import ConventionError
from halfpixel.sampling import Resize, Sampling
from halfpixel.sampling.resize import given_scale

Lengths = Sequence[int | None]

COPIES: Final = frozenset(
    {"half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "asymmetric", "align_corners"}
) | {"tf_half_pixel_for_nn"}
"""Coordinate modes that read every pixel where it is when the length stays the same; the last
by what runtimes do, which leave an axis of scale 1 alone."""

MOST: Final = 1 << 31
"""No length, stride or factor of a network: a call with such a number is none that was made."""


RATIOS: Final = frozenset({"half_pixel", "asymmetric", "tf_half_pixel_for_nn"})
"""Coordinate modes that are a function of the step alone."""


class Meaning(Struct, frozen=True):
    """What a resizing operator computes.

    Attributes:
        resize: the product of samplings.
        rank: number of axes.
        scales: scales one an axis of the input, where they were given.
        sizes: output lengths one an axis, where sizes were given; None each where unknown.
    """

    resize: Resize
    rank: int
    scales: tuple[float, ...] | None
    sizes: tuple[int | None, ...] | None

    def along(self, axes: Sequence[int]) -> Reading:
        """Return what it computes along some of its axes, which are spatial."""
        sizes = self.sizes or (None,) * self.rank
        return Reading(
            tuple(self._by_factor(axis) for axis in axes), tuple(sizes[axis] for axis in axes)
        )

    def _by_factor(self, axis: int) -> Sampling | None:
        """Return an axis with a whole factor as its scale: the ratio of its lengths is the same."""
        sampling = self.resize.sampling(axis)
        factor = None if self.scales is None else given_scale(self.scales[axis])
        if sampling is None or factor is None or factor.denominator != 1:
            return sampling
        return replace(sampling, scale=factor) if sampling.coordinate in RATIOS else sampling


def is_factor(value: float) -> bool:
    """Whether a number can be a scale factor: nothing, infinity and what enlarges nothing cannot.

    >>> is_factor(0.5), is_factor(1e-300), is_factor(0.0), is_factor(float("inf"))
    (True, False, False, False)
    """
    return 1 / MOST < value < MOST


def check_lengths(
    resize: Resize,
    ins: Lengths,
    outs: Lengths,
    longest: int | None = None,
    scales: tuple[float, ...] | None = None,
) -> None:
    """Refuse a resize of or to nothing, or to more than there can be.

    Args:
        resize: what is computed.
        ins: input lengths one an axis, None each where unknown.
        outs: output lengths, likewise.
        longest: the longest axis that there can be; None for any.
        scales: scales one an axis, where these give the output lengths.

    Raises:
        ConventionError: such a length, with its axis.
    """
    for which, lengths in (("input", ins), ("output", outs)):
        for axis, _ in resize.axes:
            length = lengths[axis]
            if length == 0:
                by = "" if scales is None or ins[axis] == 0 else f" by scale {scales[axis]:.6g}"
                raise ConventionError(
                    f"{which} length 0 along axis {axis}{by}, expected at least 1"
                )
            if longest is not None and (length or 0) > longest:
                raise ConventionError(
                    f"{which} length {length} along axis {axis}, at most {longest}"
                )


def choice(name: str, value: object, allowed: Iterable[str]) -> str:
    """Return a value that is one of some names.

    Raises:
        ConventionError: it is none of them.
    """
    names = list(allowed)
    if value not in names:
        raise ConventionError(f"{name} is {value!r}, expected one of {', '.join(names)}")
    return str(value)


def number(name: str, value: object) -> float:
    """Return a number of any kind (Python's, numpy's) as a float.

    Raises:
        ConventionError: it is no number.
    """
    try:
        return float(cast("float", value))
    except (TypeError, ValueError, OverflowError):
        raise ConventionError(f"{name} is {value!r}, expected a number") from None


def finite(name: str, value: object) -> float:
    """Return a number of any kind that is neither infinite nor NaN.

    Raises:
        ConventionError: it is no such number.
    """
    found = number(name, value)
    if not math.isfinite(found):
        raise ConventionError(f"{name} is {value!r}, expected a finite number")
    return found


def whole(name: str, value: object) -> int:
    """Return a number of any kind as an integer.

    Raises:
        ConventionError: it is no integer.
    """
    found = number(name, value)
    if not math.isfinite(found) or found != math.floor(found):
        raise ConventionError(f"{name} is {value!r}, expected a whole number")
    return int(found)


def length(name: str, value: object) -> int:
    """Return a length: a whole number of at least 1.

    Raises:
        ConventionError: it is none.
    """
    found = whole(name, value)
    if found < 1:
        raise ConventionError(f"{name} is {found}, expected at least 1")
    return found


def flag(name: str, value: object) -> bool:
    """Return a value that is true or false.

    Raises:
        ConventionError: it is neither.
    """
    if value not in {True, False}:
        raise ConventionError(f"{name} is {value!r}, expected True or False")
    return bool(value)
