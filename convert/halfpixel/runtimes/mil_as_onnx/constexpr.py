"""Compressed constants of an ML Program (the constexpr operators), written out.

================================ ===========================================================
operator                         value
================================ ===========================================================
constexpr_affine_dequantize      scale (data - zero_point), along one axis
constexpr_blockwise_shift_scale  scale (data - offset), each for a block
constexpr_lut_to_dense           the table's entry of each index; up to iOS 17 the indices
                                 are packed bits, from iOS 18 on tables may be one a block
constexpr_sparse_to_dense        the data where the mask is set, 0 elsewhere
constexpr_cast                   the same in float32
================================ ===========================================================

Source: coremltools `converters/mil/mil/ops/defs/iOS16/constexpr_ops.py` and
`iOS18/compression.py`.
"""

import math
from typing import TYPE_CHECKING, cast

from halfpixel.errors import GraphError
from halfpixel.formats.coreml.messages import MilOperation
from halfpixel.formats.coreml.read.packed import unpacked
from halfpixel.formats.coreml.read.program import dtype_of, operation_name

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array

    Given = Callable[[str], Array | None]


def decompressed(operation: MilOperation, given: "Given") -> "list[Array]":
    """Return what an operator of constants makes.

    Args:
        operation: an operation whose type starts with constexpr_.
        given: a parameter's array, or None.

    Raises:
        GraphError: an operator that is not known here, or a parameter that does not fit.
    """
    made = _MADE.get(operation.type)
    name = operation_name(operation)
    if made is None:
        reason = f"MIL operator {operation.type} is not lowered to ONNX"
        raise GraphError("", name, f"{reason}; verification goes site by site")
    dtype = dtype_of(operation.outputs[0].type)

    def needed(parameter: str) -> "Array":
        found = given(parameter)
        if found is None:
            raise GraphError("", name, f"{operation.type}: {parameter} is no constant")
        return found

    try:
        return [made(needed, given).astype(dtype or "float32")]
    except (ValueError, IndexError, TypeError) as error:
        raise GraphError("", name, f"{operation.type}: {error}") from error


def _spread(values: "Array", data: "Array", axis: int) -> "NDArray[np.float64]":
    """Return one number, or one an entry of an axis, with the rank of the data."""
    import numpy as np

    shape = [1] * data.ndim
    if values.size > 1:
        shape[axis] = values.size
    found: NDArray[np.float64] = values.astype(np.float64).reshape(shape)
    return found


def _affine(needed: "Callable[[str], Array]", _given: "Given") -> "NDArray[np.float64]":
    data, axis = needed("quantized_data"), int(cast("int", needed("axis").reshape(-1)[0]))
    zero, scale = (_spread(needed(name), data, axis) for name in ("zero_point", "scale"))
    return scale * (data.astype("float64") - zero)


def _blockwise(needed: "Callable[[str], Array]", given: "Given") -> "NDArray[np.float64]":
    data, scale = needed("data").astype("float64"), needed("scale").astype("float64")
    offset = given("offset")
    if offset is not None:
        data = data - _blocks(offset.astype("float64"), data.shape)
    found: NDArray[np.float64] = _blocks(scale, data.shape) * data
    return found


def _blocks(values: "NDArray[np.float64]", shape: tuple[int, ...]) -> "NDArray[np.float64]":
    """Repeat each value over its block.

    >>> import numpy as np
    >>> _blocks(np.array([[1.0, 2.0]]), (1, 4)).tolist()
    [[1.0, 1.0, 2.0, 2.0]]
    """
    import numpy as np

    for axis, length in enumerate(shape):
        if length % values.shape[axis]:
            raise ValueError(f"{values.shape[axis]} blocks along axis {axis} of length {length}")
        values = np.repeat(values, length // values.shape[axis], axis)
    return values


def _looked_up(needed: "Callable[[str], Array]", given: "Given") -> "Array":
    import numpy as np

    indices, table, shape = needed("indices"), needed("lut"), given("shape")
    if shape is not None:
        lengths = [int(n) for n in shape.reshape(-1)]
        width = int(math.log2(table.size))
        return table[unpacked(indices, width, math.prod(lengths))].reshape(lengths)
    axis = given("vector_axis")
    palette, vector = table.shape[-2:]
    grown = table
    for place, length in enumerate(indices.shape):
        grown = np.repeat(grown, length // table.shape[place], place)
    flat = grown.reshape(-1, palette, vector)
    chosen = flat[np.arange(indices.size), indices.reshape(-1).astype(np.intp)]
    found: Array = chosen.reshape(*indices.shape, vector)
    if vector == 1:
        return found[..., 0]
    along = int(cast("int", (axis if axis is not None else np.array([-1])).reshape(-1)[0]))
    along %= indices.ndim
    moved = np.moveaxis(found, -1, along + 1)
    lengths = list(indices.shape)
    lengths[along] *= vector
    return moved.reshape(lengths)


def _sparse(needed: "Callable[[str], Array]", given: "Given") -> "Array":
    import numpy as np

    data, mask, shape = needed("nonzero_data"), needed("mask"), given("shape")
    if shape is not None:
        lengths = [int(n) for n in shape.reshape(-1)]
        mask = unpacked(mask, 1, math.prod(lengths)).reshape(lengths)
    found = np.zeros(mask.shape, data.dtype)
    found[mask != 0] = data
    return found


def _cast(needed: "Callable[[str], Array]", _given: "Given") -> "Array":
    return needed("source_val")


_MADE: "dict[str, Callable[[Callable[[str], Array], Given], Array]]" = {
    "constexpr_affine_dequantize": _affine,
    "constexpr_blockwise_shift_scale": _blockwise,
    "constexpr_lut_to_dense": _looked_up,
    "constexpr_sparse_to_dense": _sparse,
    "constexpr_cast": _cast,
}
