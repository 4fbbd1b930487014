"""How much of each neighbour an output sample takes: the kernels, in exact rationals.

A kernel turns the fractional part of a source coordinate into taps: pairs of an offset from
``floor(x)`` and a weight. Weights of one sample sum to 1 before the border is applied.

Sources: ONNX operator Resize-19 (mode, nearest_mode, cubic_coeff_a, antialias); R. Keys,
"Cubic convolution interpolation for digital image processing", 1981, for the cubic;
PyTorch `aten/src/ATen/native/cpu/UpSampleKernel.cpp` for the antialiased forms.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct

from halfpixel.sampling.kernels.base import Profile, Written

Taps = tuple[tuple[int, Fraction], ...]
"""(offset or input index, weight) pairs, in ascending order, no zero weight."""

Rounding = Literal["floor", "ceil", "round_prefer_floor", "round_prefer_ceil", "simple"]
"""How nearest picks a pixel.

`simple` is what onnxruntime does for Upsample and Resize-10, whose specification does not
say: floor, or ceil where the scale is below 1.
"""


Border = Literal["clamp", "symmetric", "mirror", "wrap", "zero"]
"""What a neighbour beyond the border is.

`clamp`: the border pixel. `symmetric`: the image turned over its edge, d c b a | a b c d.
`mirror`: turned over the border pixel's centre, d c b | a b c d. `wrap`: the image again.
`zero`: nothing, and the others are not renormalised.
"""


class Nearest(Struct, frozen=True, cache_hash=True):
    """One neighbour, picked by a rounding rule."""

    rounding: Rounding = "floor"


class Linear(Struct, frozen=True, cache_hash=True):
    """The triangle of half width 1; antialias widens it by the step when shrinking."""

    antialias: bool = False


class Cubic(Struct, frozen=True, cache_hash=True):
    """Keys' cubic of half width 2 with coefficient `a`; antialias widens it likewise."""

    a: Fraction = Fraction(-3, 4)
    antialias: bool = False


class Area(Struct, frozen=True, cache_hash=True):
    """The mean over a window, which depends on the two lengths alone.

    `adaptive` is PyTorch's: every pixel that the window touches counts in full.
    `overlap` is OpenCV's and TensorFlow's: a pixel counts by the part that is inside.
    """

    window: Literal["adaptive", "overlap"] = "adaptive"


class Table(Struct, frozen=True, cache_hash=True):
    """Weights written out one row an output sample, as found in a gather's indices."""

    n_in: int
    rows: tuple[Taps, ...]


class Filter(Struct, frozen=True):
    """A kernel of a profile, normalised at each sample; antialias widens it by the step."""

    profile: Profile
    antialias: bool = False

    @property
    def words(self) -> str:
        """What it is called, with its parameters."""
        return f"{self.profile.words}, antialias" if self.antialias else self.profile.words


Kernel = Nearest | Linear | Cubic | Area | Table | Filter | Written

Smooth = Linear | Cubic | Filter
"""Kernels that are put at a source coordinate, and may be widened."""


def radius_of(kernel: Kernel) -> Fraction:
    """Return how far a kernel reaches when it is not widened, in input pixels; 1 for others.

    >>> radius_of(Cubic())
    Fraction(2, 1)
    """
    if isinstance(kernel, Filter):
        return kernel.profile.radius
    return Fraction(2 if isinstance(kernel, Cubic) else 1)


def by_lengths(kernel: Kernel) -> bool:
    """Whether weights ask for nothing but the two lengths: windows, tables, written ones."""
    return isinstance(kernel, Area | Table | Written)


_GOES_UP: Final[dict[Rounding, Callable[[int, int], bool]]] = {
    "floor": lambda _part, _whole: False,
    "ceil": lambda part, _whole: part > 0,
    "round_prefer_floor": lambda part, whole: 2 * part > whole,
    "round_prefer_ceil": lambda part, whole: 2 * part >= whole,
}
"""Whether a coordinate, its fraction part / whole, is taken to the pixel above."""


def step_up(rounding: Rounding, part: int, whole: int, *, shrinking: bool) -> int:
    """Return 1 where nearest reads the pixel above, at a fraction part / whole, else 0.

    >>> step_up("round_prefer_floor", 1, 2, shrinking=False)
    0
    >>> step_up("simple", 2, 3, shrinking=True)
    1
    """
    if rounding == "simple":
        rounding = "ceil" if shrinking else "floor"
    return int(_GOES_UP[rounding](part, whole))


