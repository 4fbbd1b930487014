"""A run over many models: what is known is looked up, the others are judged by an engine.

Reports come as records, as soon as they are there. However many models there are, only those that
are under way are held: what is kept of the others is what they are called.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import ExitStack
from time import time_ns
from typing import Final

from msgspec import Struct

from halfpixel.address import Address, Location
from halfpixel.batch.cache import Cache, Entry, judged_by, key_of
from halfpixel.batch.engine import Engine, Power
from halfpixel.batch.isolation import apart
from halfpixel.batch.record import encoded
from halfpixel.batch.stamp import newest, stamp_of
from halfpixel.batch.task import Batch, Limits, Outcome, Stamp, Task
from halfpixel.checking.check import Settings
from halfpixel.checking.result import FileReport
from halfpixel.errors import HalfpixelError, UsageError, said_of

BLOCK: Final = 256
"""Models that are looked up together."""

AHEAD: Final = 20_000
"""Models by which others may be ahead of the first that is still judged."""

UNDER_WAY: Final = 3
"""Batches a slot that are under way, so that none waits for the next."""

LOST: Final = 4
"""Times that an engine may lose a batch."""

FRESH: Final = 100_000_000
"""Nanoseconds in which a file may change twice without its stamp telling."""


class Run(Struct, frozen=True):
    """What is judged, by what, where.

    Attributes:
        models: the models, by their paths or addresses.
        settings_of: what each is judged by; the same object where it is the same.
        engine: judges them.
        power: how many at the same time.
        limits: what each may take.
        cache: what is known of them; None for nothing.
        folder: what relative paths are relative to.
    """

    models: Sequence[Location]
    settings_of: Callable[[Location], Settings]
    engine: Engine
    power: Power = Power()
    limits: Limits = Limits()
    cache: Cache | None = None
    folder: str = ""

    def records(self) -> Generator[tuple[int, bytes]]:
        """Yield the place and the record of each model, once each, in the order they are there.

        Raises:
            UsageError: a setting is wrong.
        """
        with ExitStack() as stack:
            if self.cache is not None:
                stack.callback(self.cache.close)
            yield from _Course(self, stack).records()


class _Waiting(Struct, frozen=True):
    """A model that is to be judged.

    Attributes:
        task: the model.
        settings: what it is judged by.
        stamp: of its files before it is.
        key: of its entry.
        known: what was found in it before.
    """

    task: Task
    settings: Settings
    stamp: Stamp
    key: bytes
    known: Entry | None


class _Course:
    """How a run goes."""

    def __init__(self, run: Run, stack: ExitStack) -> None:
        self._run = run
        self._stack = stack
        self._executor: Executor | None = None
        self._slots = 1
        self._todo: deque[_Waiting] = deque()
        self._pending: dict[Future[list[Outcome]], tuple[list[_Waiting], int]] = {}
        self._next = 0
        self._by: dict[int, tuple[Settings, bytes]] = {}

    def records(self) -> Iterator[tuple[int, bytes]]:
        """Yield as `Run.records`."""
        while True:
            while self._wants_more():
                yield from self._looked_up()
            self._submit()
            if self._pending:
                yield from self._finished()
            elif not self._todo and self._next >= len(self._run.models):
                return

    def _wants_more(self) -> bool:
        left = self._next < len(self._run.models)
        return left and len(self._todo) < BLOCK and self._next - self._oldest() < AHEAD

    def _oldest(self) -> int:
        """Return the place of the first model that is not done."""
        first = [waiting[0].task.index for waiting, _ in self._pending.values()]
        return min([*first, *(one.task.index for one in [*self._todo][:1]), self._next])

    def _looked_up(self) -> Iterator[tuple[int, bytes]]:
        """Yield what is known of the next models, and let the others wait."""
        run = self._run
        start, self._next = self._next, min(self._next + BLOCK, len(run.models))
        block: list[tuple[int, Location, Settings, Stamp, bytes]] = []
        for index in range(start, self._next):
            source = run.models[index]
            settings = run.settings_of(source)
            if run.cache is None or isinstance(source, Address):
                block.append((index, source, settings, (), b""))
                continue
            key = key_of(self._judged_by(settings), run.folder, str(source))
            block.append((index, source, settings, stamp_of(source), key))
        keys = [key for *_, stamp, key in block if stamp and key]
        found: Mapping[bytes, Entry] = {}
        if run.cache is not None and keys:
            found = run.cache.found(keys)
        for index, source, settings, stamp, key in block:
            known = found.get(key) if key else None
            if known is not None and known.stamp == stamp and _is_as_it_was(known):
                yield index, known.record
                continue
            digest = b"" if known is None else known.digest
            task = Task(index, source, digest)
            self._todo.append(_Waiting(task, settings, stamp, key, known))

    def _judged_by(self, settings: Settings) -> bytes:
        key = id(settings)
        if key not in self._by:
            self._by[key] = settings, judged_by(settings)
        return self._by[key][1]

    def _submit(self) -> None:
        """Give the engine as much as it can work at soon."""
        if self._todo and self._executor is None:
            opened = self._stack.enter_context(self._run.engine.opened(self._run.power))
            self._executor, self._slots = opened.executor, opened.slots
        while self._todo and len(self._pending) < self._slots * UNDER_WAY:
            first = self._todo.popleft()
            batch = [first]
            most = self._run.engine.batch if len(self._todo) >= self._slots * 2 else 1
            while self._todo and len(batch) < most and self._todo[0].settings is first.settings:
                batch.append(self._todo.popleft())
            self._give(batch, 0)

    def _give(self, waiting: list[_Waiting], lost: int) -> None:
        if self._executor is None:
            raise RuntimeError("no engine runs")
        run = self._run
        tasks = tuple(one.task for one in waiting)
        batch = Batch(tasks, waiting[0].settings, run.limits, run.folder)
        try:
            future = self._executor.submit(apart, batch)
        except Exception as error:
            raise HalfpixelError(f"--engine {run.engine.name}: {said_of(error)}") from error
        self._pending[future] = waiting, lost

    def _finished(self) -> Iterator[tuple[int, bytes]]:
        """Yield what is there by now; wait where nothing is."""
        done, _ = wait(self._pending, return_when=FIRST_COMPLETED)
        for future in done:
            waiting, lost = self._pending.pop(future)
            try:
                outcomes = future.result()
            except Exception as error:
                if isinstance(error, UsageError):
                    raise
                if lost + 1 < LOST:
                    self._give(waiting, lost + 1)
                    continue
                outcomes = [_lost(one.task, error) for one in waiting]
            for one, outcome in zip(waiting, outcomes, strict=True):
                yield outcome.index, self._told(one, outcome)

    def _told(self, one: _Waiting, outcome: Outcome) -> bytes:
        """Return the record of a model that was judged, and keep it."""
        if outcome.refused:
            raise UsageError(outcome.refused)
        known = b"" if one.known is None else one.known.record
        record = outcome.record or known
        cache, source = self._run.cache, one.task.source
        if isinstance(source, Address) or cache is None:
            return record
        if outcome.lasting and one.key and one.stamp:
            still = stamp_of(source) == one.stamp and newest(one.stamp) < time_ns() - FRESH
            if still:
                cache.keep(one.key, Entry(one.stamp, outcome.digest, outcome.data, record))
        return record


def _is_as_it_was(entry: Entry) -> bool:
    return all(stamp_of(path) == stamp for path, stamp in entry.data)


def _lost(task: Task, error: Exception) -> Outcome:
    """Return what is said of a model that an engine lost, again and again."""
    text = f"{task.name}: not judged: its engine lost it {LOST} times: {said_of(error)}"
    return Outcome(task.index, encoded(FileReport(task.name, error=text)), lasting=False)
