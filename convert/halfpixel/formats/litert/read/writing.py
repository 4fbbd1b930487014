"""An ONNX model that a graph of LiteRT is said in, while it is made: constants, values, nodes.

Weights stay where they lie in the file. A value that the file does not have gets a name that none
of its values begins with.
"""

from typing import TYPE_CHECKING, Final, cast

from halfpixel.formats.litert.graph import Graph, Node, Span, Value
from halfpixel.formats.litert.read.contents import INSIDE, Contents
from halfpixel.formats.onnx.structure import OWN, model_class

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray
    from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, TypeProto, ValueInfoProto

    from halfpixel.storage.remote_file import File
    from halfpixel.surroundings import Dim

DOMAIN: Final = "ai.litert"
"""The domain of operators without a counterpart."""

OPSET: Final = 12
"""The last in which ONNX has tf_half_pixel_for_nn, what LiteRT's nearest with half pixels is."""

LARGEST: Final = 1 << 20
"""Bytes of a constant up to which it is looked at whether it is zero."""

ALL_FLOATS: Final = 1 << 26
"""Bytes of all weights that are written as floats: many nodes may share what lies there once."""

WIDTHS: Final = {"FLOAT32": 4, "FLOAT16": 2, "INT32": 4, "INT16": 2, "INT8": 1, "UINT8": 1}
"""Bytes of an element of which a zero is written."""

FLOAT, INT, STRING, INTS = (cast("AttributeProto.AttributeType", number) for number in (1, 2, 3, 7))
EXTERNAL = cast("TensorProto.DataLocation", 1)
"""Numbers of `onnx.proto`, which is not imported for them."""

DTYPES: Final = {
    "FLOAT32": 1, "UINT8": 2, "INT8": 3, "UINT16": 4, "INT16": 5, "INT32": 6, "INT64": 7,
    "STRING": 8, "BOOL": 9, "FLOAT16": 10, "FLOAT64": 11, "UINT32": 12, "UINT64": 13,
    "COMPLEX64": 14, "COMPLEX128": 15, "BFLOAT16": 16, "FLOAT8_E4M3FN": 17, "FLOAT8_E5M2": 19,
    "UINT4": 21, "INT4": 22,
}  # fmt: skip
"""ONNX's number of an element type; others have none."""


