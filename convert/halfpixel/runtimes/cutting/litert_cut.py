"""One site of a LiteRT model as a model of its own, with the channels first, at chosen lengths.

The operator stands between two TRANSPOSEs, as in a file that was converted from PyTorch: the model
takes and gives what the site is described with. Its options, weights and quantisation are copied.

Source: TensorFlow `compiler/mlir/lite/schema/schema.fbs`, release 2.21.
"""

from collections.abc import Mapping, Sequence
from struct import pack
from typing import TYPE_CHECKING, Final

from halfpixel.errors import GraphError
from halfpixel.format import Port
from halfpixel.formats.flatbuffer_block import (
    Data,
    New,
    Number,
    Refs,
    Thing,
    block,
    whole_numbers,
)
from halfpixel.formats.flatbuffer_tables import SIZES, Scalar, Table
from halfpixel.formats.litert.graph import Graph, Node
from halfpixel.formats.litert.read.contents import Contents
from halfpixel.formats.litert.read.resampling import FIRST, LAST
from halfpixel.formats.litert.read.sites import DATA
from halfpixel.formats.litert.read.sought import TURNED
from halfpixel.formats.litert.schema import (
    IDENTIFIER,
    VERSION,
    Model,
    Operator,
    Quantization,
    Subgraph,
    Tensor,
)
from halfpixel.formats.litert.write.tables import buffer_of, operator, operator_code, tensor
from halfpixel.runtimes.cutting.one_site import Cut
from halfpixel.runtimes.litert_ import Serialized, site_in_memory

if TYPE_CHECKING:
    from halfpixel.arrays import Array
    from halfpixel.formats.litert.model import LitertModel

OPTIONS: Final[Mapping[str, tuple[int, Mapping[int, Scalar]]]] = {
    "RESIZE_BILINEAR": (15, {2: "B", 3: "B"}),
    "RESIZE_NEAREST_NEIGHBOR": (74, {0: "B", 1: "B"}),
    "DEPTH_TO_SPACE": (94, {0: "i"}),
    "TRANSPOSE_CONV": (49, {0: "b", 1: "i", 2: "i", 3: "b", 4: "b"}),
}
"""The kind of an operator's options, and the kind of number that each field is."""

SIZED: Final = frozenset({"RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"})
"""Operators whose second input is the size."""

TRANSPOSE: Final = "TRANSPOSE", 4
"""An operator and its version, which is that of every type that it moves."""


def cut_out(model: "LitertModel", site: int, shape: Sequence[int], outs: Sequence[int]) -> Cut:
    """Return a site as a model that does nothing else.

    Args:
        model: the model.
        site: its place among the model's sites.
        shape: lengths of the input that is resampled, with the channels first.
        outs: output lengths, likewise.

    Raises:
        GraphError: it is written in several operators, or its size is not that of an image.
    """
    place = model.places[site]
    operation, node = place.site.operation, place.node
    if operation.hidden:
        raise GraphError("", place.site.name, f"it is written as {operation.hidden}")
    if node.op not in TURNED or len(shape) != len(FIRST) or len(outs) != len(FIRST):
        raise GraphError("", place.site.name, f"{node.op} is not run alone at these lengths")
    with model.contents() as contents:
        graph = model.edit.applied(contents.graph(place.graph), place.graph)
        node = next(one for one in graph.nodes if one.outputs == node.outputs)  # as it is open now
        tensors = contents.subgraphs[place.graph].vector(Subgraph.TENSORS).tables()
        writing = _Cutting(contents, graph, tensors, node)
        data = Serialized(writing.model(tuple(shape), tuple(outs)))
        constants = writing.parameters()
    alone = site_in_memory(data, place.site.name)
    if alone is None:
        raise GraphError("", place.site.name, "cut out, it is no site")
    image = graph.values[node.inputs[DATA.get(node.op, 0)]]
    port = Port("x", image.dtype.lower(), tuple(shape), "image")
    return Cut(data, (port,), alone, constants)


