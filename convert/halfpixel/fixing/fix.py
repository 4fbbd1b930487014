"""Fix: the model that was meant, in the place of the one that is there.

Read, judge, write the sites as they should be, and look again: a change after which its
finding is still there, or another one appears, is taken back and declined.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Final

from halfpixel.boundary import boundary
from halfpixel.checking.check import Judge, name_of, opened, settings_of
from halfpixel.checking.result import FileReport, Located, announced
from halfpixel.errors import HalfpixelError, UsageError
from halfpixel.fixing.result import Changed, Declined, FixResult, FixSettings
from halfpixel.fixing.wish import Wish, is_meant, with_other_rule
from halfpixel.format import Change, Opened, Outcome, Rewritten
from halfpixel.rule import SEVERITIES, Safety, Severity
from halfpixel.sampling import Resize
from halfpixel.sampling.lowering import LOWERINGS

PASSES: Final = 4
"""Rounds of judging and changing: a fix may bring to light what another rule repairs."""

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
        with boundary(name):
            return _Fixing(settings, judge).result(model, name)
    except UsageError:
        raise
    except HalfpixelError as error:
        return FixResult(name, error=str(error), cause=error)


@dataclass(slots=True)
class _Fixing:
    """One model on its way from what it is to what was meant."""

    settings: FixSettings
    judge: Judge
    changes: list[Changed] = field(default_factory=list[Changed])
    declined: dict[tuple[str, str, str], Declined] = field(
        default_factory=dict[tuple[str, str, str], Declined]
    )
    notes: list[str] = field(default_factory=list[str])

    def result(self, model: object, name: str) -> FixResult:
        """Return the repaired model."""
        now = opened(model)
        rewritten = now.rewrite((), self.settings.max_opset)
        report = first = self.judge.judged(now, name)
        for turn in range(PASSES):
            wishes = self._wishes(now, report, lower=turn == 0)
            if not wishes:
                break
            done = self._made(now, report, wishes, name)
            if done is None:
                break
            rewritten, report = done
            now = rewritten.opened
        report = announced(now, report, self.settings.max_opset)
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

    def _wishes(self, now: Opened, report: FileReport, *, lower: bool) -> list[Wish]:
        """Return one change a site: its most severe fix, in other operators where asked."""
        order = {id(site): place for place, site in enumerate(report.sites)}
        wishes: dict[int, Wish] = {}
        newest, unsafe = self.settings.max_opset, self.settings.unsafe
        told = report if unsafe else announced(now, report, newest)
        for one, said in zip(report.findings, told.findings, strict=True):
            place = order[id(one.site)]
            fix = one.finding.fix
            if fix is None:
                self._decline(one, one.finding.declined or "the rule offers no fix")
            elif fix.safety == "unsafe" and not (unsafe or is_meant(one, fix)):
                offered = f"unsafe: {said.words}; --unsafe-fixes makes it"
                self._decline(one, offered if said.finding.fix else said.finding.declined)
            elif place in wishes and wishes[place].change.operator == fix.operator:
                wishes[place] = with_other_rule(wishes[place], one.rule.name, fix)
            elif place not in wishes:
                change = Change(place, fix.operator, one.rule.name, fix.factors, fix.exact)
                wishes[place] = Wish(change, fix.safety, frozenset({one.rule.name}))
        asked = self._lowered(now, wishes) if lower else []
        wanted = {wish.change.site: wish for wish in [*wishes.values(), *asked]}
        return [
            wish
            for place, wish in sorted(wanted.items())
            if self._key(now, place, wish.change.why) not in self.declined
        ]

    def _lowered(self, now: Opened, wishes: Mapping[int, Wish]) -> list[Wish]:
        """Return what the user asks to be written in other operators."""
        asked: list[Wish] = []
        for pattern, kind in self.settings.lower:
            found = [
                (place, site)
                for place, site in enumerate(now.sites)
                if fnmatchcase(site.name, pattern) or fnmatchcase(site.path, pattern)
            ]
            if not found:
                names = ", ".join(site.name for site in now.sites[:5]) or "none"
                why, reason = f"--lower {kind}", f"no such site; there are: {names}"
                self.declined["", pattern, why] = Declined(pattern, "", "", why, reason)
            for place, site in found:
                wish = wishes.get(place)
                operator = wish.change.operator if wish else site.operator
                if not isinstance(operator, Resize):
                    reason = site.operation.problem or "only a resize is written otherwise"
                    declined = Declined(site.name, site.graph, site.op, f"--lower {kind}", reason)
                    self.declined[site.graph, site.name, f"--lower {kind}"] = declined
                    continue
                why = f"--lower {kind}"
                change = Change(place, operator, why, lowering=kind)
                safety: Safety = "safe"
                if wish is not None:
                    change, safety = replace(wish.change, why=why, lowering=kind), wish.safety
                rules = wish.rules if wish else frozenset[str]()
                asked.append(Wish(change, safety, rules | {why}, wish))
        return asked

    def _made(
        self, now: Opened, before: FileReport, wishes: Sequence[Wish], name: str
    ) -> tuple[Rewritten, FileReport] | None:
        """Make changes; those that do not take are declined, and the rest is made again."""
        while wishes:
            rewritten = now.rewrite([w.change for w in wishes], self.settings.max_opset)
            kept: list[tuple[Wish, Outcome]] = []
            retried: list[Wish] = []
            for wish, outcome in zip(wishes, rewritten.outcomes, strict=True):
                if outcome.made:
                    kept.append((wish, outcome))
                elif wish.plain is not None:
                    self._refuse(now, wish, outcome.declined, wish.rules - wish.plain.rules)
                    retried.append(wish.plain)
                else:
                    self._refuse(now, wish, outcome.declined)
            if len(kept) < len(wishes):
                wishes = [*(wish for wish, _ in kept), *retried]
                continue
            after = self.judge.judged(rewritten.opened, name)
            failing = self._failing(now, before, after, wishes)
            if not failing:
                rewritten.verify()
                self._note(now, kept, rewritten.notes)
                return rewritten, after
            for wish, reason in failing:
                self._refuse(now, wish, reason)
            failed = {id(wish) for wish, _ in failing}
            wishes = [wish for wish in wishes if id(wish) not in failed]
        return None

    def _failing(
        self, now: Opened, before: FileReport, after: FileReport, wishes: Sequence[Wish]
    ) -> list[tuple[Wish, str]]:
        """Return changes whose finding is still there, or that brought a new one."""
        old, new = _counts(before.findings), _counts(after.findings)
        failing: list[tuple[Wish, str]] = []
        for wish in wishes:
            site = now.sites[wish.change.site]
            for (graph, node, rule), count in new.items():
                if (graph, node) != (site.graph, site.name):
                    continue
                if rule in wish.rules and count >= old[graph, node, rule]:
                    failing.append((wish, "the finding stays after the change"))
                    break
                if count > old[graph, node, rule]:
                    failing.append((wish, f"the change would bring {rule}"))
                    break
        return failing

    def _note(
        self, now: Opened, kept: Iterable[tuple[Wish, Outcome]], notes: Sequence[str]
    ) -> None:
        for wish, outcome in kept:
            site = now.sites[wish.change.site]
            self.changes.append(
                Changed(
                    site.name, site.graph, site.op, wish.change.why, wish.safety,
                    outcome.made, outcome.before, outcome.after, outcome.cost,
                )
            )  # fmt: skip
            for rule in wish.rules:
                self.declined.pop((site.graph, site.name, rule), None)
        self.notes += notes

    def _key(self, now: Opened, place: int, why: str) -> tuple[str, str, str]:
        site = now.sites[place]
        return site.graph, site.name, why

    def _refuse(
        self, now: Opened, wish: Wish, reason: str, rules: frozenset[str] | None = None
    ) -> None:
        site = now.sites[wish.change.site]
        for why in rules or (wish.change.why,):
            declined = Declined(site.name, site.graph, site.op, why, reason)
            self.declined[self._key(now, wish.change.site, why)] = declined

    def _decline(self, one: Located, reason: str) -> None:
        site, rule = one.site, one.rule.name
        declined = Declined(site.name, site.graph, site.op, rule, reason)
        self.declined.setdefault((site.graph, site.name, rule), declined)


def _counts(findings: Iterable[Located]) -> Counter[tuple[str, str, str]]:
    """Count findings by graph, node and rule, notes left out."""
    loud = (one for one in findings if SEVERITIES.index(one.finding.severity) < 2)
    return Counter((one.site.graph, one.site.name, one.rule.name) for one in loud)
