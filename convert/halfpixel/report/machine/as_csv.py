"""A run as CSV (RFC 4180), one row an entry, with a head.

A cell that a spreadsheet would take for a formula is told after an apostrophe, which is what
OWASP's page "CSV Injection" asks for.
"""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Final

from halfpixel.printable import printable_line
from halfpixel.report.machine.entry import Entry, Run

HEAD: Final = (
    "file", "node", "op", "severity", "rule", "message", "how", "is", "meant", "fix", "words",
    "source",
)  # fmt: skip
"""The columns; more may be added at the end."""

FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, the last four as a Japanese keyboard writes them."""


def dumps(run: Run) -> str:
    """Return a run as CSV text, its head first."""
    return "".join(pieces(run.entries))


def pieces(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the head, and a row for each entry."""
    yield _row(HEAD)
    for one in entries:
        row = (
            one.file, one.node, one.op, one.severity, one.rule, one.message, one.how, *one.calls,
            *one.fix, one.source,
        )  # fmt: skip
        yield _row(map(cell, row))


def _row(cells: Iterable[str]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def cell(text: str) -> str:
    r"""Return a text for a cell, which no spreadsheet computes and no terminal acts upon.

    >>> cell("=1+1"), cell("\uff1d1"), cell("a\x1b")
    ("'=1+1", "'\uff1d1", 'a\\x1b')
    """
    text = printable_line(text)
    return f"'{text}" if text.startswith(FORMULA) else text
