"""What a check comes to: findings with the sites that they are about, file by file.

A rule gives the reason of a fix; what would write the fix says it in words.
"""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.errors import ConventionError, GraphError, reason_of
from halfpixel.format import Change, Opened
from halfpixel.printable import printable_line, printable_lines
from halfpixel.rule import Finding, Rule, Severity
from halfpixel.site import Site
from halfpixel.work import one_node

Failure = Literal["unreadable", "defect", "unjudged"]
"""Of a file, of halfpixel or a rule, of a node that is too much work."""


class SiteFinding(Struct, frozen=True):
    """A finding, the rule that made it, and the site that it is about.

    Attributes:
        rule: the rule.
        site: the site.
        finding: what the rule says; without its fix, and with the reason, where nothing can write
            that.
        words: what the fix writes, as the writer of the format says it; empty where there is none.
    """

    rule: Rule
    site: Site
    finding: Finding
    words: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Graph, node and rule."""
        return self.site.graph, self.site.name, self.rule.name

    def change_at(self, place: int) -> Change | None:
        """Return what its fix asks of the site, at a place among the model's; None without one."""
        fix, why = self.finding.fix, self.rule.name
        if fix is None:
            return None
        return Change(
            place, fix.operator, why, fix.factors, fix.exact,
            safety=fix.safety, rules=frozenset({why}),
        )  # fmt: skip

    def __str__(self) -> str:
        """Return the finding in one line."""
        found = self.finding
        return printable_line(
            f"{self.site.path}: {found.severity} {self.rule.name}: {found.message}"
        )


IN_NODE: Final = "its metadata"
"""Where a suppression is written that stands at its node."""


class Suppression(Struct, frozen=True):
    """Findings that somebody knows of, why they may stay, and until when.

    Attributes:
        rules: names or patterns of rules.
        reason: why.
        where: what says so: a configuration file, or the metadata of a node.
        nodes: names or patterns of nodes.
        expires: the last day on which it holds, as 2027-01-31; empty where it holds for good.
    """

    rules: tuple[str, ...]
    reason: str
    where: str
    nodes: tuple[str, ...] = ("*",)
    expires: str = ""

    def expired(self, today: str) -> bool:
        """Whether its last day is over.

        >>> Suppression(("x",), "", "", expires="2026-12-31").expired("2027-01-01")
        True
        """
        return bool(self.expires) and self.expires < today

    def __str__(self) -> str:
        """Return what it suppresses, where it is written and why."""
        nodes = "" if self.nodes == ("*",) else f" at {', '.join(self.nodes)}"
        return f"{self.where}: {', '.join(self.rules)}{nodes} ({self.reason})"


class Suppressed(Struct, frozen=True):
    """A finding that is known, and what says so."""

    found: SiteFinding
    by: Suppression


class FileReport(Struct, frozen=True):
    """What was found in one file.

    Attributes:
        path: the file as it was named; "<model>" for a model in memory.
        sites: its resampling sites, in graph order.
        findings: what the rules say of them, in the same order.
        error: why the file could not be read, or None.
        repaired: what earlier fixes recorded in the model, a line each.
        unjudged: nodes that were too much work, a line each; the others are judged.
        faults: rules that failed on it, a line each; what the others say is there.
        defect: the error is a fault of halfpixel, not of the file.
        suppressed: findings that are known, and are none for that.
        notices: what is to be said of these suppressions, a line each: one that expired, or that
            suppresses nothing, or that cannot be read; and of how images are readied for it.
        mismatched: it takes images of another size than they are readied to.
        producer: the program that wrote the model, with its version; empty where that is not known.
        opset: the version of its operators, in words such as "opset 17".
    """

    path: str
    sites: tuple[Site, ...] = ()
    findings: tuple[SiteFinding, ...] = ()
    error: str | None = None
    repaired: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    defect: bool = False
    suppressed: tuple[Suppressed, ...] = ()
    notices: tuple[str, ...] = ()
    mismatched: bool = False
    producer: str = ""
    opset: str = ""

    @property
    def failures(self) -> tuple[tuple[Failure, str], ...]:
        """What failed, a line each: the file itself, a rule of halfpixel's, the work of a node."""
        read: tuple[tuple[Failure, str], ...] = ()
        if self.error is not None:
            read = (("defect" if self.defect else "unreadable", self.error),)
        faults: list[tuple[Failure, str]] = [("defect", fault) for fault in self.faults]
        unjudged: list[tuple[Failure, str]] = [("unjudged", line) for line in self.unjudged]
        return (*read, *faults, *unjudged)

    @property
    def places(self) -> tuple[int, ...]:
        """Of each finding the place of its site among the sites."""
        order = {id(site): place for place, site in enumerate(self.sites)}
        return tuple(order[id(one.site)] for one in self.findings)

    def is_of(self, sites: Sequence[Site]) -> bool:
        """Whether a file that is read again has the same sites.

        It may have changed since, or was judged from standard input.
        """
        return [site.path for site in sites] == [site.path for site in self.sites]


class Report(Struct, frozen=True):
    """What was found in all files, in the order in which they were named."""

    files: tuple[FileReport, ...] = ()

    def __str__(self) -> str:
        """Return a line for each finding, and how many sites there are."""
        lines = [f"{file.path}: {one}" for file in self.files for one in file.findings]
        count = len(self.sites)
        return printable_lines([*lines, f"{count} resampling site{'' if count == 1 else 's'}"])

    @property
    def findings(self) -> tuple[SiteFinding, ...]:
        """All findings."""
        return tuple(located for file in self.files for located in file.findings)

    @property
    def sites(self) -> tuple[Site, ...]:
        """All sites."""
        return tuple(site for file in self.files for site in file.sites)

    @property
    def failed(self) -> bool:
        """Whether a file could not be read or judged as a whole, or a rule failed on one."""
        return any(file.failures for file in self.files)

    def count(self, severity: Severity) -> int:
        """Return the number of findings of one severity."""
        return sum(located.finding.severity == severity for located in self.findings)


def announced(model: Opened, report: FileReport, newest: int | None = None) -> FileReport:
    """Return a report whose fixes are told in the words of what would write them.

    Sites that are alike are asked of once, but for those in other operators, whose layout counts.
    A fix that nothing can write is none, with the reason.

    Args:
        model: the model.
        report: what was found in it.
        newest: newest opset that may be used; None for any.
    """
    order = {id(site): place for place, site in enumerate(report.sites)}
    known: dict[tuple[int, int, int], SiteFinding] = {}
    found: list[SiteFinding] = []
    for one in report.findings:
        place = order[id(one.site)]
        key = id(one.site.operation), id(one.finding), place if one.site.operation.hidden else -1
        if key not in known:
            known[key] = _announced_at(model, place, one, newest)
        said = known[key]
        found.append(replace(one, finding=said.finding, words=said.words))
    return replace(report, findings=tuple(found))


def _announced_at(model: Opened, place: int, one: SiteFinding, newest: int | None) -> SiteFinding:
    """Return one finding in the words of what would write its fix, at a place among the sites."""
    change = one.change_at(place)
    if change is None:
        return one
    try:
        with one_node():
            words = model.words(change, newest)
    except (ConventionError, GraphError) as error:
        return replace(one, finding=replace(one.finding, fix=None, declined=reason_of(error)))
    return replace(one, words=words)
