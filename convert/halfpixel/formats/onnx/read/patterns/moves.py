"""Shapes of what Reshape and Unsqueeze make, as far as constants and declarations tell them."""

from math import prod
from typing import TYPE_CHECKING, Final

from halfpixel.formats.onnx.read.kept_axes import MANY, dims_of, short_list
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.surroundings import Dim, Shape
from halfpixel.work import spend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import NodeProto

DEEPEST: Final = 4
"""Nodes in a row that insert axes."""


def shape_of(scope: Scope, name: str) -> Shape | None:
    """Return the shape of a value: declared, inferred, or a constant's own."""
    return scope.shape(name) or scope.constant_dims(name)


def reshaped(scope: Scope, node: "NodeProto") -> Shape | None:
    """Return the shape that a Reshape makes: what it asks for, else what is declared of it."""
    declared = scope.shape(node.output[0]) if node.output else None
    target = dims_of(scope, given_name(node, 1)) if given_name(node, 1) else []
    if len(target) != len(declared or target):
        return declared
    before = shape_of(scope, given_name(node, 0))
    if scope.attributes(node).get("allowzero") and 0 in target:
        return None
    out: list[Dim] = []
    for axis, n in enumerate(target):
        if n == 0 and before is not None and axis < len(before):
            out.append(before[axis])
        elif n is None or n in {0, -1}:
            out.append(declared[axis] if declared is not None else None)
        else:
            out.append(n)
    left = _rest(before, out)
    if target.count(-1) == 1 and left is not None:
        out[target.index(-1)] = left
    return tuple(out)


def _rest(before: Shape | None, out: "list[Dim]") -> int | None:
    """Return the one length that is not asked for, from the number of elements."""
    known = [n for n in out if isinstance(n, int)]
    lengths = [n for n in before or (None,) if isinstance(n, int)]
    if before is None or len(lengths) < len(before) or len(known) != len(out) - 1:
        return None
    count, rest = prod(lengths), prod(known)
    return count // rest if rest and count % rest == 0 else None


def inserted(
    scope: Scope, names: "Sequence[str]", copied: frozenset[int]
) -> tuple[str, tuple[int, ...]]:
    """Return the value in which axes of length 1 are inserted, and their places behind that.

    Args:
        scope: the graph.
        names: the value with them; several are one where each inserts the same axes in one value.
        copied: axes that are made longer, which have to be among them.

    Returns:
        No places at all where nothing inserts them.
    """
    spend(len(names))
    first, *others = {_unsqueezed(scope, name) for name in names}
    if first is not None:
        data, places = first
        return (data, places) if copied <= set(places) and not others else ("", ())
    index = scope.producers.get(names[0])
    node = None if index is None else scope.nodes[index]
    if node is None or node.op_type != "Reshape" or not node.output or len(set(names)) > 1:
        return "", ()
    data, wide = given_name(node, 0), reshaped(scope, node)
    shape = shape_of(scope, data)
    ones = None if shape is None or wide is None else _ones(shape, wide, copied)
    return data, ones or ()


def unsqueezed_shape(scope: Scope, name: str) -> Shape | None:
    """Return the shape of a value that Unsqueeze makes, from what it starts from."""
    found = _unsqueezed(scope, name)
    if found is None:
        return None
    data, places = found
    left, ones = iter(shape_of(scope, data) or ()), set(places)
    rank = len(shape_of(scope, data) or ()) + len(ones)
    return tuple(1 if axis in ones else next(left) for axis in range(rank))


def _unsqueezed(scope: Scope, name: str) -> tuple[str, tuple[int, ...]] | None:
    """Return what a chain of Unsqueeze starts from, and the places of the axes behind it."""
    steps: list[NodeProto] = []
    while len(steps) < DEEPEST:
        index = scope.producers.get(name)
        node = None if index is None else scope.nodes[index]
        if node is None or node.op_type != "Unsqueeze" or not node.input:
            break
        steps.append(node)
        name = node.input[0]
    shape = shape_of(scope, name)
    if not steps or shape is None:
        return None
    own = [True] * len(shape)
    for node in reversed(steps):
        given = scope.attributes(node).get("axes") or short_list(scope, given_name(node, 1))
        axes = given if isinstance(given, tuple) else ()
        rank = len(own) + len(axes)
        if not 0 < len(axes) <= MANY or any(not -rank <= int(axis) < rank for axis in axes):
            return None
        for axis in sorted({int(axis) % rank for axis in axes}):
            own.insert(axis, False)
    return name, tuple(axis for axis, kept in enumerate(own) if not kept)


def _ones(shape: Shape, wide: Shape, copied: frozenset[int]) -> tuple[int, ...] | None:
    """Return where lengths of 1 are inserted into a shape; None where the lengths are others."""
    places: list[int] = []
    left = list(shape)
    for axis, length in enumerate(wide):
        spare = len(wide) - axis - len(left)
        if length == 1 and spare > 0 and (axis in copied or not left or left[0] != 1):
            places.append(axis)
        elif left and axis not in copied and _alike(left[0], length):
            left.pop(0)
        else:
            return None
    return None if left else tuple(places)


def _alike(a: int | str | None, b: int | str | None) -> bool:
    return a == b or not isinstance(a, int) or not isinstance(b, int)
