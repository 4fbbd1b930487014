"""What `check` found, as a run."""

from collections.abc import Callable, Iterator

from halfpixel.checking.result import FileReport, Report, SiteFinding
from halfpixel.report.closing import closing
from halfpixel.report.machine.entry import Entry, Run
from halfpixel.rule import Severity


def run_of(
    report: Report, least: Severity = "note", fail_on: Callable[[str], Severity] | None = None
) -> Run:
    """Return what was found, and every site that was looked at.

    Args:
        report: what was found.
        least: the mildest severity that people are shown.
        fail_on: the mildest severity that makes the exit code 1, of a file; a warning unless told.
    """
    entries = tuple(
        entry
        for file in report.files
        for entry in entries_of(file, "warning" if fail_on is None else fail_on(file.path))
    )
    looked = tuple((file.path, site.path) for file in report.files for site in file.sites)
    return Run("check", entries, looked, closing(report, least, hides=False), least)


def entries_of(file: FileReport, fail_on: Severity = "warning") -> Iterator[Entry]:
    """Yield what failed in a file, and what was found; see `run_of`."""
    for kind, text in file.failures:
        yield Entry(file.path, "error", kind, text, failed=True)
    yield from (finding_entry(file.path, one, fail_on) for one in file.findings)


def finding_entry(path: str, one: SiteFinding, fail_on: Severity = "warning") -> Entry:
    """Return a finding as an entry; one that is as grave as `fail_on` makes the exit code 1."""
    site, finding = one.site, one.finding
    intent = site.intent
    fix = ("", finding.declined) if finding.fix is None else (finding.fix.safety, one.words)
    return Entry(
        path,
        finding.severity,
        one.rule.name,
        finding.message,
        site.path,
        site.op,
        finding.how,
        (site.operation.claim or "", "" if intent is None else intent.text),
        fix,
        site.source or "",
        graph=site.graph,
        fail_on=fail_on,
    )
