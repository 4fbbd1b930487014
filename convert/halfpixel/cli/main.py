"""The command line: halfpixel check, fix, verify, convert, rules and explain.

Exit codes: 0 nothing found, or everything fixed; 1 findings, or findings that a fix leaves; 2
the tool could not do its work (a file that cannot be read or written, a wrong option).
"""

import gc
import io
import os
import sys

import click

from halfpixel.cli.checking import check_command
from halfpixel.cli.conforming import conformance_command
from halfpixel.cli.converting import convert_command
from halfpixel.cli.files import FAILED, FOUND
from halfpixel.cli.fixing import fix_command
from halfpixel.cli.packing import rules_command
from halfpixel.cli.verifying import verify_command
from halfpixel.errors import HalfpixelError


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
    """Check, fix and verify the resampling operators of exported models."""


cli.add_command(check_command)
cli.add_command(fix_command)
cli.add_command(verify_command)
cli.add_command(conformance_command)
cli.add_command(rules_command)
cli.add_command(convert_command)


@cli.command("explain")
@click.argument("subject", metavar='RULE | MODEL[:NODE] | "F.interpolate(...)"')
def explain_command(subject: str) -> None:
    """Explain a rule, the sites of a model, or a call of any framework in every convention."""
    from halfpixel.checking.explain import explain

    for line in explain(subject):
        click.echo(line)


def main() -> None:
    """Run the command line; a reader that goes away early is no error."""
    gc.set_threshold(200_000)  # a short process: collecting while it starts costs a fifth
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names may be no text
    try:
        try:
            cli()
        finally:
            if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison] - closed
                sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        sys.exit(FOUND)
    except MemoryError as error:
        _drop_output()
        click.echo(f"halfpixel: out of memory: {str(error).lower() or 'nothing is left'}", err=True)
        sys.exit(FAILED)
    except OSError as error:
        _drop_output()
        reason = (error.strerror or str(error)).lower()
        click.echo(f"halfpixel: {error.filename or 'standard output'}: {reason}", err=True)
        sys.exit(FAILED)


def _drop_output() -> None:
    """Let what is still to be printed go nowhere, so that the end of the program is quiet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
