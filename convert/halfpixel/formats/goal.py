"""What a site should compute, with the lengths that it should have."""

from collections.abc import Sequence
from dataclasses import dataclass

from halfpixel.conventions.torch_interpolate import LATEST, Version
from halfpixel.deviation import Lengths, shortcut
from halfpixel.sampling import Resize
from halfpixel.sampling.arithmetic import output_length_float64
from halfpixel.sampling.lowering import meant_weights
from halfpixel.site import Operation


@dataclass(frozen=True, slots=True)
class Goal:
    """What a site should compute.

    Attributes:
        resize: the resize that is wanted.
        lengths: known input and wanted output lengths, None each where unknown.
        factors: PyTorch's scale factors by axis, where they give the output lengths.
        version: PyTorch release whose meaning is wanted.
    """

    resize: Resize
    lengths: Lengths
    factors: dict[int, float]
    version: Version = LATEST


def goal_of(operation: Operation, wanted: Resize, factors: Sequence[float] | None = None) -> Goal:
    """Return what a site should compute, with the lengths that it should have."""
    ins, outs = operation.lengths()
    by_axis: dict[int, float] = {}
    if factors is not None:
        by_axis = {axis: f for (axis, _), f in zip(wanted.axes, factors, strict=True)}
    lengths = list(outs)
    call = operation.intent.call if operation.intent is not None else None
    told = () if call is None or operation.by != "scales" else call.scale_factor or ()
    if operation.joined:
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
    version = LATEST if call is None else call.version
    known = ins, tuple(lengths)
    if all(lengths[axis] is not None for axis, _ in wanted.axes):
        wanted = shortcut(wanted, known, version)
    return Goal(wanted, known, by_axis, version)


def is_copy(goal: Goal) -> bool:
    """Whether every axis is copied at the lengths that are known."""
    ins, outs = goal.lengths
    for axis, sampling in goal.resize.axes:
        n_in, n_out = ins[axis], outs[axis]
        if n_in is None or n_out is None or n_in != n_out:
            return False
        if not meant_weights(sampling, n_in, n_out).is_identity:
            return False
    return True
