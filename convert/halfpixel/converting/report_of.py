"""What a conversion tells: pairs, kinds of calls in words, and what is asked of others."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from halfpixel.converting.candidate import Attempt
from halfpixel.converting.plain.exporting import Kind, kind_of
from halfpixel.converting.result import Conversion, Paired
from halfpixel.converting.source import Source
from halfpixel.fixing.result import Changed, Declined, FixResult
from halfpixel.intents.exported_program import GraphCall
from halfpixel.site import Site
from halfpixel.targets.advice import lowering

OTHERS: Final = {"dynamo": "torchscript", "torchscript": "dynamo"}
NOT_NATIVE: Final = ("target-refuses", "target-differs")
"""Rules that say that a target does not run a site as it is."""


def told(source: Source, exporter: str, best: Attempt, attempts: Sequence[Attempt]) -> Conversion:
    """Return the report of the attempt that was chosen."""
    fixed, exported = best.fixed, best.exported
    report = None if fixed is None else fixed.report
    return Conversion(
        source.name,
        exporter=exporter,
        opset=exported.opset if exported is not None else None,
        sites=tuple(_paired(source, best)),
        changes=fixed.changes if fixed else (),
        declined=still_declined(fixed) if fixed else (),
        remaining=() if report is None else report.findings,
        narrower=(*best.ran.narrower, *frozen(source, best)),
        notes=tuple(dict.fromkeys(_notes(source, best, attempts))),
        verifications=best.ran.verifications,
        refused=best.refused + _another(source, exporter, best),
    )


def _another(source: Source, exporter: str, best: Attempt) -> str:
    """Name the other exporter where one refuses."""
    if best.exported is not None or not best.refused or source.scripted or exporter not in OTHERS:
        return ""
    return f"; --exporter {OTHERS[exporter]} is another way"


def _notes(source: Source, best: Attempt, attempts: Sequence[Attempt]) -> Iterator[str]:
    """Yield what else there is to say."""
    yield from source.notes
    for kind in kinds_told(best.kinds):
        yield f"in plain operators: {kind}"
    for one in attempts:
        if one.refused and one is not best:
            again = "exported again, and refused" if one is attempts[-1] else "exported again"
            yield f"{again}: {one.refused}"
    if source.problem and source.reference is None:
        yield f"no graph of PyTorch's own: {source.problem}; the exporter's record counts"
    yield from best.ran.notes
    yield from best.notes
    if best.fixed is not None:
        yield from best.fixed.notes


def _paired(source: Source, attempt: Attempt) -> Iterator[Paired]:
    """Yield calls and sites, in the order of the calls; sites without a call come last."""
    calls, before = source.calls, attempt.sites
    report = attempt.fixed.report if attempt.fixed is not None else None
    after = {(s.graph, s.name): s for s in (report.sites if report else ())}
    changes = attempt.fixed.changes if attempt.fixed is not None else ()
    by_call = {call: site for site, call in attempt.matching.sites.items()}
    for place, call in enumerate(calls):
        site = before[by_call[place]] if place in by_call else None
        note = "" if site else attempt.matching.lost.get(place, "")
        if kind_of(call) in attempt.kinds:
            note = "written in plain operators"
        if attempt.exported is None:
            note = ""
        yield pair(call, site, note, after, changes)
    for place, site in enumerate(before):
        if place not in attempt.matching.sites:
            note = attempt.matching.notes.get(place, "") if calls else ""
            yield pair(None, site, note, after, changes)


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
        family
        if family in {"affine_grid", "grid_sample"}
        else f"F.interpolate, {family}" + ", antialiased" * smooth
        for family, smooth in kinds
    )


def lowerings(fixed: FixResult) -> tuple[tuple[str, str], ...]:
    """Return how sites that a target does not run as they are would be written instead."""
    found: dict[str, str] = {}
    for one in fixed.report.findings if fixed.report is not None else ():
        if one.rule.name in NOT_NATIVE and (how := lowering(one.site.operation)) is not None:
            found[one.site.name] = how
    return tuple(found.items())


def frozen(source: Source, attempt: Attempt) -> Iterator[str]:
    """Yield what became a constant in a file, of what the module reads."""
    exported = attempt.exported
    if exported is None:
        return
    if source.program is None:  # PyTorch has no graph for every value: the trace is of these alone
        yield from (f"{note}: the file is right for some values" for note in exported.notes)
    for name in source.moved:
        yield f"a call changes the module's buffer {name}: the file holds it as it is now"
    for name in attempt.missing:
        if name not in source.unread:
            yield f"input {name} is not in the file: what was read of it is a constant"


def unmet(attempt: Attempt) -> int:
    """Return how many sites a target still does not run as they are."""
    report = None if attempt.fixed is None else attempt.fixed.report
    findings = () if report is None else report.findings
    return sum(one.rule.name in NOT_NATIVE for one in findings)


def still_declined(fixed: FixResult) -> tuple[Declined, ...]:
    """Return what was declined, but for sites that are written otherwise for a target by now."""
    changed = {(one.graph, one.node) for one in fixed.changes}
    return tuple(
        one
        for one in fixed.declined
        if one.why not in NOT_NATIVE or (one.graph, one.node) not in changed
    )
