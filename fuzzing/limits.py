"""Time and memory that one input may take, measured in the process that takes them."""

import gc
import math
import os
import resource
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import FrameType
from typing import Final

SMALL, LARGE = 100_000, 10_000_000
"""Bytes of a file at which the bounds below are said."""

SECONDS: Final = (1.0, 5.0)
MEMORY: Final = (200e6, 500e6)
RUN_MEMORY: Final = (500e6, 800e6)
"""Where the model is run too: onnxruntime's own kernel takes 190 bytes for each sample of a cubic
resize, 300 MB for the 1.6 million samples of a signal that a file may honestly declare."""

HANG: Final = 5.0
"""Seconds of computing after which an input is given up."""

BLOCKED: Final = 20.0
"""Seconds of the clock in which an input has to compute at all: else it waits, as for a pipe."""

IDLE: Final = 0.01
"""Seconds of computing below which it does not compute: a busy machine leaves it more."""

ROOM: Final = 4 << 30
"""Bytes of addresses that a process may take beyond what it has: more is refused by the system."""

PEAK: Final = Path("/proc/self/clear_refs")

YARDSTICK: Final = range(1, 2500)
"""Terms of the sum that tells how fast the machine computes at the moment."""

TICK: Final = 0.001
"""Seconds of computing that a system may not tell apart from none."""

_best: Final = [math.inf]
"""Seconds that the sum took when it took the least, in this process."""


class TimeSpent(BaseException):
    """An input took longer than any may; not to be caught by what is tested."""


@dataclass(slots=True)
class Cost:
    """What one input took.

    Attributes:
        seconds: of computing, of all threads.
        memory: bytes beyond what the process had, at the worst moment; 0 where the system does
            not tell.
    """

    seconds: float = 0.0
    memory: int = 0


def bound(size: int, at: tuple[float, float]) -> float:
    """Return the bound for a file of a size: level up to 100 KB, and then rising to 10 MB.

    >>> bound(1000, SECONDS), bound(LARGE, SECONDS)
    (1.0, 5.0)
    """
    share = (min(max(size, SMALL), LARGE) - SMALL) / (LARGE - SMALL)
    return at[0] + share * (at[1] - at[0])


@contextmanager
def measured() -> Generator[Cost]:
    """Measure what happens inside, and end it with TimeSpent where it takes too long."""
    cost = Cost()
    before = _reset_peak()
    start = time.process_time()
    last = start

    def blocked(_number: int, _frame: FrameType | None) -> None:
        nonlocal last
        now = time.process_time()
        if now - last < IDLE:
            raise TimeSpent(f"nothing computed for {BLOCKED:g} s: it waits")
        last = now

    handlers = ((signal.SIGPROF, _spent), (signal.SIGALRM, blocked))
    old = [signal.signal(one, handler) for one, handler in handlers]
    signal.setitimer(signal.ITIMER_PROF, HANG)
    signal.setitimer(signal.ITIMER_REAL, BLOCKED, BLOCKED)
    try:
        yield cost
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for one, handler in zip((signal.SIGPROF, signal.SIGALRM), old, strict=True):
            signal.signal(one, handler)
        cost.seconds = time.process_time() - start
        if before:
            cost.memory = max(0, _peak() - before)


def pace() -> float:
    """Return how many times as long a fixed sum takes as it did at best: 1 where nobody disturbs.

    What shares a core makes a process compute longer, not only wait longer.
    """
    start = time.process_time()
    sum(Fraction(1, n) for n in YARDSTICK)
    took = max(time.process_time() - start, TICK)
    _best[0] = min(took, _best[0])
    return took / _best[0]


def confine() -> None:
    """Bound the addresses of this process, and let it leave no core file."""
    gc.collect()
    gc.freeze()  # what the libraries made is not gone over with every input
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return  # a system that does not tell: the peak alone is watched
    most = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def resident() -> int:
    """Return bytes of memory that this process holds; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _spent(_number: int, _frame: FrameType | None) -> None:
    raise TimeSpent(f"more than {HANG:g} s of computing")


def _reset_peak() -> int:
    """Let the peak be what is held now, and return it; 0 where the system cannot."""
    try:
        handle = os.open(PEAK, os.O_WRONLY)
    except OSError:
        return 0
    try:
        os.write(handle, b"5")
    except OSError:
        return 0
    finally:
        os.close(handle)
    return _peak()


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
