"""What a resize computes along one axis: the matrix W, in exact rationals.

Output sample i is ``sum over j of W[i, j] * input[j]``. `Sampling` describes W for every
pair of lengths; `Sampling.weights` writes it out for one.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.sampling.coordinate import (
    ONE,
    WHOLE,
    Axis,
    Coordinate,
    Line,
    source_line,
    stretch,
)
from halfpixel.sampling.kernel import (
    Area,
    Border,
    Kernel,
    Nearest,
    Smooth,
    Table,
    Taps,
    window_taps,
)
from halfpixel.sampling.kernels.base import Written
from halfpixel.sampling.kernels.rows import Beyond, Weights, nearest_rows, smooth_rows
from halfpixel.work import remembered, spend

MAX_LENGTH: Final = 1 << 20
"""Longest axis whose matrix is written into a model; what is judged has no longest axis."""


class Sampling(Struct, frozen=True, cache_hash=True):
    """One axis of a resampling operator.

    Attributes:
        coordinate: the rule for source coordinates.
        kernel: which neighbours count, and by how much.
        scale: output samples an input sample, where one was given; None where the step
            follows from the two lengths.
        exclude_outside: neighbours beyond the border are left out and the rest is
            renormalised; otherwise they are what `border` says.
        roi: start and end of what is read: of tf_crop_and_resize in units of n_in - 1, of
            box_half_pixel in input pixels, edge to edge.
        extrapolate: a coordinate outside [0, n_in - 1] gives a constant, not a sample.
        copies_same_length: equal lengths copy the axis whatever the scale says.
        border: what a neighbour beyond the border is, where it is not left out.
    """

    coordinate: Coordinate
    kernel: Kernel
    scale: Fraction | None = None
    exclude_outside: bool = False
    roi: tuple[Fraction, Fraction] = WHOLE
    extrapolate: bool = False
    copies_same_length: bool = False
    border: Border = "clamp"

    def axis(self, n_in: int, n_out: int) -> Axis:
        """Return the lengths with this sampling's own scale and roi."""
        return Axis(n_in, n_out, self.scale, self.roi)

    def line(self, n_in: int, n_out: int) -> Line:
        """Return the source coordinates as a line, at these lengths (pixels)."""
        return source_line(self.coordinate, self.axis(n_in, n_out))

    @property
    def least(self) -> int:
        """The shortest input that it is for: a box of pixels lies inside the image."""
        if self.coordinate == "box_half_pixel":
            return max(1, math.ceil(self.roi[1]))
        return self.kernel.least if isinstance(self.kernel, Written) else 1

    def by_size(self) -> "Sampling":
        """Return the same sampling with the step taken from the two lengths."""
        return replace(self, scale=None)

    def weights(self, n_in: int, n_out: int) -> "Weights":
        """Return W for one pair of lengths.

        Args:
            n_in: input length, at least 1.
            n_out: output length, at least 1; memory goes with it.

        Returns:
            Rows of (input index, weight) pairs, one an output sample.

        Raises:
            ValueError: a length is out of range, or a table was made for another length.

        >>> from halfpixel.sampling.kernel import Linear
        >>> half = Sampling("half_pixel", Linear())
        >>> half.weights(2, 4).rows[1]
        ((0, Fraction(3, 4)), (1, Fraction(1, 4)))
        """
        return _weights(self, n_in, n_out)

    def output_length(self, n_in: int) -> int:
        """Return floor(n_in * scale), the output length that the specification asks for.

        >>> Sampling("asymmetric", Nearest(), scale=Fraction(3, 2)).output_length(5)
        7
        """
        return n_in if self.scale is None else math.floor(n_in * self.scale)


