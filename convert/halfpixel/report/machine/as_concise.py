"""A run as one line a finding, for grep and editors: ``file:node: severity rule: message``."""

from halfpixel.printable import printable_line, printable_lines
from halfpixel.report.machine.entry import Entry, Run


def dumps(run: Run) -> str:
    """Return a run as lines; nothing where there is nothing to say."""
    return printable_lines(map(line, run.shown))


def line(one: Entry) -> str:
    """Return an entry as a line.

    >>> line(Entry("m.onnx", "note", "rule", "it is off", "up"))
    'm.onnx:up: note rule: it is off'
    """
    node = f"{one.node}:" if one.node else ""
    return printable_line(f"{one.file}:{node} {one.severity} {one.rule}: {one.message}")
