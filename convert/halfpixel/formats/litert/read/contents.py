"""What is in a LiteRT file: graphs of operators over tensors, constants where they lie."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from msgspec import Struct

from halfpixel.formats.flatbuffer_tables import Table, root
from halfpixel.formats.litert.graph import Graph, Node, Span, Value
from halfpixel.formats.litert.schema import (
    IDENTIFIER,
    OPERATORS,
    PLACEHOLDER,
    TYPES,
    VERSION,
    Buffer,
    Code,
    Metadata,
    Model,
    Operator,
    Quantization,
    Signature,
    Subgraph,
    Tensor,
)
from halfpixel.formats.mapping import LARGE, View, give_back
from halfpixel.formats.protobuf_wire import Malformed
from halfpixel.surroundings import Dim

CUSTOM: Final = "CUSTOM"
RUNTIME: Final = "min_runtime_version"
CONVERSION: Final = "CONVERSION_METADATA"
LABELLED: Final = "TFLITE_METADATA"
"""Entries of metadata: the first that a runtime may be, what converted the model, and what its
inputs are for people, which is added later."""

MOST_METADATA: Final = 1 << 16
ALL_METADATA: Final = 1 << 20
"""Bytes of an entry of metadata that are looked at, and of all of them together."""

AN_ENTRY: Final = 8
"""Bytes that a table of a list takes at least: its place in the list, and its beginning."""


INSIDE: Final = 1024
"""Bytes of a constant up to which it is copied: sizes, axes, orders."""

AROUND: Final = 64
"""Bytes of a buffer's table, behind which a small constant lies."""


class Kind(Struct, frozen=True):
    """What an operator code stands for."""

    op: str
    version: int
    custom: bool


class Contents(Struct, dict=True):
    """What is in a model.

    Attributes:
        view: the file.
        base: where the model begins in it.
        member: what its bundle calls it; empty where it is the only one.
        description: what its writer says of itself.
        kinds: what its operator codes stand for.
        metadata: bytes by name.
    """

    view: View
    base: int
    table: Table
    description: str
    kinds: tuple[Kind, ...]
    metadata: dict[str, bytes]
    member: str = ""

    @property
    def writer(self) -> str:
        """What tells who wrote the file: the names of its metadata, then what it says of itself."""
        names = sorted(self.metadata.keys() - {RUNTIME, LABELLED})
        told = [",".join(names), self.description] if names else [self.description]
        return f"tflite-{' '.join(told)}".lower()

    @property
    def writer_version(self) -> str:
        """The release of TensorFlow that converted it; empty where the file does not say.

        Source: TensorFlow `compiler/mlir/lite/schema/conversion_metadata.fbs`.
        """
        data = self.metadata.get(CONVERSION)
        environment = root(data).table(0) if data else None
        return "" if environment is None else environment.text(0)

    @cached_property
    def subgraphs(self) -> list[Table]:
        """The table of each graph; the first is run."""
        return self.table.vector(Model.SUBGRAPHS).tables()

    def graph(self, index: int) -> Graph:
        """Return a graph.

        Raises:
            Malformed: a number of a tensor, a buffer or a code stands for nothing.
        """
        table = self.subgraphs[index]
        values = tuple(self._values(table))
        nodes = tuple(self._nodes(table, values))
        ends = (table.numbers(Subgraph.INPUTS), table.numbers(Subgraph.OUTPUTS))
        for end in ends:
            _check(end, len(values), "the graph's ends")
        return Graph(self._names[index], values, nodes, *ends)

    @cached_property
    def _names(self) -> list[str]:
        """What each graph is called; one that is called as one before it, with its number."""
        before, found = set[str](), list[str]()
        for index, table in enumerate(self.subgraphs):
            told = table.text(Subgraph.NAME)
            name = told or f"subgraph {index}"
            found.append(f"{name} #{index}" if name in before else name)
            before.add(told)
        return found

    def ops(self, index: int) -> Iterator[str]:
        """Yield what the operators of a graph are, without their values; raises as `graph`."""
        for table in self.subgraphs[index].vector(Subgraph.OPERATORS).tables():
            yield self._kind(table).op

    def bytes_of(self, span: Span | bytes) -> bytes:
        """Return the data of a constant."""
        if isinstance(span, bytes):
            return span
        return bytes(self.view[span.start : span.start + span.length])

    def signatures(self) -> Iterator[tuple[str, int, Table]]:
        """Yield the key, the graph and the table of each signature."""
        for table in self.table.vector(Model.SIGNATURES).tables():
            yield table.text(Signature.KEY), table.number(Signature.SUBGRAPH, "I"), table

    def _kind(self, table: Table) -> Kind:
        code = table.number(Operator.CODE, "I")
        if code >= len(self.kinds):
            raise Malformed(f"an operator has code {code} of {len(self.kinds)}")
        return self.kinds[code]

    def _nodes(self, table: Table, values: tuple[Value, ...]) -> Iterator[Node]:
        for place, one in enumerate(table.vector(Subgraph.OPERATORS).tables()):
            kind = self._kind(one)
            ends = one.numbers(Operator.INPUTS), one.numbers(Operator.OUTPUTS)
            for end in ends:
                _check(end, len(values), f"operator {place} ({kind.op})")
            first = next((n for n in ends[1] if n >= 0), None)
            name = f"operator {place}" if first is None else values[first].name
            yield Node(name, kind.op, kind.version, *ends, one, kind.custom)

    def _values(self, table: Table) -> Iterator[Value]:
        buffers = self.table.vector(Model.BUFFERS)
        names: set[str] = set()
        tensors = table.vector(Subgraph.TENSORS).tables(2 * INSIDE)
        numbers = (one.number(Tensor.BUFFER, "I") for one in tensors)
        buffers.bring((n for n in numbers if 0 < n < len(buffers)), INSIDE + AROUND)
        for place, one in enumerate(tensors):
            name = one.text(Tensor.NAME) or f"tensor {place}"
            while name in names:
                name = f"{name} #{place}"
            names.add(name)
            dtype = one.number(Tensor.TYPE, "b")
            if not 0 <= dtype < len(TYPES):
                raise Malformed(
                    f"tensor {name!r} has type {dtype}, expected one below {len(TYPES)}"
                )
            buffer = one.number(Tensor.BUFFER, "I")
            data = _data(buffers.table(buffer), self) if buffer else None
            if data is not None and data.length > LARGE:
                give_back(self.view)
            scales = one.table(Tensor.QUANTIZATION)
            known = scales is not None and bool(scales.vector(Quantization.SCALE))
            yield Value(name, TYPES[dtype], _shape(one, place), data, scales if known else None)


