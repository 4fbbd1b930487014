"""At which of the lengths that a model takes along a free axis a resize is not what was meant."""

from fractions import Fraction
from typing import Final

from msgspec import Struct

from halfpixel.conventions.torch.interpolate import NEAREST_COPIES_UP_TO
from halfpixel.sampling import Area, Cubic, Kernel, Linear, Nearest, Sampling, Table, compare
from halfpixel.sampling.arithmetic import output_length_float32, output_length_float64
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.coordinate import ONE
from halfpixel.sampling.difference import clearly_apart
from halfpixel.sampling.pixels import differing
from halfpixel.work import remembered

FIRST: Final = 256
"""How many of the lengths that an axis takes are looked at."""

FEW: Final = 16
"""How many, where the weights have to be written out at each."""

SELDOM: Final = 100
"""A difference at fewer than one of so many lengths is one that hardly anybody meets."""

FAR: Final = Fraction(1, 50)
"""Distance of two smooth samples, in pixels, that no rounding of a scale makes."""

Pairs = tuple[tuple[int, int], ...]
Ranges = tuple[tuple[int, range], ...]
"""The input lengths that axes take, of those that the file declares."""

ANY: Final = range(1, 1 << 31)
"""The lengths of an axis of which the file says nothing."""


class Share(Struct, frozen=True):
    """How many of the lengths that an axis takes go wrong.

    Attributes:
        wrong: at how many lengths.
        tried: of how many that were looked at.
        every: these are all that the axis takes, not the first of many.
        sizes: what was looked at, in words, where it is not the lengths of one axis.
        smallest: the smallest of those that go wrong, likewise.
    """

    wrong: int
    tried: int
    every: bool = False
    sizes: str = ""
    smallest: str = ""

    @property
    def seldom(self) -> bool:
        """Whether hardly anybody meets it."""
        return self.wrong * SELDOM < self.tried

    @property
    def text(self) -> str:
        """The share in words.

        >>> Share(113, 256).text, Share(3, 49, every=True).text
        ('113 of the first 256 lengths', '3 of the 49 lengths')
        """
        looked_at = self.sizes or f"{self.tried} lengths"
        return f"{self.wrong} of the {'' if self.every else 'first '}{looked_at}"


@remembered(256)
def pairs_of(
    one: Sampling, other: Sampling, taken: range, n_out: int | None, *, copied: bool
) -> Pairs | None:
    """Return the first lengths of an axis whose input length is free, (input, output).

    Lengths at which float32 and float64 give two output lengths are left out, and so are those
    at which a factor leaves the length, `kept_lengths`: another rule is about each.

    Args:
        one: what the file computes.
        other: what was meant.
        taken: the input lengths that the axis takes.
        n_out: the output length, where it is fixed.
        copied: of nearest over two axes, which PyTorch copies where the length stays or doubles
            and the output is small.

    Returns:
        The pairs; None where the output length does not follow from the input's.
    """
    scales = {s.scale for s in (one, other) if s.scale is not None}
    if not scales and n_out is not None:
        return tuple([(n, n_out) for n in taken[:FIRST]])
    if len(scales) != 1 or n_out is not None:
        return None
    factor = scales.pop()
    scale = float(factor)
    found = [(n, output_length_float32(n, scale)) for n in taken[:FIRST]]
    found = [(n, m) for n, m in found if m >= 1 and m == output_length_float64(n, scale)]
    if factor != 1:
        found = [(n, m) for n, m in found if m != n]
    if factor != 2 and copied and isinstance(one.kernel, Nearest):
        found = [(n, m) for n, m in found if m != 2 * n or m >= NEAREST_COPIES_UP_TO]
    return tuple(found)


def kept_lengths(other: Sampling, taken: range) -> Pairs:
    """Return the first lengths of an axis that a factor other than 1 leaves as they are."""
    if other.scale is None or not 1 < other.scale < 2:
        return ()
    scale = float(other.scale)
    return tuple([(n, n) for n in taken[:FIRST] if output_length_float32(n, scale) == n])


@remembered(256)
def wrong_lengths(
    one: Sampling, other: Sampling, pairs: Pairs, *, simulated: bool
) -> tuple[Pairs, int]:
    """Return the lengths at which two samplings differ, and how many were looked at at most.

    Args:
        one: what the file computes.
        other: what was meant.
        pairs: the lengths to look at.
        simulated: nearest resizes are judged by the pixels that onnxruntime and PyTorch read.
    """
    same = canonical(one) == canonical(other)
    if simulated:
        found = differing(one, other, pairs, equal=same)
        if found is not None:
            return found, FIRST
    if same:
        return (), FIRST
    tried = (
        FIRST if one.kernel == other.kernel and not isinstance(one.kernel, Area | Table) else FEW
    )
    return tuple([pair for pair in pairs[:tried] if _apart(one, other, *pair)]), tried


def _apart(one: Sampling, other: Sampling, n_in: int, n_out: int) -> bool:
    """Whether two samplings differ; lines that part at an end decide without the weights."""
    if 1 < n_in != n_out and not isinstance(one.kernel, Area | Table):
        here, there = one.line(n_in, n_out), other.line(n_in, n_out)
        if any(abs(here.at(i) - there.at(i)) >= ONE / 8 for i in (0, n_out - 1)):
            return True
        near = (1, n_out - 2) if n_out > 2 and _alike(one.kernel, other.kernel) else ()
        for i in near:  # unlike the ends, seldom held at the border of the image
            places = here.at(i), there.at(i)
            if abs(places[0] - places[1]) >= FAR and all(0 <= x <= n_in - 1 for x in places):
                return True
    if clearly_apart(one, other, n_in, n_out):
        return True
    return not compare(one, other, n_in, n_out).negligible


def _alike(one: Kernel, other: Kernel) -> bool:
    """Whether two smooth kernels are the same."""
    return one == other and isinstance(one, Linear | Cubic)


def lengths_of(ranges: Ranges, axis: int) -> range:
    """Return the input lengths that an axis takes.

    >>> lengths_of(((2, range(16, 65)),), 2), lengths_of((), 2)[:256]
    (range(16, 65), range(1, 257))
    """
    return dict(ranges).get(axis, ANY)
