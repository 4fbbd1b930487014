"""Resizes in other operators, planned: one function a lowering of `sampling.lowering`.

A format says by its `Capabilities` what it can be asked to write; each function returns a plan of
exact weights, pixels or coordinates, or raises with the reason for which it cannot.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct

from halfpixel.conventions.torch.interpolate import NEAREST_COPIES_SINCE
from halfpixel.errors import ConventionError
from halfpixel.formats.plan import Conv, Floor, Gather, Grid, Matrix, Pixels, Product, SizedResize
from halfpixel.sampling import Cubic, Linear, Nearest, Sampling, Weights
from halfpixel.sampling.axis import MAX_LENGTH
from halfpixel.sampling.grid import GridMode
from halfpixel.sampling.lowering import (
    Lowering,
    Transposed,
    grid_positions,
    in_order,
    meant_weights,
    single_taps,
    transposed,
    whole_factor,
)

Kind = Lowering | Literal["mixed"]
"""A lowering, or gathers where one sample is read and products elsewhere."""

Step = Pixels | Floor | Matrix
Texts = Callable[[Kind, Sequence[Step]], str]

GRID_KERNELS: Final[Mapping[type, GridMode]] = {Linear: "linear", Cubic: "cubic"}

MOST_NUMBERS: Final = 1 << 26
"""Numbers that the constant grid of one resize may hold."""

NEEDS_LENGTHS: Final = "it needs lengths that the file fixes"


class Capabilities(Struct, frozen=True):
    """What a format can be asked to write in the place of a resize.

    Attributes:
        tried: lowerings that are tried where none is asked for, in order.
        text: says which operators a lowering becomes.
        copy: how a copy is announced.
        largest: numbers that the constant matrices of one resize may hold.
        dtypes: element types that products are computed in; None for any.
        planar: only the last two axes are multiplied.
        static: new values have declared types, for which every length must be known.
        constant: samples outside the image, which are a constant, are set by the printer.
        ordered: products come in the order in which they cost least.
        free: why pixels are not computed in the graph where lengths are free; empty where they
            are.
        sized: the graph has a value that holds the output lengths.
        weights: W of an axis at two lengths.
    """

    tried: tuple[Kind, ...]
    text: Texts = lambda kind, _steps: f"written as {kind}"
    copy: str = "a copy: no length changes"
    largest: int | None = None
    dtypes: frozenset[str] | None = None
    planar: bool = False
    static: bool = False
    constant: bool = False
    ordered: bool = True
    free: str = NEEDS_LENGTHS
    sized: bool = False
    weights: Callable[[Sampling, int, int], Weights] = meant_weights


class _Moved(Struct, frozen=True):
    """One axis that is no copy, at lengths that are known."""

    axis: int
    sampling: Sampling
    n_in: int
    n_out: int


def _moved(goal: SizedResize, able: Capabilities, what: str = "it") -> list[_Moved]:
    """Return the axes that are no copies."""
    ins, outs = goal.lengths
    found: list[_Moved] = []
    for axis, sampling in goal.resize.axes:
        n_in, n_out = ins[axis], outs[axis]
        if n_in is None or n_out is None:
            raise ConventionError(f"{what} needs lengths that the file fixes")
        _check_length(axis, n_in, n_out)
        if n_in != n_out or not able.weights(sampling, n_in, n_out).is_identity:
            found.append(_Moved(axis, sampling, n_in, n_out))
    return found


def _check_length(axis: int, n_in: int, n_out: int) -> None:
    """Refuse an axis of which no table or matrix is written into a model."""
    longest = max(n_in, n_out)
    if longest > MAX_LENGTH:
        reason = f"axis {axis} is {longest} long, and at most {MAX_LENGTH} samples are written out"
        raise ConventionError(reason)


def _check_static(goal: SizedResize, able: Capabilities) -> None:
    if able.static and None in goal.lengths[0]:
        raise ConventionError(NEEDS_LENGTHS)


def _check_dtype(goal: SizedResize, able: Capabilities, what: str) -> None:
    if able.dtypes is not None and goal.dtype not in able.dtypes:
        kind = goal.dtype or "an unknown type"
        raise ConventionError(f"{what} needs a float type, the input is {kind}")


def gather(goal: SizedResize, able: Capabilities) -> Gather:
    """Read the very pixels of each axis."""
    ins, outs = goal.lengths
    if any(None in {ins[axis], outs[axis]} for axis, _ in goal.resize.axes):
        return _computed(goal, able)
    steps: list[Pixels] = []
    for one in _moved(goal, able):
        pixels = single_taps(able.weights(one.sampling, one.n_in, one.n_out))
        if pixels is None:
            raise ConventionError("a gather reads one sample each, and this blends several")
        steps.append(Pixels(one.axis, pixels))
    _check_static(goal, able)
    return Gather(tuple(steps), able.text("gather", steps))


def _computed(goal: SizedResize, able: Capabilities) -> Gather:
    """Compute PyTorch's own pixels in the graph, whatever the lengths."""
    if able.free:
        raise ConventionError(able.free)
    _, outs = goal.lengths
    copies = len(goal.resize.axes) == 2 and goal.version >= NEAREST_COPIES_SINCE
    steps: list[Floor] = []
    for axis, sampling in goal.resize.axes:
        factor = None
        if sampling.scale is not None:
            factor = goal.factors.get(axis, float(sampling.scale))
        if outs[axis] is None and not able.sized and factor is None:
            raise ConventionError("neither sizes nor scales are known")
        half = {"asymmetric": False, "tf_half_pixel_for_nn": True}.get(sampling.coordinate)
        if sampling.kernel != Nearest("floor") or half is None:
            raise ConventionError("a gather at unknown lengths is PyTorch's nearest only")
        doubles = copies and not half and factor is not None
        steps.append(Floor(axis, half, factor, outs[axis], able.sized, doubles))
    return Gather(tuple(steps), able.text("gather", steps))


