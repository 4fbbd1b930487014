"""A changed LiteRT file in pieces: new bytes, and ranges of the old file as they are.

Other flags are a new table at the end of the file, and one offset that leads there. Other operators
take new tables in front of the old file, which stays behind them whole: its weights are not read.
"""

from collections.abc import Iterator
from struct import pack
from typing import Final

from halfpixel.errors import ConventionError
from halfpixel.formats.flatbuffer_block import (
    New,
    Number,
    Old,
    Refs,
    Thing,
    block,
    text,
)
from halfpixel.formats.flatbuffer_tables import Table, number
from halfpixel.formats.litert.edit import RECORD, Flagged, LitertEdit
from halfpixel.formats.litert.graph import Node, Options, Value
from halfpixel.formats.litert.read.contents import Contents
from halfpixel.formats.litert.schema import (
    IDENTIFIER,
    VERSION,
    Buffer,
    Metadata,
    Model,
    Operator,
    Subgraph,
    Tensor,
)
from halfpixel.formats.litert.write.tables import buffer_of, operator, operator_code, tensor
from halfpixel.formats.pieces import Piece

LARGEST: Final = 1 << 31
"""Bytes of a file up to which every offset is of 32 bits."""


def pieces(contents: Contents, edit: LitertEdit) -> list[Piece]:
    """Return the changed file.

    Raises:
        ConventionError: it cannot be written, with the reason.
    """
    whole = (0, len(contents.view))
    if not edit:
        return [whole]
    if len(contents.view) > LARGEST:
        raise ConventionError("the file is larger than its offsets reach, and is not written")
    flags = _by_flags(contents, edit)
    if flags is not None:
        return flags
    if any(table.place(Buffer.OFFSET) for table in _tables(contents.table, Model.BUFFERS)):
        raise ConventionError("its weights lie behind the model, and are not moved")
    root = _Writing(contents, edit).model()
    return [block(root, IDENTIFIER), whole]


def _by_flags(contents: Contents, edit: LitertEdit) -> list[Piece] | None:
    """Return a file whose options stand at its end; None where more has to change."""
    offsets: list[tuple[int, bytes]] = []
    tail, end = bytearray(), len(contents.view)
    tail += bytes(-end % 8)
    for at_graph, at_node in sorted(edit.changes):
        change = edit.changes[at_graph, at_node]
        table = contents.subgraphs[at_graph].vector(Subgraph.OPERATORS).table(at_node)
        place = table.place(Operator.OPTIONS)
        if not place or not isinstance(change, Flagged) or _kind(table) != change.options.kind:
            return None
        if change.version != _version(contents, table):
            return None
        made = _options_bytes(change.options)
        at = end + len(tail) + made[1]
        tail += made[0]
        offsets.append((place, pack("<I", at - place)))
    out: list[Piece] = []
    last = 0
    for place, data in sorted(offsets):
        out += [(last, place), data]
        last = place + 4
    return [*out, (last, end), bytes(tail)]


def _kind(table: Table) -> int:
    return table.number(Operator.OPTIONS_TYPE, "B")


def _version(contents: Contents, table: Table) -> int:
    return contents.kinds[table.number(Operator.CODE, "I")].version


def _options_bytes(options: Options) -> tuple[bytes, int]:
    """Return a vtable with its table of flags, and where the table stands in that."""
    count = max(options.fields) + 1
    end = 4 + len(options.fields)
    end += -end % 4
    places = {f: 4 + k for k, f in enumerate(sorted(options.fields))}
    vtable = pack(f"<{count + 2}H", 4 + 2 * count, end, *(places.get(f, 0) for f in range(count)))
    vtable = bytes(-len(vtable) % 4) + vtable
    start = len(vtable) - (4 + 2 * count)
    flags = bytes(options.fields[f] for f in sorted(options.fields))
    table = pack("<i", len(vtable) - start) + flags
    whole = vtable + table + bytes(end - len(table))
    return whole + bytes(-len(whole) % 8), len(vtable)


def _tables(table: Table, field: int) -> list[Table]:
    return table.vector(field).tables()


