"""How far a command has come: a bar on a terminal, and nothing anywhere else.

It stands on standard error, so that what goes to standard output is whole, and vanishes at the end.
"""

import sys
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from halfpixel.printable import printable_line

if TYPE_CHECKING:
    from rich.progress import Progress, Task


class Told(Protocol):
    """What shows how far a command has come."""

    def __call__(self, text: str, done: int, total: int | None) -> None:
        """Show what is worked on, how much is done and how much there is, where that is known."""
        ...

    def stage(self, text: str) -> None:
        """Show what is worked on, where nobody knows how much there is."""
        ...

    def aside(self) -> AbstractContextManager[None]:
        """Take the bar away while something else is printed."""
        ...


class _Bar:
    def __init__(self, shown: "Progress") -> None:
        self._shown = shown
        self._task = shown.add_task("", total=None)

    def __call__(self, text: str, done: int, total: int | None) -> None:
        said = printable_line(text)
        self._shown.update(self._task, description=said, completed=done, total=total)

    def stage(self, text: str) -> None:
        self(text, 0, None)

    @contextmanager
    def aside(self) -> Generator[None]:
        self._shown.stop()
        yield
        self._shown.start()


@contextmanager
def progress(*, remaining: bool = True, rate: bool = False) -> Generator[Told | None]:
    """Give what shows how far a command has come; None where nobody looks at standard error.

    Args:
        remaining: tell the time that is left, too.
        rate: tell how many are done, and how many a second.
    """
    if not sys.stderr.isatty():
        yield None
        return
    with _columns(remaining=remaining, rate=rate) as shown:
        yield _Bar(shown)


def _columns(*, remaining: bool, rate: bool) -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class _Rate(ProgressColumn):
        def render(self, task: "Task") -> Text:
            return Text(f"{task.finished_speed or task.speed or 0:.0f}/s")

    columns: list[ProgressColumn] = [
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
    ]
    if remaining:
        columns += [BarColumn(), TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn()]
    else:
        columns += [TimeElapsedColumn()]
    if rate:
        columns += [MofNCompleteColumn(), _Rate()]
    console = Console(file=sys.stderr, markup=False, emoji=False, highlight=False)
    return Progress(*columns, console=console, transient=True, redirect_stdout=False)
