"""A run as workflow commands of GitHub Actions, which become annotations of the files.

Source: GitHub documentation, "Workflow commands for GitHub Actions", setting an error message.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from halfpixel.quoting import github_message, github_property
from halfpixel.report.alike import KNOWN, named
from halfpixel.report.machine.entry import Entry, Run, folded

COMMANDS: Final = {"error": "error", "warning": "warning", "note": "notice"}


def dumps(run: Run) -> str:
    """Return a run as workflow commands, a line each."""
    return "\n".join(lines(run))


def lines(run: Run) -> Iterator[str]:
    """Yield a command for each thing that is said, and one that counts what is not shown."""
    for alike in folded(run.shown):
        yield _entry(alike)
    if run.hidden:
        noun = "note" if run.hidden == 1 else "notes"
        yield f"::notice title=halfpixel::{run.hidden} {noun}: --severity note shows them"


def _entry(alike: Sequence[Entry]) -> str:
    one = alike[0]
    names = f"{len(alike)} nodes: {named([each.node for each in alike])}"
    where = names if len(alike) > 1 else one.place
    how = f" ({KNOWN.get(one.how, one.how)})" if one.how else ""
    text = [f"{where}: {one.message}{how}" if where else f"{one.message}{how}"]
    if one.source:
        text.append(f"from {one.source}")
    if one.fix[0]:
        text.append(one.advice)
    title = "halfpixel" if one.failed else f"halfpixel {one.rule}"
    return _command(COMMANDS[one.severity], one.file, title, *text)


def _command(name: str, file: str, title: str, *text: str) -> str:
    r"""Return a workflow command whose message is some lines.

    >>> _command("error", "a,b.onnx", "rule", "50%", "off")
    '::error file=a%2Cb.onnx,title=rule::50%25%0Aoff'
    """
    properties = f"file={github_property(file)},title={github_property(title)}"
    return f"::{name} {properties}::{github_message(*text)}"
