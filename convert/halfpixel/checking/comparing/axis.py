"""The verdict on one axis of two calls: at lengths, and at every length that there can be."""

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.conventions.meaning import RATIOS
from halfpixel.sampling import Area, Resize, Sampling, Table, compare, compare_resize
from halfpixel.sampling.compare import SEARCH_TO, Verdict
from halfpixel.sampling.search import period_of
from halfpixel.work import spend

Rule = Callable[[int], int | None]
"""The output length for an input length; None where a call does not say."""

TRIED: Final = 64
"""Input lengths, from 1 on, at which what a factor makes of them is asked."""

FARTHER: Final = tuple(Fraction(n) for n in ("1/2", "2/3", "3/2", "2", "5/2", "3"))
"""Input lengths that are tried beside the shortest where an output length is given, as parts of
it: what shrinks is known by no shorter ones."""

LONGEST: Final = 1 << 12
"""Longest input that is tried so."""


def verdict_of(
    a: Sampling | None, b: Sampling | None, n_in: int | None = None, n_out: int | None = None
) -> Verdict:
    """Return the verdict on two samplings, None each for an axis that is copied.

    >>> from halfpixel.sampling import Linear
    >>> verdict_of(Sampling("half_pixel", Linear()), None, 4, 4).equal, verdict_of(None, None).proof
    (True, 'closed form')
    """
    if a is None and b is None:
        return Verdict(equal=True, proof="closed form")
    if a is not None and b is not None:
        return compare(a, b, n_in, n_out)
    first, second = (Resize(() if one is None else ((0, one),)) for one in (a, b))
    return compare_resize(first, second, (n_in,), (n_out,)).axes[0].verdict


def over_lengths(
    a: Sampling | None, b: Sampling | None, n_out: int | None = None, rule: Rule | None = None
) -> Verdict:
    """Return the verdict on two samplings at every input length.

    Args:
        a: one sampling; None for an axis that is copied.
        b: the other.
        n_out: the output length, where a size gives it.
        rule: what a factor makes of an input length.

    >>> from halfpixel.sampling import Linear
    >>> plain, smooth = Sampling("half_pixel", Linear()), Sampling("half_pixel", Linear(True))
    >>> over_lengths(plain, smooth, 20).witness, over_lengths(plain, smooth).witness
    ((30, 20), (3, 1))
    """
    found = verdict_of(a, b)
    if found.equal and found.proof == "closed form":
        return found
    if rule is not None:
        return _by_factor(a, b, n_out, rule, found)
    if n_out is None:
        return found
    near = verdict_of(a, b, None, n_out)
    if near.equal or near.witness is not None:
        return near
    farther = sorted({max(1, math.ceil(n_out * part)) for part in FARTHER})
    return searched(a, b, ((n, n_out) for n in farther if n <= LONGEST), near.searched_to or 0)


def _by_factor(
    a: Sampling | None, b: Sampling | None, n_out: int | None, rule: Rule, free: Verdict
) -> Verdict:
    """Return the verdict at the lengths that a factor makes."""
    if n_out is not None:
        found = searched(a, b, pairs := made_to(rule, n_out))
        known = bool(pairs) and found.witness is None
        return Verdict(equal=True, proof="sizes") if known else found
    pairs = made_by(rule)
    scales = {one.scale for one in (a, b) if one is not None and one.scale is not None}
    scale = scales.pop() if len(scales) == 1 else None
    period = None if a is None or b is None else period_of(a, b)
    floored = scale is not None and all(math.floor(n * scale) == m for n, m in pairs)
    if free.equal and period is not None and floored:
        return free
    if free.witness in pairs:
        return free
    few = SEARCH_TO if period is None else max(SEARCH_TO, period)
    return searched(a, b, pairs[:few])


def searched(
    a: Sampling | None, b: Sampling | None, pairs: Iterable[tuple[int, int]], longest: int = 0
) -> Verdict:
    """Return the first lengths at which two samplings differ, or how far was looked.

    Args:
        a: one sampling.
        b: the other.
        pairs: (input length, output length), the smallest first.
        longest: longest axis that was looked at before.
    """
    for pair in pairs:
        spend()
        found = verdict_of(a, b, *pair)
        if found.witness is not None:
            return found
        longest = max(longest, *pair)
    return Verdict(equal=False, proof="search", searched_to=longest or None)


def made_by(rule: Rule) -> list[tuple[int, int]]:
    """Return the lengths that a factor makes, the smallest input first; outputs of nothing not.

    >>> made_by(lambda n: n // 3)[:2]
    [(3, 1), (4, 1)]
    """
    spend(TRIED // 4)
    return [(n, m) for n in range(1, TRIED + 1) if (m := rule(n))]


def made_to(rule: Rule, n_out: int) -> list[tuple[int, int]]:
    """Return the lengths of which a factor makes an output length: a few, beside each other.

    >>> made_to(lambda n: n * 3 // 7, 224)
    [(523, 224), (524, 224)]
    """
    low, high = 1, LONGEST
    while low < high:  # the shortest input that becomes as long, where longer ones become longer
        middle = (low + high) // 2
        if (rule(middle) or 0) >= n_out:
            high = middle
        else:
            low = middle + 1
    found: list[tuple[int, int]] = []
    for n in range(low, LONGEST):
        if rule(n) != n_out:
            break
        found.append((n, n_out))
    return found


def by_ratio(scale: Fraction, *samplings: Sampling | None) -> tuple[Sampling | None, ...]:
    """Return samplings by size with a whole factor as their scale, which is the ratio of lengths.

    >>> from halfpixel.sampling import Linear
    >>> by_ratio(Fraction(2), Sampling("half_pixel", Linear()))[0].scale
    Fraction(2, 1)
    """
    if scale.denominator != 1 and scale.numerator != 1:
        return samplings
    return tuple(_scaled(one, scale) for one in samplings)


def _scaled(sampling: Sampling | None, scale: Fraction) -> Sampling | None:
    if sampling is None or sampling.scale is not None or sampling.coordinate not in RATIOS:
        return sampling
    if isinstance(sampling.kernel, Area | Table) or scale.denominator != 1:
        return sampling
    return replace(sampling, scale=scale)


def usual(rule: Rule | None, n_out: int | None) -> Iterator[tuple[int, int]]:
    """Yield usual lengths, at which people are shown how far two calls are apart.

    >>> list(usual(None, None))[:3], list(usual(None, 20))[:2], list(usual(lambda n: 2 * n, None))
    ([(4, 8), (3, 7), (5, 5)], [(10, 20), (20, 20)], [(4, 8), (7, 14)])
    """
    if rule is not None:
        if n_out is not None:
            yield from made_to(rule, n_out)[:2]
            return
        yield from [(n, m) for n in (4, 7) if (m := rule(n))] or made_by(rule)[:2]
    elif n_out is not None:
        for part in (Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(2)):
            yield max(1, math.ceil(n_out * part)), n_out
    else:
        yield from USUAL


USUAL: Final = ((4, 8), (3, 7), (5, 5), (7, 3), (8, 4))