def product(goal: SizedResize, able: Capabilities) -> Product:
    """Multiply every axis by W."""
    _check_dtype(goal, able, "a matrix product")
    moved = _moved(goal, able, "a matrix product")
    _check_size(moved, able)
    steps = [Matrix(m.axis, able.weights(m.sampling, m.n_in, m.n_out)) for m in moved]
    _check_outside(steps, able)
    _check_static(goal, able)
    _check_axes(goal, moved, able, "matrix products")
    steps = _in_order(steps, able)
    return Product(tuple(steps), len(goal.lengths[0]), goal.dtype, able.text("matmul", steps))


def mixed(goal: SizedResize, able: Capabilities) -> Product:
    """Gather where every sample is one sample, and multiply by W elsewhere."""
    _check_dtype(goal, able, "a matrix product")
    moved = _moved(goal, able)
    _check_axes(goal, moved, able, "other operators")
    _check_size(moved, able)
    steps = _in_order(
        [Matrix(m.axis, able.weights(m.sampling, m.n_in, m.n_out)) for m in moved], able
    )
    _check_outside(steps, able)
    pixels = [single_taps(step.weights) for step in steps]
    mixed = [
        one if reads is None else Pixels(one.axis, reads)
        for one, reads in zip(steps, pixels, strict=True)
    ]
    return Product(tuple(mixed), len(goal.lengths[0]), goal.dtype, able.text("mixed", mixed))


def _in_order(steps: list[Matrix], able: Capabilities) -> list[Matrix]:
    if not able.ordered:
        return steps
    return [steps[k] for k in in_order([(step.n_in, step.n_out) for step in steps])]


def _check_size(moved: Sequence[_Moved], able: Capabilities) -> None:
    numbers = sum(one.n_in * one.n_out for one in moved)
    if able.largest is not None and numbers > able.largest:
        raise ConventionError(f"its matrices would hold {numbers} numbers")


def _check_outside(steps: Sequence[Matrix], able: Capabilities) -> None:
    if not able.constant and any(step.weights.outside for step in steps):
        raise ConventionError("samples outside the image are a constant, not a product")


def _check_axes(goal: SizedResize, moved: Sequence[_Moved], able: Capabilities, what: str) -> None:
    if able.planar and any(one.axis < len(goal.lengths[0]) - 2 for one in moved):
        raise ConventionError(f"only the last two axes are resampled by {what}")


def grid(goal: SizedResize, able: Capabilities) -> Grid:
    """Sample at coordinates that are a constant, the border repeated."""
    _check_dtype(goal, able, "GridSample")
    ins, outs = goal.lengths
    rank = len(ins)
    if any(axis < 2 for axis, _ in goal.resize.axes) or not 4 <= rank <= 5:
        raise ConventionError("GridSample resamples the spatial axes of 4-D and 5-D inputs")
    kinds = {type(s.kernel) for _, s in goal.resize.axes}
    if len(kinds) > 1:
        raise ConventionError("the axes have different kernels")
    numbers = math.prod(m or 1 for m in outs[2:]) * (rank - 2)
    if numbers > MOST_NUMBERS:
        raise ConventionError(f"its grid would hold {numbers} numbers")
    lengths: list[int] = []
    found: list[tuple[Fraction, ...]] = []
    for axis in range(2, rank):
        n_in, n_out = ins[axis], outs[axis]
        sampling = goal.resize.sampling(axis)
        if n_in is None or n_out is None:
            raise ConventionError("a constant grid needs lengths that the file fixes")
        _check_length(axis, n_in, n_out)
        positions = tuple(map(Fraction, range(n_in)))
        if sampling is not None:
            other = grid_positions(sampling, n_in, n_out)
            if other is None:
                raise ConventionError(f"GridSample has other weights than axis {axis} needs")
            positions = other
        lengths.append(n_in)
        found.append(positions)
    kernel = kinds.pop() if kinds else Nearest
    return Grid(
        GRID_KERNELS.get(kernel, "nearest"),
        tuple(lengths),
        tuple(found),
        ins[0],
        able.text("gridsample", ()),
    )


def conv(goal: SizedResize, able: Capabilities) -> Conv:
    """Repeat edge samples, then a transposed convolution of each channel by itself."""
    _check_dtype(goal, able, "a convolution")
    ins, outs = goal.lengths
    rank = len(ins)
    channels = ins[1] if rank > 2 else None
    if channels is None:
        raise ConventionError("a convolution needs to know the number of channels")
    if any(axis < 2 for axis, _ in goal.resize.axes):
        raise ConventionError("a convolution does not resample batch or channel")
    axes: dict[int, Transposed] = {}
    for axis, sampling in goal.resize.axes:
        factor = whole_factor(ins[axis], outs[axis], sampling.scale)
        if factor == 1 and outs[axis] == ins[axis] is not None:
            continue
        form = None if factor is None else transposed(sampling, factor)
        if form is None:
            reason = "enlarges by no whole factor" if factor is None else "is no convolution"
            raise ConventionError(f"axis {axis} {reason} with these coordinates and this kernel")
        axes[axis] = form
    numbers = channels * math.prod(len(form.taps) for form in axes.values())
    if numbers > MOST_NUMBERS:
        raise ConventionError(f"its kernels would hold {numbers} numbers")
    return Conv(rank, channels, axes, goal.dtype, able.text("conv", ()))
