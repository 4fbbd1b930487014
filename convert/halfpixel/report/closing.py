"""The one line that closes a check: what was looked at, what was found, what a fix would mend."""

from collections.abc import Iterable, Sequence

from halfpixel.checking.result import FileReport, Report
from halfpixel.printable import many
from halfpixel.rule import SEVERITIES, Severity

WELL = "all is as it was meant"


def closing(
    report: Report, least: Severity = "note", *, partial: bool = False, hides: bool = True
) -> str:
    """Return a check in one line.

    Args:
        report: what was found.
        least: the mildest severity that is shown; milder ones are counted.
        partial: not every rule was asked, which leaves open whether all is well.
        hides: what is milder is not shown; otherwise it is told somewhere.

    >>> closing(Report())
    '0 sites in 0 files: nothing found'
    """
    files = report.files
    shown = least if hides else "note"
    told = [text for severity in SEVERITIES if (text := _found(files, severity, shown))]
    amiss = sum(file.mismatched for file in files)
    loud = amiss or any(_count(files, severity) for severity in ("error", "warning"))
    if not loud and not report.failed:
        told.insert(0, _well(report, partial=partial))
    if amiss:
        told.append(f"{many(amiss, 'model')} of another size of image")
    failed = sum(file.error is not None for file in files)
    if failed:
        told.append(f"{many(failed, 'file')} not read")
    unjudged = sum(len(file.unjudged) for file in files)
    if unjudged:
        told.append(f"{many(unjudged, 'site')} not judged")
    head = f"{many(len(report.sites), 'site')} in {many(len(files), 'file')}"
    mended = _mended(report, least)
    said = ", ".join(told) or "nothing found"
    return f"{head}: {said}; {mended}" if mended else f"{head}: {said}"


def _found(files: Sequence[FileReport], severity: Severity, least: Severity) -> str:
    """Return how many findings of a severity there are, and in how many files."""
    counts = [n for file in files if (n := _count((file,), severity))]
    if not counts:
        return ""
    shown = SEVERITIES.index(severity) <= SEVERITIES.index(least)
    if not shown:
        return f"{many(sum(counts), severity)} not shown (--severity {severity})"
    where = f" in {many(len(counts), 'file')}" if len(files) > 1 else ""
    return f"{many(sum(counts), severity)}{where}"


def _count(files: Iterable[FileReport], severity: str) -> int:
    return sum(one.finding.severity == severity for file in files for one in file.findings)


def _well(report: Report, *, partial: bool) -> str:
    """Return what is to be said where nothing above a note was found."""
    sites = report.sites
    unknown = sum(site.intent is None for site in sites)
    if not sites or partial or unknown == len(sites):
        return "nothing found"
    return f"nothing found, {unknown} of unknown intent" if unknown else WELL


def _mended(report: Report, least: Severity) -> str:
    """Return how many of the findings that are shown a fix would mend."""
    shown = SEVERITIES.index(least)
    fixes = [
        one.finding.fix.safety
        for one in report.findings
        if one.finding.fix is not None and SEVERITIES.index(one.finding.severity) <= shown
    ]
    safe, unsafe = fixes.count("safe"), fixes.count("unsafe")
    if not fixes:
        return ""
    said = [str(safe)] if safe else []
    if unsafe:
        said.append(f"{unsafe}{' more' if safe else ''} with --unsafe-fixes")
    return f"halfpixel fix would mend {', '.join(said)}"


def statistics(report: Report) -> list[tuple[Severity, str, int]]:
    """Return (severity, rule, how often it found something), the gravest and the most first.

    >>> statistics(Report())
    []
    """
    counts: dict[tuple[Severity, str], int] = {}
    for one in report.findings:
        key = one.finding.severity, one.rule.name
        counts[key] = counts.get(key, 0) + 1
    rows = sorted(counts.items(), key=lambda row: (SEVERITIES.index(row[0][0]), -row[1], row[0]))
    return [(severity, name, count) for (severity, name), count in rows]
