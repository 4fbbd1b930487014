"""An ML Program as it is walked: functions, nested blocks, and the constants that operations read.

A name means what it means in the innermost block around it; blocks of cond and while_loop see the
values of the blocks around them. A constant stands in an operation of type const, in the argument
itself, or in the weights file, from which `weights` reads it.

Source: apple/coremltools `mlmodel/format/MIL.proto`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, cast

from halfpixel.errors import GraphError
from halfpixel.format import Value
from halfpixel.formats.coreml.messages import (
    Block,
    MilOperation,
    MilProgram,
    MilValue,
    NamedValueType,
    ValueType,
)
from halfpixel.formats.coreml.read import packed
from halfpixel.formats.coreml.read.package import Package
from halfpixel.formats.coreml.read.specification import DEEPEST
from halfpixel.formats.coreml.schema import DATA_TYPES
from halfpixel.site import Attribute
from halfpixel.surroundings import Shape

SHORT: Final = 16
"""Most numbers of a constant that is an attribute; a longer one is data."""


@dataclass
class MilScope:
    """One block, and what its names mean.

    Attributes:
        block: the block.
        package: where the weights lie; None for a model in memory.
        function: name of the function.
        path: the operations around the block, by name; empty for a function's own.
        version: specification version that the function is written in.
        parent: the scope around it.
        order: its place among all blocks of the program.
    """

    block: Block
    package: Package | None
    function: str
    path: str
    version: int
    parent: "MilScope | None" = None
    order: int = 0
    types: dict[str, ValueType] = field(default_factory=dict[str, ValueType])
    producers: dict[str, int] = field(default_factory=dict[str, int])

    def __post_init__(self) -> None:
        """Enter the names of the block; raises as `index`."""
        self.index()

    def index(self) -> None:
        """Enter the names of the block as it is now.

        Raises:
            GraphError: two values have one name.
        """
        self.producers.clear()
        for one in self.block.inputs:
            self.types[one.name] = one.type
        for place, operation in enumerate(self.block.operations):
            for out in operation.outputs:
                if out.name in self.producers:
                    raise GraphError("", out.name, "two values have this name")
                self.types[out.name] = out.type
                self.producers[out.name] = place

    @property
    def graph(self) -> str:
        """Path of the function and the operations around; empty for the main function's own."""
        parts = [] if self.function == "main" else [self.function]
        return "/".join([*parts, self.path] if self.path else parts)

    def reads(self) -> Iterator[str]:
        """Yield the names that the block's own operations read."""
        for operation in self.block.operations:
            for argument in operation.inputs.values():
                yield from (binding.name for binding in argument.arguments if binding.name)

    def around(self) -> set[str]:
        """Return the names that are known before the block's own operations."""
        given = set(self.types) - set(self.producers)
        return (
            given if self.parent is None else given | self.parent.around() | set(self.parent.types)
        )

    def type_of(self, name: str) -> ValueType | None:
        """Return the type of a value; None where there is none of that name."""
        found = self.types.get(name)
        if found is None and self.parent is not None:
            return self.parent.type_of(name)
        return found

    def shape(self, name: str) -> Shape | None:
        """Return the lengths of a value; None each where unknown."""
        found = self.type_of(name)
        return None if found is None else shape_of(found)

    def dtype(self, name: str) -> str:
        """Return the element type of a value, or an empty text."""
        found = self.type_of(name)
        return "" if found is None else dtype_of(found)

    def producer(self, name: str) -> tuple["MilScope", int] | None:
        """Return the scope and the place of the operation that makes a value."""
        if name in self.producers:
            return self, self.producers[name]
        if name in self.types or self.parent is None:
            return None
        return self.parent.producer(name)

    def constant(self, name: str) -> MilValue | None:
        """Return the constant that a name stands for; None for a value that is computed."""
        found = self.producer(name)
        if found is None:
            return None
        scope, place = found
        operation = scope.block.operations[place]
        if operation.type != "const" or "val" not in operation.attributes:
            return None
        return operation.attributes["val"]

    def argument(self, operation: MilOperation, parameter: str) -> tuple[str, MilValue | None]:
        """Return name and constant of a parameter: no name inline, neither where it is left out."""
        if parameter not in operation.inputs:
            return "", None
        for binding in operation.inputs[parameter].arguments:
            if binding.WhichOneof("binding") == "value":
                return "", binding.value
            return binding.name, self.constant(binding.name)
        return "", None

    def attributes(self, operation: MilOperation) -> dict[str, Attribute]:
        """Return the parameters of an operation that are short constants."""
        found: dict[str, Attribute] = {}
        for name in sorted(operation.inputs):
            value = self.argument(operation, name)[1]
            short = None if value is None else attribute_of(value)
            if short is not None:
                found[name] = short
        return found


