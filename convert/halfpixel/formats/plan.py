"""What a site should compute, with the lengths that it should have."""

from collections.abc import Sequence
from dataclasses import dataclass

from halfpixel.conventions.torch.interpolate import LATEST, Version
from halfpixel.errors import ConventionError
from halfpixel.intents.deviation import Lengths, shortcut
from halfpixel.sampling import Resize, Sampling, Weights
from halfpixel.sampling.arithmetic import output_length_float64
from halfpixel.sampling.lowering import in_order, meant_weights, single_taps
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


@dataclass(frozen=True, slots=True)
class Step:
    """One axis of a resize at lengths that are known.

    Attributes:
        axis: axis of the input.
        sampling: what is computed along it.
        n_in: input length.
        n_out: output length.
    """

    axis: int
    sampling: Sampling
    n_in: int
    n_out: int

    @property
    def weights(self) -> Weights:
        """W, of shape (n_out, n_in)."""
        return meant_weights(self.sampling, self.n_in, self.n_out)

    @property
    def pixels(self) -> tuple[int, ...] | None:
        """The pixel that each output sample reads; None where one is a blend."""
        return single_taps(self.weights)


def known_steps(goal: Goal) -> list[Step] | None:
    """Return every axis, or None where a length is unknown."""
    ins, outs = goal.lengths
    found: list[Step] = []
    for axis, sampling in goal.resize.axes:
        n_in, n_out = ins[axis], outs[axis]
        if n_in is None or n_out is None:
            return None
        found.append(Step(axis, sampling, n_in, n_out))
    return found


def moved_steps(goal: Goal, what: str = "it") -> list[Step]:
    """Return the axes that are no copies.

    Raises:
        ConventionError: a length is not known.
    """
    steps = known_steps(goal)
    if steps is None:
        raise ConventionError(f"{what} needs lengths that the file fixes")
    return [s for s in steps if s.n_in != s.n_out or not s.weights.is_identity]


def gathers(goal: Goal) -> list[tuple[int, tuple[int, ...]]]:
    """Return the axes that are no copies, each with the pixels that it reads.

    Raises:
        ConventionError: a length is not known, or a sample is a blend.
    """
    found: list[tuple[int, tuple[int, ...]]] = []
    for step in moved_steps(goal):
        pixels = step.pixels
        if pixels is None:
            raise ConventionError("a gather reads one sample each, and this blends several")
        found.append((step.axis, pixels))
    return found


def products(goal: Goal, largest: int) -> list[Step]:
    """Return the axes of products with W, those that shrink most first: fewest products in all.

    Args:
        goal: what is computed.
        largest: how many numbers the matrices may hold together.

    Raises:
        ConventionError: a length is not known, W is too large, or a sample is a constant.
    """
    steps = moved_steps(goal, "a matrix product")
    numbers = sum(step.n_in * step.n_out for step in steps)
    if numbers > largest:
        raise ConventionError(f"its matrices would hold {numbers} numbers")
    if any(step.weights.outside for step in steps):
        raise ConventionError("samples outside the image are a constant, not a product")
    return [steps[k] for k in in_order([(s.sampling, s.n_in, s.n_out) for s in steps])]
