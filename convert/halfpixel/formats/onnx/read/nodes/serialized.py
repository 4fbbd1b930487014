"""The nodes of a large graph, read from their bytes: which makes each value, which are asked for.

To ask protobuf for the names in a node takes longer than to parse it. In the bytes of a node that
protobuf wrote, what it reads comes first, then what it makes, its name and its type, so that a few
bytes of each tell all that is asked of most of a hundred thousand nodes. Bytes in another order,
names that are longer than usual and graphs that are in disorder are left to who looks at messages.

Source: Protocol Buffers documentation, "Encoding"; field numbers from ONNX `onnx.proto`.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import Struct

from halfpixel.formats.onnx.read.nodes.producers import ByBytes
from halfpixel.formats.onnx.read.nodes.tags import INPUT, LONGEST, NAME, OUTPUT, TYPE
from halfpixel.formats.protobuf_schema import Bytes, Message, Scalars, field, parsed

AT_ONCE: Final = 1 << 13
"""Nodes whose bytes are taken at once."""


class Graph(Message):
    """GraphProto, its nodes as bytes."""

    node: Scalars[Bytes] = field(1)


class Model(Message):
    """ModelProto."""

    graph: Graph = field(7)


class Fields(Message):
    """The fields of all nodes together."""

    input: Scalars[Bytes] = field(1)
    output: Scalars[Bytes] = field(2)
    op_type: Scalars[Bytes] = field(4)


class Merged(Message):
    """GraphProto with one node: protobuf merges several."""

    node: Fields = field(1)


class MergedModel(Message):
    """ModelProto, likewise."""

    graph: Merged = field(7)


class Serialized(Struct, frozen=True):
    """The nodes of a graph that are in order.

    Attributes:
        asked: the bytes of the nodes that are asked for, by their places.
        producers: the place of the node that makes each value.
    """

    asked: dict[int, bytes]
    producers: ByBytes


def serialized(data: bytes, count: int, types: AbstractSet[str]) -> Serialized | None:
    """Return what the bytes of a model tell of its main graph's nodes.

    Args:
        data: the model.
        count: how many nodes its main graph has.
        types: the types of node that are asked for.

    Returns:
        None where the messages have to be looked at: they are in disorder, one makes what another
        has made, or is not as protobuf writes it.
    """
    reading, fields = _Reading(types), _fields_of(data)
    nodes = parsed(Model, data).graph.node
    try:
        sound = all(
            reading.takes(nodes[start : start + AT_ONCE], start)
            for start in range(0, count, AT_ONCE)
        )
    except IndexError:
        return None  # a node without a type
    whole = sound and len(nodes) == count and reading.seen == fields
    return reading.found() if whole else None


def _fields_of(data: bytes) -> tuple[int, int, int]:
    """Return how many inputs, outputs and types all nodes have together."""
    merged = parsed(MergedModel, data).graph.node
    return len(merged.input), len(merged.output), len(merged.op_type)


class _Reading:
    """What nodes tell, in the making.

    Attributes:
        seen: how many inputs, outputs and types were read: others are none that protobuf wrote.
    """

    def __init__(self, types: AbstractSet[str]) -> None:
        self.seen = 0, 0, 0
        self._types = frozenset(one.encode() for one in types)
        self._heads = frozenset(bytes([TYPE, len(one)]) + one[:2] for one in self._types)
        self._asked: dict[int, bytes] = {}
        self._places: dict[bytes, int] = {b"": 0}
        self._early: list[bytes] = []
        self._made = 1

    def takes(self, bodies: Sequence[bytes], start: int) -> bool:  # noqa: C901 - a call a name is half the time
        """Take in nodes, the first of which is at a place; whether they are as protobuf writes."""
        places, early, heads, types = self._places, self._early, self._heads, self._types
        read = made = unnamed = 0
        for place, body in enumerate(bodies, start):
            at, tag = 0, body[0]
            while tag == INPUT:
                length = body[at + 1]
                if length > LONGEST:
                    return False
                at += 2
                name = body[at : at + length]
                if name not in places:
                    early.append(name)
                at += length
                read += 1
                tag = body[at]
            while tag == OUTPUT:
                length = body[at + 1]
                if length > LONGEST:
                    return False
                at += 2
                if length:
                    places[body[at : at + length]] = place
                    made += 1
                else:
                    unnamed += 1
                at += length
                tag = body[at]
            if tag == NAME:
                length = body[at + 1]
                if length > LONGEST:
                    return False
                at += 2 + length
                tag = body[at]
            if tag != TYPE:
                return False
            if body[at : at + 4] in heads and body[at + 2 : at + 2 + body[at + 1]] in types:
                self._asked[place] = body
        inputs, outputs, count = self.seen
        self.seen = inputs + read, outputs + made + unnamed, count + len(bodies)
        self._made += made
        return True

    def found(self) -> Serialized | None:
        """Return what was found; None where a value is made twice, or read before it is made."""
        if len(self._places) < self._made or any(name in self._places for name in self._early):
            return None
        del self._places[b""]
        return Serialized(self._asked, ByBytes(self._places))
