"""How far two matrices of weights are apart: in input pixels, and in weights.

Weights of kernels with a sine or an exponential are known to within a bound: rows of such are equal
where they are made of the same distances, different where they are further apart than both bounds,
and neither is claimed otherwise.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from halfpixel.sampling.axis import Sampling, weights_at
from halfpixel.sampling.coordinate import ZERO
from halfpixel.sampling.kernel import Table, Taps
from halfpixel.sampling.kernels.rows import Weights

ROUNDING: Final = Fraction(1, 100_000)
"""Below this, a displacement (in pixels) or a weight is float32 rounding of a scale."""

ULP: Final = Fraction(1, 1 << 22)
"""The same for a long axis, an input pixel: float32 has 24 bits, and two are lost on the way."""


def displacement(a: Weights, b: Weights) -> Fraction:
    """Return the worst distance between the two source coordinates, in input pixels."""
    return max((abs(p - q) for p, q in zip(a.positions, b.positions, strict=True)), default=ZERO)


def weight_difference(a: Weights, b: Weights) -> Fraction:
    """Return the largest absolute difference between two weights of the matrices."""
    worst = ZERO
    for first, second in zip(a.rows, b.rows, strict=True):
        if first != second:
            worst = max(worst, row_difference(first, second))
    return worst


def row_difference(a: Taps, b: Taps) -> Fraction:
    """Return the largest absolute difference between two weights of a row."""
    if len(a) == len(b) == 1 and a[0][0] != b[0][0]:  # the pixels of a nearest resize
        return max(abs(a[0][1]), abs(b[0][1]))
    apart = dict(a)
    for j, weight in b:
        apart[j] = apart.get(j, ZERO) - weight
    return max((abs(weight) for weight in apart.values()), default=ZERO)


def same(a: Weights, b: Weights) -> bool | None:
    """Return whether two matrices are equal; None where their bounds leave that open."""
    if a.outside != b.outside:
        return False
    if not (a.error or b.error or a.unknown or b.unknown):
        return a.rows == b.rows
    bound = a.error + b.error
    left_open = False
    origins = zip(_origins(a), _origins(b), strict=True)
    for one, other, (first, second) in zip(a.rows, b.rows, origins, strict=True):
        if first is not None and first == second:
            continue
        rounded = first is not None or second is not None or a.unknown or b.unknown
        if (row_difference(one, other) > bound) if rounded else one != other:
            return False
        left_open |= rounded
    return None if left_open else True


def _origins(weights: Weights) -> tuple[object, ...]:
    return weights.origins or (None,) * len(weights.rows)


def rows_apart(a: Sampling, b: Sampling, n_in: int, n_out: int) -> bool:
    """Whether a row in the middle or at an end differs, at one pair of lengths; tables apart.

    >>> from halfpixel.sampling.kernel import Linear
    >>> rules = ("half_pixel", "align_corners")
    >>> rows_apart(*(Sampling(rule, Linear()) for rule in rules), 40_000, 30_000)
    True
    """
    for rows in _chosen(n_out):
        first, second = weights_at(a, n_in, n_out, rows), weights_at(b, n_in, n_out, rows)
        if same(first, second) is False:
            return True
    return False


def clearly_apart(a: Sampling, b: Sampling, n_in: int, n_out: int) -> bool:
    """Whether such a row differs by more than any displacement that is negligible can make it.

    Two weights differ by less than twice the displacement. False where lengths are none of a
    table's.
    """
    tables = [s.kernel for s in (a, b) if isinstance(s.kernel, Table)]
    if any((n_in, n_out) != (table.n_in, len(table.rows)) for table in tables):
        return False
    most = 2 * max(ROUNDING, n_in * ULP)
    for rows in _chosen(n_out):
        pairs = zip(_rows(a, n_in, n_out, rows), _rows(b, n_in, n_out, rows), strict=True)
        if any(row_difference(*pair) >= most for pair in pairs):
            return True
    return False


def _chosen(n_out: int) -> Iterator[list[int]]:
    """Yield output samples: the one in the middle first, which decides about most."""
    yield [n_out // 2]
    yield sorted({0, min(1, n_out - 1), n_out // 3, n_out // 4, n_out - 1})


def _rows(sampling: Sampling, n_in: int, n_out: int, rows: list[int]) -> tuple[Taps, ...]:
    if isinstance(sampling.kernel, Table):
        return tuple(sampling.kernel.rows[i] for i in rows)
    return weights_at(sampling, n_in, n_out, rows).rows
