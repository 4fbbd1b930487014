"""Many models: judged by several processes, or machines, and remembered.

Few models are judged in this process, one after the other, which is done before another would have
started.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from halfpixel.address import Address, Location
from halfpixel.checking.result import FileReport

if TYPE_CHECKING:
    from halfpixel.batch.cache import Cache
    from halfpixel.batch.run import Run
    from halfpixel.settings.configuration import Configuration

MANY: Final = 64
"""Models from which on processes are started for them."""

LARGE: Final = 1 << 28
"""Bytes of fewer models from which on they are, too."""


class Wanted(Protocol):
    """The options of a check of many models."""

    @property
    def jobs(self) -> int | None:
        """How many processes."""
        ...

    @property
    def timeout(self) -> float | None:
        """Seconds that a model may take."""
        ...

    @property
    def cache(self) -> str | None:
        """Where what was found is remembered."""
        ...

    @property
    def no_cache(self) -> bool:
        """Nothing is remembered."""
        ...

    @property
    def engine(self) -> str | None:
        """What judges."""
        ...

    @property
    def scheduler(self) -> str | None:
        """The scheduler of other machines."""
        ...


class Many:
    """Models that are judged elsewhere."""

    def __init__(self, run: "Run") -> None:
        """Take over a run that has not begun."""
        self._run = run

    def reports(self, *, in_order: bool) -> Iterator[tuple[Location, FileReport]]:
        """Yield each model with what was found in it.

        Args:
            in_order: they come in their own order; those that are there before wait as bytes.

        Raises:
            UsageError: a setting is wrong.
        """
        from halfpixel.batch.record import decoded

        records = self._run.records()
        try:
            for index, record in ordered(records) if in_order else records:
                yield self._run.models[index], decoded(record)
        finally:
            records.close()


def ordered(records: "Iterator[tuple[int, bytes]]") -> "Iterator[tuple[int, bytes]]":
    """Yield records by their places.

    >>> list(ordered(iter([(1, b"b"), (0, b"a")])))
    [(0, b'a'), (1, b'b')]
    """
    waiting: dict[int, bytes] = {}
    following = 0
    for index, record in records:
        waiting[index] = record
        while following in waiting:
            yield following, waiting.pop(following)
            following += 1


def many_of(
    files: Sequence[Location], configuration: "Configuration", options: Wanted
) -> Many | None:
    """Return how many files are judged; None for few, which are judged here.

    Args:
        files: the files.
        configuration: what is settled for them.
        options: how they are to be judged.

    Raises:
        UsageError: an engine that there is not.
    """
    if not (_asked(options) or _are_many(files)):
        return None
    from halfpixel.batch.engine import Power, load_engine
    from halfpixel.batch.run import Run
    from halfpixel.batch.task import TIMEOUT, Limits

    seconds = TIMEOUT if options.timeout is None else options.timeout
    run = Run(
        files,
        lambda path: configuration.of(path).check,
        load_engine(options.engine or "local"),
        Power(options.jobs or 0, options.scheduler or ""),
        Limits(seconds, _memory(options.jobs)),
        _cache(options),
        os.getcwd(),  # noqa: PTH109 - a text
    )
    return Many(run)


def _asked(options: Wanted) -> bool:
    """Whether an option asks for what this process cannot do alone."""
    given = (options.timeout, options.cache, options.engine)
    return (options.jobs or 1) > 1 or any(one is not None for one in given)


def _are_many(files: Sequence[Location]) -> bool:
    if len(files) >= MANY:
        return True
    return len(files) > 1 and sum(map(_size, files)) >= LARGE


def _size(path: Location) -> int:
    if isinstance(path, Address):
        return 0  # its size is asked when it is its turn
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def _memory(jobs: int | None) -> int:
    """Return the bytes that each of some processes may take: its share of what there is."""
    from halfpixel.batch.engines.local_ import cores

    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 0
    return whole // (jobs or cores())


def _cache(options: Wanted) -> "Cache | None":
    if options.no_cache:
        return None
    from halfpixel.batch.cache import Cache, usual_folder

    return Cache(usual_folder() if options.cache is None else Path(options.cache))
