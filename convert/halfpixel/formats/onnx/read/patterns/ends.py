"""Which nodes may end a pattern: the little that is asked of every node of a graph."""

from typing import TYPE_CHECKING, Final

from halfpixel.formats.onnx.read.scope import Scope

if TYPE_CHECKING:
    from onnx import NodeProto

ENDS: Final = frozenset({"Reshape", "Concat"})
"""Operators that end a pattern: no other node is looked at."""

LONGER: Final = frozenset({"Tile", "Expand", "Concat"})
"""Operators that make an axis longer by copies."""

MOVES: Final = frozenset({"Tile", "Expand", "Transpose"})
"""Operators in the middle of a pattern."""

WIDE: Final = (6, 8)
"""Axes of an image in which another is inserted behind each of its own."""

SHUFFLES: Final = frozenset({(0, 1, 4, 2, 5, 3), (0, 3, 4, 1, 5, 2)})
"""What the Transpose of a pixel shuffle does; windows of attention are put together otherwise."""


def may_end(scope: Scope, node: "NodeProto") -> bool:
    """Whether the operators in front of a node of `ENDS` are those of a pattern."""
    if len(node.input) < 2 or not node.output or not node.output[0]:
        return False
    if node.op_type == "Concat":
        return len(node.input) > 3 and node.input[0] == node.input[1]
    index = scope.producers.get(node.input[0])
    if index is None:
        return False
    before = scope.nodes[index]
    return before.op_type in LONGER or (before.op_type == "Transpose" and _is_wide(before))


def _is_wide(node: "NodeProto") -> bool:
    """Whether a Transpose is of so many axes as a block of pixels takes."""
    return any(one.name == "perm" and len(one.ints) == WIDE[0] for one in node.attribute)


def needs_shapes(scope: Scope, node: "NodeProto") -> bool:
    """Whether a node of `MOVES` may be part of a pattern that is not told without shapes."""
    if node.op_type == "Expand":
        dims = scope.constant_dims(node.input[1]) if len(node.input) > 1 else None
        return dims is not None and len(dims) == 1 and dims[0] in WIDE
    perms = [tuple(one.ints) for one in node.attribute if one.name == "perm"]
    return node.op_type == "Tile" or any(perm in SHUFFLES for perm in perms)
