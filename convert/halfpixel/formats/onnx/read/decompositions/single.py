"""An axis of length 1 that is put in before a resize, and taken out behind it."""

from typing import TYPE_CHECKING

from halfpixel.formats.onnx.read.scope import Scope, given_name

if TYPE_CHECKING:
    from onnx import NodeProto


def squeezed(scope: Scope, data: str, output: str) -> tuple[str, str, int] | None:
    """Return the values before an Unsqueeze and behind the Squeeze of the same axis, and that axis.

    Args:
        scope: the graph.
        data: the value that is resampled.
        output: the value that it ends in.
    """
    before = scope.producer(data)
    if before is None or before[1].op_type != "Unsqueeze":
        return None
    readers = scope.readers.get(output, ())
    if len(readers) != 1:
        return None
    behind = scope.nodes[readers[0]]
    if behind.op_type != "Squeeze" or not behind.output or output in scope.outputs:
        return None
    outer = given_name(before[1], 0)
    shape = before[0].shape(outer)
    if shape is None or before[0] is not scope:
        return None
    rank = len(shape) + 1
    axes = [_only_axis(scope, node, rank) for node in (before[1], behind)]
    if axes[0] is None or axes[0] != axes[1]:
        return None
    return outer, behind.output[0], axes[0]


def _only_axis(scope: Scope, node: "NodeProto", rank: int) -> int | None:
    """Return the axis that an Unsqueeze or Squeeze makes or takes, where it is one."""
    given = scope.attributes(node).get("axes") or scope.numbers(given_name(node, 1))
    if not isinstance(given, tuple) or len(given) != 1 or not -rank <= int(given[0]) < rank:
        return None
    return int(given[0]) % rank
