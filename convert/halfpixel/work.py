"""How much exact work a file may take: steps, counted at one place.

A step is some microseconds: a row of weights, half a weight of a kernel, four pixels that a
runtime would read, a pair of lengths that is tried. Steps are counted, never seconds, so that the
same file comes to the same end on every machine. Where nothing was said, nothing is counted.

>>> with working(1000) as work:
...     with one_node():
...         spend(250)
>>> work.done
250
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from typing import Final, ParamSpec, TypeVar, cast

from msgspec import Struct

from halfpixel.errors import ConventionError

MOST: Final = 200_000
"""Steps that a file may take where nothing else is said: half a second."""

SHARE: Final = 4
"""A node may take one part in so many of the steps that its file has left."""

PLAIN: Final = 100
"""Steps that it takes to describe a node, or to ask the rules of it, apart from its weights."""

LEAST: Final = 300
"""Steps that a node may take however little is left: an ordinary node takes no more."""

AN_ENTRY: Final = 20
"""Steps that a result counts for beside its own, where what is kept for later files is bounded."""

LONGEST_TRACE: Final = 1024
"""Parts of what a remembered function took, up to which it is remembered for files to come."""

MORE: Final = 2
"""Nodes that take the least may take one part more in so many of a file's steps together."""


class TooMuchWork(ConventionError):  # noqa: N818 - what happened is that it is too much
    """A node that takes more steps than it may."""

    def __init__(self, limit: int) -> None:
        """Compose the line from the steps that the node might have taken."""
        super().__init__(f"not judged: it takes more than {limit} steps of work; see --max-work")


