"""What a kernel of this folder is: a profile of a filter, or rows by a rule of their own."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct

SLACK: Final = 256
"""By how many units a rounded value of a profile may be off, at most."""


class Profile(Struct, frozen=True):
    """How a filter weighs a distance: one kernel of `kernels/profiles.py`.

    A kernel with a sine or an exponential has no rational weights. Its values are then rationals
    near the true ones (`bits`), and what is computed from them carries a bound (`Weights.error`).
    """

    @property
    def radius(self) -> Fraction:
        """Distance, in units of the kernel, beyond which it is 0."""
        raise NotImplementedError

    @property
    def bits(self) -> int:
        """0 where values are exact; else they are off by `SLACK` units of 2**-bits at most."""
        return 0

    @property
    def interpolates(self) -> bool:
        """Whether it is 1 at 0 and 0 at every other whole number: a pixel read is a copy."""
        return True

    @property
    def words(self) -> str:
        """What it is called, with its parameters."""
        raise NotImplementedError

    def value(self, t: Fraction) -> Fraction:
        """Return how much a pixel counts, `t` units of the kernel right of the coordinate."""
        raise NotImplementedError

    @property
    def cost(self) -> int:
        """How many times the work of a polynomial a value takes."""
        return 1

    def rounded(self, first: Fraction, step: Fraction, count: int) -> list[int]:
        """Return the values at `count` distances in units of 2**-bits.

        Args:
            first: the first distance, in units of the kernel.
            step: from one to the next.
            count: how many.
        """
        return [int(self.value(first + k * step) * (1 << self.bits)) for k in range(count)]

    def plain(self) -> object:
        """Return the same kernel by its other name, where it has one and is not widened."""
        return None


class Written(Struct, frozen=True):
    """Weights that follow from the two lengths alone, by a rule of their own: no line of reads.

    Chains of two maps, splines with a prefilter and the like are subclasses, in `kernels/`; one
    that is proven equal to another only by closed form or by its weights.
    """

    @property
    def words(self) -> str:
        """What it is called, with its parameters."""
        raise NotImplementedError

    @property
    def least(self) -> int:
        """The shortest input that it is for."""
        return 1

    def row_length(self, n_in: int, n_out: int) -> int:
        """Return about how many weights a row has: what it costs."""
        raise NotImplementedError

    def rows(self, n_in: int, n_out: int, outputs: Sequence[int]) -> "Rows":
        """Return the rows of W for some output samples.

        Raises:
            ValueError: it is for no such lengths.
        """
        raise NotImplementedError


class Rows(Struct, frozen=True):
    """Some rows of W.

    Attributes:
        rows: the (input index, weight) pairs of each.
        error: by how much a weight may be off at most; 0 where all are exact.
        origins: of each row what its rounded weights are made of, so that equal origins make equal
            rows; None for a row that is exact, or of which that is not known.
        unknown: whether a row without an origin may be rounded.
    """

    rows: tuple[tuple[tuple[int, Fraction], ...], ...]
    error: Fraction = Fraction(0)
    origins: tuple[object, ...] = ()
    unknown: bool = False
