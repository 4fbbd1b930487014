"""The nodes of a huge graph, of which messages are made as they are asked for."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import GraphProto, NodeProto

AT_ONCE: Final = 1 << 12
"""Nodes that protobuf is given at once."""


class Listed(Sequence["NodeProto"]):
    """Nodes that lie in the bytes of a file, one after the other."""

    def __init__(
        self, data: bytes, places: "NDArray[np.intp]", graph: "Callable[[bytes], GraphProto]"
    ) -> None:
        """Take what is known of them.

        Args:
            data: the bytes.
            places: where the field of each starts, and where the last ends.
            graph: makes a graph of the fields of nodes.
        """
        self._data, self._places, self._graph = data, places, graph
        self._made: dict[int, NodeProto] = {}

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self._places) - 1

    @overload
    def __getitem__(self, place: int, /) -> "NodeProto": ...
    @overload
    def __getitem__(self, place: slice, /) -> "list[NodeProto]": ...
    def __getitem__(self, place: int | slice, /) -> "NodeProto | list[NodeProto]":
        """Return a node, which is the same each time."""
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if place not in self._made:
            place = range(len(self))[place]
            self._made[place] = self._graph(self.fields(place, place + 1)).node[0]
        return self._made[place]

    def __iter__(self) -> "Iterator[NodeProto]":
        """Yield all of them; those that were not asked for are made anew."""
        for start in range(0, len(self), AT_ONCE):
            nodes = self._graph(self.fields(start, min(start + AT_ONCE, len(self)))).node
            for place, node in enumerate(nodes, start):
                yield self._made.get(place, node)

    def make(self, places: Sequence[int]) -> None:
        """Make the messages of some nodes at once."""
        fields = b"".join([self.fields(place, place + 1) for place in places])
        self._made.update(zip(places, self._graph(fields).node, strict=True))

    def fields(self, start: int, stop: int) -> bytes:
        """Return the bytes of some nodes, each with its tag and its length."""
        return self._data[self._places[start] : self._places[stop]]
