"""A run as CSV (RFC 4180), one row an entry, with a head.

A cell that a spreadsheet would take for a formula is told after an apostrophe, which is what
OWASP's page "CSV Injection" asks for.
"""

import csv
from io import StringIO
from typing import Final

from halfpixel.printable import printable_line
from halfpixel.report.machine.entry import Run

HEAD: Final = (
    "file", "node", "op", "severity", "rule", "message", "how", "is", "meant", "fix", "words",
    "source",
)  # fmt: skip
"""The columns; more may be added at the end."""

FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, the last four as a Japanese keyboard writes them."""


def dumps(run: Run) -> str:
    """Return a run as CSV text, its head first."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for one in run.entries:
        row = (
            one.file, one.node, one.op, one.severity, one.rule, one.message, one.how, *one.calls,
            *one.fix, one.source,
        )  # fmt: skip
        writer.writerow(map(cell, row))
    return out.getvalue()


def cell(text: str) -> str:
    r"""Return a text for a cell, which no spreadsheet computes and no terminal acts upon.

    >>> cell("=1+1"), cell("\uff1d1"), cell("a\x1b")
    ("'=1+1", "'\uff1d1", 'a\\x1b')
    """
    text = printable_line(text)
    return f"'{text}" if text.startswith(FORMULA) else text
