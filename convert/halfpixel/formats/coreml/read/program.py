"""An ML Program as it is walked: functions, nested blocks, and the constants that operations read.

A name means what it means in the innermost block around it; blocks of cond and while_loop see the
values of the blocks around them. A constant stands in an operation of type const, in the argument
itself, or in the weights file.

Source: apple/coremltools `mlmodel/format/MIL.proto`; for the weights file `mlmodel/src/MILBlob/
Blob/StorageFormat.hpp`.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from halfpixel.errors import GraphError
from halfpixel.formats.coreml.messages import (
    Argument,
    Block,
    NamedValueType,
    Operation,
    Program,
    Value,
    ValueType,
)
from halfpixel.formats.coreml.read import packed as coreml_packed
from halfpixel.formats.coreml.read.package import Package
from halfpixel.formats.coreml.read.specification import DEEPEST
from halfpixel.formats.coreml.schema import DATA_TYPES
from halfpixel.site import Attribute, Shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

SHORT: Final = 16
"""Most numbers of a constant that is an attribute; a longer one is data."""

SENTINEL: Final = 0xDEADBEEF
RECORD: Final = struct.Struct("<IIQQ")
"""One record of a weights file: sentinel, element type, bytes, and where they start."""

BLOB_TYPES: Final = {
    1: "float16", 2: "float32", 3: "uint8", 4: "int8", 5: "bfloat16", 6: "int16", 7: "uint16",
    8: "int4", 9: "uint1", 10: "uint2", 11: "uint4", 12: "uint3", 13: "uint6", 14: "int32",
    15: "uint32",
}  # fmt: skip


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

    def constant(self, name: str) -> Value | None:
        """Return the constant that a name stands for; None for a value that is computed."""
        found = self.producer(name)
        if found is None:
            return None
        scope, place = found
        operation = scope.block.operations[place]
        if operation.type != "const" or "val" not in operation.attributes:
            return None
        return operation.attributes["val"]

    def bound(self, argument: Argument) -> tuple[str, Value | None]:
        """Return name and constant of what a parameter is bound to; an empty name inline."""
        for binding in argument.arguments:
            if binding.WhichOneof("binding") == "value":
                return "", binding.value
            return binding.name, self.constant(binding.name)
        return "", None

    def given(self, operation: Operation, parameter: str) -> tuple[str, Value | None]:
        """Return name and constant of a parameter; neither where it is not given."""
        if parameter not in operation.inputs:
            return "", None
        return self.bound(operation.inputs[parameter])

    def attributes(self, operation: Operation) -> dict[str, Attribute]:
        """Return the parameters of an operation that are short constants."""
        found: dict[str, Attribute] = {}
        for name in sorted(operation.inputs):
            value = self.given(operation, name)[1]
            short = None if value is None else attribute_of(value)
            if short is not None:
                found[name] = short
        return found

    def array(self, name: str) -> "Array | None":
        """Return the constant that a name stands for, as an array; None where it is none.

        Raises:
            GraphError: its record in the weights file is broken.
            ModelFileError: the weights file is missing.
        """
        value = self.constant(name)
        return None if value is None else array_of(value, self.package, name)


def main_first(function: str) -> tuple[bool, str]:
    """Return the key that sorts functions: main, then the others by name.

    >>> sorted(["b", "main", "a"], key=main_first)
    ['main', 'a', 'b']
    """
    return function != "main", function


def scopes(program: Program, package: Package | None, version: int) -> Iterator[MilScope]:
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


def blobs_of(program: Program) -> set[str]:
    """Return the names of the weights files that a program's constants lie in."""
    found: set[str] = set()
    for scope in scopes(program, None, 0):
        for operation in scope.block.operations:
            values = [operation.attributes[name] for name in operation.attributes]
            for argument in operation.inputs.values():
                values += [b.value for b in argument.arguments if not b.name]
            found |= {
                one.blobFileValue.fileName
                for one in values
                if one.WhichOneof("value") == "blobFileValue"
            }
    return found


