"""Numbers as Core ML stores them, those of fewer than eight bits packed.

Source: apple/coremltools `mlmodel/src/MILBlob/SubByteTypes.hpp` and `Blob/StorageFormat.hpp`:
the least significant bits of a byte hold the first number, and a number may run over into the
next byte.
"""

from typing import TYPE_CHECKING, Final

from halfpixel.errors import GraphError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array


WIDTHS: Final = {"uint1": 1, "uint2": 2, "uint3": 3, "uint4": 4, "uint6": 6, "int4": 4}
"""Bits of the element types that are packed."""


def type_of(dtype: str) -> "np.dtype[np.generic]":
    """Return the numpy type that values of an element type have once they are read.

    Raises:
        ValueError: numpy has no such type.

    >>> type_of("uint3"), type_of("int4")
    (dtype('uint8'), dtype('int8'))
    """
    import numpy as np

    if dtype in WIDTHS:
        return np.dtype(np.int8 if dtype == "int4" else np.uint8)
    try:
        return np.dtype("object" if dtype == "string" else dtype)
    except TypeError as error:
        raise ValueError(f"values of type {dtype} are not read") from error


def size_of(dtype: str, count: int) -> int:
    """Return how many bytes a number of values takes; raises as `type_of` does.

    >>> size_of("uint3", 5), size_of("float16", 5)
    (2, 10)
    """
    width = WIDTHS.get(dtype)
    return type_of(dtype).itemsize * count if width is None else -(-width * count // 8)


def read(data: bytes, dtype: str, count: int) -> "Array":
    """Return values from the bytes that hold them; raises as `type_of` does.

    >>> read(bytes([0x2F]), "int4", 2).tolist()
    [-1, 2]
    """
    import numpy as np

    width = WIDTHS.get(dtype)
    if width is None:
        return np.frombuffer(data, type_of(dtype).newbyteorder("<"))
    found = unpacked(np.frombuffer(data, np.uint8), width, count)
    if dtype == "int4":
        found = np.where(found > 7, found - 16, found)
    return found.astype(type_of(dtype))


def raw(data: bytes, dtype: str, count: int) -> "Array":
    """Return the values of a constant from its bytes, which are uint8 where no type is known.

    Raises:
        GraphError: they are no such values.
    """
    try:
        return read(data, dtype or "uint8", count)
    except ValueError as error:
        raise GraphError("", "", f"{len(data)} bytes are no {dtype} values") from error


def unpacked(data: "Array", width: int, count: int) -> "NDArray[np.intp]":
    """Return numbers of `width` bits that are packed from the least significant bit on.

    Raises:
        ValueError: the bytes hold fewer numbers.

    >>> import numpy as np
    >>> unpacked(np.array([0b01101100, 0b11], np.uint8), 2, 5).tolist()
    [0, 3, 2, 1, 3]
    """
    import numpy as np

    bits = np.unpackbits(data.astype(np.uint8).reshape(-1), bitorder="little")[: width * count]
    weights = 1 << np.arange(width, dtype=np.intp)
    found: NDArray[np.intp] = bits.reshape(count, width).astype(np.intp) @ weights
    return found
