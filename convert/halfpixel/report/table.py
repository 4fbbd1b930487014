"""A table of text: columns where the page is wide enough for them, else a paragraph a row.

Nothing in it is broken or cut: a name that is too long for its column makes the rows paragraphs.
"""

from collections.abc import Iterator, Sequence

from halfpixel.printable import printable
from halfpixel.report.layout import Line

GAP = "  "


def table_lines(
    heads: Sequence[str], rows: Sequence[Sequence[str]], width: int | None
) -> Iterator[Line]:
    """Yield the lines of a table.

    Args:
        heads: what the columns are called; the first names what a row is about.
        rows: the cells of each row, as many as there are heads.
        width: columns of the page; None where nothing is broken.

    >>> for line in table_lines(("site", "off by"), [("up", "0.25")], 20): print(line.body)
    site  off by
    up    0.25
    >>> for line in table_lines(("site", "off by"), [("up", "0.25")], 10): print(line.body)
    site up
      off by 0.25
    """
    table = [tuple(map(printable, row)) for row in (heads, *rows)]
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    if width is None or sum(widths) + len(GAP) * (len(widths) - 1) <= width:
        for row in table:
            padded = (cell.ljust(size) for cell, size in zip(row, widths, strict=True))
            yield Line("", GAP.join(padded).rstrip())
        return
    head, *others = table[0]
    for first, *cells in table[1:]:
        yield Line("", f"{head} {first}", hang=4)
        said = [f"{name} {cell}" for name, cell in zip(others, cells, strict=True) if cell]
        yield Line("", f"  {', '.join(said)}", hang=4)
