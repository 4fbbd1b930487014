"""What can be drawn: every operator that resamples, as where its output samples read.

A resize is drawn along its axes. What samples at coordinates that are data, or by a kernel that is,
is drawn for data that a reader knows: the grid of values from -1 to 1, a box, a symmetric kernel.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.origin import Operator
from halfpixel.report.pictures.reads import Border, Reads, reads
from halfpixel.sampling import (
    AffineGrid,
    AffineSample,
    ConvTranspose,
    CropResize,
    DepthToSpace,
    GridSample,
    Linear,
    Nearest,
    Resample,
    Resize,
    RoiAlign,
    Sampling,
)
from halfpixel.sampling.coordinate import HALF, ONE, ZERO
from halfpixel.sampling.kernel import Taps, smooth_taps

Pair = tuple[int, int]
"""Input length and output length of one axis."""

VALUES: Final = tuple(Fraction(k, 2) for k in range(-2, 3))
"""Coordinates of a grid that are drawn: the ends, the middle and what lies half way."""

PADDINGS: Final[dict[str, Border]] = {
    "zeros": "zeros", "border": "clamp", "reflection": "reflect",
}  # fmt: skip


LONGEST: Final = 1 << 12
"""Pixels, or samples, of an axis that is drawn: files say any number."""

OWN: Final = "its own"
"""The kernel of a transposed convolution, whose weights are data."""


class Drawing(Struct, frozen=True):
    """What is drawn of an operator.

    Attributes:
        axes: where the samples of each spatial axis read, height before width.
        about: a line on what was chosen for the picture, where the operator leaves it to data.
        value: the constant that samples outside take.
    samplings: of a resize, what is computed along each axis.
    """

    axes: tuple[Reads, ...]
    about: str = ""
    value: float = 0.0
    samplings: tuple[Sampling | None, ...] = ()


Drawable = Sampling | Sequence[Sampling | None] | Operator | Drawing
"""A sampling (of every axis alike), one sampling an axis (None copies it), or an operator; or what
is drawn of one already."""


def drawing(  # noqa: C901, PLR0911 - a case an operator
    operator: Drawable, lengths: Sequence[Pair]
) -> Drawing:
    """Return what is drawn of an operator at lengths.

    Args:
        operator: what is drawn.
        lengths: (input length, output length) of each spatial axis that is drawn, height before
            width. An operator whose output lengths are its own, or data, has them from there.

    Raises:
        ValueError: a length is below 1 or above `LONGEST`, or a table was made for other lengths.

    >>> half = Sampling("half_pixel", Linear())
    >>> [axis.n_out for axis in drawing(half, [(4, 8), (5, 10)]).axes]
    [8, 10]
    """
    for n in (n for pair in lengths for n in pair):
        _bounded(n)
    match operator:
        case Drawing():
            return operator
        case Sampling():
            return _resize([operator] * len(lengths), lengths)
        case Resize():
            spatial = [sampling for _, sampling in operator.axes]
            spatial = spatial[:1] * (len(lengths) - len(spatial)) + spatial
            return _resize(spatial[-len(lengths) :], lengths, operator.extrapolation_value)
        case GridSample() | Resample():
            return _grid(operator, lengths)
        case AffineSample():
            return _grid(operator.sample, lengths)
        case AffineGrid():
            return _affine_grid(operator, lengths)
        case RoiAlign():
            return _roi_align(operator, lengths)
        case CropResize():
            return _crop(operator, lengths)
        case ConvTranspose():
            return _conv_transpose(operator, lengths)
        case DepthToSpace():
            copies = Sampling("asymmetric", Nearest(), Fraction(operator.block))
            axes = tuple(reads(copies, n, _bounded(n * operator.block)) for n, _ in lengths)
            half = tuple(
                replace(one, places=tuple((i + HALF) * one.step - HALF for i in range(one.n_out)))
                for one in axes
            )
            return Drawing(half, "each sample is a channel of the pixel that it lies in")
        case _:
            return _resize(operator, lengths)


def _bounded(count: int) -> int:
    if not 1 <= count <= LONGEST:
        raise ValueError(f"{count} pixels: a picture has 1 to {LONGEST} along an axis")
    return count


def _resize(
    samplings: Sequence[Sampling | None], lengths: Sequence[Pair], value: float = 0.0
) -> Drawing:
    axes = zip(samplings, lengths, strict=True)
    drawn = tuple(reads(sampling, *pair) for sampling, pair in axes)
    return Drawing(drawn, value=value, samplings=tuple(samplings))


def linear_row(place: Fraction, n_in: int, border: Border) -> Taps:
    """Return what a linear sample reads along one axis.

    >>> linear_row(Fraction(-1, 2), 4, "zeros"), linear_row(Fraction(-1, 2), 4, "clamp")
    (((0, Fraction(1, 2)),), ((0, Fraction(1, 1)),))
    """
    if border == "constant" and not 0 <= place <= n_in - 1:
        return ()
    if border != "zeros":
        place = min(max(place, ZERO), Fraction(n_in - 1))
    base = place.numerator // place.denominator
    taps = smooth_taps(Linear(), place - base, ONE)
    return tuple((base + k, weight) for k, weight in taps if 0 <= base + k < n_in)


def turned(place: Fraction, low: Fraction, high: Fraction) -> Fraction:
    """Return a place that is reflected into [low, high].

    >>> turned(Fraction(-3, 4), -HALF, Fraction(7, 2))
    Fraction(-1, 4)
    """
    span = high - low
    if not span:
        return low
    away = abs(place - low)
    turns, rest = divmod(away, span)
    return low + rest if turns % 2 == 0 else high - rest


def _sampled(mode: str, border: Border, place: Fraction, n_in: int, turn: Fraction) -> Taps:
    """Return what one coordinate of a grid reads; a reflection turns at -turn and n - 1 + turn."""
    if border == "reflect":
        place, border = turned(place, -turn, n_in - 1 + turn), "clamp"
    if mode != "nearest":
        return linear_row(place, n_in, border)
    pixel = round(place)
    if border in {"zeros", "constant"} and not 0 <= pixel < n_in:
        return ()
    return ((min(max(pixel, 0), n_in - 1), ONE),)


def _grid(operator: GridSample | Resample, lengths: Sequence[Pair]) -> Drawing:
    """Draw the values from -1 to 1 along each axis, or the pixels that unnormalised ones name."""
    mirrored = operator.padding == "symmetric" or not operator.align_corners
    turn = HALF if operator.padding in {"reflection", "symmetric"} and mirrored else ZERO
    if isinstance(operator, Resample) and operator.padding == "reflection":
        turn = ZERO
    border: Border = PADDINGS.get(operator.padding, "reflect")
    border = "constant" if operator.padding == "constant" else border
    values, said = VALUES, "\N{MINUS SIGN}1 to 1"
    if isinstance(operator, Resample) and operator.coordinates == "normalized_zero_to_one":
        values, said = tuple((g + 1) / 2 for g in VALUES), "0 to 1"
    axes: list[Reads] = []
    for n_in, _ in lengths:
        in_pixels = isinstance(operator, Resample) and operator.coordinates == "unnormalized"
        if in_pixels:
            values, said = tuple(map(Fraction, range(n_in))), f"0 to {n_in - 1}"
        places = tuple(operator.source_coordinate(g, n_in) for g in values)
        rows = tuple(_sampled(operator.mode, border, place, n_in, turn) for place in places)
        step = abs(places[1] - places[0]) if len(places) > 1 else ONE
        names = tuple(f"{float(g):g}".replace("-", "\N{MINUS SIGN}") for g in values)
        ends = None if in_pixels else (min(places), max(places))
        axes.append(Reads(n_in, places, step, operator.mode, border, rows, names, ends=ends))
    constant = operator.value if isinstance(operator, Resample) else 0.0
    return Drawing(tuple(axes), f"drawn for the grid values {said} along each axis", constant)


def _affine_grid(operator: AffineGrid, lengths: Sequence[Pair]) -> Drawing:
    """Draw the base of a grid on an image whose outer edges are -1 and 1."""
    read = GridSample("linear", "border", align_corners=False)
    axes: list[Reads] = []
    for n_in, n_out in lengths:
        base = [Fraction(float(g)).limit_denominator(1 << 12) for g in operator.base(n_out)]
        places = tuple(read.source_coordinate(g, n_in) for g in base)
        rows = tuple(linear_row(place, n_in, "clamp") for place in places)
        step = places[1] - places[0] if n_out > 1 else Fraction(n_in)
        axes.append(Reads(n_in, places, step, "linear", "clamp", rows))
    about = "drawn for base coordinates without a turn or a shift, read with align_corners=False"
    return Drawing(tuple(axes), about)


def _roi_align(operator: RoiAlign, lengths: Sequence[Pair]) -> Drawing:
    """Draw a box from 1 to n - 1, in input pixels."""
    shift = HALF if operator.aligned else ZERO
    axes: list[Reads] = []
    for (n_in, _), bins in zip(lengths, operator.output[-len(lengths) :], strict=True):
        start, extent = ONE - shift, Fraction(max(n_in - 2, 1))
        side = extent / _bounded(bins)
        count = operator.sampling_ratio or max(
            -(-extent.numerator // (extent.denominator * bins)), 1
        )
        _bounded(bins * count)
        places = tuple(
            start + side * p + (s + HALF) * side / count for p in range(bins) for s in range(count)
        )
        rows = tuple(linear_row(place, n_in, "clamp") for place in places)
        axes.append(Reads(n_in, places, side / count, "linear", "clamp", rows, bins=count))
    ends = " and ".join(f"1 to {max(n - 1, 2)}" for n in dict.fromkeys(n for n, _ in lengths))
    return Drawing(tuple(axes), f"drawn for a box from {ends}, in input pixels")


def _crop(operator: CropResize, lengths: Sequence[Pair]) -> Drawing:
    """Draw a box from the centre of pixel 1 to that of pixel n - 2."""
    axes: list[Reads] = []
    for (n_in, _), count in zip(lengths, operator.output[-len(lengths) :], strict=True):
        start, end = 1.0, float(max(n_in - 2, 1))
        found = operator.positions(start, end, _bounded(count))
        places = tuple(Fraction(float(x)).limit_denominator(1 << 12) for x in found)
        picked = operator.mode == "nearest"
        rows = tuple(
            ((int(place + HALF), ONE),) if picked else linear_row(place, n_in, "constant")
            for place in places
        )
        step = abs(places[1] - places[0]) if count > 1 else Fraction(end - start + 1)
        axes.append(Reads(n_in, places, step or ONE, operator.mode, "constant", rows))
    about = "drawn for a box from the centre of pixel 1 to that of the last but one"
    return Drawing(tuple(axes), about, operator.pad_value or 0.0)


def _conv_transpose(operator: ConvTranspose, lengths: Sequence[Pair]) -> Drawing:
    """Draw where the middle of a symmetric kernel lies: output i is at stride j there."""
    axes: list[Reads] = []
    first = len(operator.strides) - len(lengths)
    for number, (n_in, _) in enumerate(lengths, max(first, 0)):
        axis = min(number, len(operator.strides) - 1)
        n_out, begin, _ = operator.cut(axis, n_in)
        middle, stride = Fraction(operator.reach(axis) - 1, 2), operator.strides[axis]
        _bounded(stride)
        places = tuple((i + begin - middle) / stride for i in range(_bounded(n_out)))
        rows = tuple(linear_row(place, n_in, "zeros") for place in places)
        kernel = "linear" if operator.linear else OWN
        axes.append(Reads(n_in, places, Fraction(1, stride), kernel, "zeros", rows))
    return Drawing(tuple(axes), "" if operator.linear else "drawn for a symmetric kernel")
