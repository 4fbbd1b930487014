"""One planner: how a resize is written, chosen from its exact description alone.

A format says by its `Capabilities` what it can be asked to write, and by a `OwnWords` how its
own operators would say a resize; `choose` returns the plan, or raises with the reason for which
there is none. Printers of the formats turn a plan into nodes, operations, layers or modules.
"""

from collections.abc import Callable
from typing import cast

from msgspec import Struct

from halfpixel.errors import ConventionError
from halfpixel.formats import lowerings
from halfpixel.formats.lowerings import Capabilities, Kind
from halfpixel.formats.plan import (
    Conv,
    Copy,
    Gather,
    Grid,
    Plan,
    Product,
    Said,
    SizedResize,
    is_copy,
)
from halfpixel.sampling.lowering import Cost, Lowering, cost


class OwnWords(Struct, frozen=True):
    """How a format's own operators say one resize.

    Attributes:
        say: returns what says it, or None.
        unsaid: says why nothing does.
    """

    say: Callable[[], Said | Copy | None]
    unsaid: Callable[[], str]


def choose(
    goal: SizedResize, able: Capabilities, vocabulary: OwnWords, lowering: str | None = None
) -> Plan:
    """Return how a resize is written.

    Args:
        goal: what is wanted.
        able: what the format can be asked to write.
        vocabulary: what its own operators say.
        lowering: in which operators: a lowering, `resize` for the format's own, None for what
            changes least.

    Raises:
        ConventionError: nothing can say it, with the reason.
    """
    if lowering is None and is_copy(goal):
        return Copy(able.copy)
    if lowering in {None, "resize"}:
        said = vocabulary.say()
        if said is not None:
            return said
        if lowering is not None:
            raise ConventionError(vocabulary.unsaid())
    if lowering is not None:
        return lowered(goal, cast("Kind", lowering), able)
    reason = ""
    for kind in able.tried:
        try:
            return lowered(goal, kind, able)
        except ConventionError as error:
            reason = f"; {error}"
    raise ConventionError(f"{vocabulary.unsaid()}{reason}")


def lowered(goal: SizedResize, kind: Kind, able: Capabilities) -> Plan:
    """Return a resize in other operators.

    Raises:
        ConventionError: these operators cannot say it, with the reason.
    """
    match kind:
        case "gather":
            return lowerings.gather(goal, able)
        case "matmul":
            return lowerings.product(goal, able)
        case "mixed":
            return lowerings.mixed(goal, able)
        case "gridsample":
            return lowerings.grid(goal, able)
        case "conv":
            return lowerings.conv(goal, able)


def costs(goal: SizedResize, plan: Plan) -> tuple[Cost, Cost] | None:
    """Return what a resize costs as one operator and as planned; None where nothing tells."""
    kinds: dict[type, Lowering] = {
        Gather: "gather", Product: "matmul", Grid: "gridsample", Conv: "conv",
    }  # fmt: skip
    kind = kinds.get(type(plan))
    ins, outs = goal.lengths
    pairs = [(sampling, ins[axis], outs[axis]) for axis, sampling in goal.resize.axes]
    known = [(s, n, m) for s, n, m in pairs if n is not None and m is not None]
    if kind is None or len(known) < len(pairs):
        return None
    return cost(known, None), cost(known, kind)
