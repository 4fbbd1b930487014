"""halfpixel fix."""

import sys
from contextlib import nullcontext
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import click
from msgspec import Struct
from msgspec.structs import replace

from halfpixel.checking.named_nodes import check_expected, check_lowered
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
    UnsafeFixes,
    command,
    select_option,
    severity_option,
    target_names,
)
from halfpixel.cli.output import Color, OutputFormat, Page, Quiet, ReportFile, write_report
from halfpixel.cli.progress import progress
from halfpixel.printable import printable_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from halfpixel.address import Location
    from halfpixel.fixing.result import FixResult
    from halfpixel.rule import Severity


class Options(Struct, frozen=True):
    """What is fixed, by which rules, and where the result goes."""

    paths: Annotated[
        tuple[str, ...], click.argument("paths", nargs=-1, required=True, metavar="MODEL...")
    ]
    output: Annotated[
        str | None,
        click.option(
            "-o",
            "--output",
            metavar="OUT",
            help="The file to write, replaced if it is there; - for standard output. Always "
            "written.",
        ),
    ]
    in_place: Annotated[
        bool, click.option("--in-place", is_flag=True, help="Replace the model's own file.")
    ]
    backup: Annotated[
        bool,
        click.option(
            "--backup", is_flag=True, help="With --in-place: keep the old file as MODEL.bak."
        ),
    ]
    force: Annotated[
        bool,
        click.option(
            "--force", is_flag=True, help="Replace NAME.fixed.onnx or MODEL.bak if it is there."
        ),
    ]
    unsafe_fixes: UnsafeFixes
    diff: Annotated[
        bool,
        click.option("--diff", is_flag=True, help="Show the changes of the nodes; write nothing."),
    ]
    select: Annotated[
        tuple[str, ...],
        select_option("Rules to act on (names or patterns, by commas)."),
    ]
    ignore: Ignore
    expect: Expect
    severity: Annotated[
        "Severity | None",
        severity_option(
            "The mildest severity that is repaired.  [default: warning; note with --select]"
        ),
    ]
    max_opset: Annotated[
        int | None,
        click.option(
            "--max-opset", type=click.IntRange(min=7), help="Newest opset that may be used."
        ),
    ]
    lower: Annotated[
        tuple[str, ...],
        click.option(
            "--lower",
            multiple=True,
            metavar="NODE=KIND",
            help="Write a resize as matmul, conv, gridsample, gather or (from tables) resize.",
        ),
    ]
    target: Annotated[
        tuple[str, ...],
        click.option(
            "--target",
            multiple=True,
            metavar="NAME",
            shell_complete=target_names,
            help="A runtime that the models are to run on: attributes that it takes are written.",
        ),
    ]
    shape: Shape
    max_work: MaxWork
    output_format: OutputFormat
    report: ReportFile
    exit_non_zero_on_fix: adoption.ExitNonZeroOnFix
    config: adoption.Config
    exclude: adoption.Exclude
    force_exclude: adoption.ForceExclude
    ignore_suppressions: adoption.IgnoreSuppressions
    quiet: Quiet
    color: Color


