"""Two maps one after the other, and a blur before a resize."""

import math
from collections.abc import Sequence
from fractions import Fraction

from halfpixel.sampling.axis import Sampling, weights_at
from halfpixel.sampling.coordinate import HALF, ZERO
from halfpixel.sampling.kernel import Border, Table, Taps
from halfpixel.sampling.kernels.base import SLACK, Rows, Written
from halfpixel.sampling.kernels.rows import Weights, fold
from halfpixel.sampling.kernels.series import exponential


def some_rows(sampling: Sampling, n_in: int, n_out: int, outputs: Sequence[int]) -> Weights:
    """Return rows of W, those of a table too.

    Raises:
        ValueError: a table was made for other lengths, or a sample takes no pixel but a constant.
    """
    if isinstance(sampling.kernel, Table):
        every = sampling.weights(n_in, n_out)
        rows = tuple(every.rows[i] for i in outputs)
        return Weights(n_in, rows, frozenset(), tuple(every.positions[i] for i in outputs))
    found = weights_at(sampling, n_in, n_out, outputs)
    if found.outside:
        raise ValueError("a constant beyond the border has no weights that go on")
    return found


def compose(first: Rows, places: Sequence[int], second: Weights) -> Rows:
    """Return the rows of the product: of `second`, whose input are rows of `first`.

    Args:
        first: rows of the first map.
        places: which rows these are, ascending.
        second: rows of the second map.
    """
    known = {k: _whole(row) for k, row in zip(places, first.rows, strict=True)}
    rows: list[Taps] = []
    error = ZERO
    for row in second.rows:
        off = ZERO
        parts = [(weight, *known[k]) for k, weight in row]
        common = math.lcm(*(weight.denominator * unit for weight, unit, _, _ in parts))
        made: dict[int, int] = {}
        for weight, unit, most, values in parts:
            if first.error or second.error:
                off += abs(weight) * first.error + second.error * (most + first.error)
            by = weight.numerator * (common // (weight.denominator * unit))
            for j, value in values:
                made[j] = made.get(j, 0) + by * value
        kept = ((j, Fraction(value, common)) for j, value in sorted(made.items()) if value)
        rows.append(tuple(kept))
        error = max(error, off)
    return Rows(tuple(rows), error, unknown=bool(error))


def _whole(row: Taps) -> tuple[int, Fraction, list[tuple[int, int]]]:
    """Return a row in whole numbers, which are many times faster: their unit, the most, each."""
    unit = math.lcm(*(value.denominator for _, value in row))
    values = [(j, value.numerator * (unit // value.denominator)) for j, value in row]
    return unit, Fraction(max((abs(value) for _, value in values), default=0), unit), values


def needed(second: Weights) -> list[int]:
    """Return the input samples that some rows ask for, ascending."""
    return sorted({j for row in second.rows for j, _ in row})


class Chain(Written, frozen=True):
    """Samplings one after the other, with the lengths between them.

    Attributes:
        steps: each sampling with its output length; None for the last one's, and for those that
            keep the length.
    """

    steps: tuple[tuple[Sampling, int | None], ...]

    @property
    def words(self) -> str:
        """What is done, in its order."""
        return f"{len(self.steps)} resizes, one after the other"

    def row_length(self, n_in: int, n_out: int) -> int:
        """Return about the product of the steps' windows."""
        return 8 + 16 * math.ceil(Fraction(n_in, n_out))

    def rows(self, n_in: int, n_out: int, outputs: Sequence[int]) -> Rows:
        """Return the rows of the product."""
        ins = [n_in]
        for _, length in self.steps[:-1]:
            ins.append(length or ins[-1])
        outs = [*ins[1:], n_out]
        last = some_rows(self.steps[-1][0], ins[-1], n_out, outputs)
        found = Rows(last.rows, last.error, last.origins)
        for (sampling, _), before, behind in list(zip(self.steps, ins, outs, strict=True))[-2::-1]:
            second = Weights(behind, found.rows, frozenset(), (), found.error)
            places = needed(second)
            first = some_rows(sampling, before, behind, places)
            found = compose(Rows(first.rows, first.error), places, second)
        return found


class Blurred(Written, frozen=True):
    """A Gaussian blur against aliases, and a resize.

    The standard deviation is ``max(0, (n_in / n_out - 1) / 2)`` pixels where none is given, and the
    bell is cut off beyond ``int(truncate * sigma + 1/2)`` pixels.

    Source: scikit-image `transform/_warps.py` (resize), SciPy `ndimage/_filters.py`
    (gaussian_filter1d).

    Attributes:
        then: the resize.
        border: what the blur reads beyond the border.
        sigma: standard deviation in pixels; None for that of the lengths.
        truncate: standard deviations that are not cut off.
    """

    then: Sampling
    border: Border = "mirror"
    sigma: Fraction | None = None
    truncate: Fraction = Fraction(4)

    @property
    def words(self) -> str:
        """What is done, in its order."""
        return "a Gaussian blur, then resized"

    def deviation(self, n_in: int, n_out: int) -> Fraction:
        """Return the standard deviation in pixels."""
        by_lengths = max(ZERO, (Fraction(n_in, n_out) - 1) / 2)
        return by_lengths if self.sigma is None else self.sigma

    def row_length(self, n_in: int, n_out: int) -> int:
        """Return about how wide the blur and the resize are together."""
        return 16 + 64 * math.ceil(self.deviation(n_in, n_out))

    def rows(self, n_in: int, n_out: int, outputs: Sequence[int]) -> Rows:
        """Return the rows of the product."""
        sigma = self.deviation(n_in, n_out)
        second = some_rows(self.then, n_in, n_out, outputs)
        reach = math.floor(self.truncate * sigma + HALF)
        if reach == 0:
            return Rows(second.rows, second.error, second.origins, second.unknown)
        values = [exponential(Fraction(k * k) / (2 * sigma * sigma)) for k in range(reach + 1)]
        total = values[0] + 2 * sum(values[1:])
        taps = [(k, Fraction(values[abs(k)], total)) for k in range(-reach, reach + 1)]
        places = needed(second)
        rows: list[Taps] = []
        for i in places:
            made: dict[int, Fraction] = {}
            for k, weight in taps:
                j = fold(i + k, n_in, self.border)
                if j is not None:
                    made[j] = made.get(j, ZERO) + weight
            rows.append(tuple(sorted(made.items())))
        off = len(taps) * SLACK
        error = Fraction(2 * off, total - off)
        return compose(Rows(tuple(rows), error), places, second)
