"""What a conversion tells: pairs, kinds of calls in words, and what is asked of others."""

from collections.abc import Mapping, Sequence
from typing import Final

from halfpixel.conversion import Paired
from halfpixel.converting.written_out import Kind
from halfpixel.fixes import Changed, Declined, FixResult
from halfpixel.intent import Policy
from halfpixel.intents.exported_program import GraphCall
from halfpixel.sampling import Nearest, Resize
from halfpixel.site import Site

NATIVE: Final = ("target-refuses", "target-differs")
"""Rules that say that a target does not run a site as it is."""


def pair(
    call: GraphCall | None,
    site: Site | None,
    note: str,
    after: Mapping[tuple[str, str], Site],
    changes: Sequence[Changed],
) -> Paired:
    """Return a call and a site as they are told, the site as it is in the file at last."""
    if site is None:
        return Paired(call, None, note)
    key = site.graph, site.name
    made = tuple(one for one in changes if (one.graph, one.node) == key)
    return Paired(call, after.get(key), note, made)


def kinds_told(kinds: frozenset[Kind]) -> list[str]:
    """Return kinds of calls in words.

    >>> kinds_told(frozenset({("cubic", True)}))
    ['F.interpolate, cubic, antialiased']
    """
    return sorted(
        family if family == "affine_grid" else f"F.interpolate, {family}" + ", antialiased" * smooth
        for family, smooth in kinds
    )


def spelled(policy: Policy) -> str:
    """Return a policy as `--expect` takes it."""
    said = ",".join(f"{key}={str(value).lower()}" for key, value in policy.arguments)
    return f"{policy.pattern}:{said}"


def lowerings(fixed: FixResult) -> tuple[tuple[str, str], ...]:
    """Return how sites that a target does not run as they are would be written instead."""
    found: dict[str, str] = {}
    for one in fixed.report.findings if fixed.report is not None else ():
        operator = one.site.operator
        if one.rule.name in NATIVE and isinstance(operator, Resize):
            nearest = all(isinstance(s.kernel, Nearest) for _, s in operator.axes)
            found[one.site.name] = "gather" if nearest else "matmul"
    return tuple(found.items())


def still_declined(fixed: FixResult) -> tuple[Declined, ...]:
    """Return what was declined, but for sites that are written otherwise for a target by now."""
    changed = {(one.graph, one.node) for one in fixed.changes}
    return tuple(
        one
        for one in fixed.declined
        if one.why not in NATIVE or (one.graph, one.node) not in changed
    )
