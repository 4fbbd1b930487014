"""The command line: halfpixel check, fix, verify, convert, compare, rules and explain.

Exit codes: 0 nothing found, or everything fixed; 1 findings, or findings that a fix leaves; 2
the tool could not do its work (a file that cannot be read or written, a wrong option, a defect of
halfpixel or of a rule, which is told as one); 130 interrupted. With several files, one that fails
costs the others nothing. --debug prints the traceback of whatever fails.
"""

import gc
import io
import os
import sys
from pkgutil import iter_modules

import click
from click.exceptions import Exit

from halfpixel.boundary import log
from halfpixel.cli import commands
from halfpixel.cli.console import say
from halfpixel.cli.options import FAILED, FOUND, INTERRUPTED, debug_option
from halfpixel.cli.starting import collect_seldom, delay_protobuf
from halfpixel.errors import Defect, HalfpixelError, system_reason
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
            return self._invoked(ctx)
        except HalfpixelError as error:
            say(f"halfpixel: {error}", err=True)
            ctx.exit(FAILED)
        except KeyboardInterrupt:
            say("halfpixel: interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except click.UsageError as error:  # a file's name may look like an option
            shown = printable_line(error.message)
            if shown == error.message:
                raise
            raise click.UsageError(shown, error.ctx) from error

    def _invoked(self, ctx: click.Context) -> object:
        """Run the command; what is neither click's own, nor the system's, is a defect."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, Exit, OSError, MemoryError):
            raise
        except HalfpixelError as error:
            log("halfpixel", error)
            raise
        except Exception as error:
            name = ctx.invoked_subcommand or "halfpixel"
            log(name, error)
            raise Defect(name, error) from error


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 nothing found; 1 something found, or left; 2 a file, an option or "
    "halfpixel itself failed; 130 interrupted. Of several files, one that fails costs the others "
    "nothing.",
)
@click.version_option(package_name="halfpixel", prog_name="halfpixel")
@debug_option
def cli() -> None:
    """Check, fix and verify the resampling operators of exported models."""


def main() -> None:
    """Run the command line; a reader that goes away early is no error."""
    delay_protobuf()
    collect_seldom()
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
    except KeyboardInterrupt:
        _drop_output()
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        sys.exit(FOUND)
    except MemoryError as error:
        _drop_output()
        say(f"halfpixel: out of memory: {str(error).lower() or 'nothing is left'}", err=True)
        sys.exit(FAILED)
    except OSError as error:
        _drop_output()
        reason = system_reason(error)
        say(f"halfpixel: {error.filename or 'standard output'}: {reason}", err=True)
        sys.exit(FAILED)


def _drop_output() -> None:
    """Let what is still to be printed go nowhere, so that the end of the program is quiet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