@remembered(64)
def _weights(sampling: Sampling, n_in: int, n_out: int) -> Weights:
    for name, length in (("n_in", n_in), ("n_out", n_out)):
        if length < 1:
            raise ValueError(f"{name} is {length}: a length is at least 1")
    if sampling.copies_same_length and n_in == n_out:
        return _identity(n_in)
    kernel = sampling.kernel
    if isinstance(kernel, Table):
        return _table(kernel, n_in, n_out)
    if isinstance(kernel, Area):
        spend(n_in + n_out)
        rows = tuple(window_taps(kernel, i, n_in, n_out) for i in range(n_out))
        return Weights(n_in, rows, frozenset(), tuple(_centre(row) for row in rows))
    if isinstance(kernel, Written):
        spend(n_out * (1 + kernel.row_length(n_in, n_out) // 8))
        return _written(kernel, n_in, n_out, range(n_out))
    return _line_weights(sampling, kernel, n_in, n_out, range(n_out))


def weights_at(sampling: Sampling, n_in: int, n_out: int, outputs: Sequence[int]) -> Weights:
    """Return the rows of W for some output samples, at lengths of any size.

    Args:
        sampling: one axis of a resampling operator, its kernel not a table.
        n_in: input length, at least 1.
        n_out: output length, at least 1.
        outputs: output samples, 0 to n_out - 1.

    Raises:
        ValueError: the kernel is a table.

    >>> from halfpixel.sampling.kernel import Linear
    >>> half = Sampling("half_pixel", Linear())
    >>> weights_at(half, 1 << 40, 1 << 41, [0, 2]).rows[1]
    ((0, Fraction(1, 4)), (1, Fraction(3, 4)))
    """
    kernel = sampling.kernel
    if isinstance(kernel, Table):
        raise ValueError("a table is already written out")  # noqa: TRY004 - a wrong value
    if sampling.copies_same_length and n_in == n_out:
        rows: tuple[Taps, ...] = tuple(((i, ONE),) for i in outputs)
    elif isinstance(kernel, Written):
        spend(len(outputs) * (1 + kernel.row_length(n_in, n_out) // 8))
        return _written(kernel, n_in, n_out, outputs)
    elif isinstance(kernel, Area):
        spend(len(outputs) * (2 + n_in // n_out))
        rows = tuple(window_taps(kernel, i, n_in, n_out) for i in outputs)
    else:
        return _line_weights(sampling, kernel, n_in, n_out, outputs)
    return Weights(n_in, rows, frozenset(), tuple(_centre(row) for row in rows))


def _identity(length: int) -> Weights:
    rows = tuple(((i, ONE),) for i in range(length))
    return Weights(length, rows, frozenset(), tuple(map(Fraction, range(length))))


def _table(kernel: Table, n_in: int, n_out: int) -> Weights:
    if (n_in, n_out) != (kernel.n_in, len(kernel.rows)):
        made = f"{kernel.n_in} -> {len(kernel.rows)}"
        raise ValueError(f"the table is for lengths {made}, not {n_in} -> {n_out}")
    return Weights(n_in, kernel.rows, frozenset(), tuple(_centre(row) for row in kernel.rows))


def _centre(row: Taps) -> Fraction:
    if len(row) == 1 and row[0][1] == 1:
        return Fraction(row[0][0])
    common = math.lcm(*(weight.denominator for _, weight in row))
    total = sum(j * weight.numerator * (common // weight.denominator) for j, weight in row)
    return Fraction(total, common)


def _written(kernel: Written, n_in: int, n_out: int, outputs: Sequence[int]) -> Weights:
    found = kernel.rows(n_in, n_out, outputs)
    centres = tuple(_centre(row) for row in found.rows)
    origins = found.origins or (None,) * len(found.rows)
    return Weights(n_in, found.rows, frozenset(), centres, found.error, origins, found.unknown)


def _line_weights(
    sampling: Sampling,
    kernel: Nearest | Smooth,
    n_in: int,
    n_out: int,
    outputs: Sequence[int],
) -> Weights:
    axis = sampling.axis(n_in, n_out)
    line = source_line(sampling.coordinate, axis)
    width = stretch(sampling.coordinate, axis)
    beyond = Beyond(sampling.exclude_outside, sampling.border, sampling.extrapolate)
    if isinstance(kernel, Nearest):
        return nearest_rows(kernel, line, n_in, outputs, beyond, shrinking=axis.ratio > 1)
    return smooth_rows(kernel, line, width, n_in, outputs, beyond)
