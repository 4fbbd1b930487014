"""Time and peak memory of commands as whole processes, side by side."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


class Cost(NamedTuple):
    """What one process took: seconds, peak megabytes, seconds of the processor."""

    seconds: float
    megabytes: float
    processor: float


@dataclass(frozen=True)
class Tree:
    """A command that imports halfpixel from a checkout.

    Attributes:
        checkout: the checkout, its `convert/` and `rules/` come first on the path.
        folder: where the command runs.
        command: the command.
    """

    checkout: Path
    folder: str
    command: Sequence[str]

    @property
    def environment(self) -> dict[str, str]:
        """The environment that it runs in."""
        roots = (str(self.checkout / name) for name in ("convert", "rules"))
        return {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join(roots)}


def cost(command: Sequence[str] | Tree) -> Cost:
    """Return what one process takes."""
    words, folder, environment = command, None, ENVIRONMENT
    if isinstance(command, Tree):
        words, folder, environment = command.command, command.folder, command.environment
    start = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, env=environment, cwd=folder) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        sys.exit(f"{' '.join(words)} gave {process.returncode}")
    unit = 1e6 if sys.platform == "darwin" else 1e3
    seconds = time.perf_counter() - start
    return Cost(seconds, usage.ru_maxrss / unit, usage.ru_utime + usage.ru_stime)


def side_by_side(
    *commands: Sequence[str] | Tree, runs: int = 9, before: Callable[[], None] | None = None
) -> tuple[Cost, ...]:
    """Return the median costs of commands that run in turns.

    Args:
        commands: the commands; each runs once before, to warm the file cache.
        runs: how often each is measured.
        before: called before each run, outside of what is measured.
    """
    found: list[list[Cost]] = [[] for _ in commands]
    for turn in range(runs + 1):
        for command, costs in zip(commands, found, strict=True):
            if before is not None:
                before()
            measured = cost(command)
            if turn:
                costs.append(measured)
    return tuple(Cost(*(median(part) for part in zip(*costs, strict=True))) for costs in found)
