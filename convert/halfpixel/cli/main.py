"""halfpixel check, fix, rules and explain.

Exit codes: 0 nothing found, or everything fixed; 1 findings, or findings that a fix leaves; 2
the tool could not do its work (a file that cannot be read or written, a wrong option).
"""

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from halfpixel.errors import HalfpixelError, UsageError

if TYPE_CHECKING:
    from halfpixel.check import Report, Settings
    from halfpixel.rule import Severity

CLEAN: Final = 0
FOUND: Final = 1
FAILED: Final = 2
SLOW: Final = 20
"""Files from which on a terminal is shown progress."""


class _Group(click.Group):
    """Commands whose errors are one line and exit code 2."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except HalfpixelError as error:
            click.echo(f"halfpixel: {error}", err=True)
            ctx.exit(FAILED)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="halfpixel", prog_name="halfpixel")
def cli() -> None:
    """Check and fix the resampling operators of exported models."""


def _names(
    _ctx: click.Context, _parameter: click.Parameter, value: Sequence[str]
) -> tuple[str, ...]:
    return tuple(name.strip() for text in value for name in text.split(",") if name.strip())


@cli.command("check")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--select", multiple=True, callback=_names, help="Rules to ask (names or patterns).")
@click.option("--ignore", multiple=True, callback=_names, help="Rules to leave out.")
@click.option(
    "--expect",
    multiple=True,
    metavar="[NODE:]KEY=VALUE",
    help="What is meant: align_corners=false, mode=bicubic, antialias=true; NODE a pattern.",
)
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
@click.option(
    "--severity",
    type=click.Choice(["error", "warning", "note"]),
    help="The mildest severity that is reported.  [default: note]",
)
@click.option("--statistics", is_flag=True, help="Count the findings of each rule.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even where there are findings.")
@click.option("--fix", "fixes", is_flag=True, help="Write NAME.fixed.onnx with safe fixes made.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix: those that assume something too.")
@click.option("--in-place", is_flag=True, help="With --fix: replace the model's own file.")
def check_command(  # noqa: PLR0913, PLR0917 - one argument an option
    paths: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    expect: tuple[str, ...],
    output_format: str,
    severity: "Severity | None",
    *,
    statistics: bool,
    exit_zero: bool,
    fixes: bool,
    unsafe_fixes: bool,
    in_place: bool,
) -> None:
    """Judge every resampling operator of the models in PATH... (files, folders, globs).

    Notes alone leave the exit code at 0; errors and warnings make it 1, and a file that
    cannot be read makes it 2.
    """
    from halfpixel.check import check_paths
    from halfpixel.cli.settings import read_settings

    settings = read_settings(select, ignore, expect, severity)
    files = list(_files(paths))
    unwritten = False
    if fixes:
        files, unwritten = _fixed_first(files, settings, unsafe=unsafe_fixes, in_place=in_place)
    elif unsafe_fixes or in_place:
        raise UsageError("--unsafe-fixes and --in-place are for --fix")
    report = (
        _with_progress(files, settings) if _shows_progress(files) else check_paths(files, settings)
    )
    _show(report, output_format, statistics=statistics)
    sys.exit(FAILED if unwritten else _exit_code(report, exit_zero=exit_zero))


def _fixed_first(
    files: Sequence[Path], settings: "Settings", *, unsafe: bool, in_place: bool
) -> tuple[list[Path], bool]:
    """Fix files before they are checked; return what is checked, and whether one failed."""
    from halfpixel.cli.fixing import Target, fixed, say
    from halfpixel.fixes import FixSettings
    from halfpixel.report.fix_report import lines

    asked = FixSettings(_at_least_warnings(settings), unsafe)
    checked: list[Path] = []
    failed = False
    for result, output in fixed(files, asked, Target(in_place=in_place)):
        for line in lines([(result, output)]):
            say(line, beside=True)
        checked.append(Path(output or result.path))
        failed |= result.error is not None
    return checked, failed


def _at_least_warnings(settings: "Settings", *, chosen: bool = False) -> "Settings":
    """Return settings that leave notes alone, unless rules or a severity were chosen."""
    from dataclasses import replace

    if settings.severity == "note" and not settings.select and not chosen:
        return replace(settings, severity="warning")
    return settings


@cli.command("fix")
@click.argument("paths", nargs=-1, required=True, metavar="MODEL...")
@click.option("-o", "--output", metavar="OUT", help="The file to write; - for standard output.")
@click.option("--in-place", is_flag=True, help="Replace the model's own file.")
@click.option("--backup", is_flag=True, help="With --in-place: keep the old file as MODEL.bak.")
@click.option("--force", is_flag=True, help="Replace NAME.fixed.onnx or MODEL.bak if it is there.")
@click.option("--unsafe-fixes", is_flag=True, help="Make fixes that rest on an assumption too.")
@click.option("--diff", is_flag=True, help="Show the changes of the nodes; write nothing.")
@click.option("--select", multiple=True, callback=_names, help="Rules to act on.")
@click.option("--ignore", multiple=True, callback=_names, help="Rules to leave out.")
@click.option("--expect", multiple=True, metavar="[NODE:]KEY=VALUE", help="As for check.")
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
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
def fix_command(  # noqa: PLR0913, PLR0917 - one argument an option
    paths: tuple[str, ...],
    output: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    expect: tuple[str, ...],
    severity: "Severity | None",
    max_opset: int | None,
    lower: tuple[str, ...],
    output_format: str,
    *,
    in_place: bool,
    backup: bool,
    force: bool,
    unsafe_fixes: bool,
    diff: bool,
) -> None:
    """Repair the resampling operators of MODEL... and change nothing else.

    The result is NAME.fixed.onnx beside the model unless --output or --in-place say otherwise;
    a model without anything to fix is not touched. Exit code 1 says that findings are left.
    """
    from halfpixel.cli.fixing import Target, fixed, lowerings, say
    from halfpixel.cli.settings import read_settings
    from halfpixel.fixes import FixSettings
    from halfpixel.report import fix_report

    read = read_settings(select, ignore, expect, severity)
    settings = FixSettings(
        _at_least_warnings(read, chosen=severity is not None),
        unsafe_fixes,
        max_opset,
        lowerings(lower),
    )
    files = list(_files(paths))
    target = Target(output, in_place, backup, force, diff)
    target.check(files)
    results = list(fixed(files, settings, target))
    occupied = output == "-" or diff
    if diff:
        for result, _ in results:
            for line in fix_report.diff(result):
                click.echo(line)
    if output_format == "json":
        say(fix_report.dumps(results), beside=occupied)
    else:
        for line in fix_report.lines(results):
            say(line, beside=occupied)
    if any(result.error is not None for result, _ in results):
        sys.exit(FAILED)
    left = any(result.report is not None and result.report.findings for result, _ in results)
    would = diff and any(result.changed for result, _ in results)
    sys.exit(FOUND if left or would else CLEAN)


def _exit_code(report: "Report", *, exit_zero: bool) -> int:
    if report.failed:
        return FAILED
    found = report.count("error") + report.count("warning")
    return FOUND if found and not exit_zero else CLEAN


def _files(paths: Sequence[str]) -> Iterator[Path]:
    """Yield the files that are named, are in a folder that is named, or match a pattern."""
    for text in paths:
        path = Path(text)
        if path.is_dir():
            found = sorted(p for p in path.rglob("*.onnx") if p.is_file())
        elif has_magic(text) and not path.exists():
            found = sorted(Path(name) for name in glob(text, recursive=True))  # noqa: PTH207 - the pattern may be absolute
        else:
            found = [path]
        if not found:
            raise UsageError(f"{text}: no model files there, expected *.onnx")
        yield from found


def _shows_progress(files: Sequence[Path]) -> bool:
    return len(files) >= SLOW and sys.stderr.isatty()


def _with_progress(files: Sequence[Path], settings: "Settings") -> "Report":
    from rich.progress import Progress

    from halfpixel.check import check_paths

    with Progress(transient=True) as progress:
        task = progress.add_task("checking", total=len(files))
        return check_paths(files, settings, lambda _path: progress.advance(task))


def _show(report: "Report", output_format: str, *, statistics: bool) -> None:
    if output_format == "json":
        from halfpixel.report.as_json import dumps

        click.echo(dumps(report))
        return
    from halfpixel.report.as_text import show

    show(report, colour=_colour(), statistics=statistics)


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


@cli.command("rules")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
def rules_command(output_format: str) -> None:
    """List every rule with what it finds."""
    import json

    from halfpixel.rule import load_rules

    rules = load_rules()
    if output_format == "json":
        rows = [{"rule": r.name, "summary": r.summary, "fixable": r.fixable} for r in rules]
        click.echo(json.dumps(rows, indent=2))
        return
    width = max((len(rule.name) for rule in rules), default=0)
    for rule in rules:
        click.echo(f"{rule.name:{width}}  {'fix' if rule.fixable else '   '}  {rule.summary}")


@cli.command("explain")
@click.argument("subject", metavar='RULE | MODEL[:NODE] | "F.interpolate(...)"')
def explain_command(subject: str) -> None:
    """Explain a rule, the sites of a model, or a PyTorch call in every convention."""
    from halfpixel.explain import explain

    for line in explain(subject):
        click.echo(line)


def main() -> None:
    """Run the command line; a reader that goes away early is no error."""
    gc.set_threshold(200_000)  # a short process: collecting while it starts costs a fifth
    try:
        cli()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FOUND)
