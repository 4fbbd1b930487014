"""A huge graph in its file: where its nodes stand, and the model without them.

Source: Protocol Buffers documentation, "Encoding"; field numbers from ONNX `onnx.proto`.
"""

import mmap
from array import array
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.formats.protobuf_wire import BYTES, Malformed, Span, WireReader, bytes_field

GRAPH: Final = 7
"""Number of ModelProto's field."""

NODE: Final = 1 << 3 | BYTES
"""Tag of GraphProto's field."""

HUGE: Final = 150_000
"""Nodes of a graph from which on its bytes are looked into, with what that needs to be imported."""

LEAST: Final = 1 << 20
"""Bytes that a model with such a graph has at least."""

LONGEST: Final = 1 << 21
"""Bytes of a node that are none of one in a row: their number needs four."""

BEFORE: Final = 1 << 8
"""Fields that a model has before its graph, at most."""

BLOCK: Final = 1 << 18
"""Bytes that are copied to be stepped over."""


class Row(Struct, frozen=True):
    """The nodes with which a huge graph starts, one after the other.

    Attributes:
        graph: the graph.
        sizes: bytes of each node, with its tag and its length.
        end: the place behind the last.
    """

    graph: Span
    sizes: "array[int]"
    end: int

    def in_skeleton(self, data: bytes) -> "Row":
        """Return the row as it stands in the structure of its file, where it was let be."""
        graph = WireReader(data).field(self.graph.at, len(data))
        moved = graph[2] - self.graph.start
        return replace(self, graph=Span(self.graph.at, *graph[2:]), end=self.end + moved)

    def longer(self, than: int) -> Iterator[tuple[int, int]]:
        """Yield where nodes of more than so many bytes start, and the end of all."""
        if max(self.sizes) > than:
            places = accumulate(self.sizes, initial=self.graph.start)
            yield from (
                (at, self.end) for at, n in zip(places, self.sizes, strict=False) if n > than
            )

    def head(self, data: bytes) -> bytes:
        """Return the model without these nodes.

        Args:
            data: the model.
        """
        rest = bytes_field(GRAPH, data[self.end : self.graph.stop])
        return data[: self.graph.at] + rest + data[self.graph.stop :]


def row_of(data: bytes | mmap.mmap) -> Row | None:
    """Return the nodes of a huge graph.

    Args:
        data: a model.

    Returns:
        None where its graph is none that is huge, or not as protobuf writes it.
    """
    if len(data) <= LEAST:
        return None
    fields = zip(range(BEFORE), WireReader(data).fields(0, len(data)), strict=False)
    try:
        places = (at for _, (number, kind, at) in fields if (number, kind) == (GRAPH, BYTES))
        graph = next(places, None)
    except Malformed:
        return None
    if graph is None:
        return None
    sizes = array("i")
    end = _behind(data, graph, sizes)
    whole = end == graph.stop or (end < graph.stop and data[end] != NODE)
    return Row(graph, sizes, end) if whole and len(sizes) >= HUGE else None


def _behind(data: bytes | mmap.mmap, graph: Span, sizes: "array[int]") -> int:
    """Return the place behind the nodes with which a graph starts; take in their sizes."""
    add, at, behind = sizes.append, graph.start, -1
    while behind < at < graph.stop:
        block, behind, place = data[at : min(at + BLOCK, graph.stop)], at, 0
        try:
            while block[place] == NODE:
                size = block[place + 1] + 2
                if size >= 0x82:
                    size += (block[place + 2] << 7) - 0x7F
                    if block[place + 2] >= 0x80:
                        size += (block[place + 3] << 14) - 0x3FFF
                        if block[place + 3] >= 0x80:
                            break
                    if size > LONGEST:
                        break
                add(size)
                place += size
        except IndexError:  # goes on in the next block
            at += place
            if len(sizes) * (graph.stop - graph.start) < HUGE * (at - graph.start):
                return at  # they will not be so many
        else:
            return at + place
    return at