class _Writing:
    """The tables of a changed model."""

    def __init__(self, contents: Contents, edit: LitertEdit) -> None:
        self.contents, self.edit = contents, edit
        root = contents.table
        self.codes: list[Old | New] = _olds(_tables(root, Model.CODES))
        self.buffers: list[Old | New] = _olds(_tables(root, Model.BUFFERS))
        self.known = {(kind.op, kind.version): k for k, kind in enumerate(contents.kinds)}

    def model(self) -> New:
        """Return the root: what did not change is where it was."""
        root = self.contents.table
        fields: dict[int, Thing] = {Model.VERSION: Number("I", VERSION)}
        for kept in (Model.DESCRIPTION, Model.SIGNATURES, 5):
            fields |= _kept(root, kept)
        fields[Model.SUBGRAPHS] = Refs(list(self._graphs()))
        record = self._buffer("\n".join(self.edit.record).encode())
        entry = New({Metadata.NAME: text(RECORD), Metadata.BUFFER: Number("I", record)})
        old = (t for t in _tables(root, Model.METADATA) if t.text(Metadata.NAME) != RECORD)
        fields[Model.METADATA] = Refs([*_olds(old), entry])
        fields[Model.CODES] = Refs(self.codes)
        fields[Model.BUFFERS] = Refs(self.buffers)
        return New(fields)

    def _graphs(self) -> Iterator[Old | New]:
        for index, table in enumerate(self.contents.subgraphs):
            if any(at[0] == index for at in self.edit.changes):
                yield self._graph(index, table)
            else:
                yield Old(table.at)

    def _graph(self, index: int, table: Table) -> New:
        before = self.contents.graph(index)
        now = self.edit.applied(before, index)
        count = len(before.values)
        operators = [self._operator(node) for node in now.nodes]
        old = _tables(table, Subgraph.TENSORS)
        new = [self._tensor(value, old) for value in now.values[count:]]
        fields: dict[int, Thing] = {
            Subgraph.TENSORS: Refs([*_olds(old), *new]),
            Subgraph.OPERATORS: Refs(operators),
        }
        for kept in (Subgraph.INPUTS, Subgraph.OUTPUTS, Subgraph.NAME):
            fields |= _kept(table, kept)
        return New(fields)

    def _operator(self, node: Node) -> Old | New:
        if node.given is None and node.table is not None:
            return Old(node.table.at)
        fields: dict[int, Thing] = {}
        given = node.given
        if given is not None:
            fields[Operator.OPTIONS_TYPE] = Number("B", given.kind)
            flags = given.kind in FLAGS
            fields[Operator.OPTIONS] = New(
                {f: Number("B" if flags else "i", value) for f, value in given.fields.items()}
            )
        return operator(self._code(node.op, node.version), node.inputs, node.outputs, fields)

    def _code(self, op: str, version: int) -> int:
        """Return the number of an operator's code, a new one where the model has none."""
        key = op, version
        if key not in self.known:
            self.known[key] = len(self.codes)
            self.codes.append(operator_code(op, version))
        return self.known[key]

    def _tensor(self, value: Value, old: list[Table]) -> New:
        data = value.data if isinstance(value.data, bytes) else b""
        lengths = [n for n in value.shape or () if isinstance(n, int)]
        number = self._buffer(data) if data else 0
        scales = None if value.like is None else _kept(old[value.like], Tensor.QUANTIZATION)
        return tensor(value.name, value.dtype, lengths, number, scales)

    def _buffer(self, data: bytes) -> int:
        self.buffers.append(buffer_of(data))
        return len(self.buffers) - 1


FLAGS: Final = frozenset({15, 74})
"""Kinds of options that hold flags alone."""


def _olds(tables: "Iterator[Table] | list[Table]") -> list[Old | New]:
    return [Old(table.at) for table in tables]


def _kept(table: Table, field: int) -> dict[int, Thing]:
    """Return a field that leads to what it led to; nothing where it is absent."""
    at = table.place(field)
    return {field: Old(at + number(table.view, at, "I"))} if at else {}
