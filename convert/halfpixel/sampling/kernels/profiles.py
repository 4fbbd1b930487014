"""The kernels of image libraries beside nearest, linear and Keys' cubic.

=========== ======= ==================================================== ========================
profile     radius  value at distance t                                  who has it
=========== ======= ==================================================== ========================
Box         1/2     1 in (-1/2, 1/2]                                     Pillow, MATLAB
Hamming     1       sinc(t) (0.54 + 0.46 cos(pi t))                      Pillow
Lanczos     a       sinc(t) sinc(t / a)                                  Pillow 3, TensorFlow and
                                                                         JAX 3 and 5, OpenCV 4,
                                                                         MATLAB 2 and 3
BCSpline    2       cubic polynomials in B and C                         TensorFlow (1/3, 1/3)
MagicKernel 5/2 9/2 squares in pieces                                    Pillow 13
Gaussian    radius  exp(-t**2 / (2 sigma**2))                            TensorFlow
=========== ======= ==================================================== ========================

with ``sinc(t) = sin(pi t) / (pi t)``. Keys' cubic with coefficient a is the BCSpline with B = 0 and
C = -a.

J. Costella's "Magic Kernel" (johncostella.com/magic) has 35/36 (t - 1) (t - 239/140) and the like.

Sources: Pillow `src/libImaging/Resample.c`; TensorFlow `core/kernels/image/sampling_kernels.h`;
OpenCV `modules/imgproc/src/resize.cpp` (interpolateLanczos4, whose weights are those of Lanczos 4
by another formula); D. Mitchell and A. Netravali, "Reconstruction filters in computer graphics",
1988.
"""

import math
from fractions import Fraction
from typing import Final, Literal

from halfpixel.sampling.coordinate import HALF, ONE, ZERO
from halfpixel.sampling.kernel import Cubic, Nearest
from halfpixel.sampling.kernels.base import Profile
from halfpixel.sampling.kernels.series import (
    BITS,
    PI_SQUARED,
    WORK,
    cosine,
    exponential,
    sinc,
    sines,
)


class Box(Profile, frozen=True):
    """1 within half a unit; of two pixels that are as far, the right one."""

    @property
    def radius(self) -> Fraction:
        """Half a unit."""
        return HALF

    @property
    def words(self) -> str:
        """Its name."""
        return "box"

    def value(self, t: Fraction) -> Fraction:
        """Return 1 in (-1/2, 1/2].

        >>> [int(Box().value(Fraction(t, 2))) for t in (-1, 0, 1)]
        [0, 1, 1]
        """
        return ONE if -HALF < t <= HALF else ZERO

    def plain(self) -> Nearest:
        """Return the pixel that is nearest: where nothing is widened there is one alone."""
        return Nearest("round_prefer_ceil")


class BCSpline(Profile, frozen=True):
    """The cubics of Mitchell and Netravali: 1/3 and 1/3 are Mitchell's, 1 and 0 the B-spline."""

    b: Fraction = Fraction(1, 3)
    c: Fraction = Fraction(1, 3)

    @property
    def radius(self) -> Fraction:
        """Two units."""
        return Fraction(2)

    @property
    def interpolates(self) -> bool:
        """Where B is 0."""
        return not self.b

    @property
    def words(self) -> str:
        """Its name and parameters."""
        return f"cubic, B = {self.b}, C = {self.c}"

    def value(self, t: Fraction) -> Fraction:
        """Return the piecewise cubic.

        >>> [str(BCSpline().value(Fraction(t, 2))) for t in range(5)]
        ['8/9', '77/144', '1/18', '-5/144', '0']
        """
        t, b, c = abs(t), self.b, self.c
        if t < 1:
            high, low = (12 - 9 * b - 6 * c) * t, -18 + 12 * b + 6 * c
            return ((high + low) * t * t + 6 - 2 * b) / 6
        if t < 2:
            high, low = (-b - 6 * c) * t, 6 * b + 30 * c
            return (((high + low) * t - 12 * b - 48 * c) * t + 8 * b + 24 * c) / 6
        return ZERO

    def plain(self) -> Cubic | None:
        """Return Keys' cubic, where it is one."""
        return None if self.b else Cubic(-self.c)


class MagicKernel(Profile, frozen=True):
    """Costella's "magic kernel", sharpened: pieces of squares, of 2013 or of 2021."""

    year: Literal[2013, 2021] = 2021

    @property
    def radius(self) -> Fraction:
        """Half of the pieces' number."""
        return Fraction(5 if self.year == 2013 else 9, 2)

    @property
    def interpolates(self) -> bool:
        """It blurs and sharpens every pixel."""
        return False

    @property
    def words(self) -> str:
        """Its name and year."""
        return f"magic kernel sharp {self.year}"

    def value(self, t: Fraction) -> Fraction:
        """Return the piece for the distance, a polynomial of degree 2.

        >>> [str(MagicKernel(2013).value(Fraction(t))) for t in range(3)]
        ['17/16', '0', '-1/32']
        """
        t = abs(t)
        for end, pieces in enumerate(_MAGIC[self.year]):
            if t <= end + HALF:
                a, b, c = pieces
                return (a * t + b) * t + c
        return ZERO


