"""Fixes in the words of what would write them: a rule gives the reason, the writer the words."""

from dataclasses import replace
from typing import TYPE_CHECKING

from halfpixel.errors import ConventionError, GraphError
from halfpixel.format import Change, Opened

if TYPE_CHECKING:
    from halfpixel.checking.result import FileReport, Located


def announced(model: Opened, report: "FileReport") -> "FileReport":
    """Return a report whose fixes are told in the words of what would write them.

    Sites that are alike are asked of once. A fix that nothing can write is none, with the reason.
    """
    order = {id(site): place for place, site in enumerate(report.sites)}
    known: dict[tuple[int, int], Located] = {}
    found: list[Located] = []
    for one in report.findings:
        key = id(one.site.operation), id(one.finding)
        if key not in known:
            known[key] = announced_at(model, order[id(one.site)], one)
        said = known[key]
        found.append(replace(one, finding=said.finding, words=said.words))
    return replace(report, findings=tuple(found))


def announced_at(model: Opened, place: int, one: "Located") -> "Located":
    """Return one finding in the words of what would write its fix, at a place among the sites."""
    fix = one.finding.fix
    if fix is None:
        return one
    try:
        words = model.words(Change(place, fix.operator, one.rule.name, fix.factors, fix.exact))
    except (ConventionError, GraphError) as error:
        reason = error.reason if isinstance(error, GraphError) else str(error)
        return replace(one, finding=replace(one.finding, fix=None, declined=reason))
    return replace(one, words=words)