def main_first(function: str) -> tuple[bool, str]:
    """Return the key that sorts functions: main, then the others by name.

    >>> sorted(["b", "main", "a"], key=main_first)
    ['main', 'a', 'b']
    """
    return function != "main", function


def scopes(program: MilProgram, package: Package | None, version: int) -> Iterator[MilScope]:
    """Yield every block of a program, a function's own before those nested in it.

    Raises:
        GraphError: blocks are nested too deep, or two values have one name.
    """
    order = 0
    for name in sorted(program.functions, key=main_first):
        function = program.functions[name]
        blocks = function.block_specializations
        chosen = function.opset if function.opset in blocks else min(blocks, default="")
        if chosen not in blocks:
            raise GraphError("", "", f"function {name!r} has no body")
        scope = MilScope(blocks[chosen], package, name, "", version)
        for given in function.inputs:
            scope.types[given.name] = given.type
        for one in _nested(scope, 0):
            one.order = order
            order += 1
            yield one


def _nested(scope: MilScope, depth: int) -> Iterator[MilScope]:
    if depth > DEEPEST:
        raise GraphError("", "", f"blocks nested deeper than {DEEPEST}")
    yield scope
    for operation in scope.block.operations:
        for place, block in enumerate(operation.blocks):
            name = f"{operation_name(operation)}.{place}"
            path = f"{scope.path}/{name}" if scope.path else name
            inner = MilScope(block, scope.package, scope.function, path, scope.version, scope)
            yield from _nested(inner, depth + 1)


def operation_name(operation: MilOperation) -> str:
    """Return an operation's name, or its first output's where it has none."""
    if "name" in operation.attributes:
        found = attribute_of(operation.attributes["name"])
        if isinstance(found, str) and found:
            return found
    return operation.outputs[0].name if len(operation.outputs) else ""


def shape_of(kind: ValueType) -> tuple[int | None, ...] | None:
    """Return the lengths that a type declares; None where it is no tensor."""
    if kind.WhichOneof("type") != "tensorType":
        return None
    tensor = kind.tensorType
    if len(tensor.dimensions) != tensor.rank:
        return None
    return tuple(
        int(one.constant.size) if one.WhichOneof("dimension") == "constant" else None
        for one in tensor.dimensions
    )


def dtype_of(kind: ValueType) -> str:
    """Return the element type that a type declares, or an empty text."""
    if kind.WhichOneof("type") != "tensorType":
        return ""
    return DATA_TYPES.get(kind.tensorType.dataType, "")


def named(outputs: Iterator[NamedValueType]) -> tuple[str, ...]:
    """Return the names of values."""
    return tuple(one.name for one in outputs)


def attribute_of(value: MilValue) -> Attribute | None:
    """Return a short constant in Python's words; None where it is long or in the weights file."""
    if value.WhichOneof("value") != "immediateValue":
        return None
    if value.immediateValue.WhichOneof("value") != "tensor":
        return None
    shape = shape_of(value.type)
    if shape is None or math.prod(n or 0 for n in shape) > SHORT:
        return None
    tensor = value.immediateValue.tensor
    group = tensor.WhichOneof("value")
    if group is None:
        return () if 0 in shape else None
    if group == "bytes":
        count = math.prod(n or 0 for n in shape)
        found = list(packed.raw(tensor.bytes.values, dtype_of(value.type), count).tolist())
    else:
        found = list(cast("list[float]", getattr(tensor, group).values))
    if shape:
        return cast("Attribute", tuple(found))
    return cast("Attribute", found[0]) if len(found) == 1 else None


def program_values(scope: MilScope) -> tuple[Value, ...]:
    """Return the values of a block, in the order in which they are computed."""
    found: list[Value] = []
    for operation in scope.block.operations:
        reads = tuple(
            binding.name
            for argument in operation.inputs.values()
            for binding in argument.arguments
            if binding.name and scope.constant(binding.name) is None
        )
        constant = operation.type == "const" or operation.type.startswith("constexpr_")
        kind = "Constant" if constant else operation.type
        name = operation_name(operation)
        found += [Value(out, name, kind, reads) for out in named(iter(operation.outputs))]
    return tuple(found)