class _Cutting:
    """A model of one site in the making."""

    def __init__(
        self, contents: Contents, graph: Graph, tables: Sequence[Table], node: Node
    ) -> None:
        self.contents, self.graph, self.tables, self.node = contents, graph, tables, node
        self.name = node.name
        self.tensors: list[New] = []
        self.buffers: list[New] = [New({})]
        self.codes: list[tuple[str, int]] = []

    def model(self, shape: tuple[int, ...], outs: tuple[int, ...]) -> bytes:
        """Return the model's bytes."""
        node = self.node
        place = DATA.get(node.op, 0)
        image, result = node.inputs[place], node.outputs[0]
        given = self._like(image, "x", shape)
        turned = self._like(image, f"{self.name}/image", _in(shape, LAST))
        inputs = [
            turned if k == place else self._input(k, n, outs) for k, n in enumerate(node.inputs)
        ]
        made = self._like(result, f"{self.name}/result", _in(outs, LAST))
        returned = self._like(result, self.name, outs)
        operators = [
            self._turn(given, turned, LAST),
            self._operator(inputs, made),
            self._turn(made, returned, FIRST),
        ]
        graph = New(
            {
                Subgraph.TENSORS: Refs(self.tensors),
                Subgraph.INPUTS: whole_numbers((given,)),
                Subgraph.OUTPUTS: whole_numbers((returned,)),
                Subgraph.OPERATORS: Refs(operators),
            }
        )
        root = New(
            {
                Model.VERSION: Number("I", VERSION),
                Model.CODES: Refs([operator_code(*code) for code in self.codes]),
                Model.SUBGRAPHS: Refs([graph]),
                Model.BUFFERS: Refs(self.buffers),
            }
        )
        return block(root, IDENTIFIER)

    def parameters(self) -> "dict[str, Array]":
        """Return the weights of a transposed convolution as PyTorch has them."""
        import numpy as np

        found: dict[str, Array] = {}
        if self.node.op != "TRANSPOSE_CONV":
            return found
        for name, place in (("weight", 1), ("bias", 3)):
            number = self.node.inputs[place] if place < len(self.node.inputs) else -1
            value = self.graph.values[number] if number >= 0 else None
            if value is None or value.data is None or value.dtype != "FLOAT32":
                return found
            shape = tuple(n for n in value.shape or () if isinstance(n, int))
            array = np.frombuffer(self.contents.bytes_of(value.data), "<f4").reshape(shape)
            found[name] = array.transpose(3, 0, 1, 2) if place == 1 else array
        return found

    def _input(self, place: int, number: int, outs: tuple[int, ...]) -> int:
        """Return the number of another input: the size, or a copy of a constant."""
        if number < 0:
            return -1
        value = self.graph.values[number]
        if place == 1 and self.node.op in SIZED:
            return self._constant("size", "INT32", (2,), pack("<2i", *outs[2:]))
        lengths = tuple(n for n in value.shape or () if isinstance(n, int))
        if value.data is None or len(lengths) != len(value.shape or ()):
            told = f"input {place} is computed while the model runs"
            raise GraphError("", self.name, told)
        data = self.contents.bytes_of(value.data)
        return self._constant(f"{self.name}/{place}", value.dtype, lengths, data, number)

    def _turn(self, before: int, after: int, order: Sequence[int]) -> New:
        axes = self._constant(f"order {after}", "INT32", (len(order),), pack("<4i", *order))
        return self._node(*TRANSPOSE, (before, axes), after)

    def _operator(self, inputs: Sequence[int], out: int) -> New:
        kind, kinds = OPTIONS[self.node.op]
        options = self.node.options(kind)
        fields: dict[int, Thing] = {}
        if options is not None:
            numbers = {f: Number(kind, options.number(f, kind)) for f, kind in kinds.items()}
            fields = {Operator.OPTIONS_TYPE: Number("B", kind), Operator.OPTIONS: New(numbers)}
        return self._node(self.node.op, self.node.version, inputs, out, fields)

    def _node(
        self,
        op: str,
        version: int,
        inputs: Sequence[int],
        out: int,
        fields: Mapping[int, Thing] | None = None,
    ) -> New:
        if (op, version) not in self.codes:
            self.codes.append((op, version))
        return operator(self.codes.index((op, version)), inputs, (out,), fields)

    def _like(self, number: int, name: str, shape: tuple[int, ...]) -> int:
        """Add a tensor of the type of another, with its quantisation."""
        dtype = self.graph.values[number].dtype
        return self._tensor(name, dtype, shape, 0, self._quantization(number))

    def _constant(
        self, name: str, dtype: str, shape: tuple[int, ...], data: bytes, like: int | None = None
    ) -> int:
        self.buffers.append(buffer_of(data))
        quantization = None if like is None else self._quantization(like)
        return self._tensor(name, dtype, shape, len(self.buffers) - 1, quantization)

    def _tensor(
        self, name: str, dtype: str, shape: tuple[int, ...], buffer: int, scales: New | None
    ) -> int:
        more: dict[int, Thing] = {} if scales is None else {Tensor.QUANTIZATION: scales}
        self.tensors.append(tensor(name, dtype, shape, buffer, more))
        return len(self.tensors) - 1

    def _quantization(self, number: int) -> New | None:
        """Return a copy of how whole numbers stand for others; None where they do not."""
        known = number < len(self.tables)
        table = self.tables[number].table(Tensor.QUANTIZATION) if known else None
        if table is None or not table.vector(Quantization.SCALE):
            return None
        vectors: Mapping[int, Scalar] = {Quantization.SCALE: "f", Quantization.ZERO_POINT: "q"}
        fields: dict[int, Thing] = {
            field: Data(table.vector(field, SIZES[kind]).data, SIZES[kind])
            for field, kind in vectors.items()
        }
        axis = table.number(Quantization.AXIS, "i")
        return New({**fields, Quantization.AXIS: Number("i", axis)})


def _in(shape: tuple[int, ...], order: Sequence[int]) -> tuple[int, ...]:
    return tuple(shape[axis] for axis in order)
