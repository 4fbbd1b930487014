"""The constants of an ML Program as arrays: spelled out in it, or in a file of weights.

Source: apple/coremltools `mlmodel/src/MILBlob/Blob/StorageFormat.hpp`.
"""

import math
import os
import struct
from typing import TYPE_CHECKING, Final, cast

from halfpixel.errors import GraphError
from halfpixel.formats.coreml.messages import MilProgram, MilValue
from halfpixel.formats.coreml.read import packed
from halfpixel.formats.coreml.read.package import Package
from halfpixel.formats.coreml.read.program import dtype_of, scopes, shape_of

if TYPE_CHECKING:
    from halfpixel.arrays import Array


SENTINEL: Final = 0xDEADBEEF
RECORD: Final = struct.Struct("<IIQQ")
"""One record of a weights file: sentinel, element type, bytes, and where they start."""

BLOB_TYPES: Final = {
    1: "float16", 2: "float32", 3: "uint8", 4: "int8", 5: "bfloat16", 6: "int16", 7: "uint16",
    8: "int4", 9: "uint1", 10: "uint2", 11: "uint4", 12: "uint3", 13: "uint6", 14: "int32",
    15: "uint32",
}  # fmt: skip


def blobs_of(program: MilProgram) -> set[str]:
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


def array_of(value: MilValue, package: Package | None, name: str) -> "Array":
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
            found = packed.raw(tensor.bytes.values, dtype, math.prod(lengths))
        elif group is None:
            found = np.zeros(0)
        else:
            found = np.asarray(list(cast("list[float]", getattr(tensor, group).values)))
    if found.size != math.prod(lengths):
        expected = "x".join(map(str, lengths)) or "1"
        raise GraphError("", name, f"the constant has {found.size} values, expected {expected}")
    return cast("Array", found.reshape(lengths).astype(packed.type_of(dtype)))


def _from_blob(
    value: MilValue, package: Package | None, name: str, shape: tuple[int, ...], dtype: str
) -> "Array":
    """Read one record of the weights file."""
    blob = value.blobFileValue
    if package is None:
        raise GraphError("", name, f"its values lie in {blob.fileName!r}, which is not at hand")
    offset = int(blob.offset)
    try:
        wanted = packed.size_of(dtype, math.prod(shape))
    except ValueError as error:
        raise GraphError("", name, str(error)) from error
    with package.blob(blob.fileName) as file:
        size = file.seek(0, os.SEEK_END)
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
        return packed.raw(file.read(count), dtype, math.prod(shape))
