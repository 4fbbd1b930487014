"""Weights at a pair of lengths, and how far two are apart: each pair once, whoever has them.

What is the same is decided from the exact weights; how far others are apart is told of them as
float64, in three digits.
"""

from functools import cache
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from halfpixel.sampling import Sampling, Weights
from halfpixel.sampling.difference import same

TINY: Final = 1e-9
"""Weights that are closer in float64 may be the same: the exact ones are asked."""

WIDE: Final = 96
"""Pixels of a long axis that are held against each other."""

DIGITS: Final = 9
"""To which numbers are rounded before they are ordered and printed, on any machine alike."""


class Gap(Struct, frozen=True):
    """How far two samplings are apart at one pair of lengths.

    Attributes:
        moved: worst distance of two source coordinates, in input pixels.
        weights: largest difference of two weights.
        change: most by which an output sample of a row of 0 to 1 can differ.
        open: the weights are the same within the bound to which they are known.
    """

    moved: float = 0.0
    weights: float = 0.0
    change: float = 0.0
    open: bool = False

    @property
    def rank(self) -> tuple[float, float, float]:
        """What makes one nearer than another."""
        return self.change, self.moved, self.weights

    @property
    def text(self) -> str:
        """It, in a cell of a table.

        >>> Gap().text, Gap(0.25, 0.5, 0.5).text, Gap(weights=0.125, change=0.2).text
        ('=', '0.25 px, w 0.5', 'w 0.125')
        """
        if self.open:
            return "= as known"
        if not self.weights:
            return "="
        moved = f"{self.moved:.3g} px, " if self.moved else ""
        return f"{moved}w {self.weights:.3g}"


class Matrix(Struct, frozen=True, eq=False):
    """W of a sampling at a pair of lengths.

    Attributes:
        exact: in rationals.
        dense: of shape (n_out, n_in), in float64.
        near: of a long axis the `WIDE` pixels around each output sample alone, where all others
            count nothing to speak of; the whole where not.
        positions: source coordinate of each output sample, in input pixels.
    """

    exact: Weights
    dense: NDArray[np.float64]
    near: NDArray[np.float64]
    positions: NDArray[np.float64]


_KNOWN: Final[dict[object, Matrix]] = {}
"""One matrix of those that are equal."""


@cache
def matrix(sampling: Sampling, n_in: int, n_out: int) -> Matrix:
    """Return the weights of a sampling, the same object for the same exact weights.

    Raises:
        ValueError: the sampling is for no such lengths.
    """
    exact = sampling.weights(n_in, n_out)
    positions = np.array([float(place) for place in exact.positions])
    dense = exact.matrix()
    made = Matrix(exact, dense, _near(dense), positions)
    rounded = bool(exact.error) or exact.unknown
    key = sampling if rounded else (exact.rows, exact.outside)
    return _KNOWN.setdefault((n_in, n_out, key), made)


def _near(dense: NDArray[np.float64]) -> NDArray[np.float64]:
    n_out, n_in = dense.shape
    if n_in <= WIDE:
        return dense
    first = np.clip(np.arange(n_out) * n_in // n_out - WIDE // 2, 0, n_in - WIDE)
    near = np.take_along_axis(dense, first[:, None] + np.arange(WIDE), 1)
    return near if np.abs(dense).sum() - np.abs(near).sum() < TINY else dense


def gap(a: Matrix, b: Matrix) -> Gap:
    """Return how far two samplings are apart."""
    if a is b:
        return Gap()
    return _gap(*sorted((a, b), key=id))


@cache
def _gap(a: Matrix, b: Matrix) -> Gap:
    apart = a.near - b.near if a.near.shape == b.near.shape else a.dense - b.dense
    weights = float(np.abs(apart).max())
    if weights < TINY:
        alike = same(a.exact, b.exact)
        if alike is not False:
            return Gap(open=alike is None)
    more = np.maximum(apart, 0).sum(1)
    change = float(np.maximum(more, more - apart.sum(1)).max())
    moved = float(np.abs(a.positions - b.positions).max())
    return Gap(round(moved, DIGITS), round(weights, DIGITS), round(change, DIGITS))
