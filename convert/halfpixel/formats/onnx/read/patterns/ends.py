"""Which nodes may end a pattern: the little that is asked of every node of a graph."""

from typing import TYPE_CHECKING, Final

from halfpixel.formats.onnx.read.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        return _repeats(node)
    index = scope.producers.get(node.input[0])
    return index is not None and _goes_before(scope.nodes[index])


def holds_end(nodes: "Sequence[NodeProto]") -> bool:
    """Whether nodes of `ENDS` stand behind such operators among the nodes of a function."""
    made = {name for node in nodes if _goes_before(node) for name in node.output}
    return any(
        _repeats(node) if node.op_type == "Concat" else node.input[0] in made
        for node in nodes
        if node.op_type in ENDS and node.input
    )


def _repeats(concat: "NodeProto") -> bool:
    """Whether a Concat begins with one value twice."""
    return len(concat.input) > 3 and concat.input[0] == concat.input[1]


def _goes_before(before: "NodeProto") -> bool:
    """Whether a node is one that a Reshape has before it at the end of a pattern."""
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
