"""Operations of an ML Program written anew, each with constants of its own.

A constant may be read by several operations, so none is ever changed: a written operation gets
fresh ones, and those that nobody reads any more are dropped. Source of types and parameters:
coremltools `converters/mil/mil/ops/defs/iOS15` (gather, matmul, image_resizing).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from halfpixel.errors import ConventionError
from halfpixel.formats.coreml.edit import LARGEST_CONSTANTS
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
from halfpixel.formats.plan import Goal, gathers, products
from halfpixel.formats.protobuf_schema import new
from halfpixel.site import Attribute

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

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


def say(writer: MilWriter, kind: str, attributes: Mapping[str, Attribute]) -> None:
    """Write an operation over x with the parameters that it takes.

    Args:
        writer: where it is written.
        kind: the operation.
        attributes: its parameters, as constants.
    """
    inputs = {"x": writer.x}
    for parameter, value in attributes.items():
        inputs[parameter] = writer.constant(parameter, value, PARAMETER_TYPES.get(parameter, ""))
    writer.add(kind, inputs)


PARAMETER_TYPES: Final = {"resized_dims": "uint32"}
"""Types of parameters that are not the usual ones of Python's numbers."""


def set_parameters(writer: MilWriter, attributes: Mapping[str, Attribute]) -> None:
    """Write the old operation with some parameters set anew."""
    made = new(Operation)
    made.CopyFrom(writer.old)
    for parameter, value in attributes.items():
        bound, old = writer.scope.argument(writer.old, parameter)
        del bound
        dtype = "" if old is None else dtype_of(old.type)
        name = writer.constant(parameter, value, dtype if dtype.startswith("float") else "")
        argument = made.inputs[parameter]
        argument.ClearField("arguments")
        argument.arguments.add().name = name
    writer.made.append(made)


def gather(writer: MilWriter, goal: Goal) -> None:
    """Write a gather an axis, which reads the very pixels.

    Raises:
        ConventionError: a sample is a blend, or lengths are not known.
    """
    tables, lengths = gathers(goal), _whole(goal)
    x = writer.x
    for place, (axis, pixels) in enumerate(tables):
        lengths[axis] = len(pixels)
        last = place + 1 == len(tables)
        inputs = {
            "x": x,
            "indices": writer.constant(f"pixels_{axis}", _int32(pixels)),
            "axis": writer.constant(f"axis_{axis}", axis),
        }
        if writer.scope.version >= GATHER_GREW:
            inputs["batch_dims"] = writer.constant(f"batch_dims_{axis}", 0)
            inputs["validate_indices"] = writer.constant(f"validate_{axis}", value=False)
        x = writer.add("gather", inputs, None if last else lengths).outputs[0].name


GATHER_GREW: Final = 8
"""Specification version from which on gather has batch_dims and validate_indices."""


def matmul(writer: MilWriter, goal: Goal) -> None:
    """Write a product an axis with the constant matrix W.

    Raises:
        ConventionError: lengths are not known, or other axes than the last two are resampled.
    """
    import numpy as np

    if writer.dtype not in {"float16", "float32"}:
        raise ConventionError(f"a matrix product of {writer.dtype or 'an unknown type'}")
    steps, lengths = products(goal, LARGEST_CONSTANTS), _whole(goal)
    rank = len(lengths)
    if any(step.axis < rank - 2 for step in steps):
        raise ConventionError("only the last two axes are resampled by matrix products")
    x = writer.x
    for place, step in enumerate(steps):
        axis = step.axis
        matrix: Array = step.weights.matrix().astype(writer.dtype)
        lengths[axis] = step.n_out
        last = place + 1 == len(steps)
        no = writer.constant(f"transpose_{axis}", value=False)
        if axis == rank - 2:
            name = writer.constant(f"weights_{axis}", matrix)
            inputs = {"x": name, "y": x}
        else:
            name = writer.constant(f"weights_{axis}", np.ascontiguousarray(matrix.T))
            inputs = {"x": x, "y": name}
        inputs |= {"transpose_x": no, "transpose_y": no}
        x = writer.add("matmul", inputs, None if last else lengths).outputs[0].name


def copied(writer: MilWriter) -> None:
    """Write what changes nothing."""
    writer.add("identity", {"x": writer.x})


def _whole(goal: Goal) -> list[int]:
    """Return the input's lengths, all of which the types of new values tell."""
    known = [n for n in goal.lengths[0] if n is not None]
    if len(known) != len(goal.lengths[0]):
        raise ConventionError("it needs lengths that the file fixes")
    return known


def _int32(values: Sequence[int]) -> "Array":
    import numpy as np

    return np.asarray(values, np.int32)


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
    """Return the type of a tensor."""
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
