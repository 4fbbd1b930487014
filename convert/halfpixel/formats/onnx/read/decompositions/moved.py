"""Which sample of each window a value is that slices and reshapes pick from the whole.

The places of the whole are numbered, and the numbers go through what only moves data: what comes
out are the places that the value holds.
"""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Final

from halfpixel.formats.onnx.read.decompositions.averages import Label
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.work import spend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

MOVES: Final = frozenset({"Gather", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"})
"""Operators that are followed."""

MOST_MOVES: Final = 8
"""Operators between the whole and a sum."""

LARGEST: Final = 1 << 16
"""Places that are numbered."""

A_STEP: Final = 1 << 12
"""Places that are moved for a step of work."""


def known_lengths(scope: Scope, name: str, order: Sequence[Label]) -> tuple[int, ...] | None:
    """Return the declared lengths of a value; None where they are not all known, or too many."""
    shape = scope.shape(name)
    lengths = tuple(n for n in shape or () if isinstance(n, int) and n > 0)
    if shape is None or len(lengths) != len(shape) or len(shape) != len(order):
        return None
    return lengths if prod(lengths) <= LARGEST else None


def picked(
    scope: Scope, lengths: tuple[int, ...], moves: "Sequence[NodeProto]", order: Sequence[Label]
) -> tuple[int, ...] | None:
    """Return which sample of each window is left; None where it is not one of each.

    Args:
        scope: the graph.
        lengths: of the whole.
        moves: what follows it, in order.
        order: what the axes of the whole are.
    """
    import numpy as np

    spend(1 + len(moves) * prod(lengths) // A_STEP)
    whole = np.arange(prod(lengths)).reshape(lengths)
    left: NDArray[np.int_] | None = whole
    for node in moves:
        left = None if left is None else _moved(scope, node, left)
    if left is None or not left.size:
        return None
    first = np.unravel_index(int(left.flat[0]), lengths)
    windows = [k for k, label in enumerate(order) if label[0] == "window"]
    index = tuple(int(first[k]) if k in windows else slice(None) for k in range(len(order)))
    if not np.array_equal(whole[index], left):
        return None
    return tuple(int(first[k]) for k in sorted(windows, key=lambda k: order[k]))


def _moved(scope: Scope, node: "NodeProto", array: "NDArray[np.int_]") -> "NDArray[np.int_] | None":
    """Return what an operator makes of numbered places; None where it is not told by constants."""
    import numpy as np

    attributes = scope.attributes(node)
    given = [_whole(scope, given_name(node, k)) for k in range(1, len(node.input))]
    first = given[0] if given else None
    try:
        match node.op_type:
            case "Reshape" if first:
                return array.reshape(first)
            case "Slice" if None not in given and len(given) > 1:
                return _sliced(array, [one or () for one in given])
            case "Gather" if first and len(first) == 1:
                axis = int(str(attributes.get("axis", 0)))
                return array.take(np.array(first), axis=axis).squeeze(axis)
            case "Squeeze" | "Transpose" | "Unsqueeze":
                axes = attributes.get("axes") or attributes.get("perm") or first
                return _relaid(node.op_type, array, axes) if isinstance(axes, tuple) else None
            case _:
                pass
    except (ValueError, IndexError):  # it does not fit
        pass
    return None


def _relaid(op: str, array: "NDArray[np.int_]", axes: tuple[object, ...]) -> "NDArray[np.int_]":
    import numpy as np

    numbers = tuple(int(str(axis)) for axis in axes)
    if op == "Squeeze":
        return array.squeeze(numbers)
    if op == "Transpose":
        return array.transpose(numbers)
    return np.expand_dims(array, numbers)


def _sliced(
    array: "NDArray[np.int_]", given: Sequence[tuple[int, ...]]
) -> "NDArray[np.int_] | None":
    begins, ends = given[:2]
    axes = given[2] if len(given) > 2 else tuple(range(len(begins)))
    steps = given[3] if len(given) > 3 else (1,) * len(begins)
    if not len(begins) == len(ends) == len(axes) == len(steps) or any(n < 1 for n in steps):
        return None
    index = [slice(None)] * array.ndim
    for axis, *bounds in zip(axes, begins, ends, steps, strict=True):
        index[axis] = slice(*bounds)
    return array[tuple(index)]


def _whole(scope: Scope, name: str) -> tuple[int, ...] | None:
    """Return the whole numbers of a constant."""
    numbers = scope.numbers(name) if name else None
    return None if numbers is None else tuple(int(n) for n in numbers)
