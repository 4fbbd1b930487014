"""halfpixel check, rules and explain.

Exit codes: 0 nothing found, 1 findings, 2 the tool could not do its work (a file that cannot
be read, a wrong option).
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
    """Check the resampling operators of exported models."""


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
) -> None:
    """Judge every resampling operator of the models in PATH... (files, folders, globs).

    Notes alone leave the exit code at 0; errors and warnings make it 1, and a file that
    cannot be read makes it 2.
    """
    from halfpixel.check import check_paths
    from halfpixel.cli.settings import read_settings

    settings = read_settings(select, ignore, expect, severity)
    files = list(_files(paths))
    report = (
        _with_progress(files, settings) if _shows_progress(files) else check_paths(files, settings)
    )
    _show(report, output_format, statistics=statistics)
    sys.exit(_exit_code(report, exit_zero=exit_zero))


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
