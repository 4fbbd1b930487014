"""Means of whole cells of pixels, alone or before a resize."""

import math
from collections.abc import Sequence
from fractions import Fraction

from msgspec.structs import replace

from halfpixel.sampling.axis import Sampling
from halfpixel.sampling.coordinate import HALF, ONE, ZERO
from halfpixel.sampling.kernels.base import Rows, Written
from halfpixel.sampling.kernels.chain import compose, needed, some_rows


class Reduce(Written, frozen=True):
    """Means of whole cells of pixels; the last one has those that are left.

    Attributes:
        factor: pixels of a cell.
        start: where the first cell starts.
        stop: where the last one ends; None for the end of the axis.
    """

    factor: int
    start: int = 0
    stop: int | None = None

    @property
    def words(self) -> str:
        """What it is."""
        return f"mean of {self.factor} pixels at a time"

    def row_length(self, n_in: int, n_out: int) -> int:  # noqa: ARG002 - a cell is what it is
        """Return the pixels of a cell."""
        return self.factor

    @property
    def least(self) -> int:
        """Where the last cell ends, or the first starts."""
        return self.start + 1 if self.stop is None else self.stop

    def output_length(self, n_in: int) -> int:
        """Return how many cells there are.

        >>> Reduce(3).output_length(7)
        3
        """
        stop = n_in if self.stop is None else self.stop
        return -(-(stop - self.start) // self.factor)

    def rows(self, n_in: int, n_out: int, outputs: Sequence[int]) -> Rows:  # noqa: ARG002
        """Return one cell a row; a row behind the last cell is the last pixel.

        >>> Reduce(2).rows(3, 2, [1]).rows
        (((2, Fraction(1, 1)),),)
        """
        stop = n_in if self.stop is None else self.stop
        rows: list[tuple[tuple[int, Fraction], ...]] = []
        for i in outputs:
            first = min(self.start + i * self.factor, stop - 1)
            cell = range(first, min(first + self.factor, stop))
            rows.append(tuple((j, Fraction(1, len(cell))) for j in cell))
        return Rows(tuple(rows))


class Reduced(Written, frozen=True):
    """Cells reduced to their means as far as a gap allows, and the rest resized.

    With a gap g the cells have ``int(extent / n_out / g)`` pixels, and nothing is reduced where
    that is below 2. What is reduced are the pixels which the resize may read alone.

    Source: Pillow `src/PIL/Image.py` (resize with reducing_gap, _get_safe_box).

    Attributes:
        then: the resize, its coordinate half_pixel or that of a box.
        support: radius of its kernel, in pixels.
        gap: how many times its output the reduced image is larger, at least.
        cut: pixels that it may not read are cut off even where nothing is reduced, as the other
            axis is.
    """

    then: Sampling
    support: Fraction
    gap: Fraction
    cut: bool = False

    @property
    def words(self) -> str:
        """What is done, in its order."""
        return f"means of whole cells down to {float(self.gap):g} times the output, then resized"

    def row_length(self, n_in: int, n_out: int) -> int:
        """Return about how many pixels the resize reads."""
        return math.ceil(2 * self.support * max(ONE, Fraction(n_in, n_out)))

    @property
    def least(self) -> int:
        """The end of the box, where there is one."""
        return self.then.least

    def factor(self, n_in: int, n_out: int) -> int:
        """Return how many pixels a cell has.

        >>> from halfpixel.sampling.kernel import Linear
        >>> then = Sampling("half_pixel", Linear(antialias=True), exclude_outside=True)
        >>> Reduced(then, Fraction(1), Fraction(2)).factor(100, 10)
        5
        """
        first, last = self._box(n_in)
        return max(1, math.floor((last - first) / n_out / self.gap))

    def rows(self, n_in: int, n_out: int, outputs: Sequence[int]) -> Rows:
        """Return the rows of the product."""
        factor = self.factor(n_in, n_out)
        if factor == 1 and not self.cut:
            found = some_rows(self.then, n_in, n_out, outputs)
            return Rows(found.rows, found.error, found.origins)
        first, last = self._box(n_in)
        reach = (self.support - HALF) * (last - first) / n_out
        start, stop = max(0, math.trunc(first - reach)), min(n_in, math.ceil(last + reach))
        cells = Reduce(factor, start, stop)
        roi = (first - start) / factor, (last - start) / factor
        then = replace(self.then, coordinate="box_half_pixel", roi=roi)
        second = some_rows(then, cells.output_length(n_in), n_out, outputs)
        places = needed(second)
        return compose(cells.rows(n_in, cells.output_length(n_in), places), places, second)

    def _box(self, n_in: int) -> tuple[Fraction, Fraction]:
        whole = self.then.coordinate != "box_half_pixel"
        return (ZERO, Fraction(n_in)) if whole else self.then.roi
