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

from halfpixel.cli import adoption
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
    select_option,
    severity_option,
    target_names,
)
from halfpixel.cli.output import Output, OutputFormat, write_report
from halfpixel.cli.progress import progress
from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from halfpixel.checking.result import Report
    from halfpixel.rule import Severity
    from halfpixel.settings.configuration import Configuration

STANDARD_INPUT: Final = "-"
WHOLE: Final = frozenset({"json", "sarif"})
"""Formats that have every finding, whatever people are shown."""

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
            shell_complete=target_names,
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
    _refuse(options)
    if options.show_settings:
        configuration = adoption.configuration_of(options, options.fail_on, options.baseline)
        for line in adoption.show_settings(
            model_files(options.paths, configuration), configuration
        ):
            say(line)
        return
    if options.watch:
        from halfpixel.cli.watching import watch

        watch(options.paths, lambda: _check(options))
    _check(options)


def _check(options: Options) -> None:
    """Check once, and exit."""
    configuration = adoption.configuration_of(options, options.fail_on, options.baseline)
    report, changes, unwritten = _found(options, configuration)
    if not report.failed:
        check_expected(options.expect, report.sites)
    if options.write_baseline is not None:
        say(adoption.written_baseline(report, configuration, options.write_baseline))
        sys.exit(FAILED if report.failed or unwritten else CLEAN)
    report, known = adoption.without_known(report, configuration)
    least = adoption.mildest(report, configuration)
    if options.sarif is not None:
        write_report(_document(report, "sarif", least), options.sarif)
    told = report
    if options.output_format not in WHOLE:
        told = adoption.shown(report, configuration, least)
    _show(told, options, least)
    for line in adoption.notices(report, configuration, known):
        say(line, err=True)
    if report.failed or unwritten:
        sys.exit(FAILED)
    found = adoption.fails(report, configuration) and not options.exit_zero
    sys.exit(FOUND if found or (changes and options.exit_non_zero_on_fix) else CLEAN)


def _refuse(options: Options) -> None:
    """Refuse options that are for others that are not given.

    Raises:
        UsageError: such options.
    """
    if not options.fix and (options.unsafe_fixes or options.in_place or options.force):
        raise UsageError("--unsafe-fixes, --in-place and --force are for --fix")
    if not options.fix and options.exit_non_zero_on_fix:
        raise UsageError("--exit-non-zero-on-fix is for --fix")
    piped = STANDARD_INPUT in options.paths
    if piped and (len(options.paths) > 1 or options.fix or options.watch):
        raise UsageError("- is one model from standard input: it is checked alone, and not fixed")
    if options.stdin_filename is not None and not piped:
        raise UsageError("--stdin-filename is for the model that - reads")
    if options.watch and options.output is not None:
        raise UsageError("--watch shows what it finds, and --output writes it once")


def _found(options: Options, configuration: "Configuration") -> "tuple[Report, int, bool]":
    """Return what is found, how many changes were made before, and whether one failed."""
    if STANDARD_INPUT in options.paths:
        from halfpixel.cli.standard_input import check_input

        return check_input(options.stdin_filename, configuration), 0, False
    files, changes, unwritten = model_files(options.paths, configuration), 0, False
    check_shaped(files, configuration.given.shapes)
    if options.fix:
        files, changes, unwritten = _fixed_first(files, configuration, options)
    return _checked(files, configuration), changes, unwritten


def _fixed_first(
    files: Sequence[Path], configuration: "Configuration", options: Options
) -> tuple[list[Path], int, bool]:
    """Fix files before they are checked.

    Returns:
        What is checked, how many changes were made, and whether one failed.
    """
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


def _checked(files: Sequence[Path], configuration: "Configuration") -> "Report":
    from halfpixel.checking.check import Settings, check_paths

    def asked(path: Path) -> Settings:
        return configuration.of(path).check

    if len(files) < SLOW:
        return check_paths(files, asked)
    with progress() as told:
        done = count()
        tell = None if told is None else lambda path: told(str(path), next(done), len(files))
        return check_paths(files, asked, tell)


def _show(report: "Report", options: Options, least: "Severity") -> None:
    if options.output_format != "text":
        write_report(_document(report, options.output_format, least), options.output)
        return
    from halfpixel.report import as_text

    if options.output is not None:
        lines = as_text.lines(report, statistics=options.statistics, least=least)
        write_report("\n".join(map(as_text.plain, lines)), options.output)
        return
    as_text.show(report, colour=_colour(), statistics=options.statistics, least=least)


def _document(report: "Report", form: str, least: "Severity") -> str:
    """Return a report in a format for programs."""
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
