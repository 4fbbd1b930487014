"""A report of check as one HTML file, which opens on the verdict."""

from importlib.metadata import version
from typing import Final

from halfpixel.checking.result import Report
from halfpixel.printable import many
from halfpixel.report.closing import closing
from halfpixel.report.html.page import render
from halfpixel.report.html.playground import SCRIPTS, knowledge, operators_of
from halfpixel.report.html.sections import sections_of
from halfpixel.report.html.words import paragraphs
from halfpixel.rule import SEVERITIES, Severity
from halfpixel.work import MOST, working

OPEN: Final = 3
"""Sections that are open when the page is."""


def dumps(report: Report, least: Severity = "warning", most: int = MOST) -> str:
    """Return a report as an HTML page.

    Args:
        report: what was found.
        least: the mildest severity that is shown at first; the reader may ask for the others.
        most: steps of exact work that a second look at a file may take.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    found = sections_of(report.files, most)
    grave = sorted(report.findings, key=lambda one: SEVERITIES.index(one.finding.severity))
    wrong = [one.site for one in grave if one.finding.severity != "note"]
    with working(most):
        given = list(operators_of(wrong or report.sites))
    failures = [(file.path, kind, text) for file in report.files for kind, text in file.failures]
    repaired = [(file.path, file.repaired) for file in report.files if file.repaired]
    return render(
        "check.html",
        {
            "title": "halfpixel check",
            "version": version("halfpixel"),
            "verdict": verdict(report),
            "mood": mood(report),
            "found": found,
            "failures": failures,
            "repaired": repaired,
            "notices": [line for file in report.files for line in file.notices],
            "suppressed": sum(len(file.suppressed) for file in report.files),
            "shown": SEVERITIES[: SEVERITIES.index(least) + 1],
            "opened": OPEN,
            "paragraphs": paragraphs,
            "knowledge": knowledge(given),
        },
        SCRIPTS,
    )


def verdict(report: Report) -> str:
    """Return what came of a check in one sentence.

    >>> verdict(Report())
    'Nothing found'
    """
    errors, warnings = report.count("error"), report.count("warning")
    files = [
        file for file in report.files
        if any(one.finding.severity != "note" for one in file.findings)
    ]  # fmt: skip
    where = f" in {len(files)} of {len(report.files)} files" if len(report.files) > 1 else ""
    counted = [many(n, noun) for n, noun in ((errors, "error"), (warnings, "warning")) if n]
    if counted:
        return " and ".join(counted) + where
    if report.failed:
        return "Not everything could be judged"
    told = closing(report, hides=False).partition(": ")[2]
    return told[:1].upper() + told[1:]


def mood(report: Report) -> str:
    """Return the gravest severity of a report, by which the verdict is coloured."""
    if report.failed or report.count("error"):
        return "error"
    return "warning" if report.count("warning") else "good"
