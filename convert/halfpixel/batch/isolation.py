"""Models that are judged in a process of their own, which may crash, hang or run out of memory.

Each thread that asks has a process; a batch goes to it whole, and it answers model by model, so
that it is known which one it died of. That one is tried again in a new process where others may
have ended it, and is reported once several were ended. The others go on.

A pool of the standard library does not tell which task broke it, and waits for ever for one that
hangs; other libraries' pools share one pipe and its lock between their processes, which a process
that is killed while it holds them takes along. A pipe of its own a process has neither trouble.
"""

import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from signal import Signals
from time import monotonic
from typing import IO, Final, cast

import msgspec
from msgspec.structs import replace

from halfpixel.batch.record import encoded
from halfpixel.batch.task import Batch, Limits, Outcome, Task
from halfpixel.batch.worker import receive, send
from halfpixel.checking.result import FileReport
from halfpixel.quoting import json_text

ATTEMPTS: Final = 3
"""Processes that a model may end before it is given up."""

GRACE: Final = 5.0
"""Seconds after which a process is killed that does not end itself in time."""

KILL: Final = 9
"""The signal by which a system ends a process that takes too much memory."""

OTHERS: Final = frozenset({1, 2, KILL, 15})
"""Signals that others send: hang-up, interrupt, kill, terminate."""

START: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from halfpixel.batch.worker import main; main()"
)
"""What a process does that judges models: it finds the same modules as the one that starts it."""

_OWN: Final = threading.local()
_LOCK: Final = threading.Lock()
_ALL: Final[set["Worker"]] = set()


def apart(batch: Batch) -> list[Outcome]:
    """Judge models in the process of this thread, which is started where there is none.

    Args:
        batch: the models.

    Returns:
        One outcome a model, in order; a model that ends its process, or takes longer than it may,
        is an error in its report.
    """
    outcomes: list[Outcome] = []
    attempts = 0
    while len(outcomes) < len(batch.tasks):
        worker = _worker()
        before = len(outcomes)
        outcomes += worker.outcomes(replace(batch, tasks=batch.tasks[before:]))
        if len(outcomes) == len(batch.tasks):
            break
        attempts = attempts + 1 if len(outcomes) == before else 1
        code = worker.end()
        if worker.late or -code not in OTHERS or attempts >= ATTEMPTS:
            task = batch.tasks[len(outcomes)]
            outcomes.append(_lost(task, batch.limits, None if worker.late else code))
            attempts = 0
    return outcomes


def end_workers() -> None:
    """End every process, whichever thread it is of; what they were judging is lost."""
    with _LOCK:
        workers = list(_ALL)
    for worker in workers:
        worker.end(at_once=True)


def _worker() -> "Worker":
    worker: Worker | None = getattr(_OWN, "worker", None)
    if worker is None or not worker.alive:
        worker = _OWN.worker = Worker()
    return worker


def _lost(task: Task, limits: Limits, code: int | None) -> Outcome:
    """Return what is said of a model whose process ended.

    Args:
        task: the model.
        limits: what it might take.
        code: the exit code, negative for a signal; None where it took too long.
    """
    if code is None:
        text = f"not judged: it takes more than {limits.seconds:g} s; see --timeout"
    else:
        ended = f"with exit code {code}" if code >= 0 else f"by {_signal(-code)}"
        text = f"its check ended the process {ended}"
        if -code in OTHERS:
            text = f"{text}, {ATTEMPTS} times: there may not be enough memory"
        else:
            text = f"{text}: a defect of halfpixel or of what it uses, not of the file"
    lasting = code is not None and -code not in OTHERS
    report = FileReport(task.name, error=f"{task.name}: {text}", defect=lasting)
    return Outcome(task.index, encoded(report), lasting=lasting)


def _signal(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


class Worker:
    """A process that judges models, and the pipes to it.

    Attributes:
        late: it took longer for a model than it may.
    """

    def __init__(self) -> None:
        """Start it; it finds Python's modules where this process does."""
        path = json_text([str(place) for place in sys.path])
        command = [sys.executable, "-P", "-c", START, path]
        self._process = subprocess.Popen(  # noqa: S603 - this Python, with a text of ours
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.late = False
        self._busy = threading.RLock()
        with _LOCK:
            _ALL.add(self)

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def outcomes(self, batch: Batch) -> Iterator[Outcome]:
        """Yield what it answers of models; fewer than were asked where it ends meanwhile."""
        asked, answered = (
            cast("IO[bytes]", one) for one in (self._process.stdin, self._process.stdout)
        )
        seconds = batch.limits.seconds
        watch = threading.Timer(seconds * len(batch.tasks) + GRACE, self._process.kill)
        watch.daemon = True
        if seconds > 0:
            watch.start()  # each has its own watch inside, which a process that is stopped is not
        try:
            with self._busy:
                yield from self._answers(batch, asked, answered)
        except (OSError, ValueError, msgspec.DecodeError):
            return  # it is gone, or says what no worker says
        finally:
            watch.cancel()

    def _answers(self, batch: Batch, asked: IO[bytes], answered: IO[bytes]) -> Iterator[Outcome]:
        send(asked, pickle.dumps(batch, protocol=5))
        for _ in batch.tasks:
            began = monotonic()
            frame = receive(answered)
            if frame is None:
                self.late = 0 < batch.limits.seconds <= monotonic() - began
                return
            yield msgspec.msgpack.decode(frame, type=Outcome)
        if receive(answered) != b"":  # it has grown
            self.end(at_once=True)

    def end(self, *, at_once: bool = False) -> int:
        """End it, and return its exit code, negative for a signal.

        Args:
            at_once: it is not ending by itself.
        """
        with _LOCK:
            _ALL.discard(self)
        code = None
        if not at_once:
            with suppress(subprocess.TimeoutExpired):
                code = self._process.wait(GRACE)
        if code is None:
            self._process.kill()
            code = self._process.wait()
        with self._busy:  # who waits for an answer has none now
            for stream in (self._process.stdin, self._process.stdout):
                with suppress(OSError):  # what was not sent yet, to a process that is gone
                    if stream is not None:
                        stream.close()
        return code
