"""halfpixel check."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
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
from halfpixel.cli.output import (
    Color,
    Output,
    OutputFormat,
    Page,
    Quiet,
    Verbose,
    write_report,
)
from halfpixel.cli.progress import progress
from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from halfpixel.checking.check import Settings
    from halfpixel.checking.result import FileReport, Report
    from halfpixel.cli.destination import Destination
    from halfpixel.report.as_text import Text
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
    quiet: Quiet
    verbose: Verbose
    color: Color
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
    page = text = None
    if options.output_format == "text":
        from halfpixel.report.as_text import Text

        page = Page(options.output, options.color)
        text = Text(len(files), settings.shown, verbose=options.verbose)
    report = _checked(files, settings, page, text)
    if not report.failed:
        check_expected(options.expect, report.sites)
    if options.sarif is not None:
        write_report(_document(report, "sarif", options, settings), options.sarif)
    if page is None or text is None:
        write_report(_document(report, options.output_format, options, settings), options.output)
    else:
        partial = bool(settings.select or settings.ignore)
        end = text.end(report, statistics=options.statistics, partial=partial)
        page.tell([] if options.quiet else end)
        page.close()
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


def _checked(
    files: Sequence[Path], settings: "Settings", page: Page | None, text: "Text | None"
) -> "Report":
    """Judge files, and tell of each as it comes."""
    from halfpixel.checking.check import Judge
    from halfpixel.checking.result import Report

    judge = Judge(settings)
    found: list[FileReport] = []
    with progress() if len(files) >= SLOW else nullcontext() as told:
        for path in files:
            if told is not None:
                told(path.name, len(found), len(files))
            found.append(judge.file(path, str(path)))
            if page is not None and text is not None and (lines := list(text.file(found[-1]))):
                with nullcontext() if told is None else told.aside():
                    page.tell(lines)
    return Report(tuple(found))


def _document(report: "Report", form: str, options: Options, settings: "Settings") -> str:
    """Return a report in a format for programs."""
    if form == "json":
        from halfpixel.report.machine.as_json import dumps

        return dumps(report, statistics=options.statistics)
    if form == "sarif":
        from halfpixel.report.machine.as_sarif import dumps as sarif

        return sarif(report)
    from halfpixel.report.machine.of_check import run_of
    from halfpixel.report.machine.write import written

    return written(run_of(report, settings.shown), form)


COMMAND = check_command
