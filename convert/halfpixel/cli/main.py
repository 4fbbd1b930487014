"""The command line: halfpixel check, fix, verify, convert, rules and explain.

Exit codes: 0 nothing found, or everything fixed; 1 findings, or findings that a fix leaves; 2
the tool could not do its work (a file that cannot be read or written, a wrong option).
"""

import gc
import io
import os
import sys
from pkgutil import iter_modules

import click

from halfpixel.cli import commands
from halfpixel.cli.console import say
from halfpixel.cli.options import FAILED, FOUND
from halfpixel.errors import HalfpixelError
from halfpixel.printable import printable_line
from halfpixel.registry import load


class _Group(click.Group):
    """The commands in `commands/`, each imported when it is asked for.

    Their errors are one line and exit code 2.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own
        return sorted(module.name for module in iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands:
            there = self.list_commands(ctx)
            wanted = [cmd_name] if cmd_name in there else there  # all: click proposes one
            for found in load("cli.commands", wanted, click.Command):
                self.add_command(found)
        return self.commands.get(cmd_name)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except HalfpixelError as error:
            say(f"halfpixel: {error}", err=True)
            ctx.exit(FAILED)
        except click.UsageError as error:  # a file's name may look like an option
            shown = printable_line(error.message)
            if shown == error.message:
                raise
            raise click.UsageError(shown, error.ctx) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="halfpixel", prog_name="halfpixel")
def cli() -> None:
    """Check, fix and verify the resampling operators of exported models."""


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
            gc.freeze()  # nothing is collected at the end: the system takes it all back at once
            if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison] - closed
                sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        sys.exit(FOUND)
    except MemoryError as error:
        _drop_output()
        say(f"halfpixel: out of memory: {str(error).lower() or 'nothing is left'}", err=True)
        sys.exit(FAILED)
    except OSError as error:
        _drop_output()
        reason = (error.strerror or str(error)).lower()
        say(f"halfpixel: {error.filename or 'standard output'}: {reason}", err=True)
        sys.exit(FAILED)


def _drop_output() -> None:
    """Let what is still to be printed go nowhere, so that the end of the program is quiet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
