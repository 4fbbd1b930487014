"""Constants that a quantiser or an exporter put behind DequantizeLinear or Cast.

Source: ONNX `docs/Operators.md`, Cast and DequantizeLinear.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Final

from halfpixel.sampling.arithmetic import float16, float32
from halfpixel.site import Attribute
from halfpixel.work import spend

if TYPE_CHECKING:
    from halfpixel.formats.onnx.read.constants import Numbers

FOLDED: Final[Mapping[str, int]] = {"Cast": 1, "DequantizeLinear": 3}
"""Operators of constants that are followed, and how many inputs each has at most."""

MOST: Final = 1 << 20
"""Values of a constant that are followed at most."""

DEEPEST: Final = 4
"""Operators in a row that are followed."""

RANGES: Final[Mapping[int, tuple[int, int]]] = {
    2: (0, 255),
    3: (-128, 127),
    4: (0, 65_535),
    5: (-32_768, 32_767),
    6: (-(1 << 31), (1 << 31) - 1),
    7: (-(1 << 63), (1 << 63) - 1),
}
"""Least and largest values of the integers, by their numbers in TensorProto.DataType."""


FLOATS: Final[Mapping[int, Callable[[float], float]]] = {1: float32, 10: float16, 11: float}
"""Rounding of the floats, by their numbers in TensorProto.DataType."""


def is_folded(op: str, inputs: int) -> bool:
    """Whether an operator of so many inputs is followed to the constants that it reads."""
    if op not in FOLDED:
        return False
    spend()
    return 0 < inputs <= FOLDED[op]


def are_few(dims: Sequence[int]) -> bool:
    """Whether a constant of this shape is followed."""
    return prod(dims) <= MOST


def folded(
    op: str,
    attributes: Mapping[str, Attribute],
    inputs: "Sequence[Numbers | None]",
    dims: Sequence[int],
) -> "Numbers | None":
    """Return the values of an operator of constants, in row-major order; None where not known.

    Args:
        op: one of `FOLDED`.
        attributes: the node's own.
        inputs: the values of its inputs, None each that is no constant.
        dims: shape of the first input.

    >>> folded("Cast", {"to": 7}, [(2.0, -1.7)], (2,))
    (2, -1)
    >>> folded("DequantizeLinear", {}, [(130, 126), (0.5,), (128,)], (2,))
    (1.0, -1.0)
    """
    spend(prod(dims) // 16)
    known = [values for values in inputs if values is not None]
    if len(known) < len(inputs):
        return None
    try:
        if op == "Cast":
            return _cast(known[0], attributes.get("to"))
        if attributes.get("block_size", 0) or attributes.get("output_dtype", 0):
            return None
        axis = attributes.get("axis", 1)
        scales, zeros = (_spread(values, dims, axis) for values in (*known, (0,))[1:3])
        if scales is None or zeros is None:
            return None
        rows = zip(known[0], scales, zeros, strict=True)
        return tuple([float32((q - zero) * scale) for q, scale, zero in rows])
    except (OverflowError, ValueError, IndexError):
        return None  # an infinity, or scales of nothing


def _cast(values: "Numbers", to: object) -> "Numbers | None":
    if to in FLOATS:
        rounded = FLOATS[int(str(to))]
        return tuple([rounded(float(value)) for value in values])
    if to not in RANGES:
        return None
    least, largest = RANGES[int(str(to))]
    whole = tuple([math.trunc(value) for value in values])
    return whole if all(least <= value <= largest for value in whole) else None


def _spread(given: "Numbers", dims: Sequence[int], axis: object) -> "Numbers | None":
    """Return one number an element of a tensor, of one for all or one along an axis."""
    count = prod(dims)
    if len(given) == 1:
        return tuple(given) * count
    if not isinstance(axis, int) or not -len(dims) <= axis < len(dims):
        return None
    axis %= len(dims)
    if len(given) != dims[axis]:
        return None
    inner = prod(dims[axis + 1 :])
    row = tuple([value for value in given for _ in range(inner)])
    return row * prod(dims[:axis])
