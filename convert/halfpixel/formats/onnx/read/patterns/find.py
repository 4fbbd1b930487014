"""Which node ends a resampling that is written in operators which only move data."""

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.read.evaluation import Described, guarded_compute
from halfpixel.formats.onnx.read.patterns.repetition import read_repetition, repetition_operation
from halfpixel.formats.onnx.read.patterns.shuffle import read_shuffle, shuffle_operation
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.origin import Origin, Producer
from halfpixel.site import Operation
from halfpixel.work import PLAIN, TooMuchWork, one_node, spend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onnx import NodeProto


class Pattern(Struct, frozen=True):
    """A resampling in several nodes.

    Attributes:
        data: the value that is resampled.
        described: what is computed.
        within: values on the way from it, which end no resampling of their own.
    """

    data: str
    described: Described
    within: tuple[str, ...] = ()


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
    try:
        return _read(scope, node, base)
    except TooMuchWork:
        raise
    except ConventionError:
        return None  # lengths that no such resampling has


def _read(scope: Scope, node: "NodeProto", base: Operation) -> Pattern | None:
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
    nodes: "Mapping[int, NodeProto]", read: "Callable[[NodeProto], Pattern | None]"
) -> "list[tuple[int, Pattern | str]]":
    """Return the patterns that end in nodes of a graph, those that are part of another left out.

    Args:
        nodes: nodes that `may_end` one, by their places.
        read: reads one.

    Returns:
        The place of the last node of each, and the pattern, or why it is too much work.
    """
    found: list[tuple[int, Pattern | str]] = []
    within: set[str] = set()
    for index, node in nodes.items():
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
