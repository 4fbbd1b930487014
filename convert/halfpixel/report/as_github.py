"""A report as workflow commands of GitHub Actions, which become annotations of the files.

Source: GitHub documentation, "Workflow commands for GitHub Actions", setting an error message.
"""

from collections.abc import Iterator
from typing import Final

from halfpixel.checking.result import Report, SiteFinding
from halfpixel.quoting import github_message, github_property
from halfpixel.report.notes import KNOWN, nodes, shown
from halfpixel.rule import Severity

COMMANDS: Final = {"error": "error", "warning": "warning", "note": "notice"}


def lines(report: Report, least: Severity = "note") -> Iterator[str]:
    """Yield a command for each finding, and for each file that could not be read.

    Args:
        report: what was found.
        least: the mildest severity that is shown; how many notes there are is one command.
    """
    for file in report.files:
        if file.error is not None:
            yield _command("error", file.path, "halfpixel", file.error)
        for fault in file.faults:
            yield _command("error", file.path, "halfpixel", fault)
        for line in file.unjudged:
            yield _command("error", file.path, "halfpixel", line)
        told = shown(file, least)
        for one in told.single:
            yield _finding(file.path, one, f"{one.site.path} ({one.site.op})")
        for alike in told.alike:
            yield _finding(file.path, alike[0], nodes(alike))
    count = report.count("note")
    if count and least != "note":
        noun = "note" if count == 1 else "notes"
        yield f"::notice title=halfpixel::{count} {noun}: --severity note shows them"


def _finding(file: str, one: SiteFinding, where: str) -> str:
    finding = one.finding
    text = [f"{where}: {finding.message} ({KNOWN.get(finding.how, finding.how)})"]
    if finding.fix is not None:
        text.append(f"fix ({finding.fix.safety}): {one.words}")
    return _command(COMMANDS[finding.severity], file, f"halfpixel {one.rule.name}", *text)


def _command(name: str, file: str, title: str, *text: str) -> str:
    r"""Return a workflow command whose message is some lines.

    >>> _command("error", "a,b.onnx", "rule", "50%", "off")
    '::error file=a%2Cb.onnx,title=rule::50%25%0Aoff'
    """
    properties = f"file={github_property(file)},title={github_property(title)}"
    return f"::{name} {properties}::{github_message(*text)}"
