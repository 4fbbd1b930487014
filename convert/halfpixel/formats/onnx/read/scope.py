"""Names inside a graph: who produces a value, which constants it holds, which shape it has.

A scope is a main graph, a subgraph (it sees the names around it) or a function where it is called.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from halfpixel.conventions.onnx.attributes import DEFAULT_DOMAINS
from halfpixel.formats.onnx.read.attributes import Arguments, attributes_of, constant_tensor
from halfpixel.formats.onnx.read.constants import (
    CONSTANT_TYPES,
    NAMES,
    OTHER_NAMES,
    Numbers,
    listed,
    numbers,
)  # fmt: skip
from halfpixel.formats.onnx.read.lengths.folding import DEEPEST, are_few, folded, is_folded
from halfpixel.formats.onnx.read.nodes.order import joined_in, producers_of, readers_of
from halfpixel.formats.onnx.read.nodes.producers import Producers, Readers
from halfpixel.site import Attribute
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto

    from halfpixel.storage.remote_file import File

JOINING: Final = frozenset({"Add", "Sub", "Mul", "Div", "Concat", "Max", "Min", "Sum", "Where"})
PASS_THROUGH: Final = frozenset({"Identity"})
MOST_AXES: Final = 256  # of a declared shape that is read: a longer one is no tensor's
ANY: Final = -1 << 31
"""Stands for a length that follows the batch, which is not fixed."""


class Scope(Struct):
    """One graph and the names that can be seen in it.

    Attributes:
        path: where it stands, such as "If_3.then_branch"; empty for the main graph.
        nodes: its nodes.
        opsets: version of each operator domain.
        file: the model's file, which external data is relative to; None for one in memory.
        constants: its initializers, by name.
        values: declared types of its values, by name.
        outer: the scope around a subgraph.
        bound: for a function, what its formal inputs stand for: (scope, name).
        arguments: for a function, the attributes given where it is called; None elsewhere.
        shapes: shapes that were inferred, where the file does not carry them.
        types: element types that were inferred, likewise.
        origins: where values come from, as far as it was asked.
        compute: for a main graph, computes a value from lengths that the file fixes.
        outputs: names of its outputs.
        memory: what was found out about its values, by who did.
        made: which node makes each value, once that is known.
        joining: values that an operator reads which needs equal lengths, likewise.
        read_by: which nodes read each value, likewise.
        container: its list of nodes: ("graph",) or ("function", index), then (node, attribute,
            place) of each subgraph on the way.
    """

    path: str
    nodes: "Sequence[NodeProto]"
    opsets: Mapping[str, int]
    file: "File | None"
    constants: "dict[str, TensorProto]"
    values: "dict[str, ValueInfoProto]"
    outer: "Scope | None" = None
    bound: "dict[str, tuple[Scope, str]]" = field(default_factory=lambda: {})  # noqa: PIE807 - typed by its place
    arguments: Arguments | None = None
    shapes: dict[str, Shape] = field(default_factory=dict[str, Shape])
    types: dict[str, int] = field(default_factory=dict[str, int])
    compute: "Callable[[str], Numbers | None] | None" = None
    outputs: frozenset[str] = frozenset()
    container: tuple[str | int, ...] = ("graph",)
    memory: dict[object, object] = field(default_factory=dict[object, object])
    made: Producers | None = None
    joining: "Container[str] | None" = None
    read_by: "Readers | None" = None
    origins: "dict[str, tuple[Scope, str, NodeProto | None]]" = field(default_factory=lambda: {})  # noqa: PIE807 - likewise

    @property
    def joined(self) -> "Container[str]":
        """Values that an operator reads which needs equal lengths."""
        if self.joining is None:
            self.joining = joined_in(self.nodes, JOINING)
        return self.joining

    @property
    def readers(self) -> "Readers":
        """Indices of the nodes that read each value, in order."""
        if self.read_by is None:
            self.read_by = readers_of(self.nodes)
        return self.read_by

    @property
    def producers(self) -> Producers:
        """Index of the node that produces each value; cycles are refused here."""
        if self.made is None:
            self.made = producers_of(self.nodes, self.path)
        return self.made

    def producer(self, name: str) -> "tuple[Scope, NodeProto] | None":
        """Return the node that produces a value, and the scope it stands in."""
        scope, name = self.resolve(name)
        index = scope.producers.get(name)
        if index is not None:
            return scope, scope.nodes[index]
        if scope.outer is not None and name not in scope.constants:
            return scope.outer.producer(name)
        return None

    def resolve(self, name: str) -> "tuple[Scope, str]":
        """Follow a function's formal input to the value that is passed for it."""
        scope = self
        while name in scope.bound:
            scope, name = scope.bound[name]
        return scope, name

    def constant(self, name: str) -> "TensorProto | None":
        """Return the constant that a value is: an initializer or a Constant node's."""
        where, name, node = self.origin(name)
        if node is None:
            return where.constants.get(name)
        if node.op_type != "Constant":
            return None
        return constant_tensor(node, where.arguments)

    def origin(self, name: str) -> "tuple[Scope, str, NodeProto | None]":
        """Follow a value through what passes it on, to where it is given or computed.

        Returns:
            The scope, the name there, and the node that produces it; no node for an initializer,
            an input, and what nobody makes.
        """
        if name in self.origins:
            return self.origins[name]
        passed: list[tuple[Scope, str]] = []
        scope, current = self, name
        while True:
            scope, current = scope.resolve(current)
            passed.append((scope, current))
            if current in scope.origins:
                found = scope.origins[current]
                break
            index = scope.producers.get(current)
            if index is not None and current not in scope.constants:
                node = scope.nodes[index]
                if node.op_type not in PASS_THROUGH or not node.input:
                    found = scope, current, node
                    break
                current = node.input[0]
            elif current in scope.constants or scope.outer is None:
                found = scope, current, None
                break
            else:
                scope = scope.outer
        self.origins[name] = found
        for where, inner in passed:
            where.origins[inner] = found
        return found

    def numbers(self, name: str, deepest: int = DEEPEST) -> Numbers | None:
        """Return the values of a constant, one that is dequantized or cast too; else None."""
        tensor = self.constant(name)
        if tensor is not None:
            return numbers(tensor, self.file)
        where, _, node = self.origin(name)
        if node is not None and is_folded(node.op_type, len(node.input)) and deepest:
            dims = where.constant_dims(node.input[0], deepest)
            if dims is None or not are_few(dims):
                return None
            inputs = [where.numbers(other, deepest - 1) for other in node.input if other]
            return folded(node.op_type, where.attributes(node), inputs, dims)
        if node is None or node.op_type != "Constant":
            return None
        return listed(where.attributes(node))[0]

    def constant_dims(self, name: str, deepest: int = DEEPEST) -> tuple[int, ...] | None:
        """Return the shape of a constant; None where a value is none, as `numbers` says."""
        tensor = self.constant(name)
        if tensor is not None:
            return tuple(tensor.dims)
        where, _, node = self.origin(name)
        if node is not None and is_folded(node.op_type, len(node.input)) and deepest:
            dims = [where.constant_dims(other, deepest - 1) for other in node.input if other]
            return None if None in dims else dims[0]
        if node is None or node.op_type != "Constant":
            return None
        return listed(where.attributes(node))[1]

    def constant_type(self, name: str) -> str:
        """Return the element type of a constant; empty where a value is none."""
        tensor = self.constant(name)
        if tensor is not None:
            kind = tensor.data_type
            return NAMES.get(kind) or OTHER_NAMES.get(kind, f"of type {kind}")
        found = self.producer(name)
        if found is None or found[1].op_type != "Constant":
            return ""
        given = found[0].attributes(found[1])
        return next((kind for key, kind in CONSTANT_TYPES.items() if key in given), "")

    def computed(self, name: str) -> Numbers | None:
        """Return a constant, or a value that follows from lengths that the file fixes."""
        values = self.numbers(name)
        if values is not None or self.compute is None:
            return values
        return self.compute(name)

    def attributes(self, node: "NodeProto") -> dict[str, Attribute]:
        """Return a node's attributes as plain values; raises as `attributes_of` does."""
        return attributes_of(node, self.arguments)

    def shape(self, name: str) -> Shape | None:
        """Return the shape of a value: numbers, symbols, None for an unknown length."""
        scope, name = self.resolve(name)
        if name in scope.shapes:
            return scope.shapes[name]
        declared = scope.values.get(name)
        if declared is not None:
            return declared_shape(declared)
        tensor = scope.constants.get(name)
        if tensor is not None:
            return tuple(tensor.dims)
        return scope.outer.shape(name) if scope.outer is not None else None

    def declared(self, name: str) -> Shape | None:
        """Return the shape that the file itself declares of a value; None where it does not."""
        scope, name = self.resolve(name)
        found = scope.values.get(name)
        return None if found is None else declared_shape(found)

    def dtype(self, name: str) -> str:
        """Return the element type of a value, such as float32; empty where unknown."""
        scope, name = self.resolve(name)
        declared = scope.values.get(name)
        if declared is not None and declared.type.HasField("tensor_type"):
            return NAMES.get(declared.type.tensor_type.elem_type, "")
        if name in scope.types:
            return NAMES.get(scope.types[name], "")
        if name in scope.constants:
            return NAMES.get(scope.constants[name].data_type, "")
        return scope.outer.dtype(name) if scope.outer is not None else ""

    def opset(self, domain: str) -> int | None:
        """Return the version of a domain's operator set."""
        if domain in DEFAULT_DOMAINS:
            return self.opsets.get("", self.opsets.get("ai.onnx"))
        return self.opsets.get(domain)


