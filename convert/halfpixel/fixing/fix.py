"""Fix: the model that was meant, in the place of the one that is there.

Read, judge, write the sites as they should be, and look again: a change after which its
finding is still there, or another one appears, is taken back and declined.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.address import name_of
from halfpixel.boundary import boundary
from halfpixel.checking.check import Judge, opened, settings_of
from halfpixel.checking.result import FileReport, SiteFinding, announced
from halfpixel.errors import HalfpixelError, UsageError
from halfpixel.fixing.lowered import outlives
from halfpixel.fixing.recorded import is_recorded
from halfpixel.fixing.result import FixResult, FixSettings
from halfpixel.format import Change, ChangedModel, Opened, Outcome
from halfpixel.rule import SEVERITIES, Severity
from halfpixel.sampling import Resize
from halfpixel.sampling.lowering import LOWERINGS
from halfpixel.work import working

PASSES: Final = 4
"""Rounds of judging and changing: a fix may bring to light what another rule repairs."""

CHECKS: Final = 2
"""How many times the steps of a check a fix may take: what was judged before is not judged anew."""

OLDEST: Final = 7
"""First opset that has a resize which is described."""

KINDS: Final = (*LOWERINGS, "resize")
"""What a site can be written as on demand."""


def fix(  # noqa: PLR0913 - one keyword an option of the command
    model: object,
    *,
    unsafe_fixes: bool = False,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    expect: Sequence[str] = (),
    severity: Severity = "warning",
    max_opset: int | None = None,
    lower: Mapping[str, str] | None = None,
    settings: FixSettings | None = None,
) -> FixResult:
    """Repair the resampling sites of one model; nothing is written until `save`.

    Args:
        model: a path, onnx.ModelProto, onnx_ir.Model or torch.onnx.ONNXProgram; it stays as
            it is.
        unsafe_fixes: make fixes that rest on an assumption too.
        select: names or patterns of rules to act on; all where empty.
        ignore: names or patterns of rules to leave out.
        expect: what is meant, as `--expect` takes it: `[NODE:]KEY=VALUE`.
        severity: the mildest severity that is repaired.
        max_opset: newest opset that the model may be taken to, at least 7.
        lower: for a pattern of node names, in which operators the site is written: matmul,
            conv, gridsample, gather or resize.
        settings: all of this at once, in place of the other keywords.

    Returns:
        The changed model, what was changed, and what was declined and why. A file that
        cannot be read is an error in it, not an exception.

    Raises:
        UsageError: an unknown rule or lowering, or an object that is no model.
    """
    if settings is None:
        asked = settings_of(select, ignore, expect, severity)
        if max_opset is not None and max_opset < OLDEST:
            raise UsageError(f"max_opset is {max_opset}, expected at least {OLDEST}")
        pairs = tuple((lower or {}).items())
        settings = FixSettings(asked, unsafe_fixes, max_opset, pairs)
    for pattern, kind in settings.lower:
        if kind not in KINDS:
            raise UsageError(f"lower {pattern}={kind}: expected one of {', '.join(KINDS)}")
    judge, name = Judge(settings.check), name_of(model)
    try:
        with boundary(name), working(settings.check.max_work * CHECKS):
            return _Fixing(settings, judge).result(model, name)
    except UsageError:
        raise
    except HalfpixelError as error:
        return FixResult(name, error=str(error), cause=error)


class _Fixing(Struct):
    """One model on its way from what it is to what was meant."""

    settings: FixSettings
    judge: Judge
    changes: list[Outcome] = field(default_factory=list[Outcome])
    declined: dict[tuple[str, str, str], Outcome] = field(
        default_factory=dict[tuple[str, str, str], Outcome]
    )
    notes: list[str] = field(default_factory=list[str])
    refused: dict[tuple[str, str, str], SiteFinding] = field(
        default_factory=dict[tuple[str, str, str], SiteFinding]
    )
    whole: dict[tuple[str, str, str], SiteFinding] = field(
        default_factory=dict[tuple[str, str, str], SiteFinding]
    )

    def result(self, model: object, name: str) -> FixResult:
        """Return the repaired model."""
        now = opened(model)
        rewritten = now.rewrite((), self.settings.max_opset)
        report = first = self.judge.judged(now, name)
        for turn in range(PASSES):
            wanted = self._wanted(now, report, lower=turn == 0)
            if not wanted:
                break
            done = self._made(now, report, wanted, name)
            if done is None:
                break
            rewritten, report = done
            now = rewritten.opened
        report = self._with_whole(announced(now, report, self.settings.max_opset))
        return FixResult(
            name,
            tuple(self.changes),
            tuple(self.declined.values()),
            tuple(self.notes),
            None,
            report,
            faults=tuple(dict.fromkeys((*first.faults, *report.faults))),
            _rewritten=rewritten,
            _source=model,
        )

    @property
    def _aimed(self) -> frozenset[str]:
        return frozenset(rule.name for rule in self.judge.rules if rule.kind == "target")

    def _with_whole(self, report: FileReport) -> FileReport:
        """Return a report with what is said of the model though its site is written otherwise."""
        there = {one.key for one in report.findings}
        lost = [one for key, one in self.whole.items() if key not in there]
        return replace(report, findings=(*lost, *report.findings))

    def _wanted(self, now: Opened, report: FileReport, *, lower: bool) -> list[Change]:
        """Return one change a site: its most severe fix, in other operators where asked."""
        order = {id(site): place for place, site in enumerate(report.sites)}
        changes: dict[int, Change] = {}
        newest, unsafe = self.settings.max_opset, self.settings.unsafe
        sites = now.sites if self.settings.check.shapes else report.sites
        told = report if unsafe else announced(now, report, newest)
        for one, said in zip(report.findings, told.findings, strict=True):
            place = order[id(one.site)]
            fix = one.finding.fix
            if fix is None:
                self._decline(one, one.finding.declined or "the rule offers no fix")
                continue
            if fix.safety == "unsafe" and not (unsafe or is_recorded(sites[place], fix)):
                offered = f"unsafe: {said.words}; --unsafe-fixes makes it"
                self._decline(one, offered if said.finding.fix else said.finding.declined)
                continue
            change = one.change_at(place)
            known = changes.get(place)
            if change is None:
                continue
            if known is None:
                changes[place] = change
            elif known.operator == change.operator:
                changes[place] = known.with_rule(change)
        asked = self._lowered(now, changes) if lower else []
        wanted = {change.site: change for change in [*changes.values(), *asked]}
        return [
            change
            for place, change in sorted(wanted.items())
            if self._key(now, place, change.why) not in self.declined
        ]

    def _lowered(self, now: Opened, changes: Mapping[int, Change]) -> list[Change]:
        """Return what the user asks to be written in other operators."""
        asked: list[Change] = []
        for pattern, kind in self.settings.lower:
            why = f"--lower {kind}"
            found = [
                (place, site)
                for place, site in enumerate(now.sites)
                if fnmatchcase(site.name, pattern) or fnmatchcase(site.path, pattern)
            ]
            if not found:
                names = ", ".join(site.name for site in now.sites[:5]) or "none"
                reason = f"no such site; there are: {names}"
                self.declined["", pattern, why] = Outcome(pattern, "", "", why, reason=reason)
            for place, site in found:
                plain = changes.get(place)
                operator = plain.operator if plain else site.operator
                if not isinstance(operator, Resize):
                    reason = site.operation.problem or "only a resize is written otherwise"
                    declined = Outcome.declined(site, why, reason)
                    self.declined[site.graph, site.name, why] = declined
                    continue
                first = plain or Change(place, operator, why)
                rules = first.rules | {why}
                asked.append(replace(first, why=why, lowering=kind, rules=rules, plain=plain))
        return asked

    def _made(
        self, now: Opened, before: FileReport, changes: Sequence[Change], name: str
    ) -> tuple[ChangedModel, FileReport] | None:
        """Make changes; those that do not take are declined, and the rest is made again."""
        while changes:
            rewritten = now.rewrite(changes, self.settings.max_opset)
            kept: list[tuple[Change, Outcome]] = []
            retried: list[Change] = []
            for change, outcome in zip(changes, rewritten.outcomes, strict=True):
                if outcome.text:
                    kept.append((change, outcome))
                elif change.plain is not None:
                    added = change.rules - change.plain.rules
                    self._refuse(now, change, outcome.reason, added)
                    retried.append(change.plain)
                else:
                    self._refuse(now, change, outcome.reason)
            if len(kept) < len(changes):
                changes = [*(change for change, _ in kept), *retried]
                continue
            after = self.judge.judged(rewritten.opened, name)
            failing = self._failing(now, before, after, changes)
            if not failing:
                rewritten.verify()
                self._note(kept, rewritten.notes)
                return rewritten, after
            for change, reason in failing:
                self._refuse(now, change, reason)
            failed = {id(change) for change, _ in failing}
            changes = [change for change in changes if id(change) not in failed]
        return None

    def _failing(
        self, now: Opened, before: FileReport, after: FileReport, changes: Sequence[Change]
    ) -> list[tuple[Change, str]]:
        """Return changes whose finding is still there, or that brought a new one."""
        old, new = _counts(before.findings), _counts(after.findings)
        failing: list[tuple[Change, str]] = []
        for change in changes:
            site = now.sites[change.site]
            for (graph, node, rule), count in new.items():
                if (graph, node) != (site.graph, site.name):
                    continue
                if rule in change.rules and count >= old[graph, node, rule]:
                    failing.append((change, "the finding stays after the change"))
                    break
                if count > old[graph, node, rule]:
                    failing.append((change, f"the change would bring {rule}"))
                    break
        return failing

    def _note(self, kept: Iterable[tuple[Change, Outcome]], notes: Sequence[str]) -> None:
        for change, outcome in kept:
            self.changes.append(outcome)
            for rule in change.rules:
                self.declined.pop((outcome.graph, outcome.node, rule), None)
            place = outcome.graph, outcome.node
            for key in [*self.declined] if change.lowering else ():
                if key[:2] != place or key in self.whole:
                    continue
                if key[2] in self._aimed:
                    del self.declined[key]  # other operators than the target refused
                elif key in self.refused and change.plain is None:
                    self.whole[key] = self.refused[key]  # the same samples in other operators
        self.notes += notes

    def _key(self, now: Opened, place: int, why: str) -> tuple[str, str, str]:
        site = now.sites[place]
        return site.graph, site.name, why

    def _refuse(
        self, now: Opened, change: Change, reason: str, rules: frozenset[str] | None = None
    ) -> None:
        site = now.sites[change.site]
        for why in rules or (change.why,):
            declined = Outcome.declined(site, why, reason)
            self.declined[self._key(now, change.site, why)] = declined

    def _decline(self, one: SiteFinding, reason: str) -> None:
        self.declined.setdefault(one.key, Outcome.declined(one.site, one.rule.name, reason))
        if outlives(one):
            self.refused[one.key] = one
        if one.finding.whole:
            self.whole[one.key] = one


def _counts(findings: Iterable[SiteFinding]) -> Counter[tuple[str, str, str]]:
    """Count findings by graph, node and rule, notes left out."""
    loud = (one for one in findings if SEVERITIES.index(one.finding.severity) < 2)
    return Counter(one.key for one in loud)
