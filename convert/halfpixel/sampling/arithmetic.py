"""Factors and output lengths as runtimes have them: in float32 or float64, not in rationals.

A quotient or product of two float32 numbers, computed in float64 and rounded to float32, is
the correctly rounded float32 result (Figueroa, "When is double rounding innocuous?", 1995).

Sources: onnxruntime `core/providers/cpu/tensor/upsamplebase.h`; PyTorch
`aten/src/ATen/native/UpSample.h` (compute_output_size).
"""

import math
import struct
from fractions import Fraction
from functools import lru_cache
from typing import Final

LONGEST: Final = 1 << 62
"""Stands for an output length that overflows float32."""

_HALF: Final = struct.Struct("<e")
_FLOAT: Final = struct.Struct("<f")
_BITS: Final = struct.Struct("<I")


def float32(value: float) -> float:
    """Return the nearest float32, as a Python float; infinity where it overflows.

    >>> float32(0.1)
    0.10000000149011612
    """
    try:
        rounded: float = _FLOAT.unpack(_FLOAT.pack(value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded


def float16(value: float) -> float:
    """Return the nearest float16, as a Python float; infinity where it overflows.

    >>> float16(1.1)
    1.099609375
    """
    try:
        rounded: float = _HALF.unpack(_HALF.pack(value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded


def shortest(value: float) -> float:
    """Return the float with the fewest digits that is the same float32.

    >>> shortest(0.28999999165534973)
    0.29
    """
    for digits in range(1, 10):
        short = float(f"{value:.{digits}g}")
        if float32(short) == float32(value):
            return short
    return value


DIGITS: Final = 6
"""Of a decimal that somebody wrote down as a factor, at most."""

SMALL: Final = 1024
"""Largest denominator of a ratio of lengths that a factor is taken for: among the float32, one in
fifty is such a ratio by chance."""


@lru_cache(maxsize=1024)
def factors_of(value: float) -> tuple[float, ...]:
    """Return the doubles that a float32 scale may have been before it was rounded.

    A user writes a short decimal (0.29) or divides one length by another (5 / 3, 640 / 384); the
    shortest decimal of the latter's float32, 1.6666666, is a double that nobody had.

    Args:
        value: a float32 scale.

    Returns:
        The decimal of at most `DIGITS` digits and the ratio with a denominator of at most `SMALL`
        that round to it, likeliest first; empty where there is neither.

    >>> factors_of(float32(0.29)), factors_of(float32(5 / 3)), factors_of(float32(2**0.5))
    ((0.29,), (1.6666666666666667,), ())
    """
    short = shortest(value)
    found = [short] if float(f"{value:.{DIGITS}g}") == short else []
    if math.isfinite(value) and value > 0:
        ratio = simplest(value)
        if ratio.denominator <= SMALL:
            found.append(ratio.numerator / ratio.denominator)
    return tuple(dict.fromkeys(found))


def likeliest(value: float) -> float:
    """Return the double that a float32 scale was, as far as it can be guessed.

    >>> likeliest(float32(5 / 3)), likeliest(float32(1.1))
    (1.6666666666666667, 1.1)
    """
    return next(iter(factors_of(value)), shortest(value))


def as_recorded(value: float) -> float:
    """Return a factor as a user would have written it; a double that was recorded stays.

    >>> as_recorded(0.28999999165534973), as_recorded(1 / 3)
    (0.29, 0.3333333333333333)
    """
    return shortest(value) if float32(value) == value else value


@lru_cache(maxsize=1024)
def simplest(value: float) -> Fraction:
    """Return the fraction with the smallest denominator that is the same float32.

    Scales are float32 in a file, and were 0.6 or 10 / 7 to whoever wrote them: this is what
    they meant, and what keeps a coordinate on the pixel that it was meant to fall on.

    Raises:
        ValueError: not a positive finite number.

    Source: M. Stern, 1858, and A. Brocot, 1861: the simplest fraction of an interval.

    >>> simplest(float32(0.6)), simplest(float32(10 / 7))
    (Fraction(3, 5), Fraction(10, 7))
    """
    single = float32(value)
    if not math.isfinite(single) or single <= 0:
        raise ValueError(f"{value} is not a positive finite number")
    (bits,) = _BITS.unpack(_FLOAT.pack(single))
    exact = Fraction(single)
    below = Fraction(_FLOAT.unpack(_BITS.pack(bits - 1))[0])
    return _simplest_between((exact + below) / 2, exact + (exact - below) / 2)


def _simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """Return the simplest fraction in [low, high], both positive, by continued fractions."""
    whole = math.ceil(low)
    if whole <= high:
        return Fraction(whole)
    base = math.floor(low)
    return base + 1 / _simplest_between(1 / (high - base), 1 / (low - base))


def output_length_float32(n_in: int, scale: float) -> int:
    """Return floor(n_in * scale) with a float32 product, as onnxruntime has it.

    >>> output_length_float32(100, 0.29), output_length_float64(100, 0.29)
    (29, 28)
    """
    product = float32(float32(n_in) * float32(scale))
    return math.floor(product) if math.isfinite(product) else LONGEST


def output_length_float64(n_in: int, scale: float) -> int:
    """Return trunc(n_in * scale) with a float64 product, as PyTorch has it."""
    return math.trunc(float(n_in) * scale)
