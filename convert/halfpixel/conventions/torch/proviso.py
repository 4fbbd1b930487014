"""At which lengths a PyTorch call computes what a node computes, and whether it ever does.

Equal weights are what both say; what PyTorch's kernels make of the call at these lengths has to be
the same, too. Where lengths are free, a call that is right at most of them is claimed with the
lengths at which it is; one that is wrong at ordinary lengths is not claimed.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.torch.faults import first_shortcut, repeats_first_row, shortcut
from halfpixel.conventions.torch.interpolate import Interpolate
from halfpixel.sampling import Linear, Resize, Sampling, Table, compare
from halfpixel.sampling.arithmetic import float32, output_length_float32, output_length_float64
from halfpixel.sampling.coordinate import ONE
from halfpixel.sampling.pixels import LONGEST, runtime_pixels, torch_pixels
from halfpixel.sampling.resize import compare_resize, surely_differ
from halfpixel.work import remembered

Lengths = tuple[int | None, ...]

TRIED_TO: Final = 2048
"""Input lengths that are tried where a factor is rounded, and none is known."""

LEAST: Final = 16
"""A call that goes wrong at an input length below this one is not claimed."""

NO_SINGLE: Final = "no output length is 1"
NO_COLUMN: Final = "the output is wider than 1"
NO_BOUNDARY: Final = "float32 moves no pixel over a rounding boundary"


class Place(Struct, frozen=True):
    """A node's resize, where it stands.

    Attributes:
        resize: what the node computes.
        ins: known input lengths one an axis, None each where unknown.
        outs: output lengths, likewise.
        kept: axes that are known to stay as they are, whatever their length is.
    """

    resize: Resize
    ins: Lengths
    outs: Lengths
    kept: frozenset[int] = frozenset()


def stays(place: Place) -> str | None:
    """Return which axes a call leaves alone that may change, in words; None where one does."""
    moved = {axis for axis, _ in place.resize.axes}
    may: list[str] = []
    for axis, (n_in, n_out) in enumerate(zip(place.ins, place.outs, strict=True)):
        if axis in moved or axis in place.kept:
            continue
        if n_in is None or n_out is None:
            may.append(str(axis))
        elif n_in != n_out:
            return None
    if len(may) > 1:
        return f"axes {', '.join(may)} stay"
    return f"axis {may[0]} stays" if may else ""


def provisos(
    call: Interpolate, axes: Sequence[int], meant: Resize, place: Place
) -> tuple[str, ...] | None:
    """Return what must hold of the lengths for a call to be a node; None where it is not.

    Args:
        call: the call, by size or with factors.
        axes: the axes of the tensor that are spatial in the call, in its order.
        meant: what the call says, on these axes.
        place: the node.
    """
    found: list[str] = []
    resize = place.resize
    meant = shortcut(meant, (place.ins, place.outs), call.version)
    if not _equal(meant, place):
        centred = replace(place, resize=_centred(resize))
        open_end = any(place.outs[axis] is None for axis, _ in resize.axes)
        if centred.resize == resize or not open_end or not _equal(meant, centred):
            return None
        found.append(NO_SINGLE)
    if call.family.startswith("nearest") and not _tables_blend(resize):
        pixels = _pixels(call, axes, meant, place)
        if pixels is None:
            return None
        found += pixels
    if call.antialias and None in {place.outs[axis] for axis in axes[-1:]}:
        found.append(NO_COLUMN)
    limit = min(_limits(call, axes, place), default=None)
    if limit is not None:
        if limit < LEAST:
            return None
        found.append(f"input lengths are below {limit}")
    return tuple(dict.fromkeys(found))


def turned(call: Interpolate, axes: Sequence[int], place: Place) -> bool:
    """Whether a call has to be made on the transposed image, for its kernel's sake."""
    if not call.antialias or len(axes) != 2:
        return False
    ends = ((1, 1, *(lengths[axis] for axis in axes)) for lengths in (place.ins, place.outs))
    return place.outs[axes[0]] != 1 and repeats_first_row(*ends)


def _centred(resize: Resize) -> Resize:
    """Return a resize as it is wherever more than one sample comes out."""
    axes = (
        (axis, replace(s, coordinate="half_pixel") if s.coordinate == "pytorch_half_pixel" else s)
        for axis, s in resize.axes
    )
    return replace(resize, axes=tuple(axes))


def _tables_blend(resize: Resize) -> bool:
    kernels = [s.kernel for _, s in resize.axes if isinstance(s.kernel, Table)]
    return any(len(row) > 1 for kernel in kernels for row in kernel.rows)


def _equal(meant: Resize, place: Place) -> bool:
    resize = place.resize
    copied = tuple(
        (axis, sampling)
        for axis, sampling in meant.axes
        if resize.sampling(axis) is not None or not _copies(sampling, place.ins[axis])
    )
    if surely_differ(Resize(copied), resize, place.ins, place.outs):
        return False
    verdict = compare_resize(Resize(copied), resize, place.ins, place.outs)
    if any(isinstance(sampling.kernel, Table) for _, sampling in resize.axes):
        return verdict.negligible  # the weights of a table were rounded to float32
    return verdict.equal


