"""What runtimes compute instead of the rationals: float32 index arithmetic, step by step.

Exact weights say what an operator means; a runtime rounds on the way, and a nearest resize
then reads a neighbour wherever a coordinate lies on a rounding boundary. These functions
repeat the operations of one runtime in their order, each rounded to float32.

A quotient or product of two float32 numbers, computed in float64 and rounded to float32, is
the correctly rounded float32 result (Figueroa, "When is double rounding innocuous?", 1995).

Sources: onnxruntime `core/providers/cpu/tensor/upsamplebase.h` and `upsample.cc`; PyTorch
`aten/src/ATen/native/UpSample.h` (compute_scales_value, nearest_neighbor_compute_source_index).
"""

import math
import struct
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Final

from halfpixel.sampling.coordinate import Coordinate
from halfpixel.sampling.kernel import Rounding
from halfpixel.work import spend

TIE: Final = 1e-6
"""onnxruntime takes a fractional part this close to 1/2 for a tie (kNearestModeEps)."""

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


def _half_pixel(i: int, scale: float, _n_in: int, _n_out: int) -> float:
    return float32(float32((i + 0.5) / scale) - 0.5)


def _pytorch_half_pixel(i: int, scale: float, n_in: int, n_out: int) -> float:
    return _half_pixel(i, scale, n_in, n_out) if n_out > 1 else 0.0


def _asymmetric(i: int, scale: float, _n_in: int, _n_out: int) -> float:
    return float32(i / scale)


def _tf_half_pixel_for_nn(i: int, scale: float, _n_in: int, _n_out: int) -> float:
    return float32((i + 0.5) / scale)


def _align_corners(i: int, _scale: float, n_in: int, n_out: int) -> float:
    return 0.0 if n_out == 1 else float32(float32(i * float(n_in - 1)) / float(n_out - 1))


_ORT_COORDINATE: Final[dict[Coordinate, Callable[[int, float, int, int], float]]] = {
    "half_pixel": _half_pixel,
    "pytorch_half_pixel": _pytorch_half_pixel,
    "asymmetric": _asymmetric,
    "tf_half_pixel_for_nn": _tf_half_pixel_for_nn,
    "align_corners": _align_corners,
}


def _tie(x: float) -> bool:
    return abs(x - math.floor(x) - 0.5) <= TIE


_ORT_ROUND: Final[dict[Rounding, Callable[[float, bool], int]]] = {
    "floor": lambda x, _: math.floor(x),
    "ceil": lambda x, _: math.ceil(x),
    "round_prefer_floor": lambda x, _: math.floor(x) if _tie(x) else round(x),
    "round_prefer_ceil": lambda x, _: math.ceil(x) if _tie(x) else math.floor(x + 0.5),
    "simple": lambda x, shrinks: math.ceil(x) if shrinks else math.floor(x),
}


@lru_cache(maxsize=512)
def onnxruntime_nearest(
    coordinate: Coordinate,
    rounding: Rounding,
    n_in: int,
    n_out: int,
    scale: float | None = None,
) -> tuple[int, ...] | None:
    """Return the pixels that onnxruntime's CPU kernel reads along one axis.

    Args:
        coordinate: coordinate mode.
        rounding: nearest mode.
        n_in: input length.
        n_out: output length.
        scale: the float32 scale, where one was given; else n_out / n_in in float32.

    Returns:
        One input index an output sample; None for a mode not simulated here.

    >>> onnxruntime_nearest("asymmetric", "floor", 14, 2)
    (0, 6)
    """
    formula = _ORT_COORDINATE.get(coordinate)
    if formula is None:
        return None
    spend(n_out // 4)
    step = float32(n_out / n_in) if scale is None else float32(scale)
    if step == 1.0:
        return tuple(min(i, n_in - 1) for i in range(n_out))
    shrinks = step < 1.0
    places = (formula(i, step, n_in, n_out) for i in range(n_out))
    return tuple(min(max(_ORT_ROUND[rounding](x, shrinks), 0), n_in - 1) for x in places)


@lru_cache(maxsize=512)
def pytorch_nearest(
    n_in: int, n_out: int, scale_factor: float | None = None, *, exact: bool = False
) -> tuple[int, ...]:
    """Return the pixels that PyTorch reads along one axis.

    Args:
        n_in: input length.
        n_out: output length.
        scale_factor: the user's factor, where the call has one.
        exact: mode nearest-exact rather than nearest.

    Returns:
        One input index an output sample.

    >>> pytorch_nearest(14, 2), pytorch_nearest(4, 2, exact=True)
    ((0, 7), (1, 3))
    """
    spend(n_out // 4)
    step = float32(1.0 / scale_factor) if scale_factor else float32(n_in / n_out)
    half = 0.5 if exact else 0.0
    return tuple(min(math.floor(float32((i + half) * step)), n_in - 1) for i in range(n_out))
