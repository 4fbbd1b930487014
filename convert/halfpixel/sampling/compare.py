"""Are two samplings the same? Decided in exact rationals, with a proof or a witness.

Three situations, strongest first:

- both lengths known: the two matrices are compared;
- a scale known, lengths free: source coordinates repeat with the numerator of the scale, so
  every input length up to one period and the borders stands for all longer ones;
- nothing known: equal closed forms prove it for every size; otherwise the smallest lengths
  are searched, and where no difference is found the verdict says how far was looked.

Weights of kernels with a sine or an exponential are no rationals. Equal ones are proven by closed
form, or by what each row is made of; different ones by weights that are further apart than the
bounds of both; where neither holds the verdict is open, and says within what they agree.
"""

import math
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.sampling.axis import Sampling, weights_at
from halfpixel.sampling.canonical import at_free, canonical
from halfpixel.sampling.coordinate import ONE, ZERO, stretch
from halfpixel.sampling.difference import ROUNDING, ULP, displacement, same, weight_difference
from halfpixel.sampling.kernel import (
    Area,
    Cubic,
    Filter,
    Linear,
    Nearest,
    Smooth,
    Table,
    by_lengths,
    radius_of,
)
from halfpixel.sampling.kernels.base import Written
from halfpixel.sampling.search import deciding_rows, lengths_to_try, period_of
from halfpixel.work import remembered, spend

Proof = Literal["closed form", "sizes", "period", "search"]

SEARCH_TO: Final = 12
"""Longest axis tried where nothing bounds the search."""

MOST_TAPS: Final = 1 << 15
"""Weights of a matrix that is written out; larger ones are judged by some of their rows."""

SAMPLED_TAPS: Final = 1 << 12
"""Weights of those rows: of a wide kernel fewer rows are looked at."""

A_ROUNDED: Final = 8
"""Exact weights that one of a sine or an exponential counts for, with the bound that it carries."""

ROWS: Final = 64
"""Rows of such a matrix that are compared at each end, and as many between."""


class Verdict(Struct, frozen=True):
    """What a comparison found.

    Attributes:
        equal: True where it is proven at every length that can be; False where `witness` shows
            a difference, and where none was found and none is ruled out.
        proof: what the verdict rests on; `search` is no proof of equality.
        witness: lengths (n_in, n_out) at which they differ, smallest first; None where none do.
        displacement: worst distance of the two source coordinates there, in input pixels.
        weight_difference: largest absolute difference of two weights there.
        searched_to: longest axis that was looked at, where the proof is a search; how many
            output samples, where both lengths are known and too long; None where nothing was.
        within: where weights are known to within a bound alone, and agree so far: that bound.
    """

    equal: bool
    proof: Proof
    witness: tuple[int, int] | None = None
    displacement: Fraction = ZERO
    weight_difference: Fraction = ZERO
    searched_to: int | None = None
    within: Fraction = ZERO

    @property
    def words(self) -> str:
        """What was found, in words.

        >>> Verdict(equal=False, proof="search", searched_to=12).words
        'no difference up to 12'
        >>> Verdict(equal=False, proof="search").words
        'not known'
        """
        if self.equal:
            return "equal"
        if self.witness is not None:
            return "different"
        if self.searched_to is not None:
            return f"no difference up to {self.searched_to}"
        return f"no difference above {float(self.within):.0e}" if self.within else "not known"

    @property
    def negligible(self) -> bool:
        """Nothing was found but the float32 rounding of a scale: equal, or not known to differ."""
        length = 0 if self.witness is None else self.witness[0]
        near = self.displacement < max(ROUNDING, length * ULP)
        most = max(ROUNDING, 2 * self.displacement)  # no kernel is steeper than 2 a pixel
        return self.equal or (near and self.weight_difference < most)


def compare(a: Sampling, b: Sampling, n_in: int | None = None, n_out: int | None = None) -> Verdict:
    """Decide whether two samplings of one axis are the same.

    Args:
        a: one sampling.
        b: the other.
        n_in: input length where it is known.
        n_out: output length where it is known.

    Returns:
        The verdict, with the smallest witness where they differ.

    >>> half, corners = Sampling("half_pixel", Linear()), Sampling("align_corners", Linear())
    >>> compare(half, corners, 4, 8).displacement
    Fraction(5, 28)
    >>> compare(half, corners).witness
    (2, 1)
    >>> torch = Sampling("pytorch_half_pixel", Linear())
    >>> compare(half, torch, 8, 16).equal, compare(half, torch).witness
    (True, (2, 1))
    """
    if canonical(a) == canonical(b):
        return Verdict(equal=True, proof="closed form")
    n_in, n_out = _table_lengths(a, b, n_in, n_out)
    if n_in is not None and n_out is not None:
        return _at_sizes(a, b, n_in, n_out)
    if at_free(canonical(a), n_out) == at_free(canonical(b), n_out):
        return Verdict(equal=True, proof="closed form")
    period = period_of(a, b)
    bound = SEARCH_TO if period is None else period
    longest, within = 0, ZERO
    for pair in lengths_to_try(a, b, n_in, n_out, bound):
        found = _at_sizes(a, b, *pair)
        if found.witness is not None:
            return found
        longest, within = max(longest, *pair), max(within, found.within)
    if period is not None and n_in is None and n_out is None and longest and not within:
        return Verdict(equal=True, proof="period")
    return Verdict(equal=False, proof="search", searched_to=longest or None, within=within)


