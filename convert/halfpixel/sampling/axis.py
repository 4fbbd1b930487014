"""What a resize computes along one axis: the matrix W, in exact rationals.

Output sample i is ``sum over j of W[i, j] * input[j]``. `Sampling` describes W for every
pair of lengths; `Sampling.weights` writes it out for one.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.sampling.coordinate import (
    ONE,
    WHOLE,
    ZERO,
    Axis,
    Coordinate,
    Line,
    source_line,
    stretch,
)
from halfpixel.sampling.kernel import (
    Area,
    Cubic,
    Kernel,
    Linear,
    Nearest,
    Table,
    Taps,
    WholeTaps,
    as_taps,
    step_up,
    whole_taps,
    window_taps,
)
from halfpixel.work import remembered, spend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
            renormalised; otherwise the index is clamped to the border pixel.
        roi: start and end of tf_crop_and_resize, in units of n_in - 1.
        extrapolate: a coordinate outside [0, n_in - 1] gives a constant, not a sample.
        copies_same_length: equal lengths copy the axis whatever the scale says.
    """

    coordinate: Coordinate
    kernel: Kernel
    scale: Fraction | None = None
    exclude_outside: bool = False
    roi: tuple[Fraction, Fraction] = WHOLE
    extrapolate: bool = False
    copies_same_length: bool = False

    def axis(self, n_in: int, n_out: int) -> Axis:
        """Return the lengths with this sampling's own scale and roi."""
        return Axis(n_in, n_out, self.scale, self.roi)

    def line(self, n_in: int, n_out: int) -> Line:
        """Return the source coordinates as a line, at these lengths (pixels)."""
        return source_line(self.coordinate, self.axis(n_in, n_out))

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


class Weights(Struct, frozen=True, dict=True):
    """W at one pair of lengths.

    Attributes:
        n_in: input length.
        rows: for each output sample its (input index, weight) pairs, ascending, no zeros.
        outside: output samples that take the extrapolation constant instead.
        positions: source coordinate of each output sample in input pixels; the picked pixel
            for nearest, clamped to the image for linear, the window's centre for area.
    """

    n_in: int
    rows: tuple[Taps, ...]
    outside: frozenset[int]
    positions: tuple[Fraction, ...]

    @property
    def n_out(self) -> int:
        """Output length."""
        return len(self.rows)

    @cached_property
    def is_identity(self) -> bool:
        """Whether the axis is copied."""
        same = all(row == ((i, ONE),) for i, row in enumerate(self.rows))
        return same and self.n_in == len(self.rows) and not self.outside

    def matrix(self) -> "NDArray[np.float64]":
        """Return W as a float64 array of shape (n_out, n_in); constant rows are zero."""
        import numpy as np

        dense = np.zeros((self.n_out, self.n_in))
        for i, row in enumerate(self.rows):
            for j, weight in row:
                dense[i, j] = float(weight)
        return dense


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

    >>> half = Sampling("half_pixel", Linear())
    >>> weights_at(half, 1 << 40, 1 << 41, [0, 2]).rows[1]
    ((0, Fraction(1, 4)), (1, Fraction(3, 4)))
    """
    kernel = sampling.kernel
    if isinstance(kernel, Table):
        raise ValueError("a table is already written out")  # noqa: TRY004 - a wrong value
    if sampling.copies_same_length and n_in == n_out:
        rows: tuple[Taps, ...] = tuple(((i, ONE),) for i in outputs)
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
    return sum((j * weight for j, weight in row), ZERO)


def _line_weights(
    sampling: Sampling,
    kernel: Nearest | Linear | Cubic,
    n_in: int,
    n_out: int,
    outputs: Sequence[int],
) -> Weights:
    axis = sampling.axis(n_in, n_out)
    line = source_line(sampling.coordinate, axis)
    width = stretch(sampling.coordinate, axis)
    shrinking = axis.ratio > 1
    radius = 2 if isinstance(kernel, Cubic) else 1
    stretched = not isinstance(kernel, Nearest) and kernel.antialias
    wide = 4 * radius * math.ceil(width if stretched else 1)  # two steps a weight
    whole = math.lcm(line.step.denominator, line.start.denominator)
    step, start = int(line.step * whole), int(line.start * whole)  # in parts of a pixel
    clamped = isinstance(kernel, Linear) and not kernel.antialias
    cache: dict[int, tuple[WholeTaps, Taps]] = {}
    rows: list[Taps] = []
    positions: list[Fraction] = []
    outside: set[int] = set()
    spend(len(outputs))
    for place, i in enumerate(outputs):
        at = step * i + start
        base, part = divmod(at, whole)
        if sampling.extrapolate and not 0 <= at <= (n_in - 1) * whole:
            outside.add(place)
            rows.append(())
            positions.append(Fraction(at, whole))
            continue
        if isinstance(kernel, Nearest):
            up = step_up(kernel.rounding, part, whole, shrinking=shrinking)
            pixel = min(max(base + up, 0), n_in - 1)
            rows.append(((pixel, ONE),))
            positions.append(Fraction(pixel))
            continue
        known = cache.get(part)
        if known is None:
            spend(wide)
            found = whole_taps(kernel, Fraction(part, whole), width)
            cache[part] = known = found, as_taps(found)
        values, taps = known
        if len(taps) > 8:
            spend(len(taps) // 8)  # a row of a wide kernel is written out tap by tap
        if base + values[0][0] >= 0 and base + values[-1][0] < n_in:
            rows.append(tuple([(base + offset, weight) for offset, weight in taps]))
        else:
            rows.append(_at_border(values, base, n_in, exclude=sampling.exclude_outside))
        at = min(max(at, 0), (n_in - 1) * whole) if clamped else at
        positions.append(Fraction(at, whole))
    return Weights(n_in, tuple(rows), frozenset(outside), tuple(positions))


def _at_border(values: WholeTaps, base: int, n_in: int, *, exclude: bool) -> Taps:
    """Move taps to `base`; beyond the border clamp them, or leave them out and renormalise."""
    if exclude:
        inside = [(base + o, value) for o, value in values if 0 <= base + o < n_in]
        if sum(value for _, value in inside):
            return as_taps(inside)
    merged: dict[int, int] = {}
    for offset, value in values:
        j = min(max(base + offset, 0), n_in - 1)
        merged[j] = merged.get(j, 0) + value
    return tuple([(j, weight) for j, weight in as_taps(sorted(merged.items())) if weight])
