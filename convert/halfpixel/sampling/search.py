"""The lengths at which two samplings have to be compared to decide every length."""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from halfpixel.sampling.axis import Sampling
from halfpixel.sampling.kernel import Area, Table

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
    if isinstance(a.kernel, Area | Table) or isinstance(b.kernel, Area | Table):
        return None
    support = math.ceil(2 * max(Fraction(1), 1 / scale)) + 1
    longest = 2 * support + scale.denominator + math.ceil(1 / scale)
    return longest if longest <= PERIOD_TO and scale.numerator <= PERIOD_TO else None


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
