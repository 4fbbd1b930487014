"""The first node at which two sides part: looked for in the files as they are, then inside nodes.

Where two models part at a node that holds graphs or calls a function, or where none is found and a
resampling node stands in one, both are laid open (`runtimes/inside/`) and looked at again,
one iteration of a Loop or Scan after the other.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.errors import RuntimeRefusal
from halfpixel.runtimes.inside.inner_values import NESTING
from halfpixel.runtimes.inside.laid_open import LaidOpen, laid_open
from halfpixel.site import Site
from halfpixel.verifying.measure import Tolerance
from halfpixel.verifying.parting.divergence import Search, ends_of
from halfpixel.verifying.parting.inside import at_iteration
from halfpixel.verifying.side import Divergence, Started

if TYPE_CHECKING:
    from halfpixel.arrays import Arrays

MOST: Final = 4
"""Iterations of a Loop or Scan that are looked at one by one."""


class Found(Struct, frozen=True):
    """What came of looking for the node.

    Attributes:
        first: where the sides part; None where no node can be named.
        tried: what was held against each other, a phrase each.
    """

    first: Divergence | None = None
    tried: tuple[str, ...] = ()


def first_divergence(
    sides: tuple[Started, Started],
    feeds: "Arrays",
    tolerances: Sequence[Mapping[str, Tolerance]],
    pairs: Sequence[tuple[Site, Site]] = (),
) -> Found:
    """Return the first node at which two sides part at these inputs.

    Args:
        sides: the sides; of a model and a module, the model's nodes are named.
        feeds: the inputs.
        tolerances: what counts as equal; the next ones where nothing is beyond the first.
        pairs: the sites that belong together.
    """
    a, b = sides
    if a.model is None and b.model is not None:
        feeds, a, b = b.named(feeds), b, a
    tried: dict[str, None] = {}
    for place, tolerance in enumerate(tolerances):
        try:
            search = Search(a, b, feeds, tolerance, pairs=pairs, tried=tried)
            found = search.first()
            if found is None or _holds(a, b, found):
                found = _inside(search) or found
            if found is None and not place and b.model is not None:
                other = Search(b, a, b.named(feeds), tolerance, tried=tried)
                found = search.by_meaning(own=True) or other.by_meaning(own=True)
        except RuntimeRefusal as refusal:  # the plain run refuses what the optimised one takes
            tried[f"a run without optimisation, which is refused: {refusal.reason}"] = None
            return Found(None, tuple(tried))
        if found is not None:
            return Found(found, tuple(tried))
    return Found(None, tuple(tried))


def _holds(a: Started, b: Started, found: Divergence) -> bool:
    """Whether what parts the sides may stand inside of the node that was found."""
    if found.site and found.introduced is not None:
        return False
    inner = any(not end.main for side in (a, b) for _, end in ends_of(side))
    return inner or found.op in NESTING or found.op in _functions(a)


def _functions(side: Started) -> frozenset[str]:
    """Return the names of the functions that a model calls."""
    proto = getattr(side.model, "proto", None)
    return frozenset(one.name for one in getattr(proto, "functions", ()))


def _inside(search: Search) -> Divergence | None:
    """Return the first node inside of others at which two sides part; None where none is found."""
    sides = search.a, search.b
    opened = [laid_open(side.plain) if side.model is not None else None for side in sides]
    if opened == [None, None]:
        return None
    search.tried["the values inside of branches, bodies and functions"] = None
    for side, running in zip(sides, opened, strict=True):
        if running is not None and isinstance(running.model, LaidOpen):
            running.model.before = side.sites
    for iteration in range(MOST):
        ours, theirs = (
            side if running is None else at_iteration(side, running, iteration, search.feeds)
            for side, running in zip(sides, opened, strict=True)
        )
        found = dataclasses.replace(search, a=ours, b=theirs).first()
        own = found is not None and (not iteration or found.introduced is not None)
        if found is not None and own and found.op not in NESTING:
            return found
        if not any(running.stacked for running in opened if running is not None):
            return None
    return None
