"""A resize as other operators, in exact rationals: what each of them computes, and its cost.

=========== ================================ =========================================
lowering    what it computes along an axis    the resizes that it serves
=========== ================================ =========================================
matmul      W itself, a constant              any, at lengths that are known
gather      one input sample an output        rows of W with a single tap of weight 1
conv        edge samples repeated, a          linear and cubic on half pixels (or
            transposed convolution of         asymmetric), enlarged by a whole factor, at
            stride f, and a cut               every length
gridsample  a kernel at given coordinates,    nearest, linear and cubic (a = -0.75) with
            the border repeated               the border repeated, at lengths that are known
=========== ================================ =========================================

Each form can write out the matrix that it computes, so that it is compared with the resize
before it is offered. Source for the transposed convolution: V. Dumoulin and F. Visin, "A
guide to convolution arithmetic for deep learning", 2016, section 4.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct

from halfpixel.sampling.axis import Sampling, weights_at
from halfpixel.sampling.coordinate import ONE
from halfpixel.sampling.kernel import Cubic, Linear, Nearest, Table, Taps, smooth_taps
from halfpixel.sampling.kernels.rows import Weights
from halfpixel.sampling.pixels import runtime_pixels, torch_pixels
from halfpixel.work import spend

Lowering = Literal["matmul", "conv", "gridsample", "gather"]
LOWERINGS: Final[tuple[Lowering, ...]] = ("matmul", "conv", "gridsample", "gather")

LARGEST_FACTOR: Final = 64
"""Largest whole factor for which a transposed convolution is offered."""

MIDDLE: Final = 64
"""Rows of a matrix among which the widest is looked for."""

GRID_CUBIC: Final = Fraction(-3, 4)


def meant_weights(sampling: Sampling, n_in: int, n_out: int) -> Weights:
    """Return W; for nearest, the pixels that are read in float32: PyTorch's, else the runtime's.

    Args:
        sampling: one axis.
        n_in: input length.
        n_out: output length.

    >>> [row[0][0] for row in meant_weights(Sampling("asymmetric", Nearest()), 14, 2).rows]
    [0, 7]
    """
    kept = sampling.copies_same_length and n_in == n_out
    pixels = None
    if not kept and isinstance(sampling.kernel, Nearest):
        pixels = torch_pixels(sampling, n_in, n_out) or runtime_pixels(sampling, n_in, n_out)
    if pixels is None:
        return sampling.weights(n_in, n_out)
    rows = tuple(((j, ONE),) for j in pixels)
    return Weights(n_in, rows, frozenset(), tuple(map(Fraction, pixels)))


def single_taps(weights: Weights) -> tuple[int, ...] | None:
    """Return the input sample that each output sample is, where it is one.

    >>> single_taps(Sampling("asymmetric", Nearest()).weights(2, 4))
    (0, 0, 1, 1)
    """
    if weights.outside or not all(len(row) == 1 and row[0][1] == 1 for row in weights.rows):
        return None
    return tuple(row[0][0] for row in weights.rows)


class Transposed(Struct, frozen=True):
    """Edge samples repeated, a transposed convolution, and a cut: one axis.

    Attributes:
        factor: stride, the whole number of output samples an input sample.
        pad: samples that are repeated at either end.
        taps: the convolution's kernel.
        begin: samples cut at the start.
        end: samples cut at the end.
    """

    factor: int
    pad: int
    taps: tuple[Fraction, ...]
    begin: int
    end: int

    def rows(self, n_in: int) -> tuple[Taps, ...]:
        """Return W as these operators compute it, for an input of `n_in` samples."""
        length = (n_in + 2 * self.pad - 1) * self.factor + len(self.taps)
        out: list[dict[int, Fraction]] = [{} for _ in range(length)]
        for place in range(n_in + 2 * self.pad):
            j = min(max(place - self.pad, 0), n_in - 1)
            for m, tap in enumerate(self.taps):
                row = out[place * self.factor + m]
                row[j] = row.get(j, Fraction(0)) + tap
        kept = out[self.begin : length - self.end]
        return tuple(tuple((j, w) for j, w in sorted(row.items()) if w) for row in kept)


def transposed(sampling: Sampling, factor: int) -> Transposed | None:
    """Return the transposed convolution that a sampling is at a whole factor, else None.

    Args:
        sampling: one axis, whose coordinates are those of the factor at every length.
        factor: output samples an input sample.

    >>> transposed(Sampling("half_pixel", Linear()), 2).taps
    (Fraction(1, 4), Fraction(3, 4), Fraction(3, 4), Fraction(1, 4))
    """
    kernel = sampling.kernel
    smooth = isinstance(kernel, Linear | Cubic)
    steady = sampling.coordinate in {"half_pixel", "asymmetric", "pytorch_half_pixel"}
    if not smooth or not steady or not 2 <= factor <= LARGEST_FACTOR or sampling.extrapolate:
        return None
    if sampling.scale not in {None, Fraction(factor)}:
        return None
    pad = 1 if isinstance(kernel, Linear) else 2
    length = 4 * pad + 3
    column = length // 2
    entries = {
        i - factor * column: weight
        for i, row in enumerate(sampling.weights(length, length * factor).rows)
        for j, weight in row
        if j == column
    }
    first, last = min(entries), max(entries)
    taps = tuple(entries.get(m, Fraction(0)) for m in range(first, last + 1))
    begin = factor * pad - first
    whole = (length + 2 * pad - 1) * factor + len(taps)
    found = Transposed(factor, pad, taps, begin, whole - length * factor - begin)
    lengths = range(1, length + 1)  # from 4 pad + 2 on the two borders are apart: it repeats
    proven = all(found.rows(n) == sampling.weights(n, n * factor).rows for n in lengths)
    return found if proven and found.begin >= 0 and found.end >= 0 else None


def whole_factor(n_in: int | None, n_out: int | None, scale: Fraction | None) -> int | None:
    """Return the whole factor of an axis, or None where it has none.

    >>> whole_factor(5, 10, None), whole_factor(None, None, Fraction(3, 2))
    (2, None)
    """
    if scale is not None:
        ratio = scale
    elif n_in is not None and n_out is not None:
        ratio = Fraction(n_out, n_in)
    else:
        return None
    return int(ratio) if ratio.denominator == 1 and ratio >= 1 else None


def grid_positions(sampling: Sampling, n_in: int, n_out: int) -> tuple[Fraction, ...] | None:
    """Return the coordinates at which GridSample with a repeated border is this sampling.

    Args:
        sampling: one axis.
        n_in: input length.
        n_out: output length.

    Returns:
        Source coordinates in input pixels, or None where GridSample has other weights.
    """
    weights = meant_weights(sampling, n_in, n_out)
    pixels = single_taps(weights)
    if isinstance(sampling.kernel, Nearest):
        return None if pixels is None else tuple(map(Fraction, pixels))
    if sampling.extrapolate or not isinstance(sampling.kernel, Linear | Cubic):
        return None
    positions = weights.positions
    if weights.is_identity:
        positions = tuple(map(Fraction, range(n_in)))
    rows = grid_rows(sampling.kernel, positions, n_in)
    return positions if rows == weights.rows else None


def grid_rows(
    kernel: Linear | Cubic, positions: Sequence[Fraction], n_in: int
) -> tuple[Taps, ...] | None:
    """Return the weights of GridSample along one axis, the border repeated.

    Source: PyTorch `aten/src/ATen/native/GridSampler.h`: linear clamps the coordinate, cubic
    (a = -0.75) clamps the index of each of its four samples.
    """
    if isinstance(kernel, Cubic) and kernel.a != GRID_CUBIC:
        return None
    plain: Linear | Cubic = Linear() if isinstance(kernel, Linear) else Cubic(GRID_CUBIC)
    spend(2 * len(positions))
    rows: list[Taps] = []
    for x in positions:
        base = math.floor(x)
        row: dict[int, Fraction] = {}
        for offset, weight in smooth_taps(plain, x - base, ONE):
            j = min(max(base + offset, 0), n_in - 1)
            row[j] = row.get(j, Fraction(0)) + weight
        rows.append(tuple((j, w) for j, w in sorted(row.items()) if w))
    return tuple(rows)


class Cost(Struct, frozen=True):
    """What an operator costs for one channel of one image.

    Attributes:
        multiply_adds: products that are added up.
        bytes: constants and intermediate tensors that it reads or writes, 4 bytes a number.
    """

    multiply_adds: int
    bytes: int


Axes = Sequence[tuple[Sampling, int, int]]
"""(sampling, input length, output length) of every axis that is resampled."""


def cost(axes: Axes, lowering: Lowering | None) -> Cost:
    """Return what a resize costs, as one operator (None) or lowered.

    >>> up = [(Sampling("half_pixel", Linear()), 4, 8)] * 2
    >>> cost(up, None), cost(up, "matmul")
    (Cost(multiply_adds=256, bytes=320), Cost(multiply_adds=384, bytes=832))
    """
    n_in = math.prod(n for _, n, _ in axes)
    n_out = math.prod(m for _, _, m in axes)
    taps = math.prod(_most_taps(s, n, m) for s, n, m in axes)
    match lowering:
        case None:
            return Cost(taps * n_out, 4 * (n_in + n_out))
        case "gridsample":
            return Cost(taps * n_out, 4 * (n_in + n_out + len(axes) * n_out))
        case "gather":
            return Cost(0, _in_turn(axes, 0)[1] + sum(8 * m for _, _, m in axes))
        case "matmul":
            products, moved = _in_turn(axes, 1)
            return Cost(products, moved + sum(4 * n * m for _, n, m in axes))
        case "conv":
            return _conv_cost(axes)


def _in_turn(axes: Axes, weight: int) -> tuple[int, int]:
    """Return products and bytes of one step an axis, the cheapest first."""
    lengths = [n for _, n, _ in axes]
    products = moved = 0
    for place in in_order([(n, m) for _, n, m in axes]):
        _, n, m = axes[place]
        before = math.prod(lengths)
        lengths[place] = m
        products += weight * n * math.prod(lengths)
        moved += 4 * (before + math.prod(lengths))
    return products, moved


def in_order(lengths: Sequence[tuple[int, int]]) -> list[int]:
    """Return places of (input, output) lengths, those that shrink most first: fewest products.

    >>> in_order([(4, 8), (4, 2), (4, 4)])
    [1, 2, 0]
    """
    return sorted(range(len(lengths)), key=lambda k: Fraction(lengths[k][1], lengths[k][0]))


def _conv_cost(axes: Axes) -> Cost:
    padded = products = kernel = full = 1
    for sampling, n, m in axes:
        form = transposed(sampling, m // n)
        pad, taps = (form.pad, len(form.taps)) if form is not None else (0, 1)
        padded *= n + 2 * pad
        kernel *= taps
        full *= (n + 2 * pad - 1) * (m // n) + taps
    products = padded * kernel
    n_in, n_out = math.prod(n for _, n, _ in axes), math.prod(m for _, _, m in axes)
    return Cost(products, 4 * (n_in + 2 * padded + kernel + n_out))


def _most_taps(sampling: Sampling, n_in: int, n_out: int) -> int:
    if isinstance(sampling.kernel, Table):
        rows = sampling.weights(n_in, n_out).rows
    else:
        middle = [i * (n_out - 1) // MIDDLE for i in range(MIDDLE + 1)]
        rows = weights_at(sampling, n_in, n_out, sorted({*range(min(n_out, MIDDLE)), *middle})).rows
    return max((len(row) for row in rows), default=1)
