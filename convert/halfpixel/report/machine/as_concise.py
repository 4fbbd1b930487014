"""A run as one line a finding, for grep and editors: ``file:node: severity rule: message``."""

from halfpixel.printable import printable_lines
from halfpixel.report.machine.entry import Run


def dumps(run: Run) -> str:
    """Return a run as lines; nothing where there is nothing to say."""
    lines = (
        f"{one.file}:{one.node + ':' if one.node else ''} {one.severity} {one.rule}: {one.message}"
        for one in run.shown
    )
    return printable_lines(lines)
