"""The lengths at which two samplings have to be compared to decide every length."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.sampling.axis import Sampling
from halfpixel.sampling.coordinate import ONE, ZERO, Line, source_line, stretch
from halfpixel.sampling.kernel import Smooth, by_lengths, radius_of

if TYPE_CHECKING:
    from halfpixel.sampling.coordinate import Coordinate

PERIOD_TO: Final = 48
"""Longest period of a scale that is walked through for a proof."""

LONGEST: Final = 1 << 20
"""Longest axis that is tried."""

MORE: Final = 6
"""Output lengths above 1 at which a scale that shortens is tried."""


def _given_scale(a: Sampling, b: Sampling) -> Fraction | None:
    """Return the scale that fixes the output length, where the two do not contradict."""
    scales = {s.scale for s in (a, b) if s.scale is not None}
    return scales.pop() if len(scales) == 1 else None


def period_of(a: Sampling, b: Sampling) -> int | None:
    """Return the longest input length that has to be tried to decide every length.

    With one scale p/q given to both, the coordinate at output i + p is q further on than at
    i, so input lengths q apart have the same borders once a length exceeds the support of
    the kernel on both sides. None where the coordinates depend on the lengths themselves.
    """
    free: set[Coordinate] = {"half_pixel", "asymmetric", "tf_half_pixel_for_nn"}
    single: set[Coordinate] = {"pytorch_half_pixel", "pytorch_1_9_half_pixel"}
    scale = _given_scale(a, b)
    if scale is None or {a.coordinate, b.coordinate} - free - single:
        return None
    whole = scale.denominator == 1
    if (a.scale is None or b.scale is None) and not whole:
        return None
    if by_lengths(a.kernel) or by_lengths(b.kernel):
        return None
    radius = max(Fraction(2), radius_of(a.kernel), radius_of(b.kernel))
    support = math.ceil(radius * max(Fraction(1), 1 / scale)) + 1
    longest = 2 * support + scale.denominator + math.ceil(1 / scale)
    return longest if longest <= PERIOD_TO and scale.numerator <= PERIOD_TO else None


class Repetition(Struct, frozen=True):
    """Where the rows of a matrix repeat: rows `rows` apart are the same, moved by some pixels.

    Attributes:
        first: first output sample that repeats; those before it touch the border.
        last: first output sample behind it that touches the border.
        rows: output samples of a period.
        pixels: input pixels of a period.
    """

    first: int
    last: int
    rows: int
    pixels: int


def repetition(a: Sampling, b: Sampling, n_in: int, n_out: int) -> Repetition | None:
    """Return where the rows of two samplings repeat together; None where that is not twice.

    Where both advance by the same step p/q, the rows i and i + q of both are the same inside the
    image, moved by p pixels.

    >>> from halfpixel.sampling.kernel import Linear
    >>> half, other = Sampling("half_pixel", Linear()), Sampling("asymmetric", Linear())
    >>> repetition(half, other, 1000, 2000)
    Repetition(first=5, last=1995, rows=2, pixels=1)
    """
    lines: list[Line] = []
    reach = 0
    for sampling in (a, b):
        kernel = sampling.kernel
        if by_lengths(kernel):
            return None
        axis = sampling.axis(n_in, n_out)
        copied = sampling.copies_same_length and n_in == n_out
        lines.append(Line(ONE, ZERO) if copied else source_line(sampling.coordinate, axis))
        wide = isinstance(kernel, Smooth) and kernel.antialias
        width = stretch(sampling.coordinate, axis) if wide else ONE
        reach = max(reach, math.ceil(radius_of(kernel) * width) + 1)
    step = lines[0].step
    if step != lines[1].step or step <= 0:
        return None
    starts = [line.start for line in lines]
    first = max(0, math.ceil((reach - min(starts)) / step))
    last = min(n_out, math.floor((n_in - 1 - reach - max(starts)) / step) + 1)
    found = Repetition(first, last, step.denominator, step.numerator)
    return found if first + found.rows < last else None


def deciding_rows(a: Sampling, b: Sampling, n_in: int, n_out: int) -> Sequence[int] | None:
    """Return the output samples that decide about all of them; None where these are all.

    The rows at both borders and one period between them show every difference that there is.
    Where the borders themselves are beyond what is tried, none are listed.
    """
    found = repetition(a, b, n_in, n_out)
    if found is None or found.first + found.rows + n_out - found.last > LONGEST:
        return None
    return [*range(found.first + found.rows), *range(found.last, n_out)]


def _inputs(scale: Fraction | None, bound: int) -> list[int]:
    """Return input lengths: from the first that yields a sample on, and those that yield more."""
    first = 1 if scale is None else math.ceil(1 / scale)
    found = {*range(first, first + bound)}
    if scale is not None:
        found |= {math.ceil(count / scale) for count in range(2, MORE + 2)}
    return sorted(length for length in found if length <= LONGEST)


def lengths_to_try(
    a: Sampling, b: Sampling, n_in: int | None, n_out: int | None, bound: int
) -> Iterator[tuple[int, int]]:
    """Yield the lengths to try, smallest first; with a scale only those that it produces."""
    scale = _given_scale(a, b)
    ins = [n_in] if n_in is not None else _inputs(scale, bound)
    least = max(a.least, b.least)
    ins = [length for length in ins if length >= least] or [least]
    pairs: set[tuple[int, int]] = set()
    for length in ins:
        if scale is not None:
            outs = [math.floor(length * scale)]
            if n_out is not None:
                outs = [n_out] if outs == [n_out] else []
        else:
            outs = list(range(1, bound + 1)) if n_out is None else [n_out]
        pairs.update((length, out) for out in outs if out >= 1)
    yield from sorted(pairs, key=lambda pair: (max(pair), sum(pair), pair))
