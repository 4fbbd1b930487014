"""halfpixel check."""

import os
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import click
from msgspec import Struct
from msgspec.structs import replace

from halfpixel.cli.console import say
from halfpixel.cli.files import check_expected, check_shaped, model_files
from halfpixel.cli.options import (
    CLEAN,
    FAILED,
    FOUND,
    Expect,
    Ignore,
    MaxWork,
    Shape,
    command,
    read_settings,
    select_option,
    severity_option,
)
from halfpixel.cli.output import Output, OutputFormat, write_report
from halfpixel.cli.progress import progress
from halfpixel.errors import UsageError
from halfpixel.work import MOST

if TYPE_CHECKING:
    from halfpixel.checking.check import Settings
    from halfpixel.checking.result import Report
    from halfpixel.cli.destination import Destination
    from halfpixel.rule import Severity

SLOW: Final = 20
"""Files from which on a terminal is shown progress."""


class Options(Struct, frozen=True):
    """What is checked, for what, and how it is shown."""

    paths: Annotated[
        tuple[str, ...], click.argument("paths", nargs=-1, required=True, metavar="PATH...")
    ]
    select: Annotated[
        tuple[str, ...],
        select_option("Rules to ask (names or patterns)."),
    ]
    ignore: Ignore
    expect: Expect
    output_format: OutputFormat
    output: Output
    severity: Annotated[
        "Severity | None",
        severity_option(
            "The mildest severity that is shown.  [default: warning, and a count of the notes; "
            "note with --select and for programs]"
        ),
    ]
    target: Annotated[
        tuple[str, ...],
        click.option(
            "--target",
            multiple=True,
            metavar="NAME",
            help="A runtime that the models are to run on, such as tensorrt, or a file; several "
            "times.",
        ),
    ]
    sarif: Annotated[
        str | None,
        click.option(
            "--sarif", metavar="FILE", help="Write what is found to a file as SARIF, too."
        ),
    ]
    statistics: Annotated[
        bool, click.option("--statistics", is_flag=True, help="Count the findings of each rule.")
    ]
    exit_zero: Annotated[
        bool,
        click.option(
            "--exit-zero", is_flag=True, help="Exit with 0 even where there are findings."
        ),
    ]
    shape: Shape
    max_work: MaxWork
    fix: Annotated[
        bool,
        click.option("--fix", is_flag=True, help="Write NAME.fixed.onnx with safe fixes made."),
    ]
    unsafe_fixes: Annotated[
        bool,
        click.option(
            "--unsafe-fixes", is_flag=True, help="With --fix: those that assume something too."
        ),
    ]
    in_place: Annotated[
        bool,
        click.option("--in-place", is_flag=True, help="With --fix: replace the model's own file."),
    ]
    force: Annotated[
        bool,
        click.option(
            "--force", is_flag=True, help="With --fix: replace NAME.fixed.onnx if it is there."
        ),
    ]


@command(__name__, Options)
def check_command(options: Options) -> None:
    """Judge every resampling operator of the models in PATH... (files, folders, globs).

    Notes alone leave the exit code at 0; errors and warnings make it 1, and a file that
    cannot be read, or a node that is too much work to be judged, makes it 2.
    """
    settings = read_settings(
        options.select,
        options.ignore,
        options.expect,
        options.severity,
        options.target,
        options.max_work,
        options.shape,
    )
    files = model_files(options.paths)
    check_shaped(files, settings.shapes)
    unwritten = False
    if options.fix:
        from halfpixel.cli.destination import Destination

        where = Destination(in_place=options.in_place, force=options.force)
        files, unwritten = _fixed_first(files, settings, where, unsafe=options.unsafe_fixes)
    elif options.unsafe_fixes or options.in_place or options.force:
        raise UsageError("--unsafe-fixes, --in-place and --force are for --fix")
    report = _checked(files, settings)
    if not report.failed:
        check_expected(options.expect, report.sites)
    if options.sarif is not None:
        write_report(_document(report, "sarif", settings.shown), options.sarif)
    _show(report, options, settings.shown)
    sys.exit(FAILED if unwritten else _exit_code(report, exit_zero=options.exit_zero))


def _fixed_first(
    files: Sequence[Path], settings: "Settings", target: "Destination", *, unsafe: bool
) -> tuple[list[Path], bool]:
    """Fix files before they are checked; return what is checked, and whether one failed."""
    from halfpixel.cli.destination import fixed
    from halfpixel.fixing.result import FixSettings
    from halfpixel.report.fix_report import lines

    asked = FixSettings(replace(settings, severity=settings.shown), unsafe)
    checked: list[Path] = []
    failed = False
    for result, output in fixed(files, asked, target):
        for line in lines([(result, output)]):
            say(line, err=True)
        checked.append(Path(output or result.path))
        failed |= result.error is not None or bool(result.faults)
    return checked, failed


def _exit_code(report: "Report", *, exit_zero: bool) -> int:
    if report.failed:
        return FAILED
    found = report.count("error") + report.count("warning")
    return FOUND if found and not exit_zero else CLEAN


def _checked(files: Sequence[Path], settings: "Settings") -> "Report":
    from halfpixel.checking.check import check_paths

    if len(files) < SLOW:
        return check_paths(files, settings)
    with progress() as told:
        done = count()
        tell = None if told is None else lambda path: told(str(path), next(done), len(files))
        return check_paths(files, settings, tell)


def _show(report: "Report", options: Options, least: "Severity") -> None:
    if options.output_format != "text":
        write_report(
            _document(report, options.output_format, least, options.max_work), options.output
        )
        return
    from halfpixel.report import as_text

    if options.output is not None:
        lines = as_text.lines(report, statistics=options.statistics, least=least)
        write_report("\n".join(map(as_text.plain, lines)), options.output)
        return
    as_text.show(report, colour=_colour(), statistics=options.statistics, least=least)


def _document(report: "Report", form: str, least: "Severity", most: int = MOST) -> str:
    """Return a report in a format for programs, or as a page."""
    if form == "html":
        from halfpixel.report.html import check_page

        return check_page.dumps(report, least, most)
    if form == "json":
        from halfpixel.report.machine.as_json import dumps

        return dumps(report)
    if form == "sarif":
        from halfpixel.report.machine.as_sarif import dumps as sarif

        return sarif(report)
    from halfpixel.report.machine.of_check import run_of
    from halfpixel.report.machine.write import written

    return written(run_of(report, least), form)


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


COMMAND = check_command
