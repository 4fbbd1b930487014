"""Which nodes make a value, and which read it, by the hashes of names."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from halfpixel.formats.onnx.read.nodes.columns import Names, Words, hash_of
from halfpixel.formats.onnx.read.nodes.producers import bytes_of

if TYPE_CHECKING:
    from halfpixel.formats.onnx.read.nodes.columns import Hashes


class Index:
    """Names in the order of their hashes.

    Attributes:
        names: the names, in the order of their file.
        order: which of them has each hash.
        hashes: shape (names,), ascending.
    """

    def __init__(self, data: bytes, names: Names, hashes: "Hashes") -> None:
        """Sort names that stand in bytes by their hashes."""
        self._data, self.names = data, names
        self.order = np.argsort(hashes)
        self.hashes = np.sort(hashes)  # faster than taking them in that order

    def nodes(self, name: str | bytes) -> list[int]:
        """Return the nodes in which a name stands, as often as it does, in their order."""
        told = bytes_of(name)
        key = np.uint64(hash_of(told))
        first, last = (int(self.hashes.searchsorted(key, side)) for side in ("left", "right"))
        here = self.names.picked(self.order[first:last])
        stands = zip(here.node.tolist(), here.at.tolist(), here.length.tolist(), strict=True)
        data = self._data
        return sorted(node for node, at, length in stands if data[at : at + length] == told)

    def node(self, name: str | bytes) -> int | None:
        """Return the only node in which a name stands; None where none does."""
        told = bytes_of(name)
        key = np.uint64(hash_of(told))
        place = self.hashes.searchsorted(key)
        if place == len(self.hashes) or self.hashes[place] != key:
            return None
        which, names = self.order[place], self.names
        at = int(names.at[which])
        same = self._data[at : at + int(names.length[which])] == told
        return int(names.node[which]) if same else None


class ByHash:
    """Places of the nodes that make values, as `Producers` says."""

    def __init__(self, index: Index) -> None:
        """Take the values, each of which is made once."""
        self._index = index
        self._known: dict[str | bytes, int | None] = {}

    def get(self, name: str | bytes, /) -> int | None:
        """Return the place of the node that makes a value; None where no node does."""
        if name not in self._known:
            self._known[name] = self._index.node(name)
        return self._known[name]

    def __contains__(self, name: object, /) -> bool:
        """Whether a node makes a value."""
        return isinstance(name, str | bytes) and self.get(name) is not None

    def __getitem__(self, name: str | bytes, /) -> int:
        """Return the place of the node that makes a value; raises KeyError."""
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found


class ReadBy:
    """Places of the nodes that read values, as `Readers` says.

    Attributes:
        names: what nodes read.
    """

    def __init__(self, data: bytes, names: Names) -> None:
        """Take what nodes read, as it stands in bytes; it is sorted once somebody asks."""
        self._data, self.names = data, names
        self._index: Index | None = None
        self._known: dict[str, list[int]] = {}

    def get(self, name: str, default: Sequence[int], /) -> Sequence[int]:
        """Return the places of the nodes that read a value, in order."""
        if self._index is None:
            self._index = Index(self._data, self.names, Words(self._data).hashes(self.names))
        if name not in self._known:
            self._known[name] = self._index.nodes(name)
        return self._known[name] or default


class NamesIn:
    """Names, which are looked up once somebody asks."""

    def __init__(self, names: "Callable[[], Iterator[bytes]]") -> None:
        """Take what looks them up."""
        self._names = names
        self._found: frozenset[bytes] | None = None

    def __contains__(self, name: object, /) -> bool:
        """Whether a name is one of them."""
        if self._found is None:
            self._found = frozenset(self._names())
        return isinstance(name, str | bytes) and bytes_of(name) in self._found
