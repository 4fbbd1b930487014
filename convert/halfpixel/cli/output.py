"""Where a report goes and in which format: the options of it, and who writes it.

A format is a name in `FORMATS`; what a command makes of a name is in `report/machine/`. A report
that goes to a file is written whole or not at all, as models are.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import click

from halfpixel.cli.console import write_document

if TYPE_CHECKING:
    from halfpixel.cli.options import Decorator

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

Output = Annotated[
    str | None,
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        help="Write the report to a file, in --output-format.",
    ),
]
"""Where the report of a command goes that writes nothing else."""

ReportFile = Annotated[
    str | None,
    click.option(
        "--report",
        metavar="FILE",
        help="Write the report to a file, in --output-format; --output names the model's.",
    ),
]
"""Where the report of a command goes whose --output is a model."""


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
        write_document(text, err=err, end=not text.endswith("\n"))
        return
    from pathlib import Path

    from halfpixel.formats import atomic

    whole = text if text.endswith("\n") else f"{text}\n"
    atomic.write([whole.encode("utf-8", "backslashreplace")], None, Path(output), replace=True)
