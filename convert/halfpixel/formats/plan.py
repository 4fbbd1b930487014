"""What a site should compute, with its lengths, and how that is written.

A `SizedResize` is what is wanted; a `Plan` is what `planner` found to say it with in some format.
A plan carries all that a printer needs (ONNX nodes, MIL operations, layers, a torch module) and the
text by which it is announced, and nothing was written to find it.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from msgspec import Struct

from halfpixel.conventions.torch.faults import shortcut
from halfpixel.conventions.torch.interpolate import LATEST, Version
from halfpixel.format import Change
from halfpixel.intents.deviation import Lengths
from halfpixel.intents.frozen import frozen_batch
from halfpixel.sampling import AffineGrid, Resize, Weights
from halfpixel.sampling.arithmetic import output_length_float64
from halfpixel.sampling.grid import GridMode
from halfpixel.sampling.lowering import Transposed, meant_weights
from halfpixel.site import Operation


class SizedResize(Struct, frozen=True):
    """What a site should compute.

    Attributes:
        resize: the resize that is wanted.
        lengths: known input and wanted output lengths, None each where unknown.
        factors: PyTorch's scale factors by axis, where they give the output lengths.
        version: PyTorch release whose meaning is wanted.
        dtype: element type of what is resampled; empty where unknown.
    """

    resize: Resize
    lengths: Lengths
    factors: dict[int, float]
    version: Version = LATEST
    dtype: str = ""


def sized_resize(
    operation: Operation, wanted: Resize, factors: Sequence[float] | None = None
) -> SizedResize:
    """Return what a site should compute, with the lengths that it should have."""
    ins, outs = operation.lengths
    by_axis: dict[int, float] = {}
    if factors is not None:
        by_axis = {axis: f for (axis, _), f in zip(wanted.axes, factors, strict=True)}
    lengths = list(outs)
    call = operation.intent.call if operation.intent is not None else None
    told = () if call is None or operation.by != "scales" else call.scale_factor or ()
    if operation.surroundings.joined:
        told = ()  # another operand says the length
    if not by_axis and len(told) == len(wanted.axes):
        for (axis, _), factor in zip(wanted.axes, told, strict=True):
            n_in, n_out = ins[axis], outs[axis]
            length = 0 if n_in is None else output_length_float64(n_in, factor)
            if n_out is not None and length > 0 and abs(length - n_out) == 1:
                lengths[axis] = length
    for axis, factor in by_axis.items():
        n_in = ins[axis]
        lengths[axis] = None if n_in is None else output_length_float64(n_in, factor)
    if frozen_batch(operation) is not None and wanted.sampling(0) is None:
        lengths[0] = None
    version = LATEST if call is None else call.version
    known = ins, tuple(lengths)
    if all(lengths[axis] is not None for axis, _ in wanted.axes):
        wanted = shortcut(wanted, known, version)
    return SizedResize(wanted, known, by_axis, version, operation.dtype)


def sized_change(operation: Operation, change: Change) -> SizedResize | None:
    """Return what a change asks of a resize, with the lengths that it has now; None of others."""
    if not isinstance(change.operator, Resize):
        return None
    return sized_resize(operation, change.operator, change.factors)


def is_copy(goal: SizedResize) -> bool:
    """Whether every axis is copied at the lengths that are known."""
    ins, outs = goal.lengths
    for axis, sampling in goal.resize.axes:
        n_in, n_out = ins[axis], outs[axis]
        if n_in is None or n_out is None or n_in != n_out:
            return False
        if not meant_weights(sampling, n_in, n_out).is_identity:
            return False
    return True


class Copy(Struct, frozen=True):
    """Every axis stays as it is.

    Attributes:
        text: the change in words.
    """

    text: str = ""


class Said(Struct, frozen=True):
    """The format's own operator says it.

    Attributes:
        op: the operator.
        attributes: those that are set.
        text: the change in words.
        fresh: it stands in the place of another operator, of whose attributes none stays.
        by: how its lengths are given: `kept` where the old scales or sizes stay, `scales` and
            `sizes` where constants come in their place, `computed` where the graph computes sizes.
        values: the new scales or sizes, one an axis; None each where unknown.
        dropped: attributes of the old operator that must not stay.
        since: first version of the operator set that has these attributes.
    """

    op: str
    attributes: Mapping[str, object]
    text: str = ""
    fresh: bool = False
    by: str = "kept"
    values: tuple[float | None, ...] = ()
    dropped: tuple[str, ...] = ()
    since: int = 1


class Pixels(Struct, frozen=True):
    """One axis on which every output sample is one input sample.

    Attributes:
        axis: axis of the input.
        pixels: the input sample that each output sample is.
    """

    axis: int
    pixels: tuple[int, ...]

    @property
    def n_out(self) -> int:
        """Output length."""
        return len(self.pixels)


class Floor(Struct, frozen=True):
    """One axis whose pixels the graph computes, as PyTorch's nearest: floor((i [+ 1/2]) * step).

    Attributes:
        axis: axis of the input.
        half: a half is added to the output index.
        factor: the step is its inverse; None where it is the quotient of the two lengths.
        n_out: output length, None where it is not known.
        sized: an unknown output length is read from the operator's sizes, else the factor gives it.
        doubles: a length that stays is copied and one that doubles takes every pixel twice,
            whatever the factor.
    """

    axis: int
    half: bool
    factor: float | None
    n_out: int | None
    sized: bool
    doubles: bool


class Gather(Struct, frozen=True):
    """A gather an axis.

    Attributes:
        steps: the axes, in the order in which they are gathered.
        text: the change in words.
    """

    steps: tuple[Pixels | Floor, ...]
    text: str = ""


class Matrix(Struct, frozen=True):
    """One axis that is multiplied by a constant matrix.

    Attributes:
        axis: axis of the input.
        weights: W, of shape (n_out, n_in).
    """

    axis: int
    weights: Weights

    @property
    def n_in(self) -> int:
        """Input length."""
        return self.weights.n_in

    @property
    def n_out(self) -> int:
        """Output length."""
        return self.weights.n_out


class Product(Struct, frozen=True):
    """A product an axis with a constant matrix; a gather for an axis that needs no more.

    Attributes:
        steps: the axes, in the order in which they are multiplied.
        rank: number of axes of the input.
        dtype: element type of the matrices.
        text: the change in words.
    """

    steps: tuple[Matrix | Pixels, ...]
    rank: int
    dtype: str
    text: str = ""


class Grid(Struct, frozen=True):
    """Samples at constant coordinates, the border repeated.

    Attributes:
        kernel: of every axis.
        lengths: of the input's spatial axes.
        positions: source coordinates along each spatial axis, in input pixels.
        batch: length of the first axis, None where it is not known.
        text: the change in words.
    """

    kernel: GridMode
    lengths: tuple[int, ...]
    positions: tuple[tuple[Fraction, ...], ...]
    batch: int | None
    text: str = ""


class Conv(Struct, frozen=True):
    """Edge samples repeated, a transposed convolution of each channel by itself, and a cut.

    Attributes:
        rank: number of axes.
        channels: length of axis 1.
        axes: what each axis that is enlarged needs.
        dtype: element type of the kernel.
        text: the change in words.
    """

    rank: int
    channels: int
    axes: Mapping[int, Transposed]
    dtype: str
    text: str = ""


class Affine(Struct, frozen=True):
    """An affine grid as a product of its constant base with theta.

    Attributes:
        grid: what it computes.
        lengths: of its spatial axes.
        dtype: element type of theta.
        text: the change in words.
    """

    grid: AffineGrid
    lengths: tuple[int, ...]
    dtype: str
    text: str = ""


Plan = Copy | Said | Gather | Product | Grid | Conv | Affine
