"""How far a command has come: a bar on a terminal, and nothing anywhere else.

It stands on standard error, so that what goes to standard output is whole, and vanishes at the end.
"""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from halfpixel.printable import printable_line

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

Told = Callable[[str, int, int | None], None]
"""Told what is worked on, how much is done, and how much there is; None where nobody knows."""


def on_terminal() -> bool:
    """Whether a person looks at standard error."""
    return sys.stderr.isatty()


@contextmanager
def progress(*, remaining: bool = True) -> Generator[Told | None]:
    """Give what shows how far a command has come; None where nobody looks.

    Args:
        remaining: tell the time that is left, too.
    """
    if not on_terminal():
        yield None
        return
    with _bar(remaining=remaining) as shown:
        task = shown.add_task("", total=None)

        def told(text: str, done: int, total: int | None) -> None:
            shown.update(task, description=printable_line(text), completed=done, total=total)

        yield told


def _bar(*, remaining: bool) -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns: list[ProgressColumn] = [
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
    ]
    if remaining:
        columns += [BarColumn(), TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn()]
    else:
        columns += [TimeElapsedColumn()]
    console = Console(file=sys.stderr, markup=False, emoji=False, highlight=False)
    return Progress(*columns, console=console, transient=True)
