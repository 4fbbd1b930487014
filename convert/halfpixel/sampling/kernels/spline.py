"""Splines that go through the pixels: dense rows, by a prefilter, in exact rationals.

A spline of order k is a sum of B-splines at the pixels. Its coefficients are those for which it
goes through every pixel, c = A^-1 x with the B-spline's values at the pixels in A. These are
rational; so W = B A^-1 is, though the poles of the filter that computes it are not.

Source: SciPy `ndimage/src/ni_splines.c`, `ndimage/_interpolation.py` (_prepad_for_spline_filter);
P. Thevenaz, T. Blu, M. Unser, "Interpolation revisited", 2000.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Final

from halfpixel.sampling.coordinate import HALF, ONE, ZERO, Axis, Coordinate, source_line
from halfpixel.sampling.kernel import Border, Rows, Taps, Written
from halfpixel.sampling.kernels.rows import fold
from halfpixel.work import spend

LONGEST: Final = 256
"""Longest axis, with what is put around it, whose spline is solved."""

Matrix = tuple[tuple[Fraction, ...], ...]


class Spline(Written, frozen=True):
    """A spline resize: every output sample asks for every pixel.

    Attributes:
        order: degree of the spline, 2 to 5; 0 and 1 are nearest and linear.
        coordinate: the rule for source coordinates, which takes no scale.
        border: how the image goes on beyond its border: `mirror`, `symmetric` or `wrap`.
        pad: pixels that are put around the image before, by `padding`.
        padding: what these are.
        prefilter: False takes the pixels for the coefficients, which blurs.
    """

    order: int = 3
    coordinate: Coordinate = "align_corners"
    border: Border = "mirror"
    pad: int = 0
    padding: Border = "clamp"
    prefilter: bool = True

    @property
    def words(self) -> str:
        """Its name and order."""
        without = "" if self.prefilter else " without a prefilter"
        return f"spline of order {self.order}{without}"

    def row_length(self, n_in: int, n_out: int) -> int:  # noqa: ARG002 - as wide as the image
        """Return how many pixels there are."""
        return n_in if self.prefilter else self.order + 1

    def rows(self, n_in: int, n_out: int, outputs: Sequence[int]) -> Rows:
        """Return dense rows.

        Raises:
            ValueError: the axis is longer than `LONGEST`.

        >>> row = Spline(3).rows(3, 5, [1]).rows[0]
        >>> [str(weight) for _, weight in row]
        ['19/32', '1/2', '-3/32']
        """
        length = n_in + 2 * self.pad
        if self.prefilter and length > LONGEST:
            raise ValueError(f"a spline over {n_in} pixels, at most {LONGEST} are solved exactly")
        inverse = _inverse(self.order, length, self.border) if self.prefilter else None
        line = source_line(self.coordinate, Axis(n_in, n_out))
        return Rows(tuple(self._row(line.at(i) + self.pad, n_in, inverse) for i in outputs))

    def _row(self, place: Fraction, n_in: int, inverse: Matrix | None) -> Taps:
        length = n_in + 2 * self.pad
        centre = math.floor(place if self.order % 2 else place + HALF)
        first = centre - self.order // 2
        made: dict[int, Fraction] = {}
        for k in range(first, first + self.order + 1):
            weight = b_spline(self.order, place - k)
            j = fold(k, length, self.border)
            if j is not None:
                made[j] = made.get(j, ZERO) + weight
        if inverse is not None:
            spend(length)
            solved = [ZERO] * length
            for k, weight in made.items():
                solved = [value + weight * by for value, by in zip(solved, inverse[k], strict=True)]
            made = dict(enumerate(solved))
        row: dict[int, Fraction] = {}
        for k, weight in made.items():
            j = fold(k - self.pad, n_in, self.padding)
            if j is not None:
                row[j] = row.get(j, ZERO) + weight
        return tuple((j, weight) for j, weight in sorted(row.items()) if weight)


@lru_cache(maxsize=1 << 12)
def b_spline(order: int, t: Fraction) -> Fraction:
    """Return the B-spline of an order at distance t, by its truncated powers.

    >>> [str(b_spline(3, Fraction(t, 2))) for t in range(5)]
    ['2/3', '23/48', '1/6', '1/48', '0']
    """
    reach = Fraction(order + 1, 2)
    total = ZERO
    for k in range(order + 2):
        base = t + reach - k
        if base > 0:
            total += (-1) ** k * math.comb(order + 1, k) * base**order
    return total / math.factorial(order)


@lru_cache(maxsize=4)
def _inverse(order: int, length: int, border: Border) -> Matrix:
    """Return A^-1, by Gauss and Jordan; A has few entries a row, and only these are touched."""
    spend(length * length)
    reach = order // 2
    values = {k: b_spline(order, Fraction(k)) for k in range(-reach, reach + 1)}
    rows: list[dict[int, Fraction]] = []
    for j in range(length):
        row: dict[int, Fraction] = {}
        for k, value in values.items():
            column = fold(j + k, length, border)
            if column is not None:
                row[column] = row.get(column, ZERO) + value
        rows.append(row)
    right: list[dict[int, Fraction]] = [{j: ONE} for j in range(length)]
    for pivot in range(length):
        scale = rows[pivot][pivot]  # never 0: the matrix is dominated by its diagonal
        rows[pivot] = {k: value / scale for k, value in rows[pivot].items()}
        right[pivot] = {k: value / scale for k, value in right[pivot].items()}
        for j in range(pivot + 1, length):
            if by := rows[j].get(pivot):
                _subtract(rows[j], rows[pivot], by)
                _subtract(right[j], right[pivot], by)
    for pivot in range(length - 1, -1, -1):
        for j in range(pivot):
            if by := rows[j].get(pivot):
                _subtract(right[j], right[pivot], by)
    return tuple(tuple(row.get(k, ZERO) for k in range(length)) for row in right)


def _subtract(row: dict[int, Fraction], other: dict[int, Fraction], by: Fraction) -> None:
    for k, value in other.items():
        row[k] = row.get(k, ZERO) - by * value