def _copies(sampling: Sampling, length: int | None) -> bool:
    """Whether an axis whose length stays the same is copied by this sampling."""
    if sampling.scale is not None and sampling.scale != ONE:
        return False
    copy = Sampling("asymmetric", Linear(), ONE)
    if length is None:
        return sampling.coordinate in {"half_pixel", "align_corners", "asymmetric"}
    return compare(sampling, copy, length, length).equal


def _pixels(
    call: Interpolate, axes: Sequence[int], meant: Resize, place: Place
) -> list[str] | None:
    """Return when PyTorch's own arithmetic reads the pixels of the node, or of its runtime.

    None where it reads others: at the lengths that are known, or at ordinary ones.
    """
    found: list[str] = []
    exact = run = True
    for k, axis in enumerate(axes):
        one, there = place.resize.sampling(axis), meant.sampling(axis)
        if one is None or there is None:
            continue
        n_in, n_out = place.ins[axis], place.outs[axis]
        if n_in is not None and n_out is not None:
            if max(n_in, n_out) > LONGEST:
                found += [NO_BOUNDARY] * (not _doubles(there, n_in, n_out))
                continue
            pixels = torch_pixels(there, n_in, n_out)
            exact &= pixels == _read(one, n_in, n_out) == _read(_as_written(one), n_in, n_out)
            run &= pixels == runtime_pixels(one, n_in, n_out)
        elif there.scale is None or call.scale_factor is None:
            found.append(NO_BOUNDARY)
        else:
            other = tuple(place.outs[a] or 1 for a in axes if a != axis)
            least = other[0] if call.family == "nearest" and len(other) == 1 else None
            if least and first_shortcut(call.scale_factor[k], least) is not None:
                return None
            limit = _misread(there, one)
            if limit is not None and limit < LEAST:
                return None
            found += [] if limit is None else [f"input lengths are below {limit}"]
    return found if exact or run else None


def _doubles(sampling: Sampling, n_in: int, n_out: int) -> bool:
    """Whether the step is a power of two, which float32 never rounds."""
    return _is_power(sampling.axis(n_in, n_out).ratio)


def _is_power(step: Fraction) -> bool:
    return step.numerator.bit_count() == step.denominator.bit_count() == 1


def _as_written(sampling: Sampling) -> Sampling:
    """Return a sampling by the float32 that a file holds: what the specification computes with."""
    if sampling.scale is None:
        return sampling
    return replace(sampling, scale=Fraction(float32(float(sampling.scale))))


def _read(sampling: Sampling, n_in: int, n_out: int) -> tuple[int, ...] | None:
    rows = sampling.weights(n_in, n_out).rows
    single = all(len(row) == 1 for row in rows)
    return tuple(row[0][0] for row in rows) if single else None


@remembered(256)
def _misread(there: Sampling, one: Sampling) -> int | None:
    """Return the first input length at which PyTorch reads a pixel that nobody else does."""
    scale = there.scale
    if scale is None or _is_power(scale):
        return None
    n_out = TRIED_TO
    n_in = int(n_out / scale) + 2
    if max(n_in, n_out) > LONGEST:
        n_in, n_out = LONGEST, max(1, int((LONGEST - 1) * scale))
    pixels = torch_pixels(there, n_in, n_out)
    exact, real = (_read(sampling, n_in, n_out) for sampling in (one, _as_written(one)))
    run = runtime_pixels(one, n_in, n_out)
    for i, pixel in enumerate(pixels or ()):
        known = {exact[i]} if exact and real and exact[i] == real[i] else set[int]()
        known |= {run[i]} if run else set[int]()
        if pixel not in known:
            return int((i + 1) / scale)
    return None


def _limits(call: Interpolate, axes: Sequence[int], place: Place) -> Iterator[int]:
    """Yield the first input length at which a factor gives PyTorch another output length."""
    if call.scale_factor is None:
        return
    for axis, factor in zip(axes, call.scale_factor, strict=True):
        if place.ins[axis] is None or place.outs[axis] is None:
            limit = first_miss(factor)
            if limit is not None:
                yield limit


@lru_cache(maxsize=256)
def first_miss(factor: float) -> int | None:
    """Return the first input length that a factor takes to an output length of its own.

    PyTorch multiplies the double; a file has it as a float32, which onnxruntime multiplies in
    float32 and the specification in real numbers. None where they agree as far as is looked.

    >>> first_miss(1.5), first_miss(1.3)
    (None, 90)
    """
    single = float32(factor)
    if single == factor and Fraction(factor).denominator.bit_length() < 12:
        return None
    real = Fraction(single)
    for n in range(1, TRIED_TO + 1):
        there = output_length_float64(n, factor)
        if there not in {output_length_float32(n, single), n * real.numerator // real.denominator}:
            return n
    return None
