"""How a site of a Core ML model is said anew: in Core ML's own words, or in other operators."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from halfpixel.conventions.coreml import mil as coreml_mil
from halfpixel.conventions.coreml import mil_grid as coreml_mil_grid
from halfpixel.conventions.coreml import neuralnetwork as coreml_neuralnetwork
from halfpixel.conventions.coreml.axes import Words
from halfpixel.dialect import ML_PROGRAM
from halfpixel.errors import ConventionError
from halfpixel.format import Change
from halfpixel.formats.coreml.write import operation as mil
from halfpixel.formats.plan import Goal, goal_of, is_copy
from halfpixel.sampling import AffineSample, GridSample, Resample, Resize
from halfpixel.site import Operation

if TYPE_CHECKING:
    from halfpixel.formats.coreml.read.place import MilPlace, Place
    from halfpixel.site import Attribute

NEWEST: Final = 10
"""Newest specification version whose words are known."""

LOWERINGS: Final[Mapping[str, Callable[[mil.MilWriter, Goal], None]]] = {
    "gather": mil.gather,
    "matmul": mil.matmul,
}


@dataclass(frozen=True)
class Written:
    """How an operation is written, and what is said of it.

    Attributes:
        text: the change in words.
        write: adds the operations that come in its place.
        lengths: of the output, where they change.
    """

    text: str
    write: Callable[[mil.MilWriter], None]
    lengths: tuple[int, ...] | None = None


def mil_written(place: "Place", change: Change) -> Written:
    """Return how a change of an ML Program's operation is written.

    Raises:
        ConventionError: nothing says it, with the reason.
    """
    operation = place.site.operation
    operator = change.operator
    sampler = _sampler_of(operation, operator)
    if sampler is not None:
        wanted = coreml_mil_grid.resample_words(sampler)
        changed = {k: v for k, v in wanted.items() if operation.attributes.get(k) != v}
        text = ", ".join(f"{k}={v}" for k, v in changed.items())
        return Written(text, lambda writer: mil.set_parameters(writer, changed))
    if not isinstance(operator, Resize):
        raise ConventionError("only a resize, a resample or an affine is written anew")
    goal = goal_of(operation, operator, change.factors)
    lengths = settled_lengths(place, goal)
    if change.lowering in {None, "resize"}:
        if is_copy(goal):
            return Written("identity: every length stays", mil.copied, lengths)
        words = said_in_words(operation, goal, place.leaf.version)
        if words is not None:
            said = words
            return Written(
                text_of(operation, said),
                lambda writer: mil.say(
                    writer, said.op, cast("Mapping[str, Attribute]", said.attributes)
                ),
                lengths,
            )
        if change.lowering is not None:
            raise ConventionError(unsaid(operation, goal, place.leaf.version))
    return replace(_lowered(place, goal, change.lowering), lengths=lengths)


def _sampler_of(operation: Operation, operator: object) -> GridSample | Resample | None:
    """Return how a resample or an affine reads its images; None for anything else."""
    if isinstance(operator, GridSample) and operation.op == "resample":
        return operator
    if isinstance(operator, AffineSample) and operation.op == "affine":
        return operator.sample
    return None


def _lowered(place: "Place", goal: Goal, lowering: str | None) -> Written:
    """Return a resize in other operators: the one asked for, or the first that says it."""
    names = [lowering] if lowering is not None else list(LOWERINGS)
    reason = ""
    for name in names:
        write = LOWERINGS.get(name)
        if write is None:
            raise ConventionError(f"an ML Program is lowered to {' or '.join(LOWERINGS)}")
        node = cast("MilPlace", place.node)
        trial = mil.MilWriter(node.scope, node.operation, set())
        try:
            write(trial, goal)
        except ConventionError as error:
            reason = str(error)
            continue
        operators = [made.type for made in trial.made if made.type != "const"]
        text = f"written as {len(operators)} {operators[0]}" if operators else "a copy"
        return Written(text, _later(write, goal))
    if lowering is None:
        said = unsaid(place.site.operation, goal, place.leaf.version)
        raise ConventionError(f"{said}; {reason}")
    raise ConventionError(reason)


def _later(
    write: Callable[[mil.MilWriter, Goal], None], goal: Goal
) -> Callable[[mil.MilWriter], None]:
    return lambda writer: write(writer, goal)


def settled_lengths(place: "Place", goal: Goal) -> tuple[int, ...] | None:
    """Return the output lengths where they change; None where they stay.

    Raises:
        ConventionError: something reads the output, whose length everything after it has.
    """
    now, then = place.site.operation.lengths()[1], goal.lengths[1]
    for axis, (old, new) in enumerate(zip(now, then, strict=True)):
        if old is None or new is None or old == new:
            continue
        if not place.last or None in now:
            raise ConventionError(f"axis {axis} would be {new} long, and what reads it takes {old}")
        return tuple(b or a or 0 for a, b in zip(now, then, strict=True))
    return None


def said_in_words(operation: "Operation", goal: Goal, version: int) -> Words | None:
    """Return the operator that says a resize, at a specification version."""
    ins, outs = goal.lengths
    program = operation.dialect == ML_PROGRAM
    say = coreml_mil.words if program else coreml_neuralnetwork.words
    return say(goal.resize, ins, outs, version, operation.rank, operation.scales)


def unsaid(operation: "Operation", goal: Goal, version: int) -> str:
    """Return why no operator says a resize."""
    later = said_in_words(operation, goal, NEWEST)
    if later is not None:
        floor = coreml_mil.floor_of if operation.dialect == ML_PROGRAM else (
            coreml_neuralnetwork.floor_of
        )  # fmt: skip
        needed = floor(later.op, later.attributes)
        if needed <= version:
            return f"{later.op} says it, and is not asked for"
        return (
            f"{later.op} needs specification {needed}, and the model has {version}, which is kept "
            "for the systems that it runs on"
        )
    return f"no operator of specification {version} says it"


def text_of(operation: "Operation", words: Words) -> str:
    """Return what changes, in the operator's words."""
    changed = [
        f"{name}={value}"
        for name, value in words.attributes.items()
        if words.op != operation.op or operation.attributes.get(name) != value
    ]
    own = ", ".join(changed)
    return own if words.op == operation.op else f"{operation.op} becomes {words.op} ({own})"
