"""Small constants of a model, as plain numbers: no numpy, no onnx, no weights.

Source: ONNX `onnx.proto`, message TensorProto (typed fields and raw_data, little-endian).
"""

import struct
from typing import TYPE_CHECKING, Final, cast

from halfpixel.errors import GraphError
from halfpixel.formats.onnx.read.external_data import EXTERNAL, bytes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import TensorProto

    from halfpixel.site import Attribute
    from halfpixel.storage.remote_file import File

Numbers = tuple[float, ...] | tuple[int, ...]

NAMES: Final = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    16: "bfloat16",
}
"""Element types by their number in TensorProto.DataType."""

OTHER_NAMES: Final = {0: "of no type", 8: "string", 14: "complex64", 15: "complex128"}
"""Element types that hold no plain numbers."""

_CODES: Final = {
    1: "f",
    2: "B",
    3: "b",
    4: "H",
    5: "h",
    6: "i",
    7: "q",
    9: "?",
    10: "e",
    11: "d",
    12: "I",
    13: "Q",
}
_INT32_FIELD: Final = frozenset({2, 3, 4, 5, 6, 9})
CONSTANT_TYPES: Final = {
    f"value_{kind}{many}": name
    for kind, name in (("float", "float32"), ("int", "int64"), ("string", "string"))
    for many in ("", "s")
}
"""Element types of the Constant nodes that hold numbers in an attribute."""

FLOAT16: Final = 10
LARGEST: Final = 1 << 24
"""Most bytes of a constant that are read: index tables of a gather, never weights."""


def numbers(tensor: "TensorProto", file: "File | None") -> Numbers | None:
    """Return the values of a constant in row-major order.

    Args:
        tensor: the constant; its payload may lie outside the message.
        file: the model's file, which external data lies beside; None where there is none.

    Returns:
        Its values, or None where they are not at hand (missing external data, a type that
        holds no plain numbers, more than `LARGEST` bytes).

    Raises:
        GraphError: the payload does not fit the declared shape.
        ModelFileError: external data may not be read, or is not long enough.
    """
    count = 1
    for dim in tensor.dims:
        count *= dim
    if any(dim < 0 for dim in tensor.dims):
        raise _broken(tensor, f"of shape {list(tensor.dims)}, expected lengths of at least 0")
    code = _CODES.get(tensor.data_type)
    if code is None or count * struct.calcsize(code) > LARGEST:
        return None
    if tensor.data_location == EXTERNAL:
        size = count * struct.calcsize(code)
        found = bytes_of(tensor, tensor.name, file, size)
        if found is None:
            return None
        raw = found
    elif tensor.HasField("raw_data"):
        raw = tensor.raw_data
    else:
        return _typed(tensor, count)
    expected = count * struct.calcsize(code)
    if len(raw) != expected:
        dims = list(tensor.dims)
        raise _broken(tensor, f"of shape {dims} has {len(raw)} bytes, expected {expected}")
    values: Numbers = struct.unpack(f"<{count}{code}", raw)
    return values


def listed(given: "Mapping[str, Attribute]") -> tuple[Numbers | None, tuple[int, ...] | None]:
    """Return the values that a Constant node holds in an attribute of its own, and their shape.

    >>> listed({"value_ints": (2, 3)}), listed({"value_float": 0.5})
    (((2, 3), (2,)), ((0.5,), ()))
    """
    for key in ("value_ints", "value_floats"):
        if key in given:
            values = cast("Numbers", given[key])
            return values, (len(values),)
    for key in ("value_int", "value_float"):
        if key in given:
            return cast("Numbers", (given[key],)), ()
    return None, None


def _typed(tensor: "TensorProto", count: int) -> Numbers:
    fields: dict[int, Numbers] = {
        1: tuple(tensor.float_data),
        7: tuple(tensor.int64_data),
        11: tuple(tensor.double_data),
        12: tuple(tensor.uint64_data),
        13: tuple(tensor.uint64_data),
    }
    values = fields.get(tensor.data_type, ())
    if tensor.data_type == FLOAT16:
        halves = [bits & 0xFFFF for bits in tensor.int32_data]
        values = struct.unpack(f"<{len(halves)}e", struct.pack(f"<{len(halves)}H", *halves))
    elif tensor.data_type in _INT32_FIELD:
        values = tuple(tensor.int32_data)
    if len(values) != count:
        dims = list(tensor.dims)
        raise _broken(tensor, f"of shape {dims} has {len(values)} values, expected {count}")
    return values


def _broken(tensor: "TensorProto", reason: str) -> GraphError:
    return GraphError("", "", f"constant {tensor.name!r} {reason}")