@command(__name__, Options)
def fix_command(options: Options) -> None:
    """Repair the resampling operators of MODEL... (files, folders, globs, addresses), nothing else.

    The result is NAME.fixed.onnx (.mlpackage, .mlmodel) beside the model unless --output or
    --in-place say otherwise; a model without anything to fix is not touched. Exit code 1 says that
    findings are left, or that --lower was declined; 2 that a file could not be read or written,
    or that a node was too much work to be judged.

    In the cache of a model hub a model and its data are links to files that others share: those
    are never changed. --output, in another folder, writes the fixed model with a copy of its data.
    """
    from halfpixel.cli.destination import Destination, fixed, lowerings
    from halfpixel.fixing.result import FixResult, FixSettings

    configuration = adoption.configuration_of(options)
    lowered = lowerings(options.lower)

    def settings(path: "Location") -> FixSettings:
        read = configuration.of(path).check
        asked = replace(read, severity=read.shown)
        return FixSettings(asked, options.unsafe_fixes, options.max_opset, lowered)

    nothing: dict[str, str] = {}
    files = model_files(options.paths, configuration, nothing)
    target = Destination(
        options.output, options.in_place, options.backup, options.force, options.diff
    )
    target.check(files)
    check_shaped(files, configuration.given.shapes)
    _check_named(files, options)
    missed = ((FixResult(path, error=why), "") for path, why in nothing.items())
    made = chain(missed, fixed(files, settings, target))
    results = _fixed(options, made, len(files) + len(nothing))
    if options.output_format != "text" or options.report is not None:
        text = _document(results, options)
        write_report(text, options.report, err=options.output == "-")
    unjudged = any(result.report is not None and result.report.unjudged for result, _ in results)
    if unjudged or any(result.error is not None or result.faults for result, _ in results):
        sys.exit(FAILED)
    left = any(result.report is not None and result.report.findings for result, _ in results)
    left |= any(one.why.startswith("--lower") for result, _ in results for one in result.declined)
    for line in _notices(results):
        say(line, err=True)
    would = _changes_fail(options) and any(result.changed for result, _ in results)
    sys.exit(FOUND if left or would else CLEAN)


def _fixed(
    options: Options, fixing: "Iterator[tuple[FixResult, str]]", files: int
) -> "list[tuple[FixResult, str]]":
    """Fix files, and as text tell of each as it comes."""
    from halfpixel.report import fix_report
    from halfpixel.report.layout import Line

    silent = options.output_format != "text" or options.report is not None
    page = Page(None, options.color, err=options.output == "-" or options.diff)
    results: list[tuple[FixResult, str]] = []
    with progress() if files > 1 else nullcontext() as told:
        if told is not None:
            told("fixing", 0, files)
        for one in fixing:
            results.append(one)
            if told is not None:
                told(one[0].path, len(results), files)
            if silent or (options.quiet and one[0].error is None):
                continue
            with nullcontext() if told is None else told.aside():
                for line in fix_report.diff(one[0]) if options.diff else ():
                    say(line)
                page.tell(Line("", text, hang=4) for text in fix_report.lines([one]))
    if files > 1 and not silent and not options.quiet:
        page.tell([Line("", fix_report.closing(results), hang=2)])
    return results


def _changes_fail(options: Options) -> bool:
    """Whether a change makes the exit code 1."""
    return options.diff or options.exit_non_zero_on_fix


def _document(results: "Sequence[tuple[FixResult, str]]", options: Options) -> str:
    """Return what was fixed in a format."""
    from halfpixel.report import fix_report

    form, diffs = options.output_format, options.diff
    if form == "json":
        return fix_report.dumps(results, diffs=diffs)
    if form == "text":
        told = [line for result, _ in results if diffs for line in fix_report.diff(result)]
        return printable_lines([*told, *fix_report.lines(results)])
    if form == "html":
        from halfpixel.report.html import convert_page

        return convert_page.dumps(convert_page.page_of_fixes(results))
    from halfpixel.report.machine.of_fix import run_of
    from halfpixel.report.machine.write import written

    return written(run_of(results, changes_fail=_changes_fail(options)), form)


def _notices(results: "Sequence[tuple[FixResult, str]]") -> "Iterator[str]":
    """Yield what is to be said of suppressions, which no fix looks at."""
    for result, _ in results:
        if result.report is not None:
            yield from result.report.notices


def _check_named(files: "Sequence[Location]", options: Options) -> None:
    """Refuse --expect and --lower for a node that no model has, before anything is written."""
    from halfpixel.checking.check import sites
    from halfpixel.errors import HalfpixelError, UsageError

    expect, lower = options.expect, options.lower
    if not lower and not any(":" in text for text in expect):
        return
    try:
        seen = [one for path in files for one in sites(path, max_work=options.max_work)]
        check_expected(expect, seen)
        check_lowered(lower, seen)
    except UsageError:
        raise
    except HalfpixelError:
        return  # which is told of that file when it is its turn


COMMAND = fix_command
