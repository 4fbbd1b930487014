"""Operations of an ML Program written anew, each with constants of its own.

A constant may be read by several operations, so none is ever changed: a written operation gets
fresh ones, and those that nobody reads any more are dropped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from halfpixel.errors import ConventionError
from halfpixel.formats.coreml.messages import Block, ValueType
from halfpixel.formats.coreml.messages import MilOperation as Operation
from halfpixel.formats.coreml.messages import MilValue as Value
from halfpixel.formats.coreml.read.program import (
    MilScope,
    attribute_of,
    dtype_of,
    operation_name,
    shape_of,
)
from halfpixel.formats.coreml.schema import DATA_TYPES
from halfpixel.formats.protobuf_schema import new

if TYPE_CHECKING:
    from halfpixel.arrays import Array
    from halfpixel.site import Attribute


CODES: Final = {name: code for code, name in DATA_TYPES.items()}


@dataclass
class MilWriter:
    """One operation in the making, and what comes before it.

    Attributes:
        scope: the block that it stands in.
        old: the operation that is replaced.
        taken: names of values that are there.
        made: what was made so far, in order.
        lengths: of the output, where they are others than the old one's.
    """

    scope: MilScope
    old: Operation
    taken: set[str]
    made: list[Operation] = field(default_factory=list[Operation])
    lengths: tuple[int, ...] | None = None

    def name(self, hint: str) -> str:
        """Return a name that is free."""
        base = f"{operation_name(self.old)}_halfpixel_{hint}"
        found, count = base, 1
        while found in self.taken:
            count += 1
            found = f"{base}_{count}"
        self.taken.add(found)
        return found

    def constant(self, hint: str, value: "Attribute | Array", dtype: str = "") -> str:
        """Add a constant and return its name."""
        name = self.name(hint)
        made = new(Operation)
        made.type = "const"
        typed = value_of(value, dtype)
        made.attributes["val"].CopyFrom(typed)
        made.attributes["name"].CopyFrom(value_of(name))
        out = made.outputs.add()
        out.name = name
        out.type.CopyFrom(typed.type)
        self.made.append(made)
        return name

    def add(
        self, kind: str, inputs: Mapping[str, str], shape: Sequence[int] | None = None
    ) -> Operation:
        """Add an operation; without a shape it makes the old one's output."""
        made = new(Operation)
        made.type = kind
        for parameter, name in inputs.items():
            made.inputs[parameter].arguments.add().name = name
        out = made.outputs.add()
        if shape is None:
            out.CopyFrom(self.old.outputs[0])
            for dimension, length in zip(
                out.type.tensorType.dimensions, self.lengths or (), strict=False
            ):
                dimension.constant.size = length
            for key in self.old.attributes:
                made.attributes[key].CopyFrom(self.old.attributes[key])
        else:
            out.name = self.name(kind)
            out.type.CopyFrom(tensor_type(self.dtype, shape))
            made.attributes["name"].CopyFrom(value_of(out.name))
        self.made.append(made)
        return made

    @property
    def x(self) -> str:
        """The value that is resampled."""
        return self.scope.argument(self.old, "x")[0]

    @property
    def dtype(self) -> str:
        """Its element type."""
        return self.scope.dtype(self.x)


PARAMETER_TYPES: Final = {"resized_dims": "uint32"}
"""Types of parameters that are not the usual ones of Python's numbers."""


def value_of(value: "Attribute | Array", dtype: str = "") -> Value:
    """Return a constant as MIL writes it.

    Args:
        value: a number, a text, or an array.
        dtype: its element type; the usual one where empty.
    """
    import numpy as np

    made = new(Value)
    array = np.asarray(value)
    kind = dtype or _USUAL.get(array.dtype.kind, str(array.dtype))
    if array.ndim and array.dtype.kind == "f" and not dtype:
        kind = str(array.dtype)
    made.type.CopyFrom(tensor_type(kind, array.shape))
    tensor = made.immediateValue.tensor
    flat = array.reshape(-1)
    match kind:
        case "float16" | "uint32" | "uint16" | "int16" | "uint8" | "int8":
            tensor.bytes.values = flat.astype(np.dtype(kind).newbyteorder("<")).tobytes()
        case "float32":
            tensor.floats.values.extend(float(v) for v in flat)
        case "bool":
            tensor.bools.values.extend(bool(v) for v in flat)
        case "string":
            tensor.strings.values.extend(str(v) for v in flat)
        case _:
            tensor.ints.values.extend(int(v) for v in flat)
    return made


_USUAL: Final = {"b": "bool", "i": "int32", "f": "float32", "U": "string"}


def tensor_type(dtype: str, shape: Sequence[int]) -> ValueType:
    """Return the type of a tensor.

    Raises:
        ConventionError: its element type is none that a program has.
    """
    if dtype not in CODES:
        raise ConventionError(f"an element type is {dtype!r}, expected one of {', '.join(CODES)}")
    made = new(ValueType)
    made.tensorType.dataType = CODES[dtype]
    made.tensorType.rank = len(shape)
    for length in shape:
        made.tensorType.dimensions.add().constant.size = int(length)
    return made


def names_in(blocks: Iterator[MilScope]) -> set[str]:
    """Return every name in a program."""
    found: set[str] = set()
    for scope in blocks:
        found |= scope.types.keys()
        found |= {operation_name(operation) for operation in scope.block.operations}
    return found


def drop_unread(block: Block, suspects: set[str]) -> None:
    """Drop the constants of a function that nobody reads any more.

    Args:
        block: the function's body.
        suspects: names of constants that an operation has ceased to read.
    """
    read: set[str] = set()
    blocks = list(_blocks(block))
    for one in blocks:
        read |= set(one.outputs)
        for operation in one.operations:
            for argument in operation.inputs.values():
                read |= {binding.name for binding in argument.arguments if binding.name}
    for one in blocks:
        for place in reversed(range(len(one.operations))):
            operation = one.operations[place]
            name = operation.outputs[0].name if len(operation.outputs) == 1 else ""
            if operation.type == "const" and name in suspects - read:
                del one.operations[place]


def _blocks(block: Block) -> Iterator[Block]:
    yield block
    for operation in block.operations:
        for inner in operation.blocks:
            yield from _blocks(inner)


def constants(made: Sequence[Operation]) -> dict[str, Value]:
    """Return the constants among operations, by name."""
    return {one.outputs[0].name: one.attributes["val"] for one in made if one.type == "const"}


def lines(
    operation: Operation, scope: MilScope, fresh: Mapping[str, Value] | None = None
) -> list[str]:
    """Return an operation as lines, for a diff; `fresh` are constants that are not there yet."""
    out = operation.outputs[0].name if len(operation.outputs) else ""
    found = [f"{out} = {operation.type}"]
    for parameter in sorted(operation.inputs):
        for binding in operation.inputs[parameter].arguments:
            value = binding.value if not binding.name else scope.constant(binding.name)
            value = (fresh or {}).get(binding.name, value)
            found.append(f"  {parameter} = {_shown(binding.name, value)}")
    return found


def _shown(name: str, value: Value | None) -> str:
    """Return a parameter in words: its value where that is short, else what it is called."""
    short = None if value is None else attribute_of(value)
    if value is None or (short is None and name):
        size = "" if value is None else _size(value)
        return f"{name}{size}"
    return str(short)


def _size(value: Value) -> str:
    lengths = "x".join(str(n) for n in shape_of(value.type) or ())
    return f" ({dtype_of(value.type)} {lengths})"