@remembered(4096)
def _at_sizes(a: Sampling, b: Sampling, n_in: int, n_out: int) -> Verdict:
    spend()
    if _same_lines(canonical(a), canonical(b), n_in, n_out):
        return Verdict(equal=True, proof="sizes")
    most = max(_taps(a, n_in, n_out), _taps(b, n_in, n_out))
    rows = deciding_rows(a, b, n_in, n_out)
    if rows is not None and most * len(rows) / n_out <= MOST_TAPS:
        first, second = weights_at(a, n_in, n_out, rows), weights_at(b, n_in, n_out, rows)
    elif most > MOST_TAPS:
        return _at_samples(a, b, n_in, n_out)
    else:
        first, second = a.weights(n_in, n_out), b.weights(n_in, n_out)
    equal = same(first, second)
    if equal:
        return Verdict(equal=True, proof="sizes")
    spend(len(first.rows) // 2)
    if equal is None:
        return Verdict(equal=False, proof="sizes", within=first.error + second.error)
    return Verdict(
        equal=False,
        proof="sizes",
        witness=(n_in, n_out),
        displacement=displacement(first, second),
        weight_difference=weight_difference(first, second),
    )


def _same_lines(a: Sampling, b: Sampling, n_in: int, n_out: int) -> bool:
    """Whether equal coordinates, kernels, widths and borders already make equal matrices."""
    if by_lengths(a.kernel) or a.extrapolate:
        return a == b
    one, other = a.axis(n_in, n_out), b.axis(n_in, n_out)
    widths = stretch(a.coordinate, one), stretch(b.coordinate, other)
    if max(widths) == 1:
        a, b = _narrow(a), _narrow(b)
    copies = a.copies_same_length if n_in == n_out else b.copies_same_length
    moved = replace(a, coordinate=b.coordinate, scale=b.scale, copies_same_length=copies)
    return moved == b and widths[0] == widths[1] and a.line(n_in, n_out) == b.line(n_in, n_out)


def _narrow(sampling: Sampling) -> Sampling:
    """Return what an antialiased sampling is where its kernel is not widened."""
    kernel = sampling.kernel
    if isinstance(kernel, Smooth) and kernel.antialias:
        return canonical(replace(sampling, kernel=replace(kernel, antialias=False)))
    return sampling


def _taps(sampling: Sampling, n_in: int, n_out: int) -> Fraction:
    """Return about how many weights the matrix holds, nearest ones counted an eighth."""
    kernel = sampling.kernel
    axis = sampling.axis(n_in, n_out)
    match kernel:
        case Nearest():
            return Fraction(n_out, 8)
        case Linear() | Cubic() | Filter():
            width = 2 * radius_of(kernel)
            wide = stretch(sampling.coordinate, axis) if kernel.antialias else ONE
            rounded = isinstance(kernel, Filter) and kernel.profile.bits
            return n_out * width * wide * (A_ROUNDED if rounded else 1)
        case Area():
            return Fraction(max(n_in, n_out))
        case Table():
            return Fraction(n_out)
        case Written():
            return Fraction(n_out * kernel.row_length(n_in, n_out))


def _at_samples(a: Sampling, b: Sampling, n_in: int, n_out: int) -> Verdict:
    """Judge matrices that are too long to write out: rows at both ends and between are compared.

    Two lines are furthest apart at an end, and neighbouring rows show the phases of a kernel.
    Rows that are all equal prove nothing; lines alone decide where a row is itself too long.
    """
    a_row = max(_taps(a, n_in, n_out), _taps(b, n_in, n_out)) / n_out
    count = min(math.floor(SAMPLED_TAPS / (3 * a_row)), ROWS)
    if isinstance(a.kernel, Written) or isinstance(b.kernel, Written):
        count = max(count, 2)  # there is no line to compare
    if count < 2 or isinstance(a.kernel, Table) or isinstance(b.kernel, Table):
        first, second = a.line(n_in, n_out), b.line(n_in, n_out)
        apart = max(abs(first.at(i) - second.at(i)) for i in (0, n_out - 1))
        return Verdict(equal=False, proof="sizes", witness=(n_in, n_out), displacement=apart)
    ends = {*range(min(count, n_out)), *range(max(n_out - count, 0), n_out)}
    rows = sorted(ends | {i * (n_out - 1) // count for i in range(count)})
    one, other = weights_at(a, n_in, n_out, rows), weights_at(b, n_in, n_out, rows)
    if same(one, other) is not False:
        return Verdict(equal=False, proof="search", searched_to=len(rows))
    return Verdict(
        equal=False,
        proof="sizes",
        witness=(n_in, n_out),
        displacement=displacement(one, other),
        weight_difference=weight_difference(one, other),
    )


def _table_lengths(
    a: Sampling, b: Sampling, n_in: int | None, n_out: int | None
) -> tuple[int | None, int | None]:
    for sampling in (a, b):
        if isinstance(sampling.kernel, Table):
            return sampling.kernel.n_in, len(sampling.kernel.rows)
    return n_in, n_out
