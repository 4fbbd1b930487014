"""Where the output samples of one axis read the input: what a picture is drawn from.

Source coordinates are exact and not clamped, pixel centres on the whole numbers; what the border
rule makes of those outside is told apart.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Literal, cast

from msgspec import Struct

from halfpixel.sampling import Area, Cubic, Kernel, Linear, Nearest, Sampling, Table
from halfpixel.sampling.coordinate import HALF, ONE, ZERO
from halfpixel.sampling.kernel import Filter, Taps, by_lengths
from halfpixel.sampling.kernels.base import Written

Border = Literal["clamp", "repeat", "left out", "zeros", "reflect", "constant", "inside"]
"""What is made of a coordinate before the first pixel's centre or behind the last one's.

`clamp` moves the coordinate to the border, `repeat` the pixels that a wider kernel asks for;
`left out` drops these and lets the rest count for more; `inside` where no sample leaves the image.
"""


TABLE: Final = "weights of its own"
"""The kernel of a table, whose rows may lie anywhere."""

BORDER: Final = 64
"""Samples at an end that are looked at one by one where an axis is long."""


class Reads(Struct, frozen=True):
    """The output samples of one axis.

    Attributes:
        n_in: input length.
        places: source coordinate of each output sample, in input pixels, not clamped.
        step: side of an output pixel, in input pixels.
        kernel: nearest, linear, cubic, area or a table; with what belongs to it.
        border: what is made of coordinates outside the outermost centres.
        rows: (input index, weight) pairs of each sample; none for one that takes a constant.
        names: what the samples are called where they have no numbers of their own.
        copied: every sample is the pixel of its number, and no length changes.
        bins: how many samples one output pixel is the mean of.
        ends: places of the coordinates -1 and 1, where the samples are values of a grid.
    """

    n_in: int
    places: tuple[Fraction, ...]
    step: Fraction
    kernel: str
    border: Border
    rows: tuple[Taps, ...]
    names: tuple[str, ...] = ()
    copied: bool = False
    bins: int = 1
    ends: tuple[Fraction, Fraction] | None = None

    @property
    def n_out(self) -> int:
        """How many samples there are."""
        return len(self.places)

    @property
    def frame(self) -> tuple[Fraction, Fraction]:
        """Both ends of the output image: half an output pixel beyond its outermost samples."""
        if self.ends is not None:
            return self.ends
        half = self.step / 2
        return min(self.places) - half, max(self.places) + half

    @property
    def border_samples(self) -> Sequence[int]:
        """Samples at both ends, where the border rule counts; of nearest all, which all pick."""
        if self.n_out <= 2 * BORDER or self.kernel.startswith("nearest"):
            return range(self.n_out)
        return [*range(BORDER), *range(self.n_out - BORDER, self.n_out)]

    def name(self, i: int) -> str:
        """Return what sample i is called."""
        return self.names[i] if self.names else str(i)

    def outside(self, i: int) -> bool:
        """Whether sample i lies beyond the outermost centres, where the border rule counts."""
        return not 0 <= self.places[i] <= self.n_in - 1

    def reading(self, i: int) -> Fraction:
        """Return the place of sample i by which it is compared: nearest's is the pixel it picks."""
        picked = self.landing(i) if self.kernel.startswith("nearest") else None
        return self.places[i] if picked is None else picked

    def landing(self, i: int) -> Fraction | None:
        """Return where sample i reads after all, in input pixels; None where that is no place.

        For nearest it is the pixel that is picked, and for a clamped or a reflected coordinate the
        place inside the image.
        """
        row = self.rows[i]
        if len(row) == 1 and self.kernel.startswith("nearest"):
            return Fraction(row[0][0])
        if self.outside(i) and self.border in {"clamp", "reflect"}:
            return sum((j * weight for j, weight in row), ZERO)
        return None


def reads(sampling: Sampling | None, n_in: int, n_out: int) -> Reads:
    """Return where one axis of a resize reads.

    Args:
        sampling: what is computed along it; None for an axis that is copied.
        n_in: input length, at least 1.
        n_out: output length, at least 1.

    Raises:
        ValueError: a length is below 1, or a table was made for other lengths.

    >>> half = Sampling("half_pixel", Linear())
    >>> [float(place) for place in reads(half, 4, 8).places][:3]
    [-0.25, 0.25, 0.75]
    >>> reads(half, 4, 8).landing(0)
    Fraction(0, 1)
    """
    if sampling is None:
        sampling = Sampling("asymmetric", Nearest(), ONE)
    weights = sampling.weights(n_in, n_out)
    kernel = sampling.kernel
    ratio = Fraction(n_in, n_out)
    if weights.is_identity:
        numbers = tuple(map(Fraction, range(n_in)))
        return Reads(n_in, numbers, ONE, "a copy", "inside", weights.rows, copied=True)
    if by_lengths(kernel) or (sampling.copies_same_length and n_in == n_out):
        centres = tuple(ratio * (2 * i + 1) / 2 - HALF for i in range(n_out))
        places = weights.positions if isinstance(kernel, Table | Written) else centres
        return Reads(n_in, places, ratio, _words(kernel), "inside", weights.rows)
    line = sampling.line(n_in, n_out)
    places = tuple(line.at(i) for i in range(n_out))
    step = abs(line.step) or (ratio if sampling.scale is None else 1 / sampling.scale)
    return Reads(n_in, places, step, _words(kernel), _border(sampling), weights.rows)


def _border(sampling: Sampling) -> Border:
    if sampling.extrapolate:
        return "constant"
    kernel = sampling.kernel
    if isinstance(kernel, Nearest) or (isinstance(kernel, Linear) and not kernel.antialias):
        return "clamp"
    if sampling.exclude_outside:
        return "left out"
    turned = {"symmetric": "reflect", "mirror": "reflect", "zero": "zeros"}
    return cast("Border", turned.get(sampling.border, "repeat"))


def _words(kernel: Kernel) -> str:
    match kernel:
        case Nearest():
            return f"nearest, {kernel.rounding.replace('_', ' ')}"
        case Linear():
            return "linear, antialias" if kernel.antialias else "linear"
        case Cubic():
            return f"cubic, a = {float(kernel.a):g}{', antialias' if kernel.antialias else ''}"
        case Area():
            return "mean of the pixels under it"
        case Filter() | Written():
            return kernel.words
        case Table():
            return TABLE
