"""The factors that a step along an axis may have come from, by its pixels or weights."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Final

from halfpixel.formats.litert.read.separable import Axes, Read

DIGITS: Final = 4
"""Decimal places of a factor that somebody would write."""

MOST: Final = 12
"""Factors that are tried."""

MOST_FACTOR: Final = 1 << 20


def factors_of(found: Axes, axis: int, *, exact: bool) -> list[float]:
    """Return factors that a step may have come from, the shortest first; 1 where there is none.

    Those that every step may have come from are among them.

    Args:
        found: what is moved.
        axis: with the channels last.
        exact: pixels are those of nearest-exact, not of nearest.
    """
    if axis not in found:
        return [1.0]
    ends = [found[axis], *(step for other, step in found.items() if other != axis)]
    ranges: list[tuple[Fraction, Fraction]] = []
    for step in ends:
        m, n = len(step.weights), step.n_in
        low, high = _bounds(step, exact=exact)
        ranges.append((max(low, Fraction(m, n)), min(high, Fraction(m + 1, n))))
    every = max(low for low, _ in ranges), min(high for _, high in ranges)
    about = _about(found[axis])
    return list(dict.fromkeys((*_between(*every, about), *_between(*ranges[0], about))))


def _between(low: Fraction, high: Fraction, about: float | None = None) -> Iterator[float]:
    """Yield decimals in a range, the shortest first, and where it is known about what they are.

    >>> list(_between(Fraction(8, 5), Fraction(17, 10)))[:3]
    [1.6, 1.61, 1.62]
    """
    seen = set[Fraction]()
    for digits in range(DIGITS + 1):
        places = int(10**digits)
        first, last = ceil(low * places), floor(high * places)
        if about is not None:
            nearest = round(about * places)
            first, last = max(first, nearest - 1), min(last, nearest + 1)
        for number in range(first, last + 1):
            factor = Fraction(number, places)
            if len(seen) >= MOST:
                return
            if factor > 0 and factor < high and factor not in seen:
                seen.add(factor)
                yield float(factor)


def _bounds(step: Read, *, exact: bool) -> tuple[Fraction, Fraction]:
    """Return between which factors a step was made, as far as pixels tell."""
    if step.weights.ndim == 1:
        return _of_pixels(step.weights.tolist(), step.n_in, Fraction(int(exact), 2))
    return Fraction(0), Fraction(MOST_FACTOR)


def _about(step: Read) -> float | None:
    """Return about which factor a step has, by how far its samples lie apart; None for pixels."""
    n_out = len(step.weights)
    first, last = n_out // 3, n_out - 1 - n_out // 3
    if step.weights.ndim == 1 or last <= first:
        return None
    import numpy as np

    pair = step.weights[[first, last]].astype(np.float64) @ np.arange(step.n_in)
    slope = float(pair[1] - pair[0]) / (last - first)
    return 1 / slope if slope > 1 / MOST_FACTOR else None


def _of_pixels(pixels: Sequence[int], n_in: int, shift: Fraction) -> tuple[Fraction, Fraction]:
    """Return between which factors output i reads pixel floor((i + shift) / factor).

    >>> [float(n) for n in _of_pixels([0, 0, 1, 1], 2, Fraction(0))]
    [1.0, 2.000000001]
    """
    low, high = Fraction(0), Fraction(MOST_FACTOR)
    for i, pixel in enumerate(pixels):
        if pixel < n_in - 1:
            low = max(low, (i + shift) / (pixel + 1))
        if pixel:
            high = min(high, (i + shift) / pixel)
    return low, high + Fraction(1, 10**9)  # the upper end belongs to it
