"""halfpixel check."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import click
from msgspec import Struct
from msgspec.structs import replace

from halfpixel.cli.console import say, write_document
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
from halfpixel.errors import UsageError

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
    output_format: Annotated[
        str,
        click.option(
            "--output-format",
            type=click.Choice(["text", "json", "sarif", "github"]),
            default="text",
        ),
    ]
    severity: Annotated[
        "Severity | None",
        severity_option(
            "The mildest severity that is shown.  [default: warning, and a count of the notes; "
            "note with --select and in JSON and SARIF]"
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
    from halfpixel.checking.check import check_paths

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
    report = (
        _with_progress(files, settings) if _shows_progress(files) else check_paths(files, settings)
    )
    if not report.failed:
        check_expected(options.expect, report.sites)
    if options.sarif is not None:
        from halfpixel.formats import atomic
        from halfpixel.report import as_sarif

        atomic.write(
            [f"{as_sarif.dumps(report)}\n".encode()], None, Path(options.sarif), replace=True
        )
    _show(report, options.output_format, settings.shown, statistics=options.statistics)
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


def _shows_progress(files: Sequence[Path]) -> bool:
    return len(files) >= SLOW and sys.stderr.isatty()


def _with_progress(files: Sequence[Path], settings: "Settings") -> "Report":
    from rich.progress import Progress

    from halfpixel.checking.check import check_paths

    with Progress(transient=True) as progress:
        task = progress.add_task("checking", total=len(files))
        return check_paths(files, settings, lambda _path: progress.advance(task))


def _show(report: "Report", output_format: str, least: "Severity", *, statistics: bool) -> None:
    if output_format == "json":
        from halfpixel.report.as_json import dumps

        write_document(dumps(report))
        return
    if output_format == "sarif":
        from halfpixel.report import as_sarif

        write_document(as_sarif.dumps(report))
        return
    if output_format == "github":
        from halfpixel.report import as_github

        for line in as_github.lines(report, least):
            write_document(line)
        return
    from halfpixel.report.as_text import show

    show(report, colour=_colour(), statistics=statistics, least=least)


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


COMMAND = check_command
