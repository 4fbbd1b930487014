"""What a store does for one file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from halfpixel.address import Address
from halfpixel.errors import ModelFileError
from halfpixel.storage.failures import CHANGED


class State(Struct, frozen=True):
    """What tells one state of a file from another.

    Attributes:
        size: its bytes.
        tag: its entity tag or time; empty where the store has none.
    """

    size: int
    tag: str = ""


class Stored(Protocol):
    """A file in a store; every method raises ModelFileError in one line."""

    @property
    def parallel(self) -> bool:
        """Whether several ranges are read at a time."""
        ...

    def get(self, start: int, stop: int, known: State | None) -> tuple[bytes, State]:
        """Return a range, which ends where the file does, and the state that it is of.

        Args:
            start: the first byte.
            stop: the byte behind the last.
            known: the state that it has to be of, where one is known.

        Raises:
            NoRangesError: the server knows no ranges.
            NoSuchRangeError: the file has no byte there.
        """
        ...

    def chunks(self, known: State | None) -> Iterator[tuple[bytes, State]]:
        """Yield all of it in order, with its state; of a state that is known."""
        ...

    def state(self) -> State:
        """Return its state, asked for anew."""
        ...

    def put(self, path: Path) -> None:
        """Let it be what a file on the disk is, in place of what is there."""
        ...


def check_same(address: Address, now: State, known: State | None) -> State:
    """Return the state of a file; refuse one that is not as it is known.

    Args:
        address: where it is.
        now: the state that it is in.
        known: the state that it has to be in; None for any.

    Raises:
        ModelFileError: it has changed.
    """
    if known is not None and now != known:
        raise ModelFileError(address, CHANGED)
    return now