class Writing:
    """One graph in the making.

    Attributes:
        graph: the graph as LiteRT has it.
        model: what it becomes.
        made: which operator each node is of, by the name of its first output.
        node: the operator that is said.
        uncomputed: why an operator, by its name, gives other numbers than what is said of it.
        untold: why nobody can tell from the file how an operator resamples, by its name.
        nearly: how near one comes to what is said of it, where that is not all the way.
        room: bytes of weights that may still be written as floats.
    """

    def __init__(self, contents: Contents, graph: Graph, path: "File") -> None:
        """Say every constant and value; the operators are said one by one."""
        self.contents, self.graph, self.path = contents, graph, path
        self.model: ModelProto = model_class()()
        self.made: dict[str, Node] = {}
        self.node: Node | None = None
        self.uncomputed: dict[str, str] = {}
        self.untold: dict[str, str] = {}
        self.nearly: dict[str, str] = {}
        self.room = ALL_FLOATS
        self._new = 0
        self._makers: dict[int, Node] | None = None
        self._prefix = _unused_prefix(graph)
        self._declare()

    def _declare(self) -> None:
        graph, out = self.graph, self.model.graph
        self.model.ir_version = 7
        for domain, version in (("", OPSET), (DOMAIN, 1)):
            self.model.opset_import.add(domain=domain, version=version)
        out.name = graph.name
        self.model.producer_name = self.contents.writer
        self.model.producer_version = self.contents.writer_version
        for value in graph.values:
            if value.data is not None:
                self._initializer(value)
        for places, entries in ((graph.inputs, out.input), (graph.outputs, out.output)):
            for place in places:
                if place >= 0 and graph.values[place].data is None:
                    _declare(entries.add(), graph.values[place])
        ends = {*graph.inputs, *graph.outputs}
        for place, value in enumerate(graph.values):
            if value.data is None and place not in ends:
                _declare(out.value_info.add(), value)

    def name(self, place: int) -> str:
        """Return what a tensor is called; empty for one that is left out."""
        return "" if place < 0 else self.graph.values[place].name

    def value(self, node: Node, place: int) -> Value | None:
        """Return an input of an operator; None where it has none there."""
        if place >= len(node.inputs) or node.inputs[place] < 0:
            return None
        return self.graph.values[node.inputs[place]]

    def shape(self, place: int) -> "tuple[Dim, ...]":
        """Return the lengths of a tensor; none where not even its rank is known."""
        return () if place < 0 else self.graph.values[place].shape or ()

    def numbers(self, node: Node, place: int) -> tuple[int, ...] | None:
        """Return the whole numbers of a constant input; None where it is none."""
        value = self.value(node, place)
        if value is None or value.data is None or value.dtype not in {"INT32", "INT64"}:
            return None
        if length_of(value.data) > INSIDE:
            return None
        data = self.contents.bytes_of(value.data)
        size = 4 if value.dtype == "INT32" else 8
        starts = range(0, len(data) - size + 1, size)
        return tuple(int.from_bytes(data[at : at + size], "little", signed=True) for at in starts)

    def add(
        self,
        op: str,
        inputs: "Iterable[str]",
        outputs: "Iterable[str]",
        domain: str = "",
        **attributes: "float | str | tuple[int, ...]",
    ) -> "NodeProto":
        """Add a node, named after the operator that it is of."""
        outs = list(outputs)
        node = self.model.graph.node.add(
            op_type=op, input=list(inputs), output=outs, domain=domain, name=outs[0] if outs else op
        )
        for name, value in attributes.items():
            attribute = node.attribute.add(name=name)
            if isinstance(value, int):
                attribute.type, attribute.i = INT, value
            elif isinstance(value, float):
                attribute.type, attribute.f = FLOAT, value
            elif isinstance(value, str):
                attribute.type, attribute.s = STRING, value.encode()
            else:
                attribute.type = INTS
                attribute.ints.extend(value)
        if self.node is not None:
            self.made |= dict.fromkeys(outs, self.node)
        return node

    def maker(self, place: int) -> Node | None:
        """Return the operator that a tensor comes from; None where it is given."""
        if self._makers is None:
            self._makers = {out: node for node in self.graph.nodes for out in node.outputs}
        return self._makers.get(place)

    def is_zero(self, value: Value) -> bool:
        """Whether a tensor is a constant of zeros, of a size that is looked at."""
        if value.data is None or value.dtype not in WIDTHS:
            return False
        if not 0 < length_of(value.data) <= LARGEST:
            return False
        return not any(self.contents.bytes_of(value.data))

    def zero(self, value: Value) -> str:
        """Return the name of a new scalar of a tensor's type, which is zero."""
        name = self.fresh()
        data = bytes(WIDTHS[value.dtype])
        self.model.graph.initializer.add(name=name, data_type=DTYPES[value.dtype], raw_data=data)
        return name

    def fresh(self) -> str:
        """Return a name for a value that the file does not have."""
        self._new += 1
        return f"{self._prefix}{self._new}"

    def turned(self, place: int, order: "tuple[int, ...]") -> str:
        """Return the name of a tensor whose axes come in another order, with its shape."""
        name = self.fresh()
        self.add("Transpose", [self.name(place)], [name], perm=order)
        self.declare_turned(name, place, order)
        return name

    def declare_turned(self, name: str, place: int, order: "tuple[int, ...]") -> None:
        """Declare a value that is a tensor with its axes in another order."""
        value = self.graph.values[place]
        if value.shape is not None and len(value.shape) == len(order):
            entry = self.model.graph.value_info.add(name=name)
            fill(entry.type, value.dtype, tuple(value.shape[axis] for axis in order))

    def column(self, value: Value) -> str:
        """Return the name of a new constant: a constant list of few bytes, an entry a row."""
        name, data = self.fresh(), self.contents.bytes_of(value.data or b"")
        dims = [*(n for n in value.shape or () if isinstance(n, int)), 1]
        self.model.graph.initializer.add(
            name=name, data_type=DTYPES.get(value.dtype, 0), dims=dims, raw_data=data
        )
        return name

    def floats(self, values: "NDArray[np.generic]", dtype: int) -> str:
        """Return the name of a new constant of floats, by ONNX's number of their type."""
        name = self.fresh()
        self.model.graph.initializer.add(
            name=name, data_type=dtype, dims=values.shape, raw_data=values.tobytes()
        )
        return name

    def whole(self, values: "Iterable[int]") -> str:
        """Return the name of a new constant of whole numbers."""
        numbers, name = list(values), self.fresh()
        self.model.graph.initializer.add(
            name=name,
            data_type=7,
            dims=[len(numbers)],
            raw_data=b"".join(n.to_bytes(8, "little", signed=True) for n in numbers),
        )
        return name

    def _initializer(self, value: Value) -> None:
        data, dtype = value.data or b"", DTYPES.get(value.dtype, 0)
        tensor = self.model.graph.initializer.add(name=value.name, data_type=dtype)
        tensor.dims.extend(n for n in value.shape or () if isinstance(n, int))
        if isinstance(data, bytes) or data.length <= INSIDE:
            tensor.raw_data = self.contents.bytes_of(data)
            return
        _refer(tensor, self.path.name, data.start, data.length)


def _unused_prefix(graph: Graph) -> str:
    """Return a text that no value's name begins with: zeros, one more than any has in front."""
    names = (value.name for value in graph.values)
    return "\0" * (1 + max((len(name) - len(name.lstrip("\0")) for name in names), default=0))


def length_of(data: Span | bytes) -> int:
    """Return how many bytes a constant has."""
    return len(data) if isinstance(data, bytes) else data.length


def _refer(tensor: "TensorProto", location: str, start: int, length: int) -> None:
    """Say where the data of a constant lies in the file, as a payload that was left there."""
    tensor.data_location = EXTERNAL
    where = {"location": location, "offset": start, "length": length, "checksum": OWN}
    for key, text in where.items():
        tensor.external_data.add(key=key, value=str(text))


def _declare(entry: "ValueInfoProto", value: Value) -> None:
    entry.name = value.name
    fill(entry.type, value.dtype, value.shape)


def fill(entry: "TypeProto", dtype: str, shape: "tuple[Dim, ...] | None") -> None:
    """Say an element type and a shape."""
    entry.tensor_type.elem_type = DTYPES.get(dtype, 0)
    if shape is None:
        return
    entry.tensor_type.shape.SetInParent()
    for n in shape:
        dim = entry.tensor_type.shape.dim.add()
        if isinstance(n, int):
            dim.dim_value = n
        elif n:
            dim.dim_param = n
