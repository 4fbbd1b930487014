"""halfpixel check."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from halfpixel.cli.files import (
    CLEAN,
    FAILED,
    FOUND,
    check_expected,
    expect_option,
    model_files,
    names,
    report_option,
)
from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from halfpixel.checking.check import Report, Settings
    from halfpixel.cli.destination import Destination
    from halfpixel.rule import Severity

SLOW: Final = 20
"""Files from which on a terminal is shown progress."""


@click.command("check")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--select", multiple=True, callback=names, help="Rules to ask (names or patterns).")
@click.option("--ignore", multiple=True, callback=names, help="Rules to leave out.")
@expect_option
@report_option
@click.option(
    "--severity",
    type=click.Choice(["error", "warning", "note"]),
    help="The mildest severity that is reported.  [default: note]",
)
@click.option(
    "--target",
    multiple=True,
    metavar="NAME",
    help="A runtime that the models are to run on, such as tensorrt, or a file; several times.",
)
@click.option("--sarif", metavar="FILE", help="Write what is found to a file as SARIF, too.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even where there are findings.")
@click.option("--fix", "fixes", is_flag=True, help="Write NAME.fixed.onnx with safe fixes made.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix: those that assume something too.")
@click.option("--in-place", is_flag=True, help="With --fix: replace the model's own file.")
@click.option("--force", is_flag=True, help="With --fix: replace NAME.fixed.onnx if it is there.")
def check_command(  # noqa: PLR0913, PLR0917 - one argument an option
    paths: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    expect: tuple[str, ...],
    output_format: str,
    severity: "Severity | None",
    target: tuple[str, ...],
    sarif: str | None,
    *,
    statistics: bool,
    exit_zero: bool,
    fixes: bool,
    unsafe_fixes: bool,
    in_place: bool,
    force: bool,
) -> None:
    """Judge every resampling operator of the models in PATH... (files, folders, globs).

    Notes alone leave the exit code at 0; errors and warnings make it 1, and a file that
    cannot be read makes it 2.
    """
    from halfpixel.checking.check import check_paths
    from halfpixel.cli.settings import read_settings

    settings = replace(read_settings(select, ignore, expect, severity), targets=target)
    files = model_files(paths)
    unwritten = False
    if fixes:
        from halfpixel.cli.destination import Destination

        where = Destination(in_place=in_place, force=force)
        files, unwritten = _fixed_first(files, settings, where, unsafe=unsafe_fixes)
    elif unsafe_fixes or in_place or force:
        raise UsageError("--unsafe-fixes, --in-place and --force are for --fix")
    report = (
        _with_progress(files, settings) if _shows_progress(files) else check_paths(files, settings)
    )
    if not report.failed:
        check_expected(expect, report.sites)
    if sarif is not None:
        from halfpixel.formats import atomic
        from halfpixel.report import as_sarif

        atomic.write([f"{as_sarif.dumps(report)}\n".encode()], None, Path(sarif), replace=True)
    _show(report, output_format, statistics=statistics)
    sys.exit(FAILED if unwritten else _exit_code(report, exit_zero=exit_zero))


def _fixed_first(
    files: Sequence[Path], settings: "Settings", target: "Destination", *, unsafe: bool
) -> tuple[list[Path], bool]:
    """Fix files before they are checked; return what is checked, and whether one failed."""
    from halfpixel.cli.destination import at_least_warnings, fixed, say
    from halfpixel.fixing.result import FixSettings
    from halfpixel.report.fix_report import lines

    asked = FixSettings(at_least_warnings(settings), unsafe)
    checked: list[Path] = []
    failed = False
    for result, output in fixed(files, asked, target):
        for line in lines([(result, output)]):
            say(line, beside=True)
        checked.append(Path(output or result.path))
        failed |= result.error is not None
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


def _show(report: "Report", output_format: str, *, statistics: bool) -> None:
    if output_format == "json":
        from halfpixel.report.as_json import dumps

        click.echo(dumps(report))
        return
    if output_format == "sarif":
        from halfpixel.report import as_sarif

        click.echo(as_sarif.dumps(report))
        return
    if output_format == "github":
        from halfpixel.report import as_github

        for line in as_github.lines(report):
            click.echo(line)
        return
    from halfpixel.report.as_text import show

    show(report, colour=_colour(), statistics=statistics)


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
