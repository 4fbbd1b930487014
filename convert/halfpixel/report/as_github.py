"""A report as workflow commands of GitHub Actions, which become annotations of the files.

Source: GitHub documentation, "Workflow commands for GitHub Actions", setting an error message.
"""

from collections.abc import Iterator
from typing import Final

from halfpixel.checking.result import Report

COMMANDS: Final = {"error": "error", "warning": "warning", "note": "notice"}


def lines(report: Report) -> Iterator[str]:
    """Yield a command for each finding, and for each file that could not be read."""
    for file in report.files:
        if file.error is not None:
            yield _command("error", file.path, "halfpixel", file.error)
        for fault in file.faults:
            yield _command("error", file.path, "halfpixel", fault)
        for one in file.findings:
            site, finding = one.site, one.finding
            where = f"{site.graph}/{site.name}" if site.graph else site.name
            text = f"{where} ({site.op}): {finding.message} ({finding.how})"
            if finding.fix is not None:
                text += f"\nfix ({finding.fix.safety}): {one.words}"
            title = f"halfpixel {one.rule.name}"
            yield _command(COMMANDS[finding.severity], file.path, title, text)


def _command(name: str, file: str, title: str, text: str) -> str:
    r"""Return a workflow command; what would end it or a property of it is escaped.

    >>> _command("error", "a,b.onnx", "rule", "50%\noff")
    '::error file=a%2Cb.onnx,title=rule::50%25%0Aoff'
    """
    return f"::{name} file={_property(file)},title={_property(title)}::{_escaped(text)}"


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
