"""A report as workflow commands of GitHub Actions, which become annotations of the files.

Source: GitHub documentation, "Workflow commands for GitHub Actions", setting an error message.
"""

from collections.abc import Iterator
from typing import Final

from halfpixel.checking.result import Report
from halfpixel.quoting import github_message, github_property

COMMANDS: Final = {"error": "error", "warning": "warning", "note": "notice"}


def lines(report: Report) -> Iterator[str]:
    """Yield a command for each finding, and for each file that could not be read."""
    for file in report.files:
        if file.error is not None:
            yield _command("error", file.path, "halfpixel", file.error)
        for fault in file.faults:
            yield _command("error", file.path, "halfpixel", fault)
        for line in file.unjudged:
            yield _command("error", file.path, "halfpixel", line)
        for one in file.findings:
            site, finding = one.site, one.finding
            text = [f"{site.path} ({site.op}): {finding.message} ({finding.how})"]
            if finding.fix is not None:
                text.append(f"fix ({finding.fix.safety}): {one.words}")
            title = f"halfpixel {one.rule.name}"
            yield _command(COMMANDS[finding.severity], file.path, title, *text)


def _command(name: str, file: str, title: str, *text: str) -> str:
    r"""Return a workflow command whose message is some lines.

    >>> _command("error", "a,b.onnx", "rule", "50%", "off")
    '::error file=a%2Cb.onnx,title=rule::50%25%0Aoff'
    """
    properties = f"file={github_property(file)},title={github_property(title)}"
    return f"::{name} {properties}::{github_message(*text)}"
