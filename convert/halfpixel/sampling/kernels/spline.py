"""Splines that go through the pixels: dense rows, by a prefilter, in exact rationals.

A spline of order k is a sum of B-splines at the pixels. Its coefficients are those for which it
goes through every pixel, c = A^-1 x with the B-spline's values at the pixels in A. These are
rational; so W = B A^-1 is, though the poles of the filter that computes it are not.

On a long axis a row g of A^-1 is taken from a short axis, cut off where it has all but vanished. It
is off by at most ``|e - g A| / d`` in the sum of its entries, e a unit row and d by how much the
diagonal dominates a row of A: the residual is computed exactly, so that the bound is proven.

Source: SciPy `ndimage/src/ni_splines.c`, `ndimage/_interpolation.py` (_prepad_for_spline_filter);
P. Thevenaz, T. Blu, M. Unser, "Interpolation revisited", 2000.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Final

from halfpixel.sampling.coordinate import HALF, ONE, ZERO, Axis, Coordinate, source_line
from halfpixel.sampling.kernel import Border, Taps
from halfpixel.sampling.kernels.base import Rows, Written
from halfpixel.sampling.kernels.rows import fold
from halfpixel.work import spend

SHORT: Final = 128
"""Longest axis, with what is put around it, whose spline is solved exactly.

The middle of such an axis, and both its ends, stand for those of a longer one.
"""

BITS: Final = 96
"""Bits of an entry that is taken from it."""

Matrix = tuple[tuple[Fraction, ...], ...]
Row = dict[int, Fraction]


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

        >>> row = Spline(3).rows(3, 5, [1]).rows[0]
        >>> [str(weight) for _, weight in row]
        ['19/32', '1/2', '-3/32']
        """
        line = source_line(self.coordinate, Axis(n_in, n_out))
        found = [self._row(line.at(i) + self.pad, n_in) for i in outputs]
        error = max((off for _, off in found), default=ZERO)
        return Rows(tuple(row for row, _ in found), error, unknown=bool(error))

    def _row(self, place: Fraction, n_in: int) -> tuple[Taps, Fraction]:
        length = n_in + 2 * self.pad
        centre = math.floor(place if self.order % 2 else place + HALF)
        first = centre - self.order // 2
        made: Row = {}
        for k in range(first, first + self.order + 1):
            j = fold(k, length, self.border)
            if j is not None:
                made[j] = made.get(j, ZERO) + b_spline(self.order, place - k)
        error = ZERO
        if self.prefilter:
            made, error = self._solved(made, length)
        kept: Row = {}
        for k, weight in made.items():
            j = fold(k - self.pad, n_in, self.padding)
            if j is not None:
                kept[j] = kept.get(j, ZERO) + weight
        return tuple((j, weight) for j, weight in sorted(kept.items()) if weight), error

    def _solved(self, made: Row, length: int) -> tuple[Row, Fraction]:
        """Return what coefficients ask of the pixels, and by how much that may be off."""
        error, total = ZERO, dict[int, int]()
        solved: Row = {}
        common = math.lcm(*(weight.denominator for weight in made.values()))
        for k, weight in made.items():
            if length <= SHORT:
                row, off = inverse_row(self.order, length, self.border, k)
                count = len(row)
                for j, value in row.items():
                    solved[j] = solved.get(j, ZERO) + weight * value
            else:  # in whole numbers, which is many times faster
                whole, off, moved = long_row(self.order, length, self.border, k)
                count = len(whole)
                by = weight.numerator * (common // weight.denominator)
                for j, units in whole.items():
                    total[j + moved] = total.get(j + moved, 0) + by * units
            error = max(error, off)
            spend(count // 8)
        solved |= {j: Fraction(units, common << BITS) for j, units in total.items()}
        return solved, error


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


@lru_cache(maxsize=1 << 10)
def inverse_row(order: int, length: int, border: Border, k: int) -> tuple[Row, Fraction]:
    """Return a row of A^-1, and by how much the sum of its entries may be off."""
    if length <= SHORT:
        return dict(enumerate(_inverse(order, length, border)[k])), ZERO
    units, off, moved = long_row(order, length, border, k)
    return {c + moved: Fraction(value, 1 << BITS) for c, value in units.items()}, off


def long_row(
    order: int, length: int, border: Border, k: int
) -> tuple[Mapping[int, int], Fraction, int]:
    """Return a row of A^-1 of a long axis in units of 2**-BITS, its bound, and where it starts.

    Rows that reach neither border are the same, at their own places.
    """
    half = SHORT // 2
    if half + order <= k < length - half - order:
        return (*middle_row(order, border), k)
    return (*border_row(order, length, border, k), 0)


@lru_cache(maxsize=64)
def middle_row(order: int, border: Border) -> tuple[Mapping[int, int], Fraction]:
    """Return the row of a pixel far from both borders, by the distances from it."""
    half = SHORT // 2
    row, off = border_row(order, 4 * SHORT, border, 2 * SHORT)
    return {c - 2 * SHORT: value for c, value in row.items() if abs(c - 2 * SHORT) <= half}, off


@lru_cache(maxsize=1 << 10)
def border_row(
    order: int, length: int, border: Border, k: int
) -> tuple[Mapping[int, int], Fraction]:
    """Return a row of A^-1 of a long axis at its own pixels, and its bound."""
    half, longer = SHORT // 2, length - SHORT
    if k < half:  # what is far from it is at the other end, where the border wraps
        at, moved = k, [c if c - k <= half else c + longer for c in range(SHORT)]
    elif k >= length - half:
        at = k - longer
        moved = [c + longer if at - c <= half else c for c in range(SHORT)]
    else:
        at, moved = half, [c + k - half for c in range(SHORT)]
    piece = _inverse(order, SHORT, border)[at]
    unit = 1 << BITS
    row = {moved[c]: units for c, value in enumerate(piece) if (units := round(value * unit))}
    left: Row = {k: ONE}
    for c, units in row.items():
        _subtract(left, _line(order, length, border, c), Fraction(units, unit))
    values = [b_spline(order, Fraction(j)) for j in range(order // 2 + 1)]
    dominance = values[0] - 2 * sum(values[1:], ZERO)
    return row, sum(map(abs, left.values()), ZERO) / dominance


def _line(order: int, length: int, border: Border, j: int) -> Row:
    """Return a row of A: the B-splines around pixel j, at it."""
    row: Row = {}
    for k in range(-(order // 2), order // 2 + 1):
        column = fold(j + k, length, border)
        if column is not None:
            row[column] = row.get(column, ZERO) + b_spline(order, Fraction(k))
    return row


@lru_cache(maxsize=4)
def _inverse(order: int, length: int, border: Border) -> Matrix:
    """Return A^-1, by Gauss and Jordan; A has few entries a row, and only these are touched."""
    spend(length * length)
    rows = [_line(order, length, border, j) for j in range(length)]
    right: list[Row] = [{j: ONE} for j in range(length)]
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


def _subtract(row: Row, other: Row, by: Fraction) -> None:
    for k, value in other.items():
        row[k] = row.get(k, ZERO) - by * value
