"""How a site of a LiteRT model is written: by its flags, or in other operators.

Nothing is written here, so that a change can be announced before it is made.
"""

from collections.abc import Sequence
from typing import Final

from halfpixel.conventions.litert.resize import MEANINGS, Flags, written
from halfpixel.errors import ConventionError
from halfpixel.format import Change
from halfpixel.formats.litert.read.resampling import OPTIONS
from halfpixel.formats.litert.read.sites import LitertPlace
from halfpixel.formats.lowerings import Capabilities, Kind, Step
from halfpixel.formats.plan import Copy, Plan, Said, SizedResize, is_copy, sized_change
from halfpixel.formats.planner import OwnWords, choose
from halfpixel.sampling import Sampling
from halfpixel.sampling.lowering import meant_weights
from halfpixel.site import Operation

LARGEST_CONSTANTS: Final = 1 << 22
"""Numbers that the matrices of one site may hold."""


def _operators(kind: Kind, steps: Sequence[Step]) -> str:
    names = {"gather": "GATHER", "matmul": "BATCH_MATMUL"}
    return f"written as {len(steps)} {names[kind]}" if steps else "a copy"


ABLE: Final = Capabilities(
    tried=("gather", "matmul"),
    text=_operators,
    copy="a copy: every length stays",
    largest=LARGEST_CONSTANTS,
    dtypes=frozenset({"float32"}),
    planar=True,
    static=True,
)
"""What LiteRT has beside its own resizes."""


def plan_of(place: LitertPlace, change: Change) -> tuple[Plan, SizedResize]:
    """Return how a change is written, and what it asks for with its lengths.

    Raises:
        ConventionError: nothing says it, with the reason.
    """
    operation = place.site.operation
    goal = sized_change(operation, change)
    if goal is None or place.node.op not in OPTIONS:
        raise ConventionError("only RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR are written anew")
    now, then = operation.lengths[1], goal.lengths[1]
    for axis, (old, new) in enumerate(zip(now, then, strict=True)):
        if old is not None and new is not None and old != new:
            raise ConventionError(f"axis {axis} would be {new} long, and what reads it takes {old}")
    if change.lowering not in {None, "resize", *ABLE.tried}:
        raise ConventionError(f"LiteRT is lowered to {' or '.join(ABLE.tried)}")
    return choose(goal, ABLE, _own_words(operation, goal), change.lowering), goal


def _flags_of(
    operator: str, sampling: Sampling, n_in: int | None, n_out: int | None
) -> tuple[str, Flags] | None:
    """Return the flags that say a sampling at its lengths; None where none do.

    A factor is said by none, other than where the lengths give the same weights.
    """
    if sampling.scale is None:
        return written(sampling)
    if n_in is None or n_out is None:
        return None
    if sampling.scale * n_in == n_out:
        return written(sampling)
    wanted = meant_weights(sampling, n_in, n_out).rows
    same = (
        words
        for words, meaning in MEANINGS.items()
        if words[0] == operator and meaning.weights(n_in, n_out).rows == wanted
    )
    return next(same, None)


def _own_words(operation: Operation, goal: SizedResize) -> OwnWords:
    def say() -> Said | Copy | None:
        if is_copy(goal):
            return Copy(ABLE.copy)
        ins, outs = goal.lengths
        axes = [(sampling, ins[axis], outs[axis]) for axis, sampling in goal.resize.axes]
        words = {_flags_of(operation.op, *one) for one in axes}
        if len(words) != 1 or None in words or len(axes) != 2:
            return None
        operator, flags = next(iter(words)) or ("", Flags())
        if operator != operation.op:
            return None  # an operator keeps its kind: its code is shared by others
        given = {name: int(getattr(flags, name)) for name in flags.__struct_fields__}
        changed = [
            f"{name}={bool(value)}"
            for name, value in given.items()
            if operation.attributes.get(name) != value
        ]
        return Said(operator, given, ", ".join(changed))

    return OwnWords(say, lambda: "no flags of LiteRT's resizes say it")
