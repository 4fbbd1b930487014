"""How a site of a Core ML model is written: in Core ML's own words, or in other operators.

Nothing is written here, so that a change can be announced before it is made.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from halfpixel.conventions.coreml import mil_grid as coreml_mil_grid
from halfpixel.conventions.coreml.dialects import words_of
from halfpixel.conventions.vocabulary import Words
from halfpixel.errors import ConventionError
from halfpixel.format import Change
from halfpixel.formats.coreml.edit import LARGEST_CONSTANTS
from halfpixel.formats.lowerings import Capabilities, Kind, Step
from halfpixel.formats.plan import (
    Copy,
    Matrix,
    Pixels,
    Plan,
    Product,
    Said,
    SizedResize,
    is_copy,
)
from halfpixel.formats.planner import OwnWords, choose, lowered
from halfpixel.sampling import AffineSample, GridSample, Resample
from halfpixel.site import Operation

if TYPE_CHECKING:
    from halfpixel.formats.coreml.read.place import CoremlPlace as Place

NEWEST: Final = 10
"""Newest specification version whose words are known."""

LAYERS_SINCE: Final = 4
"""First specification version of a neural network that has gathers and products."""


def _operations(kind: Kind, steps: Sequence[Step]) -> str:
    return f"written as {len(steps)} {kind}" if steps else "a copy"


PROGRAM: Final = Capabilities(
    tried=("gather", "matmul"),
    text=_operations,
    copy="identity: every length stays",
    largest=LARGEST_CONSTANTS,
    dtypes=frozenset({"float16", "float32"}),
    planar=True,
    static=True,
)
"""What an ML Program has beside its own resizes."""


def program_plan(place: "Place", change: Change, goal: SizedResize | None) -> Plan:
    """Return how a change of an ML Program's operation is written.

    Raises:
        ConventionError: nothing says it, with the reason.
    """
    operation, version = place.site.operation, place.leaf.version
    operator = change.operator
    sampler = _sampler_of(operation, operator)
    if sampler is not None:
        wanted = coreml_mil_grid.resample_words(sampler)
        changed = {k: v for k, v in wanted.items() if operation.attributes.get(k) != v}
        return Said(operation.op, changed, ", ".join(f"{k}={v}" for k, v in changed.items()))
    if goal is None:
        raise ConventionError("only a resize, a resample or an affine is written anew")
    settled_lengths(place, goal)
    if change.lowering not in {None, "resize", *PROGRAM.tried}:
        raise ConventionError(f"an ML Program is lowered to {' or '.join(PROGRAM.tried)}")
    said = vocabulary(operation, goal, version, PROGRAM.copy)
    return choose(goal, PROGRAM, said, change.lowering)


def _sampler_of(operation: Operation, operator: object) -> GridSample | Resample | None:
    """Return how a resample or an affine reads its images; None for anything else."""
    if isinstance(operator, GridSample) and operation.op == "resample":
        return operator
    if isinstance(operator, AffineSample) and operation.op == "affine":
        return operator.sample
    return None


LAYERS: Final = Capabilities(
    tried=("mixed",),
    copy="a copy: every length stays",
    largest=LARGEST_CONSTANTS,
    planar=True,
    ordered=False,
)
"""What a neural network has beside its own resizes."""


def network_plan(
    place: "Place", change: Change, goal: SizedResize | None, exact: Callable[[], bool]
) -> Plan:
    """Return how a change of a neural network's layer is written.

    Args:
        place: the site.
        change: what it should compute.
        goal: the same with its lengths, for a resize.
        exact: says whether arrays have the rank that they are given with.

    Raises:
        ConventionError: no layer says it, with the reason.
    """
    if goal is None:
        raise ConventionError("only a resize is written anew")
    settled_lengths(place, goal)
    own = vocabulary(place.site.operation, goal, place.site.opset, LAYERS.copy)
    said = own.say() if change.lowering in {None, "resize"} else None
    if said is not None:
        return said
    if change.lowering == "resize":
        raise ConventionError(own.unsaid())
    if place.leaf.version < LAYERS_SINCE or not exact():
        raise ConventionError(f"{own.unsaid()}, and its arrays are of the old mapping to rank 5")
    plan = cast("Product", lowered(goal, "mixed", LAYERS))
    if not plan.steps:
        raise ConventionError("it resamples no axis")
    kinds = [kind for step in plan.steps for kind in kinds_of(step, plan.rank)]
    wanted = {"gather": "gather", "matmul": "batchedMatmul"}.get(change.lowering or "", "")
    if change.lowering and wanted not in kinds:
        raise ConventionError(f"these samples are not said by {change.lowering}")
    return replace(plan, text=f"written as {', '.join(kinds)}")


def kinds_of(step: Pixels | Matrix, rank: int) -> tuple[str, ...]:
    """Return the layers of one axis: a product is along the last one."""
    if isinstance(step, Pixels):
        return ("gather",)
    if step.axis == rank - 2:
        return ("transpose", "batchedMatmul", "transpose")
    return ("batchedMatmul",)


def settled_lengths(place: "Place", goal: SizedResize) -> tuple[int, ...] | None:
    """Return the output lengths where they change; None where they stay.

    Raises:
        ConventionError: something reads the output, whose length everything after it has.
    """
    now, then = place.site.operation.lengths[1], goal.lengths[1]
    for axis, (old, new) in enumerate(zip(now, then, strict=True)):
        if old is None or new is None or old == new:
            continue
        if not place.last or None in now:
            raise ConventionError(f"axis {axis} would be {new} long, and what reads it takes {old}")
        return tuple(b or a or 0 for a, b in zip(now, then, strict=True))
    return None


def vocabulary(operation: Operation, goal: SizedResize, version: int, copy: str) -> OwnWords:
    """Return what Core ML's own operators say of a resize.

    Args:
        operation: the site.
        goal: what it should compute.
        version: specification version.
        copy: how a copy is announced, which is an operator of its own.
    """

    def say() -> Said | Copy | None:
        if is_copy(goal):
            return Copy(copy)
        words = _words(operation, goal, version)
        if words is None:
            return None
        return Said(words.op, words.attributes, _text_of(operation, words), fresh=True)

    return OwnWords(say, lambda: _unsaid(operation, goal, version))


def _words(operation: Operation, goal: SizedResize, version: int) -> Words | None:
    """Return the operator that says a resize, at a specification version."""
    ins, outs = goal.lengths
    say = words_of(operation.dialect).words
    return say(goal.resize, ins, outs, version, operation.scales)


def _unsaid(operation: Operation, goal: SizedResize, version: int) -> str:
    """Return why no operator says a resize."""
    later = _words(operation, goal, NEWEST)
    if later is not None:
        needed = words_of(operation.dialect).floor_of(later.op, later.attributes)
        if needed <= version:
            return f"{later.op} says it, and is not asked for"
        return (
            f"{later.op} needs specification {needed}, and the model has {version}, which is kept "
            "for the systems that it runs on"
        )
    return f"no operator of specification {version} says it"


def _text_of(operation: Operation, words: Words) -> str:
    """Return what changes, in the operator's words."""
    changed = [
        f"{name}={value}"
        for name, value in words.attributes.items()
        if words.op != operation.op or operation.attributes.get(name) != value
    ]
    own = ", ".join(changed)
    return own if words.op == operation.op else f"{operation.op} becomes {words.op} ({own})"
