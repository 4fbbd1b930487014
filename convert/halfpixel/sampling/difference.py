"""How far two matrices of weights are apart: in input pixels, and in weights."""

from fractions import Fraction

from halfpixel.sampling.axis import Weights
from halfpixel.sampling.coordinate import ZERO
from halfpixel.sampling.kernel import Taps


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
