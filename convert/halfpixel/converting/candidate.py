"""One candidate for the file: what an export has come to, and what is reported of it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from halfpixel.converting.calls import INVERSE, LINSPACE, TRANSPOSED, Kind, Matching, kind_of
from halfpixel.converting.export.quietly import TRACING
from halfpixel.converting.export.to_onnx import Exported
from halfpixel.converting.result import CallSite, Conversion
from halfpixel.converting.source import Source
from halfpixel.converting.verified import Verified
from halfpixel.fixing.result import FixResult
from halfpixel.format import Outcome
from halfpixel.intents.exported_program import GraphCall
from halfpixel.rule import rule_names
from halfpixel.site import Site
from halfpixel.targets.advice import lowering

PLAIN_NAMES: Final = frozenset(
    {"affine_grid", "grid_sample", LINSPACE[0], INVERSE[0], TRANSPOSED[0]}
)
"""Kinds of calls that are no F.interpolate."""


class Candidate(Struct):
    """One export, checked, fixed and verified.

    Attributes:
        kinds: calls that were written in plain operators.
        exported: what the exporter wrote.
        sites: its sites.
        matching: which site each call became.
        fixed: the file as it was meant.
        path: where that file is.
        ran: what came of running the file beside the module.
        refused: why there is no file, or why there should be none.
        final: no other export would change why it is refused.
        missing: inputs of the module that are not in the file.
        doubtful: places of calls that are not what they were, as far as is known.
        notes: what else there is to say.
    """

    kinds: frozenset[Kind]
    exported: Exported | None = None
    sites: tuple[Site, ...] = ()
    matching: Matching = field(default_factory=Matching)
    fixed: FixResult | None = None
    path: Path | None = None
    ran: Verified = field(default_factory=Verified)
    refused: str = ""
    final: bool = False
    missing: tuple[str, ...] = ()
    doubtful: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list[str])

    def call_of(self) -> dict[tuple[str, str], int]:
        """Return the place of its call for each site that has one, by (graph, name)."""
        sites = self.sites
        return {
            (sites[site].graph, sites[site].name): call
            for site, call in self.matching.sites.items()
        }


def conversion_of(
    source: Source, exporter: str, best: Candidate, candidates: Sequence[Candidate]
) -> Conversion:
    """Return the report of the candidate that was chosen."""
    fixed, exported = best.fixed, best.exported
    report = None if fixed is None else fixed.report
    return Conversion(
        source.name,
        exporter=exporter,
        opset=exported.opset if exported is not None else None,
        sites=tuple(_call_sites(source, best)),
        changes=fixed.changes if fixed else (),
        declined=still_declined(fixed) if fixed else (),
        remaining=() if report is None else report.findings,
        narrower=(*best.ran.narrower, *frozen(source, best)),
        notes=tuple(dict.fromkeys(_notes(source, best, candidates))),
        verifications=best.ran.verifications,
        refused=best.refused,
    )


def _notes(source: Source, best: Candidate, candidates: Sequence[Candidate]) -> Iterator[str]:
    """Yield what else there is to say."""
    yield from source.notes
    for kind in kinds_text(best.kinds):
        yield f"in plain operators: {kind}"
    for one in candidates:
        if one.refused and one is not best:
            again = "exported again, and refused" if one is candidates[-1] else "exported again"
            yield f"{again}: {one.refused}"
    if source.problem and source.reference is None:
        yield f"no graph of PyTorch's own: {source.problem}; the exporter's record counts"
    yield from best.ran.notes
    yield from best.notes
    known = source.program is not None or source.deferred
    if best.exported is not None and not known and not best.refused:
        ran = sum(len(one.cases) for one in best.ran.verifications[:1])
        held = frozenset(_paths(source, best.exported))
        for note in best.exported.notes:
            if note not in held:
                inputs = f"{ran} input{'s' * (ran != 1)}"
                yield f"{note.replace(': ', ' might matter: ', 1)}; verified equal on {inputs}"
    if best.fixed is not None:
        yield from best.fixed.notes


def _call_sites(source: Source, candidate: Candidate) -> Iterator[CallSite]:
    """Yield calls and sites, in the order of the calls; sites without a call come last."""
    calls, before = source.calls, candidate.sites
    report = candidate.fixed.report if candidate.fixed is not None else None
    after = {(s.graph, s.name): s for s in (report.sites if report else ())}
    changes = candidate.fixed.changes if candidate.fixed is not None else ()
    by_call = {call: site for site, call in candidate.matching.sites.items()}
    for place, call in enumerate(calls):
        site = before[by_call[place]] if place in by_call else None
        note = "" if site else candidate.matching.lost.get(place, "")
        if kind_of(call) in candidate.kinds:
            note = "written in plain operators"
        if candidate.exported is None:
            note = ""
        yield _call_site(call, site, note, after, changes)
    for place, site in enumerate(before):
        if place not in candidate.matching.sites:
            note = candidate.matching.notes.get(place, "") if calls else ""
            yield _call_site(None, site, note, after, changes)


def _call_site(
    call: GraphCall | None,
    site: Site | None,
    note: str,
    after: Mapping[tuple[str, str], Site],
    changes: Sequence[Outcome],
) -> CallSite:
    """Return a call and a site as they are shown, the site as it is in the file at last."""
    if site is None:
        return CallSite(call, None, note)
    key = site.graph, site.name
    made = tuple(one for one in changes if (one.graph, one.node) == key)
    return CallSite(call, after.get(key), note, made)


def kinds_text(kinds: frozenset[Kind]) -> list[str]:
    """Return kinds of calls in words.

    >>> kinds_text(frozenset({("cubic", True)}))
    ['F.interpolate, cubic, antialiased']
    """
    return sorted(
        family if family in PLAIN_NAMES else f"F.interpolate, {family}" + ", antialiased" * smooth
        for family, smooth in kinds
    )


def lowerings(fixed: FixResult) -> tuple[tuple[str, str], ...]:
    """Return how sites that a target does not run as they are would be written instead."""
    found: dict[str, str] = {}
    for one in fixed.report.findings if fixed.report is not None else ():
        if one.rule.kind == "target" and (how := lowering(one.site.operation)) is not None:
            found[one.site.name] = how
    return tuple(found.items())


def frozen(source: Source, candidate: Candidate) -> Iterator[str]:
    """Yield what became a constant in a file, of what the module reads."""
    exported = candidate.exported
    if exported is None:
        return
    if source.program is None:  # PyTorch has no graph for every value: the trace is of these alone
        yield from (
            f"{note}: the file is right for some values" for note in _paths(source, exported)
        )
    for name in source.changed_buffers:
        yield f"a call changes the module's buffer {name}: the file holds it as it is now"
    for name in candidate.missing:
        if name not in source.unread:
            yield f"input {name} is not in the file: what was read of it is a constant"


def _paths(source: Source, exported: Exported) -> list[str]:
    """Return what PyTorch warned of at places where other values of the inputs decide otherwise.

    Whatever else it warned of was run at every length and range of values, and is a note.
    """
    if source.fast or (source.deferred and follows(source, exported)):
        return []
    found = source.decisions
    told: list[str] = []
    for note in exported.notes:
        place = note.removeprefix(TRACING).partition(": ")[0]
        if place in found.paths:
            told.append(note)
    seen = " ".join(told)
    missed = sorted(place for place in found.paths if place not in seen)
    return [*told, *(f"{TRACING}{place}: a number of an input decides" for place in missed)]


def follows(source: Source, exported: Exported) -> bool:
    """Whether nothing became a constant of a trace that other inputs would change.

    What is compared at lengths that are all fixed goes by values alone, and so does what is
    compared with 0 or 1 at lengths that are longer.
    """
    asking = [one for one in exported.constants if not one.guard]
    if not asking:
        return True
    if any(source.free.values()) and not all(one.small for one in asking):
        return False
    return not source.decisions.paths and not source.decisions.counts


def sure(source: Source, candidate: Candidate) -> bool:
    """Whether a trace is right as far as it was run, and PyTorch's own graph tells no more of it.

    The graph tells of a pooling whether it resamples.
    """
    if candidate.exported is None or not follows(source, candidate.exported):
        return False
    pooling = any(
        site.operation.hidden == "AveragePool"
        for place, site in enumerate(candidate.sites)
        if place not in candidate.matching.sites
    )
    asking = candidate.refused or candidate.doubtful or candidate.ran.narrower
    return not (pooling or candidate.missing or asking)


def unmet(candidate: Candidate) -> int:
    """Return how many sites a target still does not run as they are."""
    report = None if candidate.fixed is None else candidate.fixed.report
    findings = () if report is None else report.findings
    return sum(one.rule.kind == "target" for one in findings)


def still_declined(fixed: FixResult) -> tuple[Outcome, ...]:
    """Return what was declined, but for sites that are written otherwise for a target by now."""
    changed = {(one.graph, one.node) for one in fixed.changes}
    of_targets = rule_names("target")
    return tuple(
        one
        for one in fixed.declined
        if one.why not in of_targets or (one.graph, one.node) not in changed
    )
