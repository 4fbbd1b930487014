"""What one command takes as a whole process: time, memory of its own and mapped, bytes read.

The peak of a process says little by itself: pages of a mapped file are counted as it touches them,
and the system takes them back whenever it wants. So its own pages (anonymous ones) and those that
are mapped from files are told apart, as `/proc/PID/status` counts them, sampled every few
milliseconds, over the process and all that it starts (its group); the peak is the kernel's own.
Needs Linux.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from book.results import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STEP = 0.005
"""Seconds between two samples of memory."""
OFTEN = 10
"""Samples after which new children are looked for."""
WAITING = 5
"""Times its share of the processor that a process may take by the clock."""


class FailedError(Exception):
    """A command that gives no answer; says why, by its last line."""


class Sampler(threading.Thread):
    """Samples the memory of a process and its children until told to stop; ends it in time."""

    def __init__(self, pid: int, patience: float) -> None:
        """Watch a process that leads its own group, until it has had its share."""
        super().__init__(daemon=True)
        self.pid, self.patience = pid, patience
        self.own = self.mapped = self.peak = 0.0
        self.stopped = False
        self.done = threading.Event()

    def run(self) -> None:
        """Sample."""
        end = time.perf_counter() + WAITING * self.patience
        known, samples = [self.pid], 0
        while not self.done.wait(STEP):
            own = mapped = total = high = 0.0
            samples += 1
            if samples % OFTEN == 0:
                known = family(self.pid)
            for pid in known:
                status = memory(pid)
                own += status.get("RssAnon", 0.0)
                mapped += status.get("RssFile", 0.0) + status.get("RssShmem", 0.0)
                total += status.get("VmRSS", 0.0)
                high = max(high, status.get("VmHWM", 0.0))
            self.own, self.mapped = max(self.own, own), max(self.mapped, mapped)
            self.peak = max(self.peak, total, high)
            spent = samples % OFTEN == 0 and sum(map(processor, known)) > self.patience
            if (spent or time.perf_counter() > end) and not self.stopped:
                self.stopped = True
                os.killpg(self.pid, signal.SIGKILL)


def family(leader: int) -> list[int]:
    """Return the processes of a group."""
    found: list[int] = []
    for place in Path("/proc").iterdir():
        try:
            if place.name.isdigit() and os.getpgid(int(place.name)) == leader:
                found.append(int(place.name))
        except ProcessLookupError:
            continue
    return found


def memory(pid: int) -> dict[str, float]:
    """Return the megabytes of a process by the names that the kernel gives them."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return {}
    lines = (line.split() for line in text.splitlines() if line.endswith(" kB"))
    return {words[0].rstrip(":"): int(words[1]) * 1024 / 1e6 for words in lines}


def processor(pid: int) -> float:
    """Return the seconds of the processor that a process has had."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def transfers(pid: int) -> tuple[float, float]:
    """Return the megabytes that an ended process asked to read, and those that came from disk."""
    try:
        text = Path(f"/proc/{pid}/io").read_text(encoding="ascii")
    except (OSError, ValueError):
        return 0.0, 0.0
    counts = {k: int(v) for k, _, v in (line.partition(": ") for line in text.splitlines())}
    return counts["rchar"] / 1e6, counts["read_bytes"] / 1e6


def measure(
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    patience: float,
    answers: frozenset[int] = frozenset({0}),
) -> Cost:
    """Return what a command takes.

    Args:
        words: the command.
        environment: its environment, the whole of it.
        patience: seconds of the processor after which it is stopped, five times them by the clock.
        answers: the exit codes of an answer.

    Raises:
        FailedError: it ends with another exit code.
    """
    with tempfile.TemporaryFile() as told:
        start = time.perf_counter()
        process = subprocess.Popen(
            words, stdout=told, stderr=told, env=dict(environment), start_new_session=True
        )
        sampler = Sampler(process.pid, patience)
        sampler.start()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        seconds = time.perf_counter() - start
        sampler.done.set()
        sampler.join()
        read, disk = transfers(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in answers and not sampler.stopped:
            told.seek(0)
            raise FailedError(last_line(told.read(), process.returncode))
    return Cost(
        seconds,
        usage.ru_utime + usage.ru_stime,
        sampler.own,
        max(sampler.mapped, sampler.peak - sampler.own),  # a moment between two samples counts
        sampler.peak,
        read,
        disk,
        sampler.stopped,
    ).rounded()


def last_line(told: bytes, code: int) -> str:
    r"""Return the last line of what a failed command told, or its exit code.

    >>> last_line(b"Traceback\n  ...\nValueError: too large\n\n", 1)
    'ValueError: too large'
    >>> last_line(b"", -9)
    'exit code -9'
    """
    lines = [one.strip() for one in told.decode(errors="replace").splitlines() if one.strip()]
    return lines[-1][:160] if lines else f"exit code {code}"


def forget(*paths: Path) -> None:
    """Drop files from the page cache, as far as the system does so for anyone who asks."""
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cached(path: Path) -> bool:
    """Whether the middle of a file stands in the page cache."""
    with path.open("rb") as file:
        try:
            middle = path.stat().st_size // 2
            return os.preadv(file.fileno(), [bytearray(1)], middle, os.RWF_NOWAIT) == 1
        except BlockingIOError:
            return False


def warm(*paths: Path) -> None:
    """Read files once, so that they stand in the page cache."""
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 24):
                pass


if sys.platform != "linux":  # pragma: no cover
    raise SystemExit("the benchmark book reads /proc, and needs Linux")
