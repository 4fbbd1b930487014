"""Figures of a comparison as a person reads them: no exponents, and no digits that say nothing."""

import math
from typing import Final

WORDS: Final = ((1e12, ""), (1e9, " billion"), (1e6, " million"))
"""From where on a count is told in words; beyond the first it is only said to be more."""

LARGE: Final = 1000.0
"""From where on a count has no decimals, and a part that many per cent is told in times."""

LEAST: Final = 1e-4
"""Below this part the per cent have no figure of their own."""


def count_text(count: float) -> str:
    """Return a count of steps or times.

    >>> [count_text(one) for one in (0.0, 1.5, 347.2, 12345.0, 5.36e6, 8.9e11, 3e15)]
    ['0', '1.5', '347', '12,300', '5.4 million', '890 billion', 'more than a trillion']
    >>> count_text(math.inf), count_text(math.nan)
    ('inf', 'nan')
    """
    if not math.isfinite(count):
        return f"{count:.3g}"
    if count >= WORDS[0][0]:
        return "more than a trillion"
    for size, word in WORDS[1:]:
        if count >= size:
            return f"{_figures(count / size, 2)}{word}"
    return _figures(count, 3)


def part_text(part: float, of: str) -> str:
    """Return a part of something, in per cent or, where it is many times that, in times.

    >>> part_text(0.039, "what it varies by"), part_text(45.2, "what it varies by")
    ('3.9 % of what it varies by', '45.2 times what it varies by')
    >>> part_text(2e-6, "it"), part_text(math.inf, "it")
    ('less than 0.01 % of it', '')
    """
    if not math.isfinite(part):
        return ""
    if part * 100 >= LARGE:
        return f"{count_text(part)} times {of}"
    if 0 < part < LEAST:
        return f"less than {100 * LEAST:g} % of {of}"
    return f"{100 * part:.2g} % of {of}" if part < 1 else f"{100 * part:.0f} % of {of}"


def counted(count: int, what: str, how: str) -> str:
    """Return how many there are of something.

    >>> counted(1, "pair", "of nodes"), counted(2, "pair", "of nodes")
    ('1 pair of nodes', '2 pairs of nodes')
    """
    return f"{count} {what}{'s' * (count != 1)} {how}"


def _figures(number: float, digits: int) -> str:
    """Return a number at some significant digits, thousands apart, without an exponent."""
    rounded = float(f"{number:.{digits}g}")
    return f"{rounded:,.0f}" if rounded >= 10**digits else f"{rounded:.{digits}g}"
