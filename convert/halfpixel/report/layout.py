"""Lines of text on a page of some columns: words stay whole, and what follows hangs below.

A name that is longer than the page stands whole on a line of its own.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final

import click
from msgspec import Struct

from halfpixel.printable import printable, printable_line

STYLES: Final[dict[str, dict[str, str | bool]]] = {
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow"},
    "note": {"fg": "cyan"},
    "name": {"bold": True},
    "well": {"fg": "green"},
}
"""What a style looks like, in click's words."""

WIDEST: Final = 120
"""Columns beyond which lines of prose are no easier to read."""


_TUPLE: Final = re.compile(r"\([0-9]+(?:, [0-9]+){1,4}\)")
"""Lengths that are not broken between; no text that is printable has the zero between them."""


PROSE: Final = 75
"""Columns from which on a line may be one that a break has ended."""


class Line(Struct, frozen=True):
    """A line of a report, before it is broken.

    Attributes:
        head: how it begins, which is styled.
        body: what follows, plain.
        style: of the head, a key of `STYLES`; empty for plain.
        hang: columns by which what follows a break is moved.
    """

    head: str = ""
    body: str = ""
    style: str = ""
    hang: int = 0


def hung(text: str) -> Line:
    """Return a plain line; what follows a break hangs two columns below where it begins."""
    return Line("", text, hang=len(text) - len(text.lstrip()) + 2)


def prose(text: str) -> Line:
    """Return a plain line; what follows a break hangs below one that is indented, or an item."""
    return hung(text) if text.startswith((" ", "- ")) else Line("", text)


def paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines in which the prose of a manual page is one line a paragraph, to be broken anew.

    Prose is what a break at about a hundred columns has ended, and what follows it.

    >>> list(paragraphs(["a " * 45, "b", "", "- c", "d: 1"]))[1:]
    ['', '- c', 'd: 1']
    >>> len(list(paragraphs([f"a  {'call' * 20}", "b  call"])))  # two rows
    2
    """
    held = ""
    last = 0
    for line in lines:
        starts = not line or line[0] in "#-|>`" or line[1:3] == "  "
        starts = starts or (line[0] == " " and not held.startswith("- "))
        if held and last >= PROSE and not starts:
            held = f"{held.rstrip()} {line.strip()}"
        else:
            if held:
                yield held
            held = line
            if not line:
                yield line
        last = len(line)
    if held:
        yield held


def plain(line: Line) -> str:
    """Return a line without its style, printable, as one line."""
    return printable_line(line.head + line.body)


def broken(line: Line, width: int | None, *, colour: bool = False) -> Iterator[str]:
    """Yield the lines that a line is on a page.

    Args:
        line: the line.
        width: columns of the page; None where nothing is broken.
        colour: with its style, as codes that a terminal acts upon.

    >>> list(broken(Line("  is  ", "F.f(x, size=(1, 2))", hang=6), 20))
    ['  is  F.f(x,', '      size=(1, 2))']
    """
    text = plain(line)
    lines = [text]
    if width is not None and len(text) > width:
        import textwrap

        head = printable(line.head)
        if line.style == "name" and text.startswith(head):
            text = head.replace(" ", "\0") + text[len(head) :]  # a name may have blanks in it
        lines = textwrap.wrap(
            _TUPLE.sub(lambda found: found[0].replace(" ", "\0"), text),
            width,
            subsequent_indent=" " * min(line.hang, width // 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines = [printable_line(one.replace("\0", " ")) for one in lines]
    head = printable(line.head)
    styled = colour and bool(line.style) and lines[0].startswith(head)
    for place, one in enumerate(lines):
        if not styled or place:
            yield one
        else:
            yield click.style(head, **STYLES[line.style]) + one[len(head) :]  # type: ignore[arg-type]


def page_width(*, err: bool = False) -> int | None:
    """Return the columns of the page: of a terminal, or that COLUMNS says; None for no page.

    Args:
        err: of standard error in the place of standard output.
    """
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and 0 < len(said) < 6 and int(said) > 0:
        return min(int(said), WIDEST)
    out = sys.stderr if err else sys.stdout
    if out is None or not out.isatty():  # pyright: ignore[reportUnnecessaryComparison] - closed
        return None
    return min(os.get_terminal_size(out.fileno()).columns or WIDEST, WIDEST)
