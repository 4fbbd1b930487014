"""One layer of a neural network on its way to ONNX, by the operators of ML Programs.

A network declares few lengths. Those of every value are what ONNX's own inference finds of the
nodes that make it, one node after the other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import halfpixel.runtimes.mil_as_onnx.program as mil
from halfpixel.errors import GraphError
from halfpixel.formats.coreml.messages import Block, MilOperation
from halfpixel.formats.coreml.read.layer import NetworkLayer
from halfpixel.formats.coreml.read.program import MilScope
from halfpixel.formats.coreml.read.specification import parse
from halfpixel.formats.onnx.write.builder import Nodes
from halfpixel.formats.protobuf_schema import M, new
from halfpixel.runtimes.mil_as_onnx.graph import OPSET, Graph, code_of
from halfpixel.runtimes.mil_as_onnx.step import Step
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    from onnx import TensorProto, TypeProto

    from halfpixel.arrays import Array


class Value(str):
    """The name of a value, where a text could stand as well."""

    __slots__ = ()


class Values(MilScope):
    """The lengths and types of a network's values, as ONNX's inference finds them."""

    def __init__(self) -> None:
        """Start with no value."""
        super().__init__(new(Block), None, "main", "", 1)
        self.found: dict[str, TypeProto] = {}
        self.constants: dict[str, TensorProto] = {}

    def shape(self, name: str) -> Shape | None:
        """Return the lengths of a value; None where not even the rank is known."""
        kind = self.found.get(name)
        if kind is None or not kind.tensor_type.HasField("shape"):
            return None
        dims = kind.tensor_type.shape.dim
        return tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in dims)

    def dtype(self, name: str) -> str:
        """Return the element type of a value, or an empty text."""
        from onnx import helper

        kind = self.found.get(name)
        if kind is None or not kind.tensor_type.elem_type:
            return ""
        return str(helper.tensor_dtype_to_np_dtype(kind.tensor_type.elem_type))

    def infer(self, graph: Graph, first: int) -> None:
        """Find what the nodes from one place on make."""
        from onnx import defs, shape_inference

        for node in graph.nodes.made[first:]:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = node.attribute[0].t
            known = {name: self.found[name] for name in node.input if name in self.found}
            if len(known) < len({name for name in node.input if name}):
                continue
            given = {name: self.constants[name] for name in node.input if name in self.constants}
            schema = defs.get_schema(node.op_type, OPSET)
            try:
                made = shape_inference.infer_node_outputs(schema, node, known, given)
            except shape_inference.InferenceError as error:
                raise ValueError(f"its inputs do not fit: {error}") from error
            self.found.update(made)


class Operator(Step):
    """An operator of an ML Program whose parameters are no messages."""

    def __init__(self, layer: "Layer", kind: str, out: Sequence[str], given: "Given") -> None:
        """Take the operator's name, its outputs, and its parameters by name."""
        operation = new(MilOperation)
        operation.type = kind
        self.layer, self.given, self._outs = layer, given, tuple(out)
        super().__init__(layer.graph, operation)

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.layer.name

    @property
    def outs(self) -> tuple[str, ...]:
        """Names of what it makes."""
        return self._outs

    def refuse(self, reason: str) -> GraphError:
        """Return the error that says why the layer cannot be lowered."""
        return self.layer.refuse(reason)

    def has(self, parameter: str) -> bool:
        """Whether a parameter is given."""
        return parameter in self.given

    def tensors(self, parameter: str) -> list[str]:
        """Return the names of the values that a parameter is bound to."""
        found = self.given.get(parameter)
        if found is None:
            return []
        if isinstance(found, Value):
            return [found]
        listed = cast("list[object]", found) if isinstance(found, list) else []
        if listed and all(isinstance(one, Value) for one in listed):
            return [str(one) for one in listed]
        return [self.nodes.constant(self._array(parameter), parameter)]

    def constant(self, parameter: str) -> "Array | None":
        """Return a parameter as an array; None where it is not given, or computed."""
        if self._value(parameter) or parameter not in self.given:
            return None
        return self._array(parameter)

    def _value(self, parameter: str) -> str:
        found = self.given.get(parameter)
        return found if isinstance(found, Value) else ""

    def _array(self, parameter: str) -> "Array":
        import numpy as np

        return cast("Array", np.asarray(self.given[parameter]))

    def shape(self, parameter: str = "x") -> Shape | None:
        """Return the lengths of a parameter's value; None where not even the rank is known."""
        name = self._value(parameter)
        return self.layer.values.shape(name) if name else self._array(parameter).shape

    def out_shape(self, place: int = 0) -> Shape | None:
        """Return nothing: a network does not state it."""
        del place
        return None

    def dtype(self, parameter: str = "x") -> str:
        """Return the element type of a parameter's value."""
        name = self._value(parameter)
        return self.layer.values.dtype(name) if name else str(self._array(parameter).dtype)

    def out_dtype(self, place: int = 0) -> str:
        """Return the one type that networks compute in."""
        del place
        return "float32"


