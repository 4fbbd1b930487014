"""One operation of an ML Program on its way to ONNX: its parameters, and the nodes it becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from halfpixel.errors import GraphError
from halfpixel.formats.coreml.messages import MilOperation
from halfpixel.formats.coreml.read.program import dtype_of, named, operation_name, shape_of
from halfpixel.formats.coreml.read.weights import array_of
from halfpixel.formats.onnx.write.builder import Nodes
from halfpixel.runtimes.mil_as_onnx.graph import OPSET, Graph, code_of
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    from halfpixel.arrays import Array


@dataclass
class Step:
    """One operation of a program: its parameters, and how its nodes are added.

    Attributes:
        graph: the graph.
        operation: the operation.
        nodes: new nodes, named after the operation.
    """

    graph: Graph
    operation: MilOperation
    nodes: Nodes = field(init=False)

    def __post_init__(self) -> None:
        """Name what is new after the operation."""
        whole = self.graph.nodes
        self.nodes = Nodes(self.outs[0] if self.outs else self.name, whole.taken, OPSET, whole.made)

    @property
    def name(self) -> str:
        """The operation's name."""
        return operation_name(self.operation)

    @property
    def outs(self) -> tuple[str, ...]:
        """Names of what it makes."""
        return named(iter(self.operation.outputs))

    @property
    def out(self) -> str:
        """Name of what it makes first."""
        return self.outs[0]

    def refuse(self, reason: str) -> GraphError:
        """Return the error that says why the operation cannot be lowered."""
        return GraphError("", self.name, f"MIL operator {self.operation.type}: {reason}")

    def has(self, parameter: str) -> bool:
        """Whether a parameter is given."""
        return parameter in self.operation.inputs

    def tensor(self, parameter: str = "x") -> str:
        """Return the name of a parameter's value, for a node to read.

        Raises:
            GraphError: it is not given.
        """
        found = self.tensors(parameter)
        if not found:
            raise self.refuse(f"it has no {parameter}")
        return found[0]

    def tensors(self, parameter: str) -> list[str]:
        """Return the names of the values that a parameter is bound to."""
        if not self.has(parameter):
            return []
        found: list[str] = []
        for binding in self.operation.inputs[parameter].arguments:
            if binding.WhichOneof("binding") == "value":
                array = array_of(binding.value, self.graph.scope.package, parameter)
                found.append(self.nodes.constant(array, parameter))
            else:
                found.append(self.graph.value(binding.name))
        return found

    def constant(self, parameter: str) -> "Array | None":
        """Return a parameter as an array; None where it is not given, or computed."""
        return self.graph.argument(self.operation, parameter)

    def known(self, parameter: str) -> "Array":
        """Return a parameter that has to be a constant.

        Raises:
            GraphError: it is computed, or not given.
        """
        found = self.constant(parameter)
        if found is None:
            raise self.refuse(f"{parameter} is no constant")
        return found

    def number(self, parameter: str, rest: float = 0.0) -> float:
        """Return a number, or what it is by default."""
        return float(self.known(parameter).reshape(-1)[0]) if self.has(parameter) else rest

    def ints(self, parameter: str, rest: Sequence[int] | None = None) -> list[int] | None:
        """Return whole numbers, or what they are by default."""
        if not self.has(parameter):
            return None if rest is None else list(rest)
        return [int(v) for v in self.known(parameter).reshape(-1)]

    def flag(self, parameter: str, *, rest: bool = False) -> bool:
        """Return a truth value, or what it is by default."""
        return bool(self.known(parameter).reshape(-1)[0]) if self.has(parameter) else rest

    def text(self, parameter: str, rest: str = "") -> str:
        """Return a text, or what it is by default."""
        return str(self.known(parameter).reshape(-1)[0]) if self.has(parameter) else rest

    def shape(self, parameter: str = "x") -> Shape | None:
        """Return the lengths of a parameter's value; None where not even the rank is known."""
        name, value = self.graph.scope.argument(self.operation, parameter)
        if value is not None:
            return shape_of(value.type)
        return self.graph.scope.shape(name)

    def rank(self, parameter: str = "x") -> int:
        """Return the rank of a parameter's value.

        Raises:
            GraphError: it is not known.
        """
        shape = self.shape(parameter)
        if shape is None:
            raise self.refuse(f"the rank of {parameter} is not known")
        return len(shape)

    def lengths(self, parameter: str = "x") -> tuple[int | None, ...]:
        """Return the known lengths of a parameter's value, None each where unknown."""
        shape = self.shape(parameter) or (None,) * self.rank(parameter)
        return tuple(n if isinstance(n, int) else None for n in shape)

    def out_shape(self, place: int = 0) -> Shape | None:
        """Return the lengths of what it makes."""
        return shape_of(self.operation.outputs[place].type)

    def dtype(self, parameter: str = "x") -> str:
        """Return the element type of a parameter's value."""
        name, value = self.graph.scope.argument(self.operation, parameter)
        return dtype_of(value.type) if value is not None else self.graph.scope.dtype(name)

    def out_dtype(self, place: int = 0) -> str:
        """Return the element type of what it makes."""
        return dtype_of(self.operation.outputs[place].type)

    def add(self, op: str, inputs: Sequence[str], **attributes: object) -> str:
        """Add a node and return the name of what it makes."""
        return self.nodes.add_with(attributes, op, inputs)

    def result(self, op: str, inputs: Sequence[str], **attributes: object) -> None:
        """Add the node that makes the operation's output, under the operation's name."""
        self.nodes.add_with(attributes, op, inputs, output=self.out)
        self.nodes.made[-1].name = self.name

    def emit(
        self,
        op: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        attributes: Mapping[str, object],
    ) -> None:
        """Add a node of several outputs."""
        from onnx import helper

        node = helper.make_node(op, list(inputs), list(outputs), name=self.name)
        node.attribute.extend(helper.make_attribute(k, v) for k, v in sorted(attributes.items()))
        self.nodes.made.append(node)

    def scalar(self, value: float, what: str, dtype: str = "") -> str:
        """Add a number of the type of x, or another."""
        return self.nodes.number(value, what, dtype or self.dtype())

    def int64(self, parameter: str) -> str:
        """Return whole numbers as ONNX takes lengths and places: a 1-D tensor of int64."""
        found = self.constant(parameter)
        if found is not None:
            return self.nodes.ints([int(v) for v in found.reshape(-1)], parameter)
        return self.add("Cast", [self.tensor(parameter)], to=code_of("int64"))

    def cast(self, value: str, dtype: str) -> str:
        """Return a value in another element type."""
        return self.add("Cast", [value], to=code_of(dtype))

    def cast_result(self, value: str) -> None:
        """Make a value the output, in its element type."""
        self.result("Cast", [value], to=code_of(self.out_dtype() or "float32"))
