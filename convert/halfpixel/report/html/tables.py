"""Pages of tables and details, for commands that run models: what stands on them, and how."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Final, Literal

from msgspec import Struct

from halfpixel.report.html.gallery import Gallery, Picture
from halfpixel.report.html.page import render

Kind = Literal["", "badge", "code", "number"]
"""How the cells of a column are shown."""

Heads = tuple[tuple[str, Kind], ...]
"""The name and kind of each column."""

Mood = Literal["good", "warning", "error"]

OPEN: Final = 3
"""Details that are open when the page is."""


class Line(Struct, frozen=True):
    """One row of a table.

    Attributes:
        cells: its texts, as many as the table has columns.
        group: what a reader may choose it by, such as equal or refused.
        link: the detail that tells more; empty where there is none.
    """

    cells: tuple[str, ...]
    group: str = ""
    link: str = ""


class Table(Struct, frozen=True):
    """A table.

    Attributes:
        title: what it lists.
        heads: the name and kind of each column.
        lines: its rows.
    """

    title: str
    heads: Heads
    lines: tuple[Line, ...]


class Detail(Struct, frozen=True):
    """A part of a page that is opened.

    Attributes:
        title: its heading.
        group: as of a row.
        anchor: by which it is linked to.
        facts: names and texts of what it states.
        text: a paragraph.
        picture: a picture.
        diff: lines of a change.
        code: a program.
        tables: tables in it.
    """

    title: str
    group: str = ""
    anchor: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    text: str = ""
    picture: Picture | None = None
    diff: tuple[str, ...] = ()
    code: str = ""
    tables: tuple[Table, ...] = ()


class Part(Struct, frozen=True):
    """A headed part of a page.

    Attributes:
        heading: its heading.
        anchor: by which it is linked to.
        items: what stands in it, in order: paragraphs, tables and details.
        about: what it is about, where a page has several of the kind.
    """

    heading: str
    anchor: str
    items: tuple[str | Table | Detail, ...]
    about: str = ""

    @property
    def nav(self) -> str:
        """Its name at the top of the page; empty where there are several of the kind."""
        return "" if self.about else self.heading


class Tables(Struct):
    """A page.

    Attributes:
        command: the command that it reports.
        verdict: what came of it, in one sentence.
        mood: how good that is.
        lines: what else is said at the top.
        counts: (number, what is counted) at the top.
        parts: the rest of it.
        gallery: its pictures.
    """

    command: str
    verdict: str
    mood: Mood
    lines: tuple[str, ...]
    counts: tuple[tuple[int, str], ...]
    parts: tuple[Part, ...]
    gallery: Gallery


def dumps(page: Tables) -> str:
    """Return a page as HTML text.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    parts = [part for part in page.parts if part.items]
    return render(
        "tables.html",
        {
            "title": f"halfpixel {page.command}",
            "version": version("halfpixel"),
            "verdict": page.verdict,
            "mood": page.mood,
            "lines": page.lines,
            "counts": page.counts,
            "parts": [(part, [_kind(item) for item in part.items]) for part in parts],
            "groups": list(dict.fromkeys(_groups(parts))),
            "gallery": page.gallery,
            "opened": OPEN,
        },
    )


def _kind(item: str | Table | Detail) -> tuple[str, str | Table | Detail]:
    return type(item).__name__.lower(), item


def _groups(parts: Sequence[Part]) -> Iterator[str]:
    """Yield what rows and details may be chosen by, in the order in which they are met."""
    for item in (item for part in parts for item in part.items):
        if isinstance(item, Detail) and item.group:
            yield item.group
        if isinstance(item, Table):
            yield from (line.group for line in item.lines if line.group)
