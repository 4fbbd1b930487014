"""Options: how commands declare them, and those that several have.

A command's options are the fields of a dataclass: the field's type is what the command gets, and
the click decorator beside it is what people see. One more option is one more field.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Final, TypeVar, cast, get_args

import click

from halfpixel.errors import UsageError
from halfpixel.work import MOST

if TYPE_CHECKING:
    Decorator = Callable[[Callable[..., None]], Callable[..., None]]


T = TypeVar("T")

CLEAN: Final = 0
FOUND: Final = 1
FAILED: Final = 2
INTERRUPTED: Final = 130
"""128 and the number of the signal, as shells have it."""

Expect = Annotated[
    tuple[str, ...],
    click.option(
        "--expect",
        multiple=True,
        metavar="[NODE:]KEY=VALUE",
        help="What is meant: align_corners=false, mode=bicubic, antialias=true; NODE a pattern.",
    ),
]


def _debug(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's own
    """Print what is logged, tracebacks with it, until the command ends."""
    if not value:
        return
    import logging

    from halfpixel.cli.console import write_document
    from halfpixel.printable import printable_lines

    class Shown(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            write_document(printable_lines(self.format(record).splitlines()), err=True)

    logger, handler = logging.getLogger("halfpixel"), Shown()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)

    def restored() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    context.call_on_close(restored)


debug_option = click.option(
    "--debug",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_debug,
    help="Print the traceback of whatever fails, on standard error.",
)


def command(module: str, options: type[T]) -> Callable[[Callable[[T], None]], click.Command]:
    """Return the decorator that makes a command of a function of its options.

    Args:
        module: `__name__` of the command's file, which is named after it.
        options: a dataclass whose fields are `Annotated[type, click.option(...)]`, in the order
            in which they are shown; a field is called as click calls the option's parameter.
    """
    shown = [get_args(field)[1] for field in options.__annotations__.values()]
    filled = cast("Callable[..., T]", options)

    def made(run: Callable[[T], None]) -> click.Command:
        def called(**given: object) -> None:
            run(filled(**given))

        for decorator in reversed([*cast("list[Callable[[object], object]]", shown), debug_option]):
            decorator(called)
        return click.command(module.rpartition(".")[2], help=run.__doc__)(called)

    return made


def names(
    _ctx: click.Context, _parameter: click.Parameter, value: Sequence[str]
) -> tuple[str, ...]:
    """Return the names of an option that may be repeated or hold several, by commas."""
    return tuple(name.strip() for text in value for name in text.split(",") if name.strip())


def _rules(_ctx: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Return the rules that a shell may complete what is typed to."""
    from halfpixel.rule import load_rules

    return [rule.name for rule in load_rules() if rule.name.startswith(typed)]


def target_names(_ctx: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Return the targets that a shell may complete what is typed to."""
    from halfpixel.targets.target import names as targets

    return [name for name in targets() if name.startswith(typed)]


Ignore = Annotated[
    tuple[str, ...],
    click.option(
        "--ignore",
        multiple=True,
        callback=names,
        shell_complete=_rules,
        help="Rules to leave out.",
    ),
]


def select_option(said: str) -> "Decorator":
    """Return the option that takes rules, with what it says of them."""
    return click.option("--select", multiple=True, callback=names, shell_complete=_rules, help=said)


def severity_option(said: str) -> "Decorator":
    """Return the option that takes the mildest severity, with what it says of it."""
    return click.option("--severity", type=click.Choice(["error", "warning", "note"]), help=said)


UnsafeFixes = Annotated[
    bool,
    click.option("--unsafe-fixes", is_flag=True, help="Make fixes that rest on an assumption too."),
]
AllowFallback = Annotated[
    bool,
    click.option(
        "--allow-fallback", is_flag=True, help="Resampling nodes may fall back to the CPU."
    ),
]


Shape = Annotated[
    tuple[str, ...],
    click.option(
        "--shape",
        multiple=True,
        metavar="NAME=1x3x64x64",
        help="Lengths of an input at which to judge, where the file leaves them free.",
    ),
]

MaxWork = Annotated[
    int,
    click.option(
        "--max-work",
        type=click.IntRange(min=1),
        default=MOST,
        show_default=True,
        metavar="STEPS",
        help="Steps of exact work that a file may take; a node that would take more than a quarter "
        "of what is left is named and not judged (exit code 2).",
    ),
]


def parse_range(text: str | None) -> tuple[float, float]:
    """Return the range of made floats that LOW,HIGH spells; 0 to 1 where nothing is said.

    Raises:
        UsageError: a text that is none.

    >>> parse_range("-1,2")
    (-1.0, 2.0)
    """
    from halfpixel.runtimes.drawn import USUAL_RANGE

    if text is None:
        return USUAL_RANGE
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--range {text!r}: expected LOW,HIGH") from None
    if not low <= high:
        raise UsageError(f"--range {text!r}: expected LOW no greater than HIGH")
    return low, high


def read_shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the shapes that --shape says; raises UsageError as `parse_shapes` does."""
    if not texts:
        return {}
    from halfpixel.checking.shapes import parse_shapes

    return parse_shapes(texts)