def smooth_taps(kernel: Smooth, frac: Fraction, stretch: Fraction) -> Taps:
    """Return the taps of a smooth kernel at fractional position `frac`.

    Args:
        kernel: which kernel; `stretch` is used only where it has antialias.
        frac: fractional part of the source coordinate, in [0, 1), in pixels.
        stretch: widening of the kernel, at least 1.

    Returns:
        Offsets from floor(x) with weights that sum to 1.

    >>> smooth_taps(Linear(), Fraction(1, 4), Fraction(1))
    ((0, Fraction(3, 4)), (1, Fraction(1, 4)))
    """
    return as_taps(whole_taps(kernel, frac, stretch))


WholeTaps = list[tuple[int, int]]
"""Offsets and weights as whole numbers, to be divided by their sum."""


def as_taps(values: WholeTaps) -> Taps:
    """Return weights that sum to 1."""
    total = sum(value for _, value in values)
    return tuple([(offset, Fraction(value, total)) for offset, value in values])


def whole_taps(kernel: Smooth, frac: Fraction, stretch: Fraction) -> WholeTaps:
    """Return what `smooth_taps` does, in whole numbers."""
    width = stretch if kernel.antialias else Fraction(1)
    if isinstance(kernel, Filter):
        return _filter_taps(kernel.profile, frac, width)
    radius = 1 if isinstance(kernel, Linear) else 2
    place, pixel = frac.numerator * width.denominator, frac.denominator * width.denominator
    whole = frac.denominator * width.numerator  # a distance of 1, in the same whole numbers
    first = (place - radius * whole) // pixel + 1
    last = -(-(place + radius * whole) // pixel) - 1
    a = None if isinstance(kernel, Linear) else kernel.a
    values: WholeTaps = []
    for offset in range(first, last + 1):
        t = abs(offset * pixel - place)
        value = max(0, whole - t) if a is None else _keys_cubic(t, whole, a)
        if value:
            values.append((offset, value))
    return values


def _filter_taps(profile: Profile, frac: Fraction, width: Fraction) -> WholeTaps:
    reach = profile.radius * width
    offsets = range(math.floor(frac - reach) + 1, math.floor(frac + reach) + 1)
    if profile.bits:
        count = math.ceil(2 * reach) + 1  # one for all fractions, so that steps are shared
        heights = profile.rounded((offsets[0] - frac) / width, 1 / width, count)
        return [(offset, value) for offset, value in zip(offsets, heights, strict=False) if value]
    values = [(offset, profile.value((offset - frac) / width)) for offset in offsets]
    whole = math.lcm(*(v.denominator for _, v in values))
    return [(offset, int(value * whole)) for offset, value in values if value]


def _keys_cubic(t: int, whole: int, a: Fraction) -> int:
    """Return Keys' piecewise cubic at distance t / whole, with coefficient `a`.

    In units of 1 / (denominator of a * whole ** 3), so that it is a whole number.

    >>> Fraction(_keys_cubic(1, 2, Fraction(-3, 4)), 4 * 2**3)
    Fraction(19, 32)
    """
    p, q = a.numerator, a.denominator
    if t <= whole:
        return ((p + 2 * q) * t - (p + 3 * q) * whole) * t * t + q * whole**3
    if t < 2 * whole:
        return p * (((t - 5 * whole) * t + 8 * whole * whole) * t - 4 * whole**3)
    return 0


def window_taps(kernel: Area, index: int, n_in: int, n_out: int) -> Taps:
    """Return the input indices and weights of one window of an area resize.

    The window of output `i` is [i n_in/n_out, (i+1) n_in/n_out). Sources: PyTorch
    `aten/src/ATen/native/AdaptivePooling.h`; OpenCV `imgproc/src/resize.cpp` (INTER_AREA).

    >>> window_taps(Area("overlap"), 0, 3, 2)
    ((0, Fraction(2, 3)), (1, Fraction(1, 3)))
    >>> window_taps(Area(), 0, 3, 2)
    ((0, Fraction(1, 2)), (1, Fraction(1, 2)))
    """
    begin, end = Fraction(index * n_in, n_out), Fraction((index + 1) * n_in, n_out)
    pixels = range(math.floor(begin), math.ceil(end))
    if kernel.window == "adaptive":
        return tuple((j, Fraction(1, len(pixels))) for j in pixels)
    taps: list[tuple[int, Fraction]] = []
    for j in pixels:
        inside = min(end, Fraction(j + 1)) - max(begin, Fraction(j))
        taps.append((j, inside / (end - begin)))
    return tuple(taps)
