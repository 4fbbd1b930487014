"""Where a report goes and in which format: the options of it, and who writes it.

A format is a name in `FORMATS`; what a command makes of a name is in `report/machine/`. A report
that goes to a file is written whole or not at all, as models are.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import click
from click.core import ParameterSource

from halfpixel.cli.console import say_broken, write_document
from halfpixel.cli.files import FILES, PACKAGES
from halfpixel.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from halfpixel.cli.options import Decorator
    from halfpixel.report.layout import Line

FORMATS: Final = (
    "text", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit", "markdown", "csv",
    "html",
)  # fmt: skip
"""Formats of a report; each command has all of them."""

ENDINGS: Final = {
    ".html": "html",
    ".htm": "html",
    ".json": "json",
    ".jsonl": "jsonl",
    ".sarif": "sarif",
    ".csv": "csv",
    ".md": "markdown",
    ".xml": "junit",
}
"""The format of a report that goes to a file, by the file's ending, where none is named."""

PARQUET: Final = "parquet"
"""The format of tables of many models, and the ending of their files; `check` alone has it."""

STANDARD_OUTPUT: Final = "-"


def format_option(formats: Sequence[str] = FORMATS) -> "Decorator":
    """Return the option that names the format of a report."""
    return click.option(
        "--output-format",
        type=click.Choice(formats),
        default="text",
        callback=_ready,
        metavar="FORMAT",
        help=f"Format of the report: {', '.join(formats)}.  [default: what the report's file ends "
        f"in, of {', '.join(ENDINGS)}; else text]",
    )


def format_of(file: str) -> str:
    """Return the format of a report that goes to a file, by its ending.

    >>> format_of("report.HTML"), format_of("m.sarif.json"), format_of("report.txt")
    ('html', 'sarif', 'text')
    """
    stem, ending = os.path.splitext(file.lower())  # noqa: PTH122 - pathlib is not loaded for this
    if ending == ".json" and stem.endswith(".sarif"):
        return "sarif"
    return ENDINGS.get(ending, "text")


def _ready(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Return the format, and refuse one whose library is not there before anything is run for it.

    What is given comes before what is not: where no format is named, the file is known by now.
    """
    if context.get_parameter_source(str(parameter.name)) is ParameterSource.DEFAULT:
        options = {one.name for one in context.command.params}
        file = context.params.get("report" if "report" in options else "output")
        value = value if file is None else format_of(file)
        choices = parameter.type
        if isinstance(choices, click.Choice) and PARQUET in choices.choices:
            value = PARQUET if str(file).lower().endswith(f".{PARQUET}") else value
    if value == PARQUET:
        check_parquet(context.params.get("output"))
    if value == "html":
        check_html()
    return value


def check_html() -> None:
    """Refuse a page whose library is not there.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    from halfpixel.report.html.page import environment

    environment()


def check_parquet(file: str | None) -> None:
    """Refuse a table that goes to no file, or whose library is not there.

    Raises:
        UsageError: no file is named.
        MissingExtraError: pyarrow is not installed.
    """
    if file is None or file == STANDARD_OUTPUT:
        raise UsageError("--output-format parquet: -o FILE says which file it goes to")
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise MissingExtraError("pyarrow", "parquet")


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
        help="Write the report to a file, in --output-format or the format of its ending.",
    ),
]
"""Where the report of a command goes that writes nothing else."""

ReportFile = Annotated[
    str | None,
    click.option(
        "--report",
        metavar="FILE",
        callback=no_model,
        help="Write the report to a file, in --output-format or the format of its ending; "
        "--output names the model's.",
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


def write_stream(pieces: "Iterator[str | bytes]", output: str | None) -> None:
    """Print a report as it comes, or write it to a file whole or not at all.

    Args:
        pieces: the report, quoted already, with its line breaks.
        output: the file; None or "-" for standard output.

    Raises:
        ModelFileError: the file cannot be written.
    """
    if output is None or output == STANDARD_OUTPUT:
        last: str | bytes = "\n"
        for last in pieces:
            write_document(str(last), end=False)
        if not str(last).endswith("\n"):
            write_document("")
        return
    from pathlib import Path

    from halfpixel.formats import atomic

    atomic.write(_bytes_of(pieces), None, Path(output), replace=True)


def _bytes_of(pieces: "Iterator[str | bytes]") -> Iterator[bytes]:
    last = b"\n"
    for piece in pieces:
        last = piece if isinstance(piece, bytes) else piece.encode("utf-8", "backslashreplace")
        yield last
        if isinstance(piece, bytes):
            last = b"\n"
    if not last.endswith(b"\n"):
        yield b"\n"
