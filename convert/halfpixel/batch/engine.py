"""What an engine is: where models are judged, as an executor of the standard library's kind.

It takes batches and gives futures; who runs what and when, what is taken over from a process that
is busy, and what is done again when a machine is lost, is the executor's own. Engines are found in
`engines/` by their place.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from typing import Final

from msgspec import Struct

from halfpixel.errors import UsageError
from halfpixel.registry import load, names

FOLDER: Final = "batch.engines"


class Power(Struct, frozen=True):
    """How much is judged at the same time, and where.

    Attributes:
        jobs: processes of this machine; 0 for as many as it has cores.
        scheduler: address of the scheduler of other machines; empty for none.
    """

    jobs: int = 0
    scheduler: str = ""


class Opened(Struct, frozen=True):
    """An engine that runs.

    Attributes:
        executor: takes batches.
        slots: how many batches it works at, at the same time.
    """

    executor: Executor
    slots: int


class Engine(Struct, frozen=True):
    """A way to judge many models at the same time.

    Attributes:
        name: what it is called.
        opened: starts it, and ends it with the block.
        batch: models that go to one process together, at most.
    """

    name: str
    opened: Callable[[Power], AbstractContextManager[Opened]]
    batch: int = 8


def engine_names() -> tuple[str, ...]:
    """Return what the engines are called; none is imported.

    >>> "local" in engine_names()
    True
    """
    return tuple(name.removesuffix("_") for name in names(FOLDER, "_"))


def load_engine(name: str) -> Engine:
    """Return an engine.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in engine_names():
        raise UsageError(f"no engine is called {name!r}; there are: {', '.join(engine_names())}")
    return next(load(FOLDER, (f"{name}_",), Engine))
