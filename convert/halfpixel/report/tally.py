"""What is kept of the files of a check, however many they are: counts."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.checking.result import FileReport
from halfpixel.rule import SEVERITIES, Severity
from halfpixel.site import Operation, Site

if TYPE_CHECKING:
    from halfpixel.origin import Safety


class Tally:
    """What was found, counted.

    Attributes:
        files: how many files there are.
        sites: sites in them.
        unknown: sites of which nobody knows what was meant.
        unread: files that could not be read.
        unjudged: sites that were too much work.
        mismatched: models that take images of another size than they are readied to.
        failed: a file could not be read or judged as a whole, or a rule failed on one.
        found: findings of each severity.
        files_with: files with findings of each severity.
        rules: findings of each severity and rule.
        fixes: findings that a fix would mend, by their severity and how safe it is.
    """

    def __init__(self, files: Iterable[FileReport] = ()) -> None:
        """Count files."""
        self.files = self.sites = self.unknown = self.unread = self.unjudged = 0
        self.mismatched = 0
        self.failed = False
        self.found: Counter[Severity] = Counter()
        self.files_with: Counter[Severity] = Counter()
        self.rules: Counter[tuple[Severity, str]] = Counter()
        self.fixes: Counter[tuple[Severity, Safety]] = Counter()
        for file in files:
            self.add(file)

    def add(self, file: FileReport) -> None:
        """Count one file more."""
        self.files += 1
        self.sites += len(file.sites)
        self.unknown += sum(site.intent is None for site in file.sites)
        self.unread += file.error is not None
        self.unjudged += len(file.unjudged)
        self.mismatched += file.mismatched
        self.failed |= bool(file.failures)
        for one in file.findings:
            severity, fix = one.finding.severity, one.finding.fix
            self.found[severity] += 1
            self.rules[severity, one.rule.name] += 1
            if fix is not None:
                self.fixes[severity, fix.safety] += 1
        self.files_with.update({one.finding.severity for one in file.findings})

    def statistics(self) -> list[tuple[Severity, str, int]]:
        """Return (severity, rule, how often it found something), the gravest and the most first.

        >>> Tally().statistics()
        []
        """
        rank = SEVERITIES.index
        rows = sorted(self.rules.items(), key=lambda row: (rank(row[0][0]), -row[1], row[0]))
        return [(severity, name, count) for (severity, name), count in rows]


def without_findings(file: FileReport, *, sites: bool) -> FileReport:
    """Return what is kept of a report: what failed, what is suppressed and by what.

    Args:
        file: the report.
        sites: the names of its sites are kept too.
    """
    names = tuple(map(_name_alone, file.sites)) if sites else ()
    if not file.findings and not file.sites and not file.suppressed:
        return file
    suppressed = tuple(
        replace(one, found=replace(one.found, site=_name_alone(one.found.site), words=""))
        for one in file.suppressed
    )
    return replace(file, sites=names, findings=(), suppressed=suppressed)


def _name_alone(site: Site) -> Site:
    return Site(site.name, NO_OPERATION, site.graph)


NO_OPERATION: Final = Operation("", 0, {}, None)
"""What a site is of which the name alone is kept."""
