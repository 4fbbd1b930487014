"""A process that judges models for another, which it may crash or keep waiting without harm.

It reads batches from its standard input and answers each model on its standard output, in frames of
four bytes that say how long they are; what rules print goes to standard error. A model that takes
too long ends it: the watchdog is a thread of C, which no lock of Python's holds up.
"""

import faulthandler
import gc
import os
import pickle
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import msgspec

from halfpixel.address import Address
from halfpixel.batch.record import encoded
from halfpixel.batch.stamp import digest_of
from halfpixel.batch.task import Batch, Outcome, Task
from halfpixel.boundary import boundary
from halfpixel.checking.check import Judge, Settings, opened
from halfpixel.checking.result import FileReport
from halfpixel.errors import HalfpixelError, UsageError, said_of

if TYPE_CHECKING:
    from halfpixel.checking.shapes import Shapes

HEAD: Final = 4
"""Bytes that say how long a frame is."""

LARGE: Final = 80 << 20
"""Bytes of a process' own memory from which on it looks for garbage."""

LARGEST: Final = 120 << 20
"""Bytes from which on it is not used any longer, where no garbage was found."""


def send(stream: IO[bytes], data: bytes) -> None:
    """Write a frame."""
    stream.write(len(data).to_bytes(HEAD, "big"))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Return the next frame; None where the other side is gone."""
    head = stream.read(HEAD)
    if len(head) < HEAD:
        return None
    size = int.from_bytes(head, "big")
    data = stream.read(size)
    return data if len(data) == size else None


def main() -> None:
    """Answer batches until nobody asks any more, or this process has grown too large."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks is interrupted, and closes the pipe
    gc.set_threshold(200_000)  # what the imports made is no garbage, and is not gone over
    gc.freeze()
    asked, answered = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    while (frame := receive(asked)) is not None:
        batch: Batch = pickle.loads(frame)  # noqa: S301 - from the process that started this one
        for outcome in outcomes(batch):
            send(answered, msgspec.msgpack.encode(outcome))
        if own_memory() > LARGE:
            gc.collect()
        send(answered, b"" if own_memory() < LARGEST else b"full")


def outcomes(batch: Batch) -> Iterator[Outcome]:
    """Yield what becomes of models, and end this process where one takes too long."""
    limit_memory(batch.limits.memory)
    if batch.folder and batch.folder != os.getcwd():  # noqa: PTH109 - of every batch
        with suppress(OSError):  # of a machine that has no such folder, and only whole paths
            os.chdir(batch.folder)
    seconds = batch.limits.seconds
    with Path(os.devnull).open("wb") as nowhere:
        for task in batch.tasks:
            if seconds > 0:
                faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
            try:
                outcome = judged(task, judge_of(batch.settings))
            except UsageError as error:
                outcome = Outcome(task.index, refused=str(error))
            faulthandler.cancel_dump_traceback_later()
            yield outcome


def judged(task: Task, judge: Judge) -> Outcome:
    """Judge one model here, unless all that is read of it is as it was.

    Raises:
        UsageError: a setting is wrong.
    """
    before = digest_of(task.source)
    if before.digest and before.digest == task.known:
        return Outcome(task.index, b"", before.digest, before.data)
    if judge.settings.shapes:
        refuse_shapes(task, judge.settings.shapes)
    report = judge.file(task.source, task.name)
    lasting = report.error is None or is_lasting(task, report.error)
    return Outcome(task.index, record_of(report), before.digest, before.data, lasting)


def refuse_shapes(task: Task, shapes: "Shapes") -> None:
    """Refuse shapes that the inputs of a model cannot have.

    Raises:
        UsageError: such a shape.
    """
    from halfpixel.checking.shapes import check_shapes

    try:
        with boundary(task.name):
            inputs = opened(task.source).inputs
    except HalfpixelError:
        return  # which its report tells
    check_shapes(inputs, shapes)


def is_lasting(task: Task, error: str) -> bool:
    """Whether an error is of the file, and not of the machine: another run comes to the same."""
    if error.endswith(said_of(MemoryError())) or isinstance(task.source, Address):
        return False
    if task.source.is_dir():
        return True
    try:
        with task.source.open("rb") as file:
            file.read(1)
    except (OSError, ValueError):
        return False
    return True


def record_of(report: FileReport) -> bytes:
    """Return the record of a report, or of why it has none."""
    try:
        return encoded(report)
    except RecursionError:
        text = f"{report.path}: what was found is nested too deep to be passed on"
        return encoded(FileReport(report.path, error=text))


def judge_of(settings: Settings) -> Judge:
    """Return who judges by some settings; the last one is kept."""
    if not _KEPT or _KEPT[0][0] != settings:
        _KEPT[:] = [(settings, Judge(settings))]
    return _KEPT[0][1]


_KEPT: Final[list[tuple[Settings, Judge]]] = []


def limit_memory(most: int) -> None:
    """Let this process have so much memory of its own; mapped files do not count."""
    if not most or sys.platform != "linux":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


def own_memory() -> int:
    """Return the bytes of memory of this process that no file backs; 0 where nobody can tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - hot
            _, resident, shared = file.read().split()[:3]
    except OSError:
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
