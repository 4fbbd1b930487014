"""The rows of W for a kernel at a line of source coordinates: inside, and beyond the border.

Weights of a kernel with a sine or an exponential are rationals within a bound that is computed
with them: with values V off by at most e each, n of them in a sample and S their sum, a weight
w = V / S is off by at most ``n e (1 + |w|) / (|S| - n e)``. Such a row is proven equal to another
by what it is made of alone, the distances at which the kernel is read; and different where the
weights are further apart than both bounds.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from halfpixel.sampling.coordinate import ONE, ZERO, Line
from halfpixel.sampling.kernel import (
    Border,
    Filter,
    Linear,
    Nearest,
    Smooth,
    Taps,
    WholeTaps,
    as_taps,
    radius_of,
    step_up,
    whole_taps,
)
from halfpixel.sampling.kernels.base import SLACK, Profile
from halfpixel.work import remembered, spend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Beyond(Struct, frozen=True):
    """What is beyond the border; the fields are those of `Sampling`."""

    exclude_outside: bool = False
    border: Border = "clamp"
    extrapolate: bool = False


class Weights(Struct, frozen=True, dict=True):
    """W at one pair of lengths.

    Attributes:
        n_in: input length.
        rows: for each output sample its (input index, weight) pairs, ascending, no zeros.
        outside: output samples that take the extrapolation constant instead.
        positions: source coordinate of each output sample in input pixels; the picked pixel
            for nearest, clamped to the image for linear, the window's centre for area.
        error: by how much a weight may be off at most; 0 where all are exact.
        origins: as for `Rows`; empty where all weights are exact.
        unknown: as for `Rows`.
    """

    n_in: int
    rows: tuple[Taps, ...]
    outside: frozenset[int]
    positions: tuple[Fraction, ...]
    error: Fraction = ZERO
    origins: tuple[object, ...] = ()
    unknown: bool = False

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


def nearest_rows(  # noqa: PLR0913 - what a row hangs on
    kernel: Nearest,
    line: Line,
    n_in: int,
    outputs: Sequence[int],
    beyond: Beyond,
    *,
    shrinking: bool,
) -> Weights:
    """Return the rows of some output samples that read one pixel each."""
    whole, step, start = _in_parts(line)
    rows: list[Taps] = []
    positions: list[Fraction] = []
    outside: set[int] = set()
    spend(len(outputs))
    for place, i in enumerate(outputs):
        at = step * i + start
        if beyond.extrapolate and not 0 <= at <= (n_in - 1) * whole:
            outside.add(place)
            rows.append(())
            positions.append(Fraction(at, whole))
            continue
        base, part = divmod(at, whole)
        up = step_up(kernel.rounding, part, whole, shrinking=shrinking)
        pixel = min(max(base + up, 0), n_in - 1)
        rows.append(((pixel, ONE),))
        positions.append(Fraction(pixel))
    return Weights(n_in, tuple(rows), frozenset(outside), tuple(positions))


def smooth_rows(  # noqa: PLR0913, PLR0917 - what a row hangs on
    kernel: Smooth,
    line: Line,
    width: Fraction,
    n_in: int,
    outputs: Sequence[int],
    beyond: Beyond,
) -> Weights:
    """Return the rows of some output samples that read a kernel at a line of coordinates.

    Args:
        kernel: what is put there.
        line: the source coordinates.
        width: by how much a kernel with antialias is widened.
        n_in: input length.
        outputs: output samples.
        beyond: what is beyond the border.
    """
    whole, step, start = _in_parts(line)
    wide = _steps(kernel, width)
    profile = kernel.profile if isinstance(kernel, Filter) and kernel.profile.bits else None
    clamped = isinstance(kernel, Linear) and not kernel.antialias and beyond.border == "clamp"
    cache: dict[int, tuple[WholeTaps, Taps]] = {}
    rows: list[Taps] = []
    positions: list[Fraction] = []
    outside: set[int] = set()
    origins: list[object] = []
    error = ZERO
    spend(len(outputs))
    for place, i in enumerate(outputs):
        at = step * i + start
        base, part = divmod(at, whole)
        if beyond.extrapolate and not 0 <= at <= (n_in - 1) * whole:
            outside.add(place)
            rows.append(())
            if profile is not None:
                origins.append(None)
            positions.append(Fraction(at, whole))
            continue
        known = cache.get(part)
        if known is None:
            if isinstance(kernel, Filter) and kernel.profile.bits:
                known = _rounded_taps(
                    kernel, Fraction(part, whole), width if kernel.antialias else ONE
                )
            else:
                spend(wide)
                found = whole_taps(kernel, Fraction(part, whole), width)
                known = found, as_taps(found)
            cache[part] = known
        values, taps = known
        if len(taps) > 8:
            spend(len(taps) // 8)  # a row of a wide kernel is written out tap by tap
        if base + values[0][0] >= 0 and base + values[-1][0] < n_in:
            rows.append(tuple([(base + offset, weight) for offset, weight in taps]))
        else:
            rows.append(_at_border(values, base, n_in, beyond))
        if profile is not None:
            frac, unit = Fraction(part, whole), width if kernel.antialias else ONE
            origin, off = _rounded(profile, values, _Place(frac, unit, base), n_in, beyond)
            origins.append(origin)
            error = max(error, off)
        at = min(max(at, 0), (n_in - 1) * whole) if clamped else at
        positions.append(Fraction(at, whole))
    found_at = tuple(positions)
    return Weights(n_in, tuple(rows), frozenset(outside), found_at, error, tuple(origins))


def _steps(kernel: Smooth, width: Fraction) -> int:
    """Return the steps of work that the taps of one output sample cost: 2 a weight."""
    return math.ceil(4 * radius_of(kernel) * (width if kernel.antialias else 1))


@remembered(1024)
def _rounded_taps(kernel: Filter, frac: Fraction, width: Fraction) -> tuple[WholeTaps, Taps]:
    """Return the taps of a kernel whose values are rounded, in whole numbers and as weights.

    Calls of many libraries have the same few such kernels at the same few fractions of a pixel.
    """
    spend(kernel.profile.cost * _steps(kernel, width))
    found = whole_taps(kernel, frac, width)
    return found, as_taps(found)


def _in_parts(line: Line) -> tuple[int, int, int]:
    """Return a line in parts of a pixel: how many these are, its step and its start."""
    whole = math.lcm(line.step.denominator, line.start.denominator)
    return whole, int(line.step * whole), int(line.start * whole)


def fold(index: int, n_in: int, border: Border) -> int | None:
    """Return the pixel that stands for one beyond the border; None for nothing.

    >>> [fold(j, 3, "symmetric") for j in range(-3, 6)]
    [2, 1, 0, 0, 1, 2, 2, 1, 0]
    >>> [fold(j, 3, "mirror") for j in range(-3, 6)]
    [1, 2, 1, 0, 1, 2, 1, 0, 1]
    """
    if 0 <= index < n_in:
        return index
    match border:
        case "clamp":
            return min(max(index, 0), n_in - 1)
        case "symmetric":
            return min(index % (2 * n_in), (-1 - index) % (2 * n_in))
        case "mirror":
            turn = max(2 * n_in - 2, 1)
            return min(index % turn, -index % turn)
        case "wrap":
            return index % n_in
        case "zero":
            return None


def _at_border(values: WholeTaps, base: int, n_in: int, beyond: Beyond) -> Taps:
    """Move taps to `base`; beyond the border fold them, or leave them out and renormalise."""
    if beyond.exclude_outside:
        inside = [(base + o, value) for o, value in values if 0 <= base + o < n_in]
        if sum(value for _, value in inside):
            return as_taps(inside)
    merged: dict[int, int] = {}
    total = 0
    for offset, value in values:
        total += value
        j = fold(base + offset, n_in, beyond.border)
        if j is not None:
            merged[j] = merged.get(j, 0) + value
    row = [(j, Fraction(value, total)) for j, value in sorted(merged.items())]
    return tuple([(j, weight) for j, weight in row if weight])


class _Place(Struct, frozen=True):
    """Where a kernel is put: the pixel before it, the fraction behind that, and its unit."""

    frac: Fraction
    unit: Fraction
    base: int


def _rounded(
    profile: Profile, values: WholeTaps, place: _Place, n_in: int, beyond: Beyond
) -> tuple[object, Fraction]:
    """Return what a row of rounded weights is made of, and by how much they may be off.

    A row of one weight is exact, as is one of equal distances, whatever the kernel's values are:
    (None, 0). Distances are whole numbers of the largest part that all of them have.
    """
    inside = [(o, v) for o, v in values if 0 <= place.base + o < n_in]
    left_out = beyond.exclude_outside and sum(value for _, value in inside) != 0
    kept = inside if left_out else values
    whole, at = place.frac.denominator, place.frac.numerator
    distances = [abs(offset * whole - at) * place.unit.denominator for offset, _ in kept]
    part = math.gcd(whole * place.unit.numerator, *distances)
    made: dict[int, list[int]] = {}
    sums: dict[int, int] = {}
    for (offset, value), distance in zip(kept, distances, strict=True):
        j = fold(place.base + offset, n_in, beyond.border)
        j = -1 if j is None else j
        made.setdefault(j, []).append(distance // part)
        sums[j] = sums.get(j, 0) + value
    parts = tuple((j, tuple(sorted(found))) for j, found in sorted(made.items()))
    if len({found for _, found in parts}) == 1:
        return None, ZERO
    total, off = abs(sum(sums.values())), len(kept) * SLACK
    most = max(map(abs, sums.values()), default=0)
    bound = Fraction(off * (total + most), total * (total - off)) if total > off else ONE
    return (profile, whole * place.unit.numerator // part, parts), bound
