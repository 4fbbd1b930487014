"""Findings that are known: taken out of a report, and what is to be said of them.

A configuration file says so, or the node itself: in ONNX under `halfpixel.suppress` in its
`metadata_props`, a line for each, `RULE[, RULE] [until DATE]: REASON`. What has no reason
suppresses nothing, nor does what expired; both are told, and so is what suppresses nothing.
"""

import re
import time
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.checking.result import IN_NODE, FileReport, SiteFinding, Suppressed, Suppression
from halfpixel.rule import Rule
from halfpixel.site import Site

LONGEST: Final = 4096
"""Characters of a node's metadata that are read."""

MOST: Final = 64
"""Lines of a node's metadata that are read."""

_NAME: Final = re.compile(r"[\w*?\[\]!-]+")
_DAY: Final = re.compile(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


def parse_suppression(line: str, where: str = "") -> Suppression:
    """Return what a line of a node's metadata suppresses.

    Raises:
        ValueError: the line is none, with the reason.

    >>> parse_suppression("asymmetric-linear until 2027-01-31: trained with it").expires
    '2027-01-31'
    >>> parse_suppression("asymmetric-linear")
    Traceback (most recent call last):
    ...
    ValueError: expected RULE[, RULE] [until DATE]: REASON
    """
    head, colon, reason = line.partition(":")
    named, _, until = head.partition(" until ")
    rules, until = [name.strip() for name in named.split(",")], until.strip()
    if not colon or not all(map(_NAME.fullmatch, rules)):
        raise ValueError("expected RULE[, RULE] [until DATE]: REASON")
    if not reason.strip():
        raise ValueError("it gives no reason")
    if until and not _DAY.fullmatch(until):
        raise ValueError(f"{until!r} is no day, expected a date such as 2027-01-31")
    return Suppression(tuple(rules), reason.strip(), where, expires=until)


class _Silencing(Struct):
    """What is known of the findings of one file."""

    name: str
    today: str
    given: Sequence[Suppression]
    ignored: Sequence[tuple[str, Sequence[str]]]
    kept: list[SiteFinding] = field(default_factory=list[SiteFinding])
    suppressed: list[Suppressed] = field(default_factory=list[Suppressed])
    notices: dict[str, None] = field(default_factory=dict[str, None])

    def notice(self, text: str) -> None:
        """Keep a line, once."""
        self.notices[f"{self.name}: {text}"] = None

    def judge(self, one: SiteFinding, own: Sequence[Suppression]) -> bool:
        """Keep a finding, or suppress it; return whether the node's own suppression did."""
        names = (one.site.name, one.site.path)
        if any(_named(one.rule, rules) and _matches(names, (p,)) for p, rules in self.ignored):
            return False
        for by in (*own, *self.given):
            if not _named(one.rule, by.rules) or not _matches(names, by.nodes):
                continue
            if by.expired(self.today):
                what = f"node {one.site.path!r}: {one.rule.name} is suppressed no more"
                self.notice(f"{what}: it expired on {by.expires}: {by}")
                continue
            self.suppressed.append(Suppressed(one, by))
            return by in own
        self.kept.append(one)
        return False


def silenced(
    report: FileReport,
    rules: Sequence[Rule],
    given: Sequence[Suppression],
    ignored: Sequence[tuple[str, Sequence[str]]],
    *,
    in_nodes: bool,
) -> FileReport:
    """Return a report without the findings that are known, and with what suppressed them.

    Args:
        report: all that was found in a file.
        rules: those that were asked; of others nothing is said.
        given: what is suppressed in every node that they name.
        ignored: (pattern of nodes, rules that are not asked of them) pairs.
        in_nodes: what nodes say of themselves counts.
    """
    today = time.strftime("%Y-%m-%d")
    work = _Silencing(report.path, today, given, ignored)
    sites = [site for site in report.sites if site.suppressed and in_nodes]
    own = {id(site): tuple(_own(site, work)) for site in sites}
    used: set[tuple[int, Suppression]] = set()
    for one in report.findings:
        by_node = own.get(id(one.site), ())
        if work.judge(one, by_node):
            used.add((id(one.site), work.suppressed[-1].by))
    for site in sites:
        for by in own[id(site)]:
            asked = any(_named(rule, by.rules) for rule in rules)
            if asked and (id(site), by) not in used and not by.expired(today):
                work.notice(f"node {site.path!r}: suppresses nothing: {by}")
    return replace(
        report,
        findings=tuple(work.kept),
        suppressed=tuple(work.suppressed),
        notices=tuple(work.notices),
    )


def _own(site: Site, work: _Silencing) -> Iterator[Suppression]:
    """Yield what a node says of its own findings; what cannot be read is told."""
    for line in site.suppressed[:LONGEST].splitlines()[:MOST]:
        if not line.strip():
            continue
        try:
            yield parse_suppression(line, IN_NODE)
        except ValueError as error:
            work.notice(f"node {site.path!r}: suppresses nothing: {line[:80]!r}: {error}")


def _named(rule: Rule, patterns: Sequence[str]) -> bool:
    return _matches((rule.name, *rule.aliases), patterns)


def _matches(names: Sequence[str], patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)
