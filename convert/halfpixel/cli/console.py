"""All that the command line prints: lines, and documents that are quoted as a whole.

No other file of the command line prints, so that none can forget what `say` does.
"""

from typing import TYPE_CHECKING

import click

from halfpixel.printable import printable_line

if TYPE_CHECKING:
    from halfpixel.report.layout import Line


def say(line: object, *, err: bool = False) -> None:
    """Print one line; whatever names stand in it, it stays one, and is no command.

    Args:
        line: what is said.
        err: on standard error.
    """
    click.echo(printable_line(str(line)), err=err)


def write_document(text: str, *, err: bool = False, end: bool = True) -> None:
    """Print a text that is quoted already: JSON, SARIF, workflow commands, a page.

    Args:
        text: the text.
        err: on standard error.
        end: with a line break after it.
    """
    click.echo(text, err=err, nl=end)


def say_broken(line: "Line", width: int | None, *, colour: bool, err: bool = False) -> None:
    """Print a line of a report on a page; see `report.layout.broken`, which makes it printable."""
    from halfpixel.report.layout import broken

    for text in broken(line, width, colour=colour):
        click.echo(text, color=colour, err=err)
