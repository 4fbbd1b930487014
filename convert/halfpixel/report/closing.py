"""The one line that closes a run: what was looked at, what was found, what is to be done."""

from collections import Counter

from halfpixel.checking.result import Report
from halfpixel.rule import SEVERITIES, Severity


def closing(report: Report, least: Severity) -> str:
    """Return a check in one line.

    Args:
        report: what was found.
        least: the mildest severity that is shown; milder ones are counted.
    """
    counts = Counter(one.finding.severity for one in report.findings)
    found = ", ".join(many(counts[severity], severity) for severity in SEVERITIES)
    failed = sum(file.error is not None for file in report.files)
    unread = f", {failed} not read" if failed else ""
    sites = many(len(report.sites), "resampling node")
    untold = " (--severity note shows them)" if counts["note"] and least != "note" else ""
    return f"{sites} in {many(len(report.files), 'file')}{unread}: {found}{untold}"


def many(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> many(1, "file"), many(2, "file")
    ('1 file', '2 files')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"
