"""What is asked of another process, and what it answers: one model each, several at a time."""

from typing import Final

from msgspec import Struct

from halfpixel.address import Location
from halfpixel.checking.check import Settings

TIMEOUT: Final = 300.0
"""Seconds that a file may take where nothing else is said: a graph of a million nodes takes ten."""

Stamp = tuple[int, ...]
"""What tells one state of a file from another without reading it; empty where it is not there."""


class Limits(Struct, frozen=True):
    """What one model may take of a process.

    Attributes:
        seconds: by the clock, 0 for any.
        memory: bytes of the process' own, 0 for any; where the system can tell (Linux).
    """

    seconds: float = TIMEOUT
    memory: int = 0


class Task(Struct, frozen=True):
    """One model to be judged.

    Attributes:
        index: its place among all.
        source: its path, or its address.
        known: the digest of what was judged before under this name; empty where nothing was.
    """

    index: int
    source: Location
    known: bytes = b""

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return str(self.source)


class Batch(Struct, frozen=True):
    """Models that go to one process together.

    Attributes:
        tasks: the models.
        settings: what is asked of them.
        limits: what each may take.
        folder: what relative paths are relative to, where there is such a folder.
    """

    tasks: tuple[Task, ...]
    settings: Settings
    limits: Limits = Limits()
    folder: str = ""


class Outcome(Struct, frozen=True):
    """What became of one model.

    Attributes:
        index: its place among all.
        record: its report, as `record.encoded` writes it; empty where it is as it was known to be.
        digest: of all that was read to judge it; empty where nobody can say.
        data: the other files that were looked at, each with its stamp.
        lasting: it would come to the same another time: the machine had no part in it.
        refused: why the whole run is wrong, where a setting is; nothing was judged then.
    """

    index: int
    record: bytes = b""
    digest: bytes = b""
    data: tuple[tuple[str, Stamp], ...] = ()
    lasting: bool = True
    refused: str = ""
