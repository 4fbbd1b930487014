"""What every command shares: how options are declared, those that several have, exit codes.

A command's options are the fields of a dataclass: the field's type is what the command gets, and
the click decorator beside it is what people see. One more option is one more field.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar, cast, get_args

import click

from halfpixel.errors import UsageError

T = TypeVar("T")

CLEAN: Final = 0
FOUND: Final = 1
FAILED: Final = 2

Expect = Annotated[
    tuple[str, ...],
    click.option(
        "--expect",
        multiple=True,
        metavar="[NODE:]KEY=VALUE",
        help="What is meant: align_corners=false, mode=bicubic, antialias=true; NODE a pattern.",
    ),
]

format_option = click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
OutputFormat = Annotated[str, format_option]


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

        for decorator in reversed(cast("list[Callable[[object], object]]", shown)):
            decorator(called)
        return click.command(module.rpartition(".")[2], help=run.__doc__)(called)

    return made


def names(
    _ctx: click.Context, _parameter: click.Parameter, value: Sequence[str]
) -> tuple[str, ...]:
    """Return the names of an option that may be repeated or hold several, by commas."""
    return tuple(name.strip() for text in value for name in text.split(",") if name.strip())


def parse_range(text: str | None) -> tuple[float, float]:
    """Return the range of made floats that LOW,HIGH spells; 0 to 1 where nothing is said.

    Raises:
        UsageError: a text that is none.

    >>> parse_range("-1,2")
    (-1.0, 2.0)
    """
    from halfpixel.runtimes.feeds import USUAL_RANGE

    if text is None:
        return USUAL_RANGE
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--range {text!r}: expected LOW,HIGH") from None
    if not low <= high:
        raise UsageError(f"--range {text!r}: expected LOW no greater than HIGH")
    return low, high