Given = Mapping[str, object]


@dataclass
class Layer:
    """A layer, and what it may add.

    Attributes:
        graph: the nodes so far.
        values: lengths of the values so far.
        own: the layer.
        parameters: its message.
        inputs: the values that it reads.
        outs: the values that it makes, by new names.
        exact: whether values have the rank that the network gives them, not (sequence, batch,
            channel, height, width), of which the sequence is left out here.
    """

    graph: Graph
    values: Values
    own: NetworkLayer
    parameters: bytes
    inputs: list[str]
    outs: list[str]
    exact: bool
    nodes: Nodes = field(init=False)

    def __post_init__(self) -> None:
        """Name what is new after the layer's first output."""
        whole = self.graph.nodes
        self.nodes = Nodes(f"{self.outs[0]}_layer", whole.taken, OPSET, whole.made)

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.own.name

    def refuse(self, reason: str) -> GraphError:
        """Return the error that says why the layer cannot be lowered."""
        return GraphError("", self.name, f"layer {self.own.kind}: {reason}")

    def message(self, kind: type[M]) -> M:
        """Return the layer's parameters."""
        return parse(kind, self.parameters)

    def x(self, place: int = 0) -> Value:
        """Return one of its inputs.

        Raises:
            GraphError: it has fewer.
        """
        if place >= len(self.inputs):
            raise self.refuse(f"it has {len(self.inputs)} inputs, expected {place + 1}")
        return Value(self.inputs[place])

    def lengths(self, place: int = 0) -> tuple[int | None, ...]:
        """Return the lengths of an input, None each where unknown.

        Raises:
            GraphError: not even the rank is known.
        """
        shape = self.values.shape(self.x(place))
        if shape is None:
            raise self.refuse(f"the rank of {self.x(place)!r} is not known")
        return tuple(n if isinstance(n, int) else None for n in shape)

    def image(self, place: int = 0) -> tuple[int | None, ...]:
        """Return the lengths (batch, channel, height, width) of an input.

        Raises:
            GraphError: it has another rank.
        """
        lengths = self.lengths(place)
        if len(lengths) != 4:
            raise self.refuse(f"its input has {len(lengths)} axes, and only 4 are lowered")
        return lengths

    def axis(self, axis: int) -> int:
        """Return an axis of a value by its own rank.

        Raises:
            GraphError: one from the start, where a network's arrays have a sequence first.
        """
        if not self.exact and axis >= 0:
            raise self.refuse(f"axis {axis} of a network whose arrays have 5 axes")
        return axis

    def need_exact(self) -> None:
        """Refuse to change the rank where a network's arrays have 5 axes.

        Raises:
            GraphError: they have.
        """
        if not self.exact:
            raise self.refuse("not known for a network whose arrays have 5 axes")

    def constant(self, values: object, what: str) -> Value:
        """Add a constant of float32."""
        import numpy as np

        return self._made(lambda: self.nodes.constant(np.asarray(values, np.float32), what))

    def ints(self, values: Sequence[int], what: str) -> Value:
        """Add whole numbers."""
        return self._made(lambda: self.nodes.ints(list(values), what))

    def add(self, op: str, inputs: Sequence[str], out: str = "", **attributes: object) -> Value:
        """Add a node of ONNX; it makes the layer's output where `out` says so."""
        made = self._made(lambda: self.nodes.add_with(attributes, op, inputs, output=out))
        if out:
            self.nodes.made[-1].name = self.name
        return made

    def result(self, op: str, inputs: Sequence[str], **attributes: object) -> None:
        """Add the node of ONNX that makes the layer's output."""
        self.add(op, inputs, self.outs[0], **attributes)

    def mil(self, kind: str, out: str | Sequence[str] = "", **given: object) -> Value:
        """Add an operator of ML Programs; it makes the layer's output where `out` says so."""
        outs = [out or self.nodes.name(kind)] if isinstance(out, str) else list(out)
        self._made(lambda: mil.OPS[kind](Operator(self, kind, outs, given)))
        return Value(outs[0])

    def mil_result(self, kind: str, **given: object) -> None:
        """Add the operator that makes the layer's outputs."""
        self.mil(kind, self.outs, **given)

    def cast(self, value: str, dtype: str) -> Value:
        """Return a value in another element type."""
        return self.add("Cast", [value], to=code_of(dtype))

    def single(self, value: str) -> None:
        """Make a value the output, as float32."""
        self.result("Cast", [value], to=code_of("float32"))

    def _made(self, add: "Callable[[], str | None]") -> Value:
        """Add nodes, and find the lengths of what they make."""
        first = len(self.nodes.made)
        made = add()
        self.values.infer(self.graph, first)
        for node in self.nodes.made[first:]:
            self.nodes.taken.update(node.output)
        return Value(made or "")
