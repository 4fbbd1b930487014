"""Rules, asked of sites: what one of them raises is told, and the others are asked all the same."""

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from halfpixel.boundary import log
from halfpixel.checking.result import FileReport, SiteFinding
from halfpixel.errors import RuleError
from halfpixel.rule import SEVERITIES, Finding, Rule, Severity
from halfpixel.site import Site
from halfpixel.work import TooMuchWork


def of_site(
    rules: Sequence[Rule], site: Site, failed: list[RuleError]
) -> Iterator[tuple[Rule, Finding]]:
    """Ask rules of one site; `TooMuchWork` passes.

    Args:
        rules: whom to ask.
        site: the site.
        failed: grows by one error for each rule that raised something; the others are asked.
    """
    for rule in rules:
        try:
            found = list(rule.findings(site))
        except TooMuchWork:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises
            failed.append(_failure(rule, site.name, error))
        else:
            yield from ((rule, finding) for finding in found)


def of_model(
    rules: Sequence[Rule], sites: Sequence[Site], failed: list[RuleError]
) -> Iterator[tuple[Rule, Site, Finding]]:
    """Ask rules of all the sites of a model together; `failed` grows as in `of_site`."""
    for rule in rules:
        try:
            found = [] if rule.check_model is None else list(rule.check_model(sites))
        except TooMuchWork:
            raise
        except Exception as error:  # noqa: BLE001 - likewise
            failed.append(_failure(rule, "", error))
        else:
            yield from ((rule, site, finding) for site, finding in found)


def _failure(rule: Rule, node: str, error: Exception) -> RuleError:
    failure = RuleError(rule.name, rule.module.partition(".")[0], node, error)
    failure.__cause__ = error
    log(str(failure), failure)
    return failure


def in_order(report: FileReport, least: Severity) -> FileReport:
    """Return a report whose findings stand in the order of the sites, the gravest first.

    Args:
        report: what was found, in any order.
        least: the mildest severity that is kept.
    """
    rank = SEVERITIES.index
    kept = [one for one in report.findings if rank(one.finding.severity) <= rank(least)]
    if not kept:
        return replace(report, findings=()) if report.findings else report
    order = {id(site): place for place, site in enumerate(report.sites)}
    kept = after_siblings(kept, report.sites)
    kept.sort(key=lambda one: (order.get(id(one.site), 0), rank(one.finding.severity)))
    return replace(report, findings=tuple(kept))


def after_siblings(found: list[SiteFinding], sites: Sequence[Site]) -> list[SiteFinding]:
    """Return findings without fixes to half pixels where the other resizes align corners."""
    fixes = [one.finding.fix for one in found]
    if len(sites) < 2 or not any(fix is not None and fix.safety == "unsafe" for fix in fixes):
        return found
    from halfpixel.intents.siblings import aligned, would_part

    count, smooth = aligned(sites)
    if not count:
        return found
    others = smooth - 1  # than the one that is judged, which is smooth and does not align
    verb = "aligns" if count == 1 else "align"
    told = f"{count} of the {others} other resizes here {verb}"
    if count == others:
        told = f"the other {f'{count} resizes' if count > 1 else 'resize'} here {verb}"

    def judged(one: SiteFinding) -> SiteFinding:
        fix = one.finding.fix
        if fix is None or fix.safety == "safe" or not would_part(one.site, fix.operator):
            return one
        options = f"--expect {one.site.name}:align_corners=true, or =false for half pixels"
        declined = f"{told} corners: {options}"
        return replace(one, finding=replace(one.finding, fix=None, declined=declined))

    return [judged(one) for one in found]


def faults_of(failed: Sequence[RuleError]) -> Iterator[str]:
    """Yield one line a rule that failed: the first time, and how often it failed beside that."""
    first: dict[str, RuleError] = {}
    for error in failed:
        first.setdefault(error.rule, error)
    counts = Counter(error.rule for error in failed)
    for rule, error in first.items():
        more = counts[rule] - 1
        yield f"{error}; it failed {more} times more" if more else str(error)
