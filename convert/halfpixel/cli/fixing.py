"""halfpixel fix."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from halfpixel.cli.files import (
    CLEAN,
    FAILED,
    FOUND,
    check_expected,
    expect_option,
    format_option,
    model_files,
    names,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from halfpixel.rule import Severity


@click.command("fix")
@click.argument("paths", nargs=-1, required=True, metavar="MODEL...")
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="The file to write, replaced if it is there; - for standard output. Always written.",
)
@click.option("--in-place", is_flag=True, help="Replace the model's own file.")
@click.option("--backup", is_flag=True, help="With --in-place: keep the old file as MODEL.bak.")
@click.option("--force", is_flag=True, help="Replace NAME.fixed.onnx or MODEL.bak if it is there.")
@click.option("--unsafe-fixes", is_flag=True, help="Make fixes that rest on an assumption too.")
@click.option("--diff", is_flag=True, help="Show the changes of the nodes; write nothing.")
@click.option(
    "--select",
    multiple=True,
    callback=names,
    help="Rules to act on (names or patterns, by commas).",
)
@click.option("--ignore", multiple=True, callback=names, help="Rules to leave out.")
@expect_option
@click.option(
    "--severity",
    type=click.Choice(["error", "warning", "note"]),
    help="The mildest severity that is repaired.  [default: warning]",
)
@click.option("--max-opset", type=click.IntRange(min=7), help="Newest opset that may be used.")
@click.option(
    "--lower",
    multiple=True,
    metavar="NODE=KIND",
    help="Write a resize as matmul, conv, gridsample, gather or (from tables) resize.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME",
    help="A runtime that the models are to run on: attributes that it takes are written.",
)
@format_option
def fix_command(  # noqa: PLR0913, PLR0917 - one argument an option
    paths: tuple[str, ...],
    output: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    expect: tuple[str, ...],
    severity: "Severity | None",
    max_opset: int | None,
    lower: tuple[str, ...],
    targets: tuple[str, ...],
    output_format: str,
    *,
    in_place: bool,
    backup: bool,
    force: bool,
    unsafe_fixes: bool,
    diff: bool,
) -> None:
    """Repair the resampling operators of MODEL... (files, folders, globs), nothing else.

    The result is NAME.fixed.onnx (.mlpackage, .mlmodel) beside the model unless --output or
    --in-place say otherwise; a model without anything to fix is not touched. Exit code 1 says that
    findings are left, or that --lower was declined; 2 that a file could not be read or written.
    """
    from halfpixel.cli.destination import Destination, at_least_warnings, fixed, lowerings, say
    from halfpixel.cli.settings import read_settings
    from halfpixel.fixing.result import FixSettings
    from halfpixel.report import fix_report

    read = replace(read_settings(select, ignore, expect, severity), targets=targets)
    settings = FixSettings(
        at_least_warnings(read, chosen=severity is not None),
        unsafe_fixes,
        max_opset,
        lowerings(lower),
    )
    files = model_files(paths)
    destination = Destination(output, in_place, backup, force, diff)
    destination.check(files)
    _check_named(files, expect)
    results = list(fixed(files, settings, destination))
    occupied = output == "-" or diff
    if output_format == "json":
        say(fix_report.dumps(results, diffs=diff), beside=output == "-")
    else:
        for line in (line for result, _ in results if diff for line in fix_report.diff(result)):
            click.echo(line)
        for line in fix_report.lines(results):
            say(line, beside=occupied)
    if any(result.error is not None for result, _ in results):
        sys.exit(FAILED)
    left = any(result.report is not None and result.report.findings for result, _ in results)
    left |= any(one.why.startswith("--lower") for result, _ in results for one in result.declined)
    would = diff and any(result.changed for result, _ in results)
    sys.exit(FOUND if left or would else CLEAN)


def _check_named(files: "Sequence[Path]", expect: "Sequence[str]") -> None:
    """Refuse `--expect NODE:...` for a node that no model has, before anything is written."""
    from halfpixel.checking.check import opened
    from halfpixel.errors import HalfpixelError, UsageError

    if not any(":" in text for text in expect):
        return
    try:
        check_expected(expect, [site for path in files for site in opened(path).sites])
    except UsageError:
        raise
    except HalfpixelError:
        return  # which is told of that file when it is its turn
