"""Core ML packages of a few operations, written from the messages themselves, for tests."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from halfpixel.formats.coreml.messages import (
    MilOperation,
    MilProgram,
    MilValue,
    ModelDescription,
    ValueType,
)
from halfpixel.formats.coreml.schema import DATA_TYPES
from halfpixel.formats.protobuf_schema import Message, new, parsed
from halfpixel.formats.protobuf_wire import WireReader, bytes_field, varint_bytes

M = TypeVar("M", bound=Message)
Array = np.ndarray[Any, np.dtype[Any]]
CODES = {name: code for code, name in DATA_TYPES.items()}
GROUPS = {"float32": "floats", "int32": "ints", "bool": "bools", "string": "strings"}
SPEC = "Data/com.apple.CoreML/model.mlmodel"
PROGRAM = 502
"""Field of a Model that holds an ML Program."""

DESCRIPTION = 2
"""Field of a Model that describes its inputs, outputs and functions."""


@dataclass(frozen=True)
class Op:
    """One operation: its type, what its parameters are bound to, and its outputs.

    A text that begins with "%" is the name of a value; everything else is a constant.
    """

    type: str
    inputs: Mapping[str, object]
    outputs: Sequence[tuple[str, str, Sequence[int | None]]]
    name: str = ""
    own: Mapping[str, object] = field(default_factory=dict[str, object])


def tensor_type(kind: ValueType, dtype: str, shape: Sequence[int | None]) -> None:
    kind.tensorType.dataType = CODES[dtype]
    kind.tensorType.rank = len(shape)
    for length in shape:
        dimension = kind.tensorType.dimensions.add()
        if length is None:
            dimension.unknown.variadic = False
        else:
            dimension.constant.size = length


def set_value(message: MilValue, constant: object) -> None:
    """Spell a constant out."""
    array = np.asarray(constant)
    if array.dtype == np.int64:
        array = array.astype(np.int32)
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    dtype = "string" if array.dtype.kind == "U" else str(array.dtype)
    tensor_type(message.type, dtype, array.shape)
    tensor = message.immediateValue.tensor
    if dtype in GROUPS:
        getattr(tensor, GROUPS[dtype]).values.extend(array.reshape(-1).tolist())
    else:
        tensor.bytes.values = array.tobytes()


def program(
    inputs: Mapping[str, tuple[str, Sequence[int | None]]],
    ops: Sequence[Op],
    outputs: Sequence[str],
) -> MilProgram:
    """Return a program of one function."""
    made = new(MilProgram)
    made.version = 1
    function = made.functions["main"]
    function.opset = "CoreML8"
    for name, (dtype, shape) in inputs.items():
        given = function.inputs.add()
        given.name = name
        tensor_type(given.type, dtype, shape)
    block = function.block_specializations["CoreML8"]
    block.outputs.extend(outputs)
    for op in ops:
        operation = block.operations.add()
        operation.type = op.type
        set_value(operation.attributes["name"], op.name or op.outputs[0][0])
        for key, constant in op.own.items():
            set_value(operation.attributes[key], constant)
        for parameter, bound in op.inputs.items():
            many = bound if isinstance(bound, list) and parameter == "values" else [bound]
            for one in many:
                binding = operation.inputs[parameter].arguments.add()
                if isinstance(one, str) and one.startswith("%"):
                    binding.name = one[1:]
                else:
                    set_value(binding.value, one)
        for name, dtype, shape in op.outputs:
            result = operation.outputs.add()
            result.name = name
            tensor_type(result.type, dtype, shape)
    return made


def package(
    folder: Path,
    inputs: Mapping[str, tuple[str, Sequence[int | None]]],
    ops: Sequence[Op],
    outputs: Sequence[str],
    version: int = 9,
) -> Path:
    """Write a package and return its path."""
    description = new(ModelDescription)
    for name, (dtype, shape) in inputs.items():
        feature = description.input.add()
        feature.name = name
        array = feature.type.multiArrayType
        array.dataType = {"float16": 65552, "float32": 65568, "int32": 131104}[dtype]
        array.shape.extend(1 if n is None else n for n in shape)
        if None in shape:
            for n in shape:
                one = array.shapeRange.sizeRanges.add()
                one.lowerBound, one.upperBound = (1, -1) if n is None else (n, n)
    for name in outputs:
        feature = description.output.add()
        feature.name = name
        feature.type.multiArrayType.dataType = 65568
    spec = (
        varint_bytes(1 << 3) + varint_bytes(version)
        + bytes_field(DESCRIPTION, description.SerializeToString())
        + bytes_field(PROGRAM, program(inputs, ops, outputs).SerializeToString())
    )  # fmt: skip
    (folder / SPEC).parent.mkdir(parents=True)
    (folder / SPEC).write_bytes(spec)
    manifest = {
        "fileFormatVersion": "1.0.0",
        "itemInfoEntries": {"root": {"path": "com.apple.CoreML/model.mlmodel"}},
        "rootModelIdentifier": "root",
    }
    (folder / "Manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def changed(folder: Path, change: Callable[[MilProgram], None]) -> Path:
    """Change the program of a package in its place, and return the package's path."""
    return _with_field(folder, PROGRAM, MilProgram, change)


def described(folder: Path, change: Callable[[ModelDescription], None]) -> Path:
    """Change the description of a package in its place, and return the package's path."""
    return _with_field(folder, DESCRIPTION, ModelDescription, change)


def _with_field(folder: Path, number: int, kind: type[M], change: Callable[[M], None]) -> Path:
    data = (folder / SPEC).read_bytes()
    reader, at, kept, body = WireReader(data), 0, b"", b""
    while at < len(data):
        tag, _, start, end = reader.field(at, len(data))
        if tag >> 3 == number:
            body += data[start:end]
        else:
            kept += data[at:end]
        at = end
    made = parsed(kind, body)
    change(made)
    (folder / SPEC).write_bytes(kept + bytes_field(number, made.SerializeToString()))
    return folder


def operations(made: MilProgram, kind: str) -> list[MilOperation]:
    """Return the operations of a type in the main function."""
    (block,) = made.functions["main"].block_specializations.values()
    return [operation for operation in block.operations if operation.type == kind]


def constant(made: MilProgram, operation: MilOperation, parameter: str) -> MilValue:
    """Return the message of the constant that a parameter is bound to."""
    (binding,) = operation.inputs[parameter].arguments
    if binding.WhichOneof("binding") == "value":
        return binding.value
    (block,) = made.functions["main"].block_specializations.values()
    (maker,) = [one for one in block.operations for out in one.outputs if out.name == binding.name]
    return maker.attributes["val"]
