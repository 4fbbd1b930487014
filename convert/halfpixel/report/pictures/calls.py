"""What a call computes, as it is drawn: of any convention, of PyTorch's samplers and ATen's."""

from collections.abc import Sequence
from fractions import Fraction

from msgspec import Struct

from halfpixel.checking.called import ATEN, aten_reading, call_of, reading_of
from halfpixel.checking.samplers import sampler_of
from halfpixel.checking.sampling_words import EXAMPLE_LENGTH, example_input
from halfpixel.conventions.python_call import PythonCall, parse
from halfpixel.conventions.torch.sampler_call import MeanPool
from halfpixel.errors import ConventionError, UsageError
from halfpixel.report.pictures.drawable import Drawable, Drawing, Pair
from halfpixel.report.pictures.reads import Reads
from halfpixel.sampling import (
    AffineGrid,
    ConvTranspose,
    DepthToSpace,
    GridSample,
    RoiAlign,
    Sampling,
)


class Called(Struct, frozen=True):
    """What a call is, as it is drawn.

    Attributes:
        name: what is called.
        text: the call.
        operator: what it computes at the lengths.
        lengths: (input length, output length) of each spatial axis.
    """

    name: str
    text: str
    operator: Drawable
    lengths: tuple[Pair, ...]


def usual_lengths(*texts: str) -> tuple[int, ...]:
    """Return the input lengths at which calls are drawn: others than the sizes that all give.

    >>> usual_lengths("cv2.resize(x, (4, 4))"), usual_lengths("F.interpolate(x, scale_factor=2)")
    ((6,), (4,))
    """
    try:
        found = [called(text, (EXAMPLE_LENGTH,)) for text in texts]
    except UsageError:  # which is told where it is drawn
        return (EXAMPLE_LENGTH,)
    samplings = [
        sampling
        for one in found
        if isinstance(one.operator, tuple)
        for sampling in one.operator
        if isinstance(sampling, Sampling)
    ]
    by_size = samplings and all(one.scale is None for one in samplings)
    kept = all(n_in == n_out for one in found for n_in, n_out in one.lengths)
    return (example_input(EXAMPLE_LENGTH) if by_size and kept else EXAMPLE_LENGTH,)


def called(text: str, ins: Sequence[int]) -> Called:
    """Return what a call computes on an image.

    Args:
        text: the call, or a text that holds one.
        ins: input lengths, height before width; the last one stands for those that are missing.

    Raises:
        UsageError: no convention reads it, or it cannot be drawn.

    >>> called("F.interpolate(x, scale_factor=2, mode='bilinear')", (4,)).lengths
    ((4, 8), (4, 8))
    """
    text = call_of(text)
    try:
        call = parse(text)
        _, sampler = sampler_of(call)
    except ConventionError as error:
        raise UsageError(f"{text}: {error}") from error
    match sampler:
        case None:
            return _resized(text, call, ins)
        case ConvTranspose(kernel=kernel) if max(kernel) == 1:
            raise UsageError(f"{text}: the kernel is data, which a picture needs; a model has it")
        case MeanPool():
            pooled = [
                _pooled(n, kernel, step)
                for n, kernel, step in zip(
                    _lengths(ins, len(sampler.kernel)), sampler.kernel, sampler.strides, strict=True
                )
            ]
            pairs = tuple((one.n_in, one.n_out) for one in pooled)
            return Called(call.name, text, Drawing(tuple(pooled)), pairs)
        case GridSample() | AffineGrid() | RoiAlign() | DepthToSpace() | ConvTranspose():
            axes = 2 if isinstance(sampler, RoiAlign) or len(ins) < 2 else len(ins)
            axes = len(sampler.kernel) if isinstance(sampler, ConvTranspose) else axes
            return Called(call.name, text, sampler, tuple((n, n) for n in _lengths(ins, axes)))
        case _:
            raise UsageError(f"{text}: cannot be drawn")


def _lengths(ins: Sequence[int], axes: int) -> list[int]:
    return [*ins[:axes], *[ins[-1]] * (axes - len(ins))]


def _resized(text: str, call: PythonCall, ins: Sequence[int]) -> Called:
    if call.name.startswith(ATEN):
        made, operator = aten_reading(text, call)
        if made is None:
            if not isinstance(operator, GridSample | AffineGrid | RoiAlign | DepthToSpace):
                raise UsageError(f"{text}: cannot be drawn")
            return Called(call.name, text, operator, tuple((n, n) for n in _lengths(ins, 2)))
        sizes = _lengths(ins, len(made.samplings))
        pairs = tuple((n, m or 2 * n) for n, m in zip(sizes, made.lengths, strict=True))
        return Called(call.name, text, made.samplings, pairs)
    convention, opened = reading_of(text)
    sizes = _lengths(ins, len(opened.samplings))
    try:
        if opened.by_lengths is None:
            at = [convention.read(text, n) for n in sizes]
        else:
            at = [opened.at(tuple(sizes))] * len(sizes)
    except ConventionError as error:
        raise UsageError(f"{text}: {error}") from error
    samplings = tuple(one.samplings[axis] for axis, one in enumerate(at))
    outs = [one.lengths[axis] for axis, one in enumerate(at)]
    pairs = tuple((n, m or 2 * n) for n, m in zip(sizes, outs, strict=True))
    return Called(call.name, text, samplings, pairs)


def _pooled(n_in: int, kernel: int, step: int) -> Reads:
    """Return the windows of an average pooling along one axis."""
    if n_in < kernel:
        raise UsageError(f"a window of {kernel} on an image of {n_in} px")
    starts = range(0, n_in - kernel + 1, step)
    rows = tuple(tuple((j, Fraction(1, kernel)) for j in range(i, i + kernel)) for i in starts)
    places = tuple(Fraction(2 * i + kernel - 1, 2) for i in starts)
    return Reads(n_in, places, Fraction(step), "mean of the pixels under it", "inside", rows)


def differing_arguments(one: str, other: str) -> tuple[str, str] | None:
    """Return by what two calls differ, as names of both; None where that is no argument or two.

    >>> differing_arguments("f(x, a=1, b=True)", "f(x, a=1, b=False)")
    ('b=True', 'b=False')
    """
    first, second = (parse(call_of(text)) for text in (one, other))
    if first.name != second.name or first.positional != second.positional:
        return None
    ours, theirs = dict(first.named), dict(second.named)
    keys = [k for k in (ours | theirs) if ours.get(k) != theirs.get(k)]
    if not 1 <= len(keys) <= 2:
        return None
    sides = [
        ", ".join(f"{key}={side[key]!r}" if key in side else f"no {key}" for key in keys)
        for side in (ours, theirs)
    ]
    return sides[0], sides[1]
