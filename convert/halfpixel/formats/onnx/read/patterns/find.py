"""Which node ends a resampling that is written in operators which only move data."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from halfpixel.formats.onnx.read.evaluation import Described, guarded_compute
from halfpixel.formats.onnx.read.patterns.repetition import (
    LONGER,
    read_repetition,
    repetition_operation,
)
from halfpixel.formats.onnx.read.patterns.shuffle import (
    LAYOUTS,
    read_shuffle,
    shuffle_operation,
)
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.origin import Origin, Producer
from halfpixel.site import Operation
from halfpixel.work import PLAIN, TooMuchWork, one_node, spend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onnx import NodeProto

ENDS: Final = frozenset({"Reshape", "Concat"})
"""Operators that end a pattern: no other node is looked at."""

WIDE: Final = (6, 8)
"""Axes of an image in which another is inserted behind each of its own."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A resampling in several nodes.

    Attributes:
        data: the value that is resampled.
        described: what is computed.
        within: values on the way from it, which end no resampling of their own.
    """

    data: str
    described: Described
    within: tuple[str, ...] = ()


def may_end(scope: Scope, node: "NodeProto") -> bool:
    """Whether the operators in front of a node are those of a pattern."""
    if len(node.input) < 2 or not node.output or node.output[0] == "":
        return False
    if node.op_type == "Concat":
        return len(node.input) > 3 and node.input[0] == node.input[1]
    index = scope.producers.get(node.input[0])
    before = "" if index is None else scope.nodes[index].op_type
    return before in LONGER or before == "Transpose"


def read_pattern(scope: Scope, node: "NodeProto", producer: Producer) -> Pattern | None:
    """Return the resampling that ends in a node; None where there is none."""
    base = Operation(
        node.op_type,
        scope.opset(node.domain) or 0,
        {},
        None,
        declared=scope.declared(node.output[0]),
        origin=Origin(producer),
    )
    shuffle = read_shuffle(scope, node)
    if shuffle is not None:
        spend(PLAIN)
        described = shuffle_operation(shuffle, base)
        return Pattern(shuffle.data, _typed(scope, node, shuffle.data, described))
    found = read_repetition(scope, node)
    if found is None:
        return None
    spend(PLAIN)
    described = repetition_operation(found, base)
    return Pattern(found.data, _typed(scope, node, found.data, described), found.within)


def _typed(scope: Scope, node: "NodeProto", data: str, described: Described) -> Described:
    operation = replace(described.operation, dtype=scope.dtype(data))
    return Described(operation, guarded_compute(node, described.compute))


def patterns_of(
    scope: Scope, nodes: "Mapping[int, NodeProto]", read: "Callable[[NodeProto], Pattern | None]"
) -> "list[tuple[int, Pattern | str]]":
    """Return the patterns that end in nodes of a graph, those that are part of another left out.

    Args:
        scope: the graph.
        nodes: nodes of the types in `ENDS`, by their places.
        read: reads one.

    Returns:
        The place of the last node of each, and the pattern, or why it is too much work.
    """
    found: list[tuple[int, Pattern | str]] = []
    within: set[str] = set()
    for index, node in nodes.items():
        if not may_end(scope, node):
            continue
        try:
            with one_node():
                pattern = read(node)
        except TooMuchWork as error:
            found.append((index, str(error)))
            continue
        if pattern is not None:
            found.append((index, pattern))
            within.update(pattern.within)
    return [(index, one) for index, one in found if nodes[index].output[0] not in within]


MOVES: Final = frozenset({"Tile", "Expand", "Transpose"})
"""Operators in the middle of a pattern."""


def needs_shapes(scope: Scope, node: "NodeProto") -> bool:
    """Whether a node of `MOVES` may be part of a pattern that is not told without shapes."""
    if node.op_type == "Expand":
        dims = scope.constant_dims(node.input[1]) if len(node.input) > 1 else None
        return dims is not None and len(dims) == 1 and dims[0] in WIDE
    if node.op_type == "Transpose":
        perms = [tuple(one.ints) for one in node.attribute if one.name == "perm"]
        return any(layout.perm in perms for layout in LAYOUTS)
    return node.op_type == "Tile"
