"""How far two samplings of an axis are apart at one pair of lengths, and where most."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct

from halfpixel.sampling import Nearest, Sampling, Table, Weights
from halfpixel.sampling.axis import weights_at
from halfpixel.sampling.coordinate import ONE, ZERO
from halfpixel.sampling.difference import displacement
from halfpixel.sampling.kernel import Taps
from halfpixel.sampling.search import deciding_rows
from halfpixel.work import remembered, spend

ROWS: Final = 1 << 10
"""Output samples that are compared one by one; of more, those at both ends and some between."""

COPY: Final = Sampling("asymmetric", Nearest(), scale=ONE)
"""What an axis is that is not resampled."""


class Apart(Struct, frozen=True):
    """How far two samplings are apart at one pair of lengths.

    Attributes:
        n_in: input length.
        n_out: output length.
        displacement: worst distance of two source coordinates, in input pixels.
        weights: largest absolute difference of two weights.
        change: most by which an output sample of a row of 0 to 1 can differ.
        output: output sample at which the weights differ most.
        pixel: input pixel of that weight; None where the samples outside take a constant.
        first: the weight of the first there.
        second: the weight of the second there.
        all_rows: every output sample was looked at, or stands for one that is the same.
        within: bound of weights that are known to within one alone, where nothing else tells them
            apart or proves them equal; 0 where there are none.
    """

    n_in: int
    n_out: int
    displacement: Fraction = ZERO
    weights: Fraction = ZERO
    change: Fraction = ZERO
    output: int = 0
    pixel: int | None = None
    first: Fraction = ZERO
    second: Fraction = ZERO
    all_rows: bool = True
    within: Fraction = ZERO

    @property
    def equal(self) -> bool:
        """Whether every weight that was looked at is the same."""
        return not self.weights and not self.within

    @property
    def rank(self) -> tuple[Fraction, Fraction, Fraction]:
        """What makes one nearer than another: what it changes, then where it reads."""
        return self.change, self.displacement, self.weights


@remembered(4096)
def apart_at(a: Sampling | None, b: Sampling | None, n_in: int, n_out: int) -> Apart:
    """Return how far two samplings are apart at lengths.

    Args:
        a: one sampling; None for an axis that is copied.
        b: the other.
        n_in: input length, at least 1.
        n_out: output length, at least 1.

    Raises:
        ValueError: a length is below 1, or a table was made for another length.

    >>> from halfpixel.sampling import Linear
    >>> half, corners = (Sampling(one, Linear()) for one in ("half_pixel", "align_corners"))
    >>> found = apart_at(half, corners, 4, 8)
    >>> found.displacement, found.output, found.pixel, found.first, found.second
    (Fraction(5, 28), 1, 0, Fraction(3, 4), Fraction(4, 7))
    """
    a, b = a or COPY, b or COPY
    if a == b:
        return Apart(n_in, n_out)
    rows, whole = _rows(a, b, n_in, n_out)
    ours, theirs = (_at(one, n_in, n_out, rows) for one in (a, b))
    spend(1 + len(rows) // 4)
    bound = ours.error + theirs.error
    worst, change, within = ZERO, ZERO, ZERO
    where: tuple[int, int | None, Fraction, Fraction] = (0, None, ZERO, ZERO)
    for k, (first, second) in enumerate(zip(ours.rows, theirs.rows, strict=True)):
        if _same_origin(ours, theirs, k):
            continue
        if (k in ours.outside) != (k in theirs.outside):
            worst, change, where = ONE, ONE, (rows[k], None, ZERO, ZERO)
            continue
        weights, at, most = _apart(first, second)
        if weights <= bound:
            within = max(within, bound)
            continue
        if weights > worst:
            worst, where = weights, (rows[k], *at)
        change = max(change, most)
    moved = displacement(ours, theirs) if worst else ZERO
    return Apart(n_in, n_out, moved, worst, change, *where, whole, within)


def _same_origin(a: Weights, b: Weights, row: int) -> bool:
    """Whether rounded weights of a row are made of the same, and so are the same."""
    if not a.origins or not b.origins or a.origins[row] is None:
        return False
    return a.origins[row] == b.origins[row]


def _apart(first: Taps, second: Taps) -> tuple[Fraction, tuple[int, Fraction, Fraction], Fraction]:
    """Return by how much two rows differ, where most, and what it changes at most."""
    ours, theirs = dict(first), dict(second)
    common = math.lcm(*(weight.denominator for _, weight in (*first, *second)))
    gaps = {j: weight.numerator * (common // weight.denominator) for j, weight in first}
    for j, weight in second:  # in whole numbers, which is many times faster
        gaps[j] = gaps.get(j, 0) - weight.numerator * (common // weight.denominator)
    pixel = max(sorted(gaps), key=lambda j: abs(gaps[j]), default=0)
    worst = abs(gaps.get(pixel, 0))
    if not worst:
        return ZERO, (0, ZERO, ZERO), ZERO
    more = sum(gap for gap in gaps.values() if gap > 0)
    most = max(more, more - sum(gaps.values()))
    at = pixel, ours.get(pixel, ZERO), theirs.get(pixel, ZERO)
    return Fraction(worst, common), at, Fraction(most, common)


def _rows(a: Sampling, b: Sampling, n_in: int, n_out: int) -> tuple[Sequence[int], bool]:
    """Return the output samples that are looked at, and whether these decide about all."""
    if isinstance(a.kernel, Table) or isinstance(b.kernel, Table):
        return range(n_out), True
    deciding = deciding_rows(a, b, n_in, n_out)
    if deciding is not None and len(deciding) <= ROWS:
        return deciding, True
    if n_out <= ROWS:
        return range(n_out), True
    third = ROWS // 3
    spread = {i * (n_out - 1) // third for i in range(third)}
    return sorted({*range(third), *range(n_out - third, n_out), *spread}), False


def _at(sampling: Sampling, n_in: int, n_out: int, rows: Sequence[int]) -> Weights:
    if isinstance(sampling.kernel, Table) or rows == range(n_out):
        return sampling.weights(n_in, n_out)
    return weights_at(sampling, n_in, n_out, rows)