def check_room(models: Sequence[Contents]) -> None:
    """Refuse models that share what they are made of: a short file could ask for endless work.

    Args:
        models: those of one file.

    Raises:
        Malformed: they have more graphs, tensors and operators than the file has room for.
    """
    count = 0
    for one in models:
        count += len(one.table.vector(Model.SUBGRAPHS))
        _check_count(count, one.view)
        for table in one.subgraphs:
            lists = table.vector(Subgraph.TENSORS), table.vector(Subgraph.OPERATORS)
            count += sum(map(len, lists))
            _check_count(count, one.view)


def _check_count(count: int, view: View) -> None:
    if count * AN_ENTRY > len(view):
        raise Malformed("its graphs have more tensors and operators than it has room for")


def contents_of(view: View, base: int = 0, member: str = "") -> Contents:
    """Return what is in a model.

    Args:
        view: the file.
        base: where the model begins in it.
        member: what its bundle calls it.

    Raises:
        Malformed: it is no LiteRT model, or offsets lead out of the file.
    """
    if view[base + 4 : base + 8] != IDENTIFIER:
        raise Malformed("byte 4 does not say TFL3")
    table = root(view, base)
    version = table.number(Model.VERSION, "I")
    if version != VERSION:
        raise Malformed(f"version {version} of the schema, expected {VERSION}")
    codes = table.vector(Model.CODES).tables()
    contents = Contents(
        view, base, table, table.text(Model.DESCRIPTION), tuple(map(_kind, codes)), {}, member
    )
    buffers = table.vector(Model.BUFFERS)
    left = ALL_METADATA
    for entry in table.vector(Model.METADATA).tables():
        span = _data(buffers.table(entry.number(Metadata.BUFFER, "I")), contents)
        length = 0 if span is None else min(span.length, MOST_METADATA, left)
        left -= length
        data = b"" if span is None else contents.bytes_of(Span(span.start, length))
        contents.metadata[entry.text(Metadata.NAME)] = data
    return contents


def _kind(table: Table) -> Kind:
    """Return what an operator code stands for: the larger of its two numbers, as runtimes do."""
    old, new = table.number(Code.OLD, "b"), table.number(Code.BUILTIN, "i")
    code = max(old, new)
    if code < 0 or (old == PLACEHOLDER and new <= PLACEHOLDER and new):
        raise Malformed(f"an operator code is {old} and {new}")
    version = table.number(Code.VERSION, "i", 1)
    builtin = OPERATORS[code] if code < len(OPERATORS) else f"BUILTIN_{code}"
    if builtin == CUSTOM:
        return Kind(table.text(Code.CUSTOM) or CUSTOM, version, custom=True)
    return Kind(builtin, version, custom=False)


def _data(buffer: Table, contents: Contents) -> Span | None:
    """Return where the data of a buffer lies; None where it has none."""
    found = buffer.vector(Buffer.DATA, 1)
    if found.count:
        return Span(found.at, found.count)
    start, length = buffer.number(Buffer.OFFSET, "Q"), buffer.number(Buffer.SIZE, "Q")
    if start <= 1 or not length:
        return None
    if contents.base + start + length > len(contents.view):
        raise Malformed(f"{length} bytes of a buffer at byte {start} reach beyond the file")
    return Span(contents.base + start, length)


def _shape(table: Table, place: int) -> tuple[Dim, ...] | None:
    """Return a shape: what its signature leaves open has a name of its own.

    A tensor without lengths is a scalar where it says that it has a rank, else of unknown rank.
    """
    lengths = table.numbers(Tensor.SHAPE)
    signature = table.numbers(Tensor.SIGNATURE)
    if not lengths and not table.flag(Tensor.HAS_RANK):
        return () if table.number(Tensor.BUFFER, "I") else None
    if len(signature) != len(lengths):
        signature = lengths
    found = zip(lengths, signature, strict=True)
    return tuple(
        f"d{place}_{axis}" if free == -1 else _length(n, place)
        for axis, (n, free) in enumerate(found)
    )


def _length(n: int, place: int) -> int:
    if n < 0:
        raise Malformed(f"tensor {place} has a length of {n}")
    return n


def _check(ends: tuple[int, ...], count: int, where: str) -> None:
    """Refuse numbers of tensors that there are not; -1 is one that is left out."""
    wrong = next((n for n in ends if not -1 <= n < count), None)
    if wrong is not None:
        raise Malformed(f"{where} names tensor {wrong} of {count}")
