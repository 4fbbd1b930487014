"""halfpixel check."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import click
from msgspec import Struct
from msgspec.structs import replace

from halfpixel.cli import adoption
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
    select_option,
    severity_option,
)
from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from halfpixel.checking.check import Settings
    from halfpixel.cli.destination import Destination
    from halfpixel.rule import Severity
    from halfpixel.settings.configuration import Configuration

STANDARD_INPUT: Final = "-"
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
    exit_non_zero_on_fix: adoption.ExitNonZeroOnFix
    fail_on: adoption.FailOn
    config: adoption.Config
    exclude: adoption.Exclude
    force_exclude: adoption.ForceExclude
    show_settings: adoption.ShowSettings
    baseline: adoption.KnownFindings
    write_baseline: adoption.WriteBaseline
    ignore_suppressions: adoption.IgnoreSuppressions
    stdin_filename: adoption.StdinFilename
    watch: adoption.Watch


@command(__name__, Options)
def check_command(options: Options) -> None:
    """Judge every resampling operator of the models in PATH... (files, folders, globs).

    Notes alone leave the exit code at 0; errors and warnings make it 1, and a file that
    cannot be read, or a node that is too much work to be judged, makes it 2.
    """
    if options.watch:
        from halfpixel.cli.watching import watch

        watch(options.paths, lambda: _checked(options))
    _checked(options)


def _checked(options: Options) -> None:
    """Check once, and exit."""
    configuration = adoption.configuration_of(options, options.fail_on, options.baseline)
    if STANDARD_INPUT in options.paths:
        report, fixed, unwritten = _standard_input(options, configuration), 0, False
    else:
        if options.stdin_filename is not None:
            raise UsageError("--stdin-filename is for the model that - reads")
        files = model_files(options.paths, configuration)
        if options.show_settings:
            for line in adoption.show_settings(files, configuration):
                say(line)
            sys.exit(CLEAN)
        check_shaped(files, configuration.given.shapes)
        files, fixed, unwritten = _fixed_first(files, configuration, options)
        report = _judged(files, configuration)
    if not report.failed:
        check_expected(options.expect, report.sites)
    if options.write_baseline is not None:
        say(adoption.written_baseline(report, configuration, options.write_baseline))
        sys.exit(FAILED if report.failed or unwritten else CLEAN)
    from halfpixel.checking.result import Report

    known = adoption.Known(configuration)
    report = Report(tuple(known.new(file) for file in report.files))
    if options.sarif is not None:
        from halfpixel.formats import atomic
        from halfpixel.report import as_sarif

        atomic.write(
            [f"{as_sarif.dumps(report)}\n".encode()], None, Path(options.sarif), replace=True
        )
    _show(report, options.output_format, configuration, statistics=options.statistics)
    for line in adoption.notices(report, known):
        say(line, err=True)
    if report.failed or unwritten:
        sys.exit(FAILED)
    found = adoption.fails(report, configuration) and not options.exit_zero
    sys.exit(FOUND if found or (fixed and options.exit_non_zero_on_fix) else CLEAN)


def _standard_input(options: Options, configuration: "Configuration") -> "Report":
    from halfpixel.cli.standard_input import check_input

    if len(options.paths) > 1 or options.fix or options.watch:
        raise UsageError("- reads one model from standard input, and nothing else is checked")
    return check_input(options.stdin_filename, configuration)


def _fixed_first(
    files: list[Path], configuration: "Configuration", options: Options
) -> tuple[list[Path], int, bool]:
    """Fix files before they are checked where that is asked for.

    Returns:
        What is checked, how many changes were made, and whether one failed.
    """
    if not options.fix:
        if options.unsafe_fixes or options.in_place or options.force:
            raise UsageError("--unsafe-fixes, --in-place and --force are for --fix")
        if options.exit_non_zero_on_fix:
            raise UsageError("--exit-non-zero-on-fix is for --fix")
        return files, 0, False
    from halfpixel.cli.destination import Destination, fixed
    from halfpixel.fixing.result import FixSettings
    from halfpixel.report.fix_report import lines

    def asked(path: Path) -> FixSettings:
        settings = configuration.of(path).check
        return FixSettings(replace(settings, severity=settings.shown), options.unsafe_fixes)

    where = Destination(in_place=options.in_place, force=options.force)
    checked: list[Path] = []
    changes, failed = 0, False
    for result, output in fixed(files, asked, where):
        for line in lines([(result, output)]):
            say(line, err=True)
        checked.append(Path(output or result.path))
        changes += len(result.changes)
        failed |= result.error is not None or bool(result.faults)
    return checked, changes, failed


def _judged(files: Sequence[Path], configuration: "Configuration") -> "Report":
    from halfpixel.checking.check import check_paths

    def settings(path: Path) -> "Settings":
        return configuration.of(path).check

    if _shows_progress(files):
        return _with_progress(files, settings)
    return check_paths(files, settings)


def _shows_progress(files: Sequence[Path]) -> bool:
    return len(files) >= SLOW and sys.stderr.isatty()


def _with_progress(files: Sequence[Path], settings: "Callable[[Path], Settings]") -> "Report":
    from rich.progress import Progress

    from halfpixel.checking.check import check_paths

    with Progress(transient=True) as progress:
        task = progress.add_task("checking", total=len(files))
        return check_paths(files, settings, lambda _path: progress.advance(task))


def _show(
    report: "Report", output_format: str, configuration: "Configuration", *, statistics: bool
) -> None:
    if output_format == "json":
        from halfpixel.report.as_json import dumps

        write_document(dumps(report))
        return
    if output_format == "sarif":
        from halfpixel.report import as_sarif

        write_document(as_sarif.dumps(report))
        return
    report, least = adoption.shown(report, configuration)
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