class Work(Struct):
    """The steps of one file.

    Attributes:
        most: how many it may take.
        done: how many it has taken.
        trace: what the remembered function that runs now has taken so far; None where none runs.
    """

    most: int
    done: int = 0
    trace: "Trace | None" = None
    _start: int = 0
    _limit: int | None = None

    @property
    def last(self) -> int:
        """How many it may take with those of nodes that take the least."""
        return self.most + self.most // MORE

    def spend(self, steps: int) -> None:
        """Count steps before they are done; raises `TooMuchWork`."""
        self.done += steps
        self.check()

    @property
    def is_refused(self) -> bool:
        """Whether the node that is worked on took too many steps."""
        return self._limit is not None and self.done - self._start > self._limit

    def check(self) -> None:
        """Refuse to go on with a node that took too many steps; raises `TooMuchWork`."""
        if self._limit is not None and self.done - self._start > self._limit:
            raise TooMuchWork(self._limit)

    @contextmanager
    def node(self, share: int = SHARE) -> Generator[None]:
        """Let one node take its share of what is left: one part in so many."""
        if self._limit is not None:
            yield
            return
        self._start = self.done
        floor = max(0, min(LEAST, self.last - self.done))
        self._limit = limit = max(floor, (self.most - self.done) // share)
        try:
            if not limit:
                raise TooMuchWork(limit)
            yield
            self.check()  # whoever took the refusal for another may not have the last word
        finally:
            self._limit = None
            self.done = min(self.done, self._start + limit)


_P = ParamSpec("_P")
_R = TypeVar("_R")

_FORGET: Final[list[Callable[[], None]]] = []
"""What forgets the results of each function that remembers them."""


class Trace(Struct):
    """What a remembered function took: steps of its own, and the remembered ones that it asked.

    Attributes:
        parts: steps, or who was asked and for what, in order.
        since: what its file had taken when the steps began that are not among the parts yet.
    """

    parts: list[int | tuple[Callable[..., object], tuple[object, ...], dict[str, object]]]
    since: int

    def count(self, done: int) -> None:
        """Take in the steps since the last part."""
        if done != self.since:
            self.parts.append(done - self.since)
            self.since = done

    def repeat(self) -> None:
        """Take the same steps again: what was asked counts where this file did not ask it yet."""
        for part in self.parts:
            if isinstance(part, int):
                spend(part)
                continue
            ask, given, named = part
            try:
                ask(*given, **named)
            except TooMuchWork:
                raise
            except Exception:  # noqa: BLE001, S112 - whoever asked has got over it
                continue


class _Known:
    """What files before this one came to, by function: at most so much as one file may take."""

    def __init__(self) -> None:
        self.results: list[dict[object, tuple[object, Trace]]] = []
        self.steps = 0

    def keep(
        self, results: dict[object, tuple[object, Trace]], key: object, made: object, trace: Trace
    ) -> None:
        """Keep a result, unless it took much; all others go where they took too much together."""
        own = [part for part in trace.parts if isinstance(part, int)]
        steps = AN_ENTRY + sum(own)
        if steps > MOST // SHARE or len(trace.parts) > LONGEST_TRACE or min(own, default=0) < 0:
            return
        self.steps += steps
        if self.steps > MOST:
            self.steps = steps
            for one in self.results:
                one.clear()
        results[key] = made, trace


_KNOWN: Final = _Known()


def remembered(most: int) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Remember the last results of a function that takes steps, as lru_cache does, in one file.

    What is remembered takes no steps. Where another file begins, what it asks for the first time
    takes the steps that it took before, though its result is at hand: which nodes are judged never
    hangs on the files that were read before.

    Args:
        most: how many results are kept.

    >>> @remembered(8)
    ... def half(n: int) -> int:
    ...     print(f"half of {n}")
    ...     spend(n)
    ...     return n // 2
    >>> for _ in range(2):
    ...     with working(1000) as work:
    ...         print(half(10), half(10), work.done)
    half of 10
    5 5 10
    5 5 10
    """

    def wrap(function: Callable[_P, _R]) -> Callable[_P, _R]:
        before: dict[object, tuple[object, Trace]] = {}
        _KNOWN.results.append(before)

        def first(*given: _P.args, **named: _P.kwargs) -> _R:
            key = given, tuple(named.items())
            known = before.get(key)
            if known is not None:
                known[1].repeat()
                return cast("_R", known[0])
            work = _CURRENT.get()
            if work is None:
                return function(*given, **named)
            outer, trace = work.trace, Trace([], work.done)
            work.trace = trace
            try:
                made = function(*given, **named)
            finally:
                work.trace = outer
            trace.count(work.done)
            if not work.is_refused:
                _KNOWN.keep(before, key, made, trace)
            return made

        in_file = lru_cache(maxsize=most)(first)
        _FORGET.append(in_file.cache_clear)
        kept = cast("Callable[_P, _R]", in_file)

        def asked(*given: _P.args, **named: _P.kwargs) -> _R:
            work = _CURRENT.get()
            if work is None or work.trace is None:
                return kept(*given, **named)
            trace = work.trace
            trace.count(work.done)
            if len(trace.parts) <= LONGEST_TRACE:
                trace.parts.append((kept, given, named))
            try:
                return kept(*given, **named)
            finally:
                trace.since = work.done

        return wraps(function)(asked)

    return wrap


_CURRENT: Final[ContextVar[Work | None]] = ContextVar("work", default=None)


@contextmanager
def working(most: int, *, afresh: bool = True) -> Generator[Work]:
    """Count the steps of one file.

    Args:
        most: how many it may take.
        afresh: what was remembered of other files is forgotten; not where a file is read back that
            was just written from one, whose sites are nearly all the same.
    """
    for forget in _FORGET if afresh else ():
        forget()
    work = Work(most)
    token = _CURRENT.set(work)
    try:
        yield work
    finally:
        _CURRENT.reset(token)


@contextmanager
def one_node(share: int = SHARE) -> Generator[None]:
    """Let one node take its share of its file's steps.

    Args:
        share: one part in so many of those that are left: a call, all that is asked, takes half.

    Raises:
        TooMuchWork: it took more, and whatever it came to is not to be trusted.
    """
    work = _CURRENT.get()
    if work is None:
        yield
        return
    with work.node(share):
        yield


def is_spent() -> bool:
    """Whether not even the least is left for a further node of this file."""
    work = _CURRENT.get()
    return work is not None and work.done >= work.last


def spend(steps: int = 1) -> None:
    """Count steps of exact work, before they are done.

    Raises:
        TooMuchWork: they are more than the node may take.
    """
    work = _CURRENT.get()
    if work is not None:
        work.spend(steps)
