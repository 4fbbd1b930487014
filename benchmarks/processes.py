"""Time and peak memory of commands as whole processes, side by side."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

Cost = tuple[float, float]
"""Seconds and peak megabytes."""


def cost(command: Sequence[str]) -> Cost:
    """Return (seconds, peak megabytes) of one process."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        sys.exit(f"{' '.join(command)} gave {process.returncode}")
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return time.perf_counter() - start, usage.ru_maxrss / unit


def side_by_side(
    *commands: Sequence[str], runs: int = 9, before: Callable[[], None] | None = None
) -> tuple[Cost, ...]:
    """Return the median (seconds, megabytes) of commands that run in turns.

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
    return tuple((median(s for s, _ in costs), median(m for _, m in costs)) for costs in found)
