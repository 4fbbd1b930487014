"""A LiteRT file of a few operators, laid out by the flatbuffers package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import flatbuffers
import numpy as np
from numpy.typing import NDArray

from halfpixel.formats.litert.schema import OPERATORS, TYPES, Code, Operator, Tensor

BILINEAR: Final = "RESIZE_BILINEAR"
NEAREST: Final = "RESIZE_NEAREST_NEIGHBOR"
CUSTOM: Final = "CUSTOM"

NUMPY: Final[Mapping[str, str]] = {
    "FLOAT32": "<f4", "FLOAT16": "<f2", "INT32": "<i4", "INT64": "<i8", "UINT8": "|u1",
    "INT8": "|i1", "INT16": "<i2", "BOOL": "|b1",
}  # fmt: skip

Field = bool | int | Sequence[int]


@dataclass
class Value:
    """A tensor; `data` makes it a constant, `scale` a quantised one, `free` a free length.

    Scales are one, or one each along `axis`.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str = "FLOAT32"
    data: NDArray[Any] | None = None
    scale: float | tuple[float, ...] = 0.0
    zero: int = 0
    free: tuple[int, ...] = ()
    axis: int = 0


@dataclass
class Op:
    """An operator: `options` are those of a kind, by field; a custom one has bytes.

    A composite has a name, and the number of the graph that it stands for.
    """

    op: str
    inputs: Sequence[int]
    outputs: Sequence[int]
    kind: int = 0
    options: Mapping[int, Field] = field(default_factory=dict[int, Field])
    version: int = 1
    custom: bytes = b""
    composite: tuple[str, int] | None = None


@dataclass
class Graph:
    """A graph."""

    values: Sequence[Value]
    ops: Sequence[Op]
    inputs: Sequence[int]
    outputs: Sequence[int]
    name: str = "main"


def flags(*, align_corners: bool = False, half_pixel_centers: bool = False) -> dict[int, Field]:
    """Return the options of RESIZE_BILINEAR."""
    return {2: align_corners, 3: half_pixel_centers}


def nearest_flags(
    *, align_corners: bool = False, half_pixel_centers: bool = False
) -> dict[int, Field]:
    """Return the options of RESIZE_NEAREST_NEIGHBOR."""
    return {0: align_corners, 1: half_pixel_centers}


KINDS: Final = {BILINEAR: 15, NEAREST: 74}


def resize(  # noqa: PLR0913 - what a resize hangs on
    op: str,
    given: Mapping[int, Field],
    size: tuple[int, int],
    shape: tuple[int, int, int, int] = (1, 7, 10, 3),
    dtype: str = "FLOAT32",
    *,
    scale: float = 0.0,
    zero: int = 0,
) -> Graph:
    """Return a graph of one resize to a constant size."""
    return Graph(
        [
            Value("image", shape, dtype, None, scale, zero),
            Value("size", (2,), "INT32", np.array(size, "<i4")),
            Value("resized", (shape[0], *size, shape[3]), dtype, None, scale, zero),
        ],
        [Op(op, (0, 1), (2,), KINDS[op], given, 3)],
        (0,),
        (2,),
    )


def tflite(
    *graphs: Graph, metadata: Mapping[str, bytes] | None = None, description: str = ""
) -> bytes:
    """Return the bytes of a file; a graph that is given twice stands in it once."""
    return _Building(graphs, metadata or {}, description).whole()


