"""This machine: threads of the standard library's pool, each with a process that it may lose."""

import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from halfpixel.batch.engine import Engine, Opened, Power
from halfpixel.batch.isolation import end_workers
from halfpixel.errors import UsageError


def cores() -> int:
    """Return how many cores this process may use.

    >>> cores() > 0
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def opened(power: Power) -> Generator[Opened]:
    """Start the threads; each starts its process with its first batch.

    Raises:
        UsageError: a scheduler is named, which has no part in it.
    """
    if power.scheduler:
        raise UsageError("--scheduler is for --engine dask")
    jobs = power.jobs or cores()
    executor = ThreadPoolExecutor(jobs, thread_name_prefix="halfpixel")
    try:
        yield Opened(executor, jobs)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        end_workers()
        executor.shutdown(wait=True)


ENGINE = Engine("local", opened)