def check_names(program: Program, version: int) -> None:
    """Refuse a program in which a name stands for nothing.

    Raises:
        GraphError: there is such a name, or two values have one.
    """
    for scope in scopes(program, None, version):
        seen = {one.name for one in scope.block.inputs} | scope.around()
        for operation in scope.block.operations:
            for argument in operation.inputs.values():
                for binding in argument.arguments:
                    if binding.name and binding.name not in seen:
                        reason = f"{operation.type} reads {binding.name!r}, which is not there"
                        raise GraphError("", operation_name(operation), reason)
            seen |= {out.name for out in operation.outputs}
        for name in scope.block.outputs:
            if name not in seen:
                raise GraphError("", name, "an output that is not there")


def operation_name(operation: Operation) -> str:
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


def attribute_of(value: Value) -> Attribute | None:
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
        data = bytes(cast("bytes", tensor.bytes.values))
        found = list(_raw(data, dtype_of(value.type), count).tolist())
    else:
        found = list(cast("list[float]", getattr(tensor, group).values))
    if shape:
        return cast("Attribute", tuple(found))
    return cast("Attribute", found[0]) if len(found) == 1 else None


def _raw(data: bytes, dtype: str, count: int) -> "Array":
    try:
        return coreml_packed.read(data, dtype or "uint8", count)
    except ValueError as error:
        raise GraphError("", "", f"{len(data)} bytes are no {dtype} values") from error


def array_of(value: Value, package: Package | None, name: str) -> "Array":
    """Return a constant as an array.

    Raises:
        GraphError: it has other lengths than its type says, or a broken record.
        ModelFileError: the weights file is missing.
    """
    import numpy as np

    shape, dtype = shape_of(value.type), dtype_of(value.type)
    if shape is None or None in shape or not dtype:
        raise GraphError("", name, "the constant is no tensor of known lengths")
    lengths = tuple(n or 0 for n in shape)
    if value.WhichOneof("value") == "blobFileValue":
        found = _from_blob(value, package, name, lengths, dtype)
    else:
        tensor = value.immediateValue.tensor
        group = tensor.WhichOneof("value")
        if group == "bytes":
            found = _raw(bytes(cast("bytes", tensor.bytes.values)), dtype, math.prod(lengths))
        elif group is None:
            found = np.zeros(0)
        else:
            found = np.asarray(list(cast("list[float]", getattr(tensor, group).values)))
    if found.size != math.prod(lengths):
        expected = "x".join(map(str, lengths)) or "1"
        raise GraphError("", name, f"the constant has {found.size} values, expected {expected}")
    return cast("Array", found.reshape(lengths).astype(coreml_packed.type_of(dtype)))


def _from_blob(
    value: Value, package: Package | None, name: str, shape: tuple[int, ...], dtype: str
) -> "Array":
    """Read one record of the weights file."""
    blob = value.blobFileValue
    if package is None:
        raise GraphError("", name, f"its values lie in {blob.fileName!r}, which is not at hand")
    where, offset = package.blob(blob.fileName), int(blob.offset)
    try:
        wanted = coreml_packed.size_of(dtype, math.prod(shape))
    except ValueError as error:
        raise GraphError("", name, str(error)) from error
    with where.open("rb") as file:
        size = where.stat().st_size
        file.seek(min(offset, size))
        head = file.read(RECORD.size)
        if len(head) < RECORD.size:
            raise GraphError("", name, f"the weights file ends before its record at {offset}")
        sentinel, kind, count, start = RECORD.unpack(head)
        if sentinel != SENTINEL:
            raise GraphError("", name, f"the weights file has no record at byte {offset}")
        if BLOB_TYPES.get(kind, dtype) != dtype or count != wanted or start + count > size:
            reason = f"the record at byte {offset} of the weights file is of another type or length"
            raise GraphError("", name, reason)
        file.seek(start)
        return _raw(file.read(count), dtype, math.prod(shape))