_MAGIC: Final = {
    2013: tuple(
        tuple(map(Fraction, piece.split()))
        for piece in ("-7/4 0 17/16", "1 -11/4 7/4", "-1/8 5/8 -25/32")
    ),
    2021: tuple(
        tuple(map(Fraction, piece.split()))
        for piece in (
            "-239/144 0 577/576",
            "35/36 -379/144 239/144",
            "-1/6 113/144 -65/72",
            "1/36 -3/16 5/16",
            "-1/288 1/32 -9/128",
        )
    ),
}
"""Coefficients of t**2, t and 1, one piece for each pixel of distance."""


class _Rounded(Profile, frozen=True):
    """A profile whose values are irrational."""

    @property
    def bits(self) -> int:
        """As `series` has them: products of two, each at most 1, stay within twice its bound."""
        return BITS

    @property
    def cost(self) -> int:
        """What a series or two take, some 40 microseconds."""
        return 8


class Hamming(_Rounded, frozen=True):
    """A sinc under a Hamming window of half width 1."""

    @property
    def radius(self) -> Fraction:
        """One unit."""
        return ONE

    @property
    def words(self) -> str:
        """Its name."""
        return "Hamming"

    def value(self, t: Fraction) -> Fraction:
        """Return sinc(t) (0.54 + 0.46 cos(pi t)).

        >>> round(float(Hamming().value(Fraction(1, 2))), 6)
        0.343775
        """
        if abs(t) >= 1:
            return ZERO
        window = Fraction(27, 50) * (1 << BITS) + Fraction(23, 50) * cosine(t)
        return Fraction(int(sinc(t) * window) >> BITS, 1 << BITS)


class Lanczos(_Rounded, frozen=True):
    """A sinc under the middle of a wider one."""

    a: int = 3

    @property
    def radius(self) -> Fraction:
        """As many units as it has lobes on a side."""
        return Fraction(self.a)

    @property
    def words(self) -> str:
        """Its name and lobes."""
        return f"Lanczos, a = {self.a}"

    def value(self, t: Fraction) -> Fraction:
        """Return sinc(t) sinc(t / a).

        >>> round(float(Lanczos(3).value(Fraction(1, 2))), 6)
        0.607927
        """
        if abs(t) >= self.a:
            return ZERO
        return Fraction(sinc(t) * sinc(t / self.a) >> BITS, 1 << BITS)

    @property
    def cost(self) -> int:
        """What products take; the series are summed for the first of a row alone."""
        return 2

    def rounded(self, first: Fraction, step: Fraction, count: int) -> list[int]:
        """Return the values at distances in equal steps, in units of 2**-bits.

        From half a unit on as a sin(pi t) sin(pi t / a) / (pi t)**2, of sines that are off by 10
        units each: such a value is off by 5 a + 8 units at most, less than `SLACK` up to a = 49.

        >>> Lanczos(3).rounded(Fraction(-2), Fraction(1), 4) == [0, 0, 1 << BITS, 0]
        True
        """
        inner = sines(first, step, count)
        outer = sines(first / self.a, step / self.a, count)
        unit = math.lcm(first.denominator, step.denominator)
        start, by = int(first * unit), int(step * unit)
        found: list[int] = []
        for k, (one, other) in enumerate(zip(inner, outer, strict=True)):
            t = start + k * by  # in parts of a unit
            if 2 * abs(t) <= unit or t % unit == 0 or abs(t) >= self.a * unit:
                found.append(int(self.value(Fraction(t, unit)) * (1 << BITS)))
                continue
            high = one * other * self.a * unit * unit << (WORK - BITS)
            found.append(high // (PI_SQUARED * t * t))
        return found


class Gaussian(_Rounded, frozen=True):
    """A bell that is cut off."""

    reach: Fraction = Fraction(3, 2)
    sigma: Fraction = Fraction(1, 2)

    @property
    def radius(self) -> Fraction:
        """Where it is cut off, that distance left out."""
        return self.reach

    @property
    def interpolates(self) -> bool:
        """It blurs every pixel."""
        return False

    @property
    def words(self) -> str:
        """Its name and parameters."""
        return f"Gaussian, sigma = {self.sigma}, cut off at {self.reach}"

    def value(self, t: Fraction) -> Fraction:
        """Return exp(-t**2 / (2 sigma**2)).

        >>> round(float(Gaussian().value(Fraction(1, 2))), 6)
        0.606531
        """
        if abs(t) >= self.reach:
            return ZERO
        return Fraction(exponential(t * t / (2 * self.sigma * self.sigma)), 1 << BITS)
