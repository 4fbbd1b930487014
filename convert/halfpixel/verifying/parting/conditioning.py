"""The node that rounding flips: a top-k, a suppression, a comparison whose result is either way.

Inputs that are moved by one float step are as right as the others. A node of whole numbers or of
rounding whose result changes under it makes what follows ill-conditioned.
"""

from typing import TYPE_CHECKING, Final

from halfpixel.errors import RuntimeRefusal
from halfpixel.verifying.measure import is_float
from halfpixel.verifying.noise import MOVES, moved
from halfpixel.verifying.side import Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from halfpixel.arrays import Array, Arrays
    from halfpixel.format import Value

STEPPED: Final = frozenset(
    {"Round", "Floor", "Ceil", "Sign", "Resize", "GridSample", "Unique", "Cast"}
)
"""Operators whose floats may jump; of all others whole numbers and flags are looked at."""

RANKING: Final = frozenset({"TopK", "NonMaxSuppression", "ArgMax", "ArgMin", "NonZero"})
DECIDING: Final = frozenset(
    {"Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal", "Cast", "QuantizeLinear"}
)

JUMP: Final = 1e-3
"""Part of itself that a float changes by where it jumps."""

NOTHING: Final = 1e-4
"""Part of the largest number that is no jump."""

KINDS: Final = STEPPED | RANKING | DECIDING

MOST: Final = 16
"""Values that are looked at."""


def flipping_node(side: Started, feeds: "Arrays", output: str) -> str:
    """Return the first node before an output whose result flips under one float step, and its type.

    Empty where there is none, or where its values cannot be asked for.

    Args:
        side: the side that runs.
        feeds: the inputs.
        output: the output that is ill-conditioned.
    """
    known = set(side.plain.values)
    found = [value for value in _before(side, output) if value.name in known]
    if not found:
        return ""
    near = [moved(feeds, number, side.precision) for number in range(MOVES)]
    for value in found[:MOST]:
        try:
            here, *others = (
                side.plain.run(side.fed(one), [value.name])[value.name] for one in (feeds, *near)
            )
        except RuntimeRefusal:
            continue  # a type that no array has
        if any(_flips(value.op, here, there) for there in others):
            return f"{value.node} ({value.op})"
    return ""


def _before(side: Started, output: str) -> "Iterator[Value]":
    """Yield the values before an output that may flip, in graph order."""
    values = () if side.model is None else side.model.values
    needed = {output}
    for value in reversed(values):
        if value.name in needed:
            needed.update(value.reads)
    nodes = {v.node for v in values if v.name in needed and v.op in RANKING}
    outputs = set(side.running.outputs)
    for value in values:
        asked = value.name in needed or value.node in nodes  # the places of a top-k as well
        if value.op in KINDS and asked and value.name not in outputs:
            yield value


def _flips(op: str, here: "Array", there: "Array") -> bool:
    import numpy as np

    if here.shape != there.shape:
        return True
    if here.dtype.kind in "iub":
        return bool((here != there).any())
    if not is_float(here):
        return False
    if op not in STEPPED or not here.size:
        return False
    own = np.abs(here.astype(np.float64))
    apart = np.abs(here.astype(np.float64) - there.astype(np.float64))
    return bool((apart > JUMP * own + NOTHING * own.max(initial=0)).any())
