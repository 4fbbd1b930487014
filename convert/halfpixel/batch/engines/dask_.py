"""The workers of a Dask cluster, which take work over from each other and may be lost.

Each thread of a worker has a process for the models, as on one machine: a model that crashes it, or
keeps it waiting, costs the cluster no worker, and comes to the same report. Files are read by the
workers, from where this machine sees them.

Source: distributed documentation, "Client", `get_executor`; "Resilience".
"""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Final

from halfpixel.batch.engine import Engine, Opened, Power
from halfpixel.batch.isolation import end_workers
from halfpixel.errors import MissingExtraError, UsageError, said_of

PATIENCE: Final = 30
"""Seconds to wait for the scheduler, and for the first worker."""


@contextmanager
def opened(power: Power) -> Generator[Opened]:
    """Join the cluster; when the block ends, its workers keep nothing of the run.

    Raises:
        UsageError: no scheduler is named, or nothing answers there, or it has no worker.
        MissingExtraError: distributed is not installed.
    """
    if not power.scheduler:
        raise UsageError("--engine dask: --scheduler says where the cluster is")
    if power.jobs:
        raise UsageError("--jobs is for --engine local: a cluster has the workers that it has")
    try:
        library = import_module("distributed")
    except ImportError as error:
        raise MissingExtraError("distributed", "dask") from error
    where = f"--scheduler {power.scheduler}"
    try:
        client = library.Client(power.scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(f"{where}: {said_of(error)}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise UsageError(f"{where}: it has no worker") from error
        try:
            yield Opened(client.get_executor(pure=False), sum(client.nthreads().values()))
        finally:
            with suppress(Exception):  # of workers that are gone, their processes are too
                client.run(end_workers, on_error="ignore")


ENGINE = Engine("dask", opened, batch=16)
