"""Sines and exponentials as rationals within a proven bound, in whole numbers.

Every function returns the true value times 2**BITS, off by less than 2 units. Series are summed
with `GUARD` more bits, each step rounded down: fewer than 2**12 steps of less than one unit of the
last of these bits each, an argument that is off by as little, and squarings that double an error
at most 40 times. What is left, 2**(12 + 41 - GUARD) units, and the last rounding are below 2.
"""

import math
from fractions import Fraction
from functools import lru_cache
from typing import Final

BITS: Final = 96
GUARD: Final = 64
WORK: Final = BITS + GUARD
UNIT: Final = 1 << WORK


def _arctan_inverse(n: int) -> int:
    """Return arctan(1 / n) times 2**(WORK + 32), by its own series."""
    term = total = (UNIT << 32) // n
    for k in range(1, 200):
        term //= -n * n
        total += term // (2 * k + 1)
    return total


PI: Final = (16 * _arctan_inverse(5) - 4 * _arctan_inverse(239)) >> 32
"""Pi times 2**WORK, by J. Machin's formula of 1706."""

PI_SQUARED: Final = PI * PI >> WORK
"""Its square times 2**WORK."""


@lru_cache(maxsize=1 << 14)
def sine(t: Fraction) -> int:
    """Return sin(pi t) times 2**BITS.

    >>> sine(Fraction(1, 2)) == 1 << BITS, sine(Fraction(7))
    (True, 0)
    """
    turn = t % 2
    sign, turn = (-1, turn - 1) if turn >= 1 else (1, turn)
    turn = min(turn, 1 - turn)  # in [0, 1/2]
    if turn == 0:
        return 0
    if turn == Fraction(1, 2):
        return sign << BITS
    return sign * (_series(turn, 1) >> GUARD)


@lru_cache(maxsize=1 << 14)
def sinc(t: Fraction) -> int:
    """Return sin(pi t) / (pi t) times 2**BITS; 0 at whole numbers, and 1 at 0.

    >>> sinc(Fraction(0)) == 1 << BITS, sinc(Fraction(3))
    (True, 0)
    """
    t = abs(t)
    if t <= Fraction(1, 2):
        return _series(t, 0) >> GUARD
    if t.denominator == 1:
        return 0
    turn = t % 2
    sign, turn = (-1, turn - 1) if turn >= 1 else (1, turn)
    value = _series(min(turn, 1 - turn), 1)  # sin, to WORK bits
    return sign * ((value << WORK) * t.denominator // (PI * t.numerator) >> GUARD)


def cosine(t: Fraction) -> int:
    """Return cos(pi t) times 2**BITS."""
    return sine(t + Fraction(1, 2))


def sines(first: Fraction, step: Fraction, count: int) -> list[int]:
    """Return sin(pi t) times 2**BITS at `count` places, off by less than 10 units.

    By the theorem of addition: no series are summed but those of the first place and, once for all
    first places, of the steps. Four factors of at most 1, each off by 2, and one rounding.

    >>> whole, half = sines(Fraction(1, 3), Fraction(1, 6), 2)
    >>> abs(whole - sine(Fraction(1, 3))) < 10, abs(half - (1 << BITS)) < 10
    (True, True)
    """
    here, beside = sine(first), cosine(first)
    return [(here * c + beside * s) >> BITS for s, c in _turns(step, count)]


@lru_cache(maxsize=64)
def _turns(step: Fraction, count: int) -> tuple[tuple[int, int], ...]:
    """Return sine and cosine of the multiples of a step, from 0 on."""
    return tuple((sine(k * step), cosine(k * step)) for k in range(count))


def _series(turn: Fraction, power: int) -> int:
    """Return sin(x) x**(power - 1) at x = pi turn, of 0 to 1/2, times 2**WORK."""
    x = PI * turn.numerator // turn.denominator
    square = x * x >> WORK
    term = total = x if power else UNIT
    k = 1
    while term:
        term = -(term * square >> WORK) // ((k + 1) * (k + 2))
        if term == -1:
            break  # a negative number is rounded down, and never comes to 0
        total += term
        k += 2
    return total


@lru_cache(maxsize=1 << 14)
def exponential(y: Fraction) -> int:
    """Return exp(-y) times 2**BITS, for y of at least 0; 0 from y = 80 on, where it is less than 1.

    >>> exponential(Fraction(0)) == 1 << BITS
    True
    """
    if y >= 80:
        return 0
    halvings = max(0, math.ceil(y).bit_length())
    x = UNIT * y.numerator // (y.denominator << halvings)
    term = total = UNIT
    k = 1
    while term > 0:
        term = (term * x >> WORK) // k
        total += term if k % 2 == 0 else -term
        k += 1
    for _ in range(halvings):
        total = total * total >> WORK
    return total >> GUARD
