"""A run as Markdown, for a comment on a pull request.

The verdict comes first; errors and warnings are a table, what is alike one row of it; notes are
folded away. GitHub takes 65,536 characters a comment, and what would be more is counted.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from halfpixel.printable import printable_line
from halfpixel.quoting import markdown_cell
from halfpixel.report.machine.entry import Entry, Run, folded
from halfpixel.report.summary import Summary

LONGEST: Final = 60_000
"""Characters of a comment, some less than GitHub takes."""

NAMED: Final = 5
"""Nodes that are named of those that a row is about."""

MARKS: Final = {"error": ":x: error", "warning": ":warning: warning", "note": "note"}
"""A severity, with the sign that GitHub and GitLab draw for its short code."""


def dumps(run: Run) -> str:
    """Return a run as Markdown text."""
    lines = [f"### halfpixel {run.command}", "", f"**{_text(run.closing)}**"]
    wrong = list(folded([one for one in run.entries if one.severity != "note"]))
    notes = list(folded([one for one in run.entries if one.severity == "note"]))
    if wrong:
        lines += ["", *_table(wrong, LONGEST // 2)]
    if notes:
        count = sum(map(len, notes))
        lines += ["", f"<details><summary>{count} note{'' if count == 1 else 's'}</summary>", ""]
        lines += [*_table(notes, LONGEST // 2), "", "</details>"]
    return "\n".join(lines)


def _table(groups: Sequence[Sequence[Entry]], room: int) -> Iterator[str]:
    yield "| | model | node | finding |"
    yield "| --- | --- | --- | --- |"
    for place, alike in enumerate(groups):
        row = _row(alike)
        room -= len(row)
        if room < 0:
            yield f"| | | | and {len(groups) - place} more |"
            return
        yield row


def _row(alike: Sequence[Entry]) -> str:
    one = alike[0]
    names = ", ".join(_code(each.node) for each in alike[:NAMED] if each.node)
    more = f" and {len(alike) - NAMED} more" if len(alike) > NAMED else ""
    message = one.message.removesuffix(f"; {one.calls[1]} was meant")  # which follows
    said = [f"**{_text(one.rule)}**: {_text(message)}"]
    said += [
        f"{word} {_code(call)}"
        for word, call in zip(("is", "meant"), one.calls, strict=True)
        if call
    ]
    if one.source:
        said.append(f"from {_code(one.source)}")
    if one.advice:
        said.append(f"*{_text(one.advice)}*")
    mark = MARKS[one.severity]
    return f"| {mark} | {_code(one.file)} | {names}{more} | {'<br>'.join(said)} |"


def _text(text: str) -> str:
    r"""Return a text in which nothing is Markdown's, and nobody is called.

    >>> print(_text("a*b_c|<d>[e](f) @g &commat;h"))
    a\*b\_c &lt;d>\[e](f) @<!-- -->g &amp;commat;h
    """
    quoted = markdown_cell(text)
    for mark in "\\`*_[~":
        quoted = quoted.replace(mark, f"\\{mark}")
    for mark in ("@", "#", ":/", "www."):  # what GitHub makes a mention, an issue or a link of
        quoted = quoted.replace(mark, f"{mark[0]}<!-- -->{mark[1:]}")
    return quoted


def _code(text: str) -> str:
    r"""Return a text as code in a cell; what would end the code is left out.

    >>> print(_code("a`b|c"))
    `a b\|c`
    """
    told = printable_line(text).replace("`", " ").replace("|", r"\|")
    return f"`{told}`"


def tables(summary: Summary) -> str:
    """Return the tables of a summary."""
    return "\n\n".join("\n".join(_rows(heads, rows)) for heads, rows in summary.tables())


def _rows(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (heads, ["---"] * len(heads), *rows):
        yield f"| {' | '.join(map(markdown_cell, row))} |"