def name_of(node: "NodeProto") -> str:
    """Return a node's name, or its first output's where it has none; raises as `text`."""
    return text(node.name or (node.output[0] if node.output else node.op_type))


def given_name(node: "NodeProto", place: int) -> str:
    """Return the name of an optional input, or an empty text."""
    return node.input[place] if place < len(node.input) else ""


def inner_graphs(node: "NodeProto") -> "Sequence[tuple[int, int, GraphProto]]":
    """Return (attribute, place, graph) of every subgraph of a node."""
    found: list[tuple[int, int, GraphProto]] = []
    for number, attribute in enumerate(node.attribute):
        if attribute.graphs:
            found += [(number, place, graph) for place, graph in enumerate(attribute.graphs)]
        elif attribute.HasField("g"):
            found.append((number, 0, attribute.g))
    return found


def text(value: str) -> str:
    """Return a text of the model.

    Raises:
        AttributeError: it is not UTF-8; protobuf then hands out bytes.
    """
    return value.encode().decode()


def declared_shape(value: "ValueInfoProto") -> Shape | None:
    """Return the shape that a ValueInfoProto declares, or None where it has none."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape") or len(tensor.shape.dim) > MOST_AXES:
        return None
    return tuple(
        dim.dim_value
        if dim.HasField("dim_value") and dim.dim_value > 0
        else (text(dim.dim_param).replace("?", "") or None)  # paddle2onnx names no length "?"
        for dim in tensor.shape.dim
    )
