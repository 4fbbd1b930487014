"""A graph of LiteRT: operators over tensors, those of the file and those that a change adds."""

from collections.abc import Mapping

from msgspec import Struct

from halfpixel.formats.flatbuffer_tables import Table
from halfpixel.formats.litert.schema import Operator
from halfpixel.surroundings import Dim


class Span(Struct, frozen=True):
    """Where the data of a constant lies in the file."""

    start: int
    length: int


class Options(Struct, frozen=True):
    """Options of an operator that is not in a file: whole numbers by field, 0 for the others.

    Attributes:
        kind: which of the union.
        fields: by number.
    """

    kind: int
    fields: Mapping[int, int]

    def number(self, field: int, kind: str = "i", default: int = 0) -> int:
        """Return a whole number."""
        del kind
        return self.fields.get(field, default)

    def flag(self, field: int) -> bool:
        """Return a boolean."""
        return bool(self.number(field))

    def numbers(self, field: int) -> tuple[int, ...]:
        """Return nothing: no vector is written."""
        del field
        return ()


class Value(Struct, frozen=True):
    """A tensor.

    Attributes:
        name: what it is called; unique in its graph.
        dtype: element type, as the schema names it.
        shape: lengths, free ones by a name of their own; None where not even the rank is known.
        data: its data, or where that lies; None where it is no constant.
        quantization: what its whole numbers stand for; None where they stand for themselves.
        like: number of the tensor whose quantisation it has; None for its own.
    """

    name: str
    dtype: str
    shape: tuple[Dim, ...] | None
    data: Span | bytes | None = None
    quantization: Table | None = None
    like: int | None = None


class Node(Struct, frozen=True):
    """An operator.

    Attributes:
        name: that of its first output.
        op: the builtin operator, or a custom one's own name.
        version: of the operator.
        inputs: tensors by number, -1 for one that is left out.
        outputs: likewise.
        table: the node's own table; None for one that is not in the file.
        custom: whether it is a custom operator.
        given: its options, where they are not those of the file.
    """

    name: str
    op: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    table: Table | None = None
    custom: bool = False
    given: Options | None = None

    def options(self, kind: int) -> Table | Options | None:
        """Return its options where they are of a kind, as runtimes look; else None."""
        if self.given is not None:
            return self.given if self.given.kind == kind else None
        if self.table is None or self.table.number(Operator.OPTIONS_TYPE, "B") != kind:
            return None
        return self.table.table(Operator.OPTIONS)


class Graph(Struct, frozen=True):
    """A graph.

    Attributes:
        name: what it is called; unique in the model.
        values: its tensors.
        nodes: its operators, in the order in which they are run.
        inputs: tensors that it takes.
        outputs: tensors that it gives.
    """

    name: str
    values: tuple[Value, ...]
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
