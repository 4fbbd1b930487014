"""Where a report goes and in which format: the options of it, and who writes it.

A format is a name in `FORMATS`; what a command makes of a name is in `report/machine/`. A report
that goes to a file is written whole or not at all, as models are.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import click

from halfpixel.cli.console import say_broken, write_document
from halfpixel.cli.files import FILES, PACKAGES
from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from halfpixel.cli.options import Decorator
    from halfpixel.report.layout import Line

FORMATS: Final = (
    "text", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown", "csv", "html",
)  # fmt: skip
"""Formats of a report; each command has all of them."""

STANDARD_OUTPUT: Final = "-"


def format_option(formats: Sequence[str] = FORMATS) -> "Decorator":
    """Return the option that names the format of a report."""
    return click.option(
        "--output-format",
        type=click.Choice(formats),
        default="text",
        callback=_ready,
        metavar="FORMAT",
        help=f"Format of the report: {', '.join(formats)}.  [default: text]",
    )


def _ready(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Refuse a format whose library is not there before anything is run for it."""
    if value == "html":
        from halfpixel.report.html.page import environment

        environment()
    return value


OutputFormat = Annotated[str, format_option()]


def no_model(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse the name of a model for what is none, before a report takes a model's place.

    Raises:
        UsageError: such a name.
    """
    if value is not None and value.lower().rstrip("/").endswith((*FILES, *PACKAGES)):
        told = "is the name of a model, and what is written there is none"
        raise UsageError(f"{parameter.opts[-1]} {value}: {told}")
    return value


Output = Annotated[
    str | None,
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        callback=no_model,
        help="Write the report to a file, in --output-format.",
    ),
]
"""Where the report of a command goes that writes nothing else."""

ReportFile = Annotated[
    str | None,
    click.option(
        "--report",
        metavar="FILE",
        callback=no_model,
        help="Write the report to a file, in --output-format; --output names the model's.",
    ),
]
"""Where the report of a command goes whose --output is a model."""


Color = Annotated[
    str,
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Colours; auto: on a terminal, unless NO_COLOR is set, and wherever FORCE_COLOR is.",
    ),
]

Quiet = Annotated[
    bool, click.option("-q", "--quiet", is_flag=True, help="Tell what is wrong, and nothing else.")
]

Verbose = Annotated[
    bool,
    click.option(
        "-v", "--verbose", is_flag=True, help="Tell of every site in full, right ones too."
    ),
]


def is_coloured(color: str, *, err: bool = False) -> bool:
    """Whether text is coloured: as --color says, else NO_COLOR, FORCE_COLOR, and the terminal.

    Source: no-color.org and force-color.org: a variable that is set and not empty.
    """
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    out = sys.stderr if err else sys.stdout
    there = out is not None and out.isatty()  # pyright: ignore[reportUnnecessaryComparison] - closed
    return there and os.environ.get("TERM") != "dumb"


class Page:
    """Where the lines of a report go: printed as they come, or to a file once it is closed.

    Attributes:
        width: its columns; None where nothing is broken, as in a file.
    """

    def __init__(
        self, output: str | None = None, color: str = "auto", *, err: bool = False
    ) -> None:
        """Open a page; the lines of a file are neither coloured nor broken.

        Args:
            output: the file; None or "-" for standard output.
            color: what --color says.
            err: standard error in the place of standard output.
        """
        from halfpixel.report.layout import page_width

        self._output = None if output == STANDARD_OUTPUT else output
        self._lines: list[str] = []
        self.width = None if self._output else page_width(err=err)
        self._colour = is_coloured(color, err=err)
        self._err = err

    def tell(self, lines: "Iterable[Line]") -> None:
        """Print lines, or keep them for the file."""
        if self._output is None:
            for line in lines:
                say_broken(line, self.width, colour=self._colour, err=self._err)
            return
        from halfpixel.report.layout import plain

        self._lines += map(plain, lines)

    def close(self) -> None:
        """Write the file, where there is one."""
        if self._output is not None:
            write_report("\n".join(self._lines), self._output)


def write_report(text: str, output: str | None, *, err: bool = False) -> None:
    """Print a report, or write it to a file whole or not at all.

    Args:
        text: the report, quoted already; one line break ends it.
        output: the file; None or "-" for standard output.
        err: on standard error where it is not a file: standard output holds a model.

    Raises:
        ModelFileError: the file cannot be written.
    """
    if output is None or output == STANDARD_OUTPUT:
        if text:  # where there is nothing to say, nothing is said
            write_document(text, err=err, end=not text.endswith("\n"))
        return
    from pathlib import Path

    from halfpixel.formats import atomic

    whole = text if not text or text.endswith("\n") else f"{text}\n"
    atomic.write([whole.encode("utf-8", "backslashreplace")], None, Path(output), replace=True)
