"""Processes that check, one model each at a time: ended where they take too long, and made anew.

Each has a pipe of its own: one that is killed takes nothing along that another waits for, which a
queue that several share would be (and a pool of the standard library is lost with one of its
processes). What comes back is data, never a pickle: a process that a model has taken over makes the
service run nothing. Where the system can, they are forked from a process that has imported what a
check needs and nothing of the service (multiprocessing's fork server), and are there at once.
"""

import asyncio
import multiprocessing
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from tempfile import gettempdir
from typing import Final

import msgspec

from halfpixel.serving.limits import Limits
from halfpixel.serving.refused import Refused
from halfpixel.serving.worker import Job, Outcome, judge, prepare

MODELS: Final = 500
"""Models after which a process is made anew, whatever it has kept."""

ATTEMPTS: Final = 2
"""Processes that a model may end."""

LONGEST: Final = 1 << 20
"""Bytes of what a process may say of a model; the report itself lies on the disk."""

START: Final = 60.0
"""Seconds in which a process has to be ready."""

READY: Final = b"ready"
LOADED: Final = ["halfpixel.serving.warm"]
"""What the fork server imports."""

LONGEST_FOLDER: Final = 103 - len("/pymp-12345678/listener-12345678")
"""Bytes of the name of a temporary folder, what multiprocessing makes in it aside."""

Context = ForkServerContext | SpawnContext


def work(pipe: Connection, limits: Limits) -> None:
    """Check models as they come, until nobody asks any more: what a process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service ends, and with it the pipe
    prepare(limits)
    pipe.send_bytes(READY)
    while True:
        try:
            job: Job = pipe.recv()
        except EOFError:
            return
        pipe.send_bytes(msgspec.msgpack.encode(judge(job)))


class _Ended(Exception):  # noqa: N818 - what happened to a process
    """A process that ended before it had answered."""


class _Process:
    """One process; its methods wait, and are called in threads."""

    def __init__(self, context: Context, limits: Limits) -> None:
        self._seconds = limits.seconds
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, limits), daemon=True)
        self._process.start()
        theirs.close()
        self._left = MODELS
        self._ready = False

    @property
    def usable(self) -> bool:
        """Whether it takes a model."""
        return self._left > 0 and self._process.is_alive()

    def begin(self) -> None:
        """Wait until it is ready.

        Raises:
            OSError, EOFError, TimeoutError: it does not come to be.
        """
        if not self._ready:
            self._heard(START)
            self._ready = True

    def run(self, job: Job) -> Outcome:
        """Check a model.

        Raises:
            _Ended: the process did, with how.
            Refused: 504: it took too long.
        """
        self._left -= 1
        try:
            self.begin()
            self._pipe.send(job)
            said = self._heard(self._seconds)
            return msgspec.msgpack.decode(said, type=Outcome)
        except TimeoutError:
            self.end()
            raise Refused(504, f"{job.name}: not checked within {self._seconds:g} s") from None
        except (OSError, EOFError, msgspec.DecodeError):
            raise _Ended(_end(self.end())) from None

    def _heard(self, seconds: float) -> bytes:
        if not self._pipe.poll(seconds):
            raise TimeoutError
        return self._pipe.recv_bytes(LONGEST)

    def kill(self) -> None:
        """End it at once; whoever waits for it hears of it."""
        self._process.kill()

    def end(self) -> int | None:
        """End it, and return how it had ended or now has."""
        self._process.join(0.2)  # one that ended by itself says how
        self._process.kill()
        self._process.join()
        self._pipe.close()
        return self._process.exitcode


class Workers:
    """The processes of a service."""

    def __init__(self, limits: Limits) -> None:
        """Start them.

        Args:
            limits: how many there are, and what a check may take.
        """
        self._limits = limits
        self._context = _context()
        self._threads = ThreadPoolExecutor(limits.workers, "halfpixel-check")
        self._idle: asyncio.Queue[_Process] = asyncio.Queue()
        for _ in range(limits.workers):
            self._idle.put_nowait(_Process(self._context, limits))

    async def begin(self) -> None:
        """Wait until they are ready; one that does not come to be is made anew for its model."""
        processes = [self._idle.get_nowait() for _ in range(self._idle.qsize())]
        await asyncio.gather(
            *(asyncio.to_thread(one.begin) for one in processes), return_exceptions=True
        )
        for one in processes:
            self._idle.put_nowait(one)

    async def run(self, job: Job) -> Outcome:
        """Check a model when a process is free; whoever stops waiting for it ends its process.

        A process may be ended by others too: a model is given up when it has ended two.

        Raises:
            Refused: 422: its processes ended; 504: it took too long.
        """
        process = await self._idle.get()
        try:
            for attempt in range(ATTEMPTS):
                if not process.usable:
                    process = await self._anew(process)
                try:
                    return await self._threaded(process, job)
                except _Ended as error:
                    if attempt == ATTEMPTS - 1:
                        told = f"its check ended the process that ran it ({error})"
                        raise Refused(422, f"{job.name}: {told}") from None
            raise AssertionError(ATTEMPTS)
        finally:
            self._idle.put_nowait(process)

    async def _threaded(self, process: _Process, job: Job) -> Outcome:
        """Wait for a process in a thread; a wait that is given up ends the process."""
        running = asyncio.get_running_loop().run_in_executor(self._threads, process.run, job)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            process.kill()
            await asyncio.gather(running, return_exceptions=True)
            raise

    async def _anew(self, process: _Process) -> _Process:
        await asyncio.to_thread(process.end)
        return await asyncio.to_thread(_Process, self._context, self._limits)

    def close(self) -> None:
        """End them all; nobody waits for one any more."""
        while not self._idle.empty():
            self._idle.get_nowait().end()
        self._threads.shutdown()


def _end(code: int | None) -> str:
    """Return how a process ended.

    >>> _end(1), _end(-11)
    ('exit code 1', 'SIGSEGV')
    """
    try:
        return signal.Signals(-(code or 0)).name
    except ValueError:
        return f"exit code {code}"


def _context() -> Context:
    """Return how processes are started.

    The fork server listens on a socket in the temporary folder, whose whole name has to fit the
    system's address (macOS: 104 bytes); below a long folder each process starts by itself.
    """
    if os.name == "nt" or len(os.fsencode(gettempdir())) > LONGEST_FOLDER:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    return context