class _Building:
    def __init__(
        self, graphs: Sequence[Graph], metadata: Mapping[str, bytes], description: str
    ) -> None:
        self.graphs, self.metadata, self.description = graphs, metadata, description
        self.b = flatbuffers.Builder(1024)
        self.buffers: list[int] = [self._table({}, 1)]
        self.codes: dict[tuple[str, int], int] = {}

    def _vector(self, offsets: Sequence[int]) -> int:
        self.b.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.b.PrependUOffsetTRelative(offset)
        return int(self.b.EndVector())

    def _numbers(self, numbers: Sequence[int], dtype: str = "<i4") -> int:
        return int(self.b.CreateNumpyVector(np.array(numbers, dtype)))

    def _table(self, fields: Mapping[int, tuple[str, Any]], count: int) -> int:
        """Return a table: each field as (kind, value), 'r' for an offset."""
        self.b.StartObject(count)
        for slot, (kind, value) in fields.items():
            match kind:
                case "r":
                    self.b.PrependUOffsetTRelativeSlot(slot, value, 0)
                case "?":
                    self.b.PrependBoolSlot(slot, value, 0)
                case "b":
                    self.b.PrependInt8Slot(slot, value, 0)
                case "B":
                    self.b.PrependUint8Slot(slot, value, 0)
                case "I":
                    self.b.PrependUint32Slot(slot, value, 0)
                case _:
                    self.b.PrependInt32Slot(slot, value, 0)
        return int(self.b.EndObject())

    def _buffer(self, data: bytes) -> int:
        self.b.StartVector(1, len(data), 16)
        self.b.head = self.b.head - len(data)
        self.b.Bytes[self.b.head : self.b.head + len(data)] = data
        self.buffers.append(self._table({0: ("r", self.b.EndVector())}, 3))
        return len(self.buffers) - 1

    def _tensor(self, value: Value) -> int:
        buffer = 0 if value.data is None else self._buffer(value.data.tobytes())
        fields: dict[int, tuple[str, Any]] = {
            Tensor.SHAPE: ("r", self._numbers(value.shape)),
            Tensor.TYPE: ("b", TYPES.index(value.dtype)),
            Tensor.BUFFER: ("I", buffer),
            Tensor.NAME: ("r", self.b.CreateString(value.name)),
            Tensor.HAS_RANK: ("?", True),
        }
        if value.free:
            signature = [-1 if k in value.free else n for k, n in enumerate(value.shape)]
            fields[Tensor.SIGNATURE] = ("r", self._numbers(signature))
        if value.scale:
            scales = np.atleast_1d(np.array(value.scale, "<f4"))
            scale = self.b.CreateNumpyVector(scales)
            zero = self._numbers([value.zero] * scales.size, "<i8")
            parts = {2: ("r", scale), 3: ("r", zero), 6: ("i", value.axis)}
            quantized = self._table(parts, 7)
            fields[Tensor.QUANTIZATION] = ("r", quantized)
        return self._table(fields, 10)

    def _operator(self, op: Op) -> int:
        code = self.codes.setdefault((op.op, op.version), len(self.codes))
        fields: dict[int, tuple[str, Any]] = {
            Operator.CODE: ("I", code),
            Operator.INPUTS: ("r", self._numbers(op.inputs)),
            Operator.OUTPUTS: ("r", self._numbers(op.outputs)),
        }
        if op.kind:
            options = {
                slot: ("?", value)
                if isinstance(value, bool)
                else ("i", value)
                if isinstance(value, int)
                else ("r", self._numbers(value))
                for slot, value in op.options.items()
            }
            fields[Operator.OPTIONS_TYPE] = ("B", op.kind)
            fields[Operator.OPTIONS] = ("r", self._table(options, 16))
        if op.composite is not None:
            name, graph = op.composite
            parts: dict[int, tuple[str, Any]] = {
                0: ("r", self.b.CreateString(name)), 1: ("i", graph),
            }  # fmt: skip
            fields[Operator.OPTIONS_2_TYPE] = ("B", 21)
            fields[Operator.OPTIONS_2] = ("r", self._table(parts, 5))
        if op.custom:
            fields[Operator.CUSTOM] = ("r", self.b.CreateByteVector(op.custom))
        return self._table(fields, 13)

    def _code(self, op: str, version: int) -> int:
        known = op in OPERATORS
        number = OPERATORS.index(op if known else CUSTOM)
        fields: dict[int, tuple[str, Any]] = {
            Code.OLD: ("b", min(number, 127)),
            Code.VERSION: ("i", version),
            Code.BUILTIN: ("i", number),
        }
        if not known:
            fields[Code.CUSTOM] = ("r", self.b.CreateString(op))
        return self._table(fields, 4)

    def _graph(self, graph: Graph) -> int:
        tensors = self._vector([self._tensor(value) for value in graph.values])
        operators = self._vector([self._operator(op) for op in graph.ops])
        ends = [self._numbers(graph.inputs), self._numbers(graph.outputs)]
        name = self.b.CreateString(graph.name)
        parts = (tensors, *ends, operators, name)
        return self._table({slot: ("r", part) for slot, part in enumerate(parts)}, 5)

    def whole(self) -> bytes:
        once = {id(graph): graph for graph in self.graphs}
        made = {key: self._graph(graph) for key, graph in once.items()}
        graphs = self._vector([made[id(graph)] for graph in self.graphs])
        entries: list[int] = []
        for name, data in self.metadata.items():
            fields = {0: ("r", self.b.CreateString(name)), 1: ("I", self._buffer(data))}
            entries.append(self._table(fields, 2))
        metadata, buffers = self._vector(entries), self._vector(self.buffers)
        codes = self._vector([self._code(*code) for code in self.codes])
        description = self.b.CreateString(self.description)
        root = self._table(
            {
                0: ("I", 3),
                1: ("r", codes),
                2: ("r", graphs),
                3: ("r", description),
                4: ("r", buffers),
                6: ("r", metadata),
            },
            8,
        )
        self.b.Finish(root, file_identifier=b"TFL3")
        return bytes(self.b.Output())
