"""halfpixel check."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import click
from msgspec import Struct

from halfpixel.address import is_address
from halfpixel.checking.named_nodes import check_expected
from halfpixel.cli import adoption
from halfpixel.cli.console import say
from halfpixel.cli.files import check_shaped, model_files
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
from halfpixel.cli.output import (
    Color,
    Output,
    OutputFormat,
    Page,
    Quiet,
    Verbose,
    no_model,
    write_report,
)
from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from halfpixel.address import Location
    from halfpixel.checking.result import Report
    from halfpixel.cli.judging import Judging
    from halfpixel.rule import Severity
    from halfpixel.settings.configuration import Configuration

STANDARD_INPUT: Final = "-"
WHOLE: Final = frozenset({"json", "sarif", "html"})
"""Formats that have every finding, whatever people are shown."""
COUNTED: Final = ("text", "json")
"""Formats that have a place for --statistics."""


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
            shell_complete=target_names,
            help="A runtime that the models are to run on, such as tensorrt, or a file; several "
            "times.",
        ),
    ]
    preprocess: Annotated[
        str | None,
        click.option(
            "--preprocess",
            metavar="FILE",
            help="How images were readied for training, such as preprocessor_config.json, or a "
            "call: what the model does with them is held to it.",
        ),
    ]
    sarif: Annotated[
        str | None,
        click.option(
            "--sarif",
            metavar="FILE",
            callback=no_model,
            help="Write what is found to a file as SARIF, too.",
        ),
    ]
    statistics: Annotated[
        bool,
        click.option(
            "--statistics",
            is_flag=True,
            help=f"Count the findings of each rule, in {' and '.join(COUNTED)}.",
        ),
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
    """Judge every resampling operator of the models in PATH... (files, folders, globs, addresses).

    Notes alone leave the exit code at 0; errors and warnings make it 1, and a file that
    cannot be read, or a node that is too much work to be judged, makes it 2.
    """
    _refuse(options)
    if options.show_settings:
        configuration = _configuration(options)
        files = model_files(options.paths, configuration)
        for line in adoption.show_settings(files, configuration):
            say(line)
    elif options.watch:
        from halfpixel.cli.watching import watch

        watch(options.paths, lambda: _check(options))
    else:
        _check(options)


def _configuration(options: Options) -> "Configuration":
    """Return what is settled for the files of a check; raises as `configuration_of`."""
    return adoption.configuration_of(options, options.fail_on, options.baseline, options.preprocess)


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
    if options.watch and any(map(is_address, options.paths)):
        raise UsageError("--watch is for files on this disk, which the system tells of")
    if options.watch and options.force:
        raise UsageError("--watch --force would write on every change, its own among them")
    if options.watch and options.output is not None:
        raise UsageError("--watch shows what it finds, and --output writes it once")


def _check(options: Options) -> None:
    """Check once, and exit."""
    from halfpixel.cli.judging import Judging, fixed_first

    configuration = _configuration(options)
    changes, unwritten = 0, False
    nothing: dict[str, str] = {}
    if STANDARD_INPUT in options.paths:
        from halfpixel.cli.standard_input import NAME

        files: list[Location] = [Path(options.stdin_filename or NAME)]
    else:
        files = model_files(options.paths, configuration, nothing)
        check_shaped(files, configuration.given.shapes)
        if options.fix:
            files, changes, unwritten = fixed_first(files, configuration, options)
    judging = Judging(files, configuration, nothing, piped=STANDARD_INPUT in options.paths)
    if options.write_baseline is not None:
        report = judging.report(known=False)
        _check_expected(options, report)
        say(judging.written_baseline(report, options.write_baseline))
        sys.exit(FAILED if report.failed or unwritten else CLEAN)
    report = _told(options, judging)
    if not options.quiet:
        for line in judging.notices(report, options.paths):
            say(line, err=True)
    if report.failed or unwritten:
        sys.exit(FAILED)
    found = judging.fails(report) and not options.exit_zero
    sys.exit(FOUND if found or (changes and options.exit_non_zero_on_fix) else CLEAN)


def _told(options: Options, judging: "Judging") -> "Report":
    """Judge the files, and tell of each as it comes where that is text."""
    if options.output_format == "text":
        from halfpixel.report.as_text import Text

        page = Page(options.output, options.color)
        text = Text(len(judging.files), judging.least, verbose=options.verbose, quiet=options.quiet)
        report = judging.report(page, lambda file: text.file(judging.shown(file)))
        _check_expected(options, report)
        partial = bool(options.select or options.ignore) or judging.partial(report)
        told = judging.all_shown(report)
        page.tell(text.end(told, statistics=options.statistics, partial=partial))
        page.close()
    else:
        report = judging.report()
        _check_expected(options, report)
        told = report if options.output_format in WHOLE else judging.all_shown(report)
        written = _document(told, options.output_format, options, judging)
        write_report(written, options.output)
        if options.statistics and options.output_format not in COUNTED:
            places = " and ".join(COUNTED)
            say(f"--statistics: {options.output_format} has no place for it, {places} do", err=True)
    if options.sarif is not None:
        write_report(_document(report, "sarif", options, judging), options.sarif)
    return report


def _check_expected(options: Options, report: "Report") -> None:
    if not report.failed:
        check_expected(options.expect, report.sites)


def _document(report: "Report", form: str, options: Options, judging: "Judging") -> str:
    """Return a report in a format for programs, or as a page."""
    if form == "json":
        from halfpixel.report.machine.as_json import dumps

        return dumps(report, statistics=options.statistics)
    if form == "sarif":
        from halfpixel.report.machine.as_sarif import dumps as sarif

        return sarif(report)
    if form == "html":
        from halfpixel.report.html import check_page

        return check_page.dumps(report, judging.least, options.max_work)
    from halfpixel.report.machine.of_check import run_of
    from halfpixel.report.machine.write import written

    return written(run_of(report, judging.least, judging.fail_on), form)


COMMAND = check_command
