"""What the bytes of a huge graph tell of its nodes: of most, no message is made.

Protobuf takes 400 bytes for a node, and Python a microsecond to ask what it reads. Here names are
told apart by their hashes, in sorted arrays: which node makes a value, which nodes read it, and
that none is read before it is made. Nodes that say more than names are given to protobuf too, some
at a time, which says whether they are sound.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Final

import numpy as np
from google.protobuf.message import DecodeError

from halfpixel.errors import ModelFileError
from halfpixel.formats.onnx.read.nodes.columns import (
    BEHIND,
    Columns,
    Names,
    Unusual,
    Words,
    hash_of,
    joined,
    spans,
)
from halfpixel.formats.onnx.read.nodes.index import ByHash, Index, NamesIn, ReadBy
from halfpixel.formats.onnx.read.nodes.listed import Listed
from halfpixel.formats.onnx.read.nodes.tags import INPUT, NAME, OUTPUT, TYPE
from halfpixel.formats.onnx.rows import GRAPH
from halfpixel.formats.onnx.structure import model_class, parse
from halfpixel.formats.protobuf_schema import Bytes, Message, Scalars, field, parsed
from halfpixel.formats.protobuf_wire import bytes_field

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto

    from halfpixel.formats.onnx.read.nodes.columns import Hashes, Places
    from halfpixel.formats.onnx.rows import Row

AT_ONCE: Final = 1 << 15
"""Nodes that are read at once: what is known of them stays near the processor."""

MOST: Final = (1 << 31) - 1
"""Bytes of a model that protobuf takes, and that are counted in 32 bits."""

KIND: Final = 48
"""Bits of the hash of a type that are left out: nodes are first picked by the others."""


class Graphs(Message):
    """ModelProto, its graphs as bytes."""

    graph: Scalars[Bytes] = field(7)


class Table:
    """The nodes of a huge graph that are in order.

    Attributes:
        data: the model.
        head: the model without them.
        nodes: the nodes.
        producers: the place of the node that makes each value.
        readers: the places of the nodes that read each value.
    """

    head: "ModelProto"
    nodes: Listed
    producers: ByHash
    readers: ReadBy

    def __init__(self, data: bytes, row: "Row", path: object) -> None:
        """Read the nodes of a model.

        Args:
            data: the model.
            row: where they stand in it.
            path: its file.

        Raises:
            Unusual: they are not as protobuf writes them, one reads what a later one makes, two
                make one value, or the model is broken: who reads messages says what it is.
        """
        if len(data) > MOST:
            raise Unusual
        self.data = data
        self._data = data if len(data) >= row.end + BEHIND else data + bytes(BEHIND)
        self._places = row.graph.start + np.append(0, np.cumsum(row.sizes, dtype=np.intp))
        try:
            self.head = _head(data, row, path)
            self.nodes = Listed(self._data, self._places, type(self.head.graph).FromString)
            self._read()
        except (ModelFileError, DecodeError, RecursionError) as error:
            raise Unusual from error

    def asked(self, types: AbstractSet[str]) -> dict[int, bytes]:
        """Return the bytes of the nodes of some types, by their places; they are made messages."""
        places = np.array(self._of_types(types), np.intp)
        self.nodes.make(places.tolist())
        starts, lengths = spans(np.frombuffer(self._data, np.uint8), self._places[places])
        bodies = zip(places.tolist(), starts.tolist(), lengths.tolist(), strict=True)
        return {place: self._data[at : at + length] for place, at, length in bodies}

    def read_by(self, types: AbstractSet[str]) -> NamesIn:
        """Return the values that nodes of some types read."""
        return NamesIn(lambda: self._read_by(types))

    def _read_by(self, types: AbstractSet[str]) -> Iterator[bytes]:
        reading, names = np.zeros(len(self.nodes), np.bool_), self.readers.names
        reading[self._of_types(types)] = True
        found = names.picked(reading[names.node])
        for at, length in zip(found.at.tolist(), found.length.tolist(), strict=True):
            yield self._data[at : at + length]

    def _of_types(self, types: AbstractSet[str]) -> list[int]:
        """Return the places of the nodes of some types."""
        told = frozenset(one.encode() for one in types)
        marked = np.zeros(1 << 64 - KIND, np.bool_)
        marked[[hash_of(one) >> KIND for one in told]] = True
        found = self._types.picked(marked[self._kinds])
        stand = zip(found.node.tolist(), found.at.tolist(), found.length.tolist(), strict=True)
        data = self._data
        return [node for node, at, length in stand if data[at : at + length] in told]

    def _read(self) -> None:
        words = Words(self._data)
        kinds, types = list["NDArray[np.uint16]"](), list[Names]()
        reads, makes, hashes = list[Names](), list[Names](), list["Hashes"]()
        for first in range(0, len(self.nodes), AT_ONCE):
            places = self._places[first : first + AT_ONCE + 1]
            columns = Columns(words, first, spans(words.bytes, places[:-1])[0], places[1:])
            inputs, outputs = columns.names(INPUT), columns.names(OUTPUT)
            columns.names(NAME, most=1)
            types.append(columns.names(TYPE, most=1))
            if len(types[-1].node) < len(places) - 1:
                raise Unusual
            kinds.append((words.hashes(types[-1]) >> np.uint64(KIND)).astype(np.uint16))
            self._check_sound(columns.others())
            reads.append(inputs.picked(inputs.length > 0))
            makes.append(outputs.picked(outputs.length > 0))
            hashes.append(words.hashes(makes[-1]))
        self._kinds, self._types = np.concatenate(kinds), joined(types)
        values = Index(self._data, joined(makes), np.concatenate(hashes))
        self.producers, self.readers = ByHash(values), ReadBy(self._data, joined(reads))
        _check_order(words, values, self.readers.names)

    def _check_sound(self, nodes: "Places") -> None:
        """Let protobuf look at nodes; raises DecodeError where one is broken."""
        if len(nodes):
            model_class().FromString(bytes_field(GRAPH, self._fields(nodes)))

    def _fields(self, nodes: "Places") -> bytes:
        """Return the bytes of nodes, each with its tag and its length."""
        breaks, data = np.flatnonzero(np.diff(nodes) != 1), self._data
        starts = self._places[nodes[np.append(0, breaks + 1)]].tolist()
        stops = self._places[nodes[np.append(breaks, -1)] + 1].tolist()
        return b"".join([data[at:stop] for at, stop in zip(starts, stops, strict=True)])


def _head(data: bytes, row: "Row", path: object) -> "ModelProto":
    """Return a model without the nodes of a row.

    Raises:
        Unusual: it has others, or several graphs.
        ModelFileError: it is none.
    """
    rest = row.head(data)
    head = parse(rest, path)
    if head.graph.node or len(parsed(Graphs, rest).graph) != 1:
        raise Unusual
    return head


def _check_order(words: Words, values: Index, read: Names) -> None:
    """See that values are made once, and before they are read.

    Args:
        words: the bytes that names stand in.
        values: what nodes make.
        read: what nodes read.

    Raises:
        Unusual: they are not; or two names have one hash.
    """
    if not len(values.hashes):
        return
    if (values.hashes[1:] == values.hashes[:-1]).any():
        raise Unusual
    others = _not_from_before(words, values.names, read)
    hashes = words.hashes(others)
    order = np.argsort(hashes)  # sorted, they are found faster
    wanted = hashes[order]
    places = values.hashes.searchsorted(wanted)
    places[places == len(values.hashes)] = 0
    known = values.hashes[places] == wanted
    readers = others.picked(order[known])
    makers = values.names.picked(values.order[places[known]])
    if (makers.node >= readers.node).any() or not words.equal(readers, makers).all():
        raise Unusual


def _not_from_before(words: Words, made: Names, read: Names) -> Names:
    """Return what nodes read, without what the node before each makes first."""
    nodes, count = made.node[::-1], len(made.node)
    first = np.full(max(nodes.max(), read.node.max(initial=0)) + 2, -1, np.int32)
    first[nodes + 1] = np.arange(count, dtype=np.int32)[::-1]
    found = list[Names]()
    for at in range(0, len(read.node), AT_ONCE):
        names = read.picked(slice(at, at + AT_ONCE))
        makers = first[names.node]
        found.append(names.picked((makers < 0) | ~words.equal(names, made.picked(makers))))
    return joined(found)
