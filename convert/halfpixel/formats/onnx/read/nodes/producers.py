"""Which node makes each value of a graph."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class Producers(Protocol):
    """The place of the node that makes each value."""

    def get(self, name: str, /) -> int | None:
        """Return the place of the node that makes a value; None where no node does."""
        ...

    def __contains__(self, name: object, /) -> bool:
        """Whether a node makes a value."""
        ...

    def __getitem__(self, name: str, /) -> int:
        """Return the place of the node that makes a value; raises KeyError."""
        ...


class Readers(Protocol):
    """The places of the nodes that read each value."""

    def get(self, name: str, default: Sequence[int], /) -> Sequence[int]:
        """Return the places of the nodes that read a value, in order."""
        ...


class ByBytes(Struct, frozen=True):
    """Places by names as they stand in a file.

    Attributes:
        places: by the bytes of the name.
    """

    places: dict[bytes, int]

    def get(self, name: str | bytes, /) -> int | None:
        """Return the place of the node that makes a value; None where no node does."""
        return self.places.get(bytes_of(name))

    def __contains__(self, name: object, /) -> bool:
        """Whether a node makes a value."""
        return isinstance(name, str | bytes) and bytes_of(name) in self.places

    def __getitem__(self, name: str | bytes, /) -> int:
        """Return the place of the node that makes a value; raises KeyError."""
        return self.places[bytes_of(name)]


def bytes_of(name: str | bytes) -> bytes:
    """Return a name as bytes, which protobuf hands out itself where they are no text."""
    return name if isinstance(name, bytes) else name.encode()
