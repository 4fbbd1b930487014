"""What makes two nodes alike, so that one description serves both; and what a node is called."""

import re
from typing import TYPE_CHECKING, Final

from halfpixel.formats.onnx.read.scope import Scope, text
from halfpixel.formats.onnx.read.surroundings import is_joined
from halfpixel.site import Operation

if TYPE_CHECKING:
    from onnx import NodeProto

_SIZE: Final = re.compile(
    r"size\s*=\s*[\[(]?\s*\d|interpolate\(\s*\w+\s*,\s*[\[(]?\s*\d|pool\dd?\([^,]*,\s*[\[(]?\d"
)


def name_of(node: "NodeProto") -> str:
    """Return a node's name, or its first output's where it has none."""
    name = node.name or (node.output[0] if node.output else node.op_type)
    return text(name)


def likeness(scope: Scope, node: "NodeProto") -> object:
    """Return what a plain resize has in common with others that are described alike.

    None where a node has to be looked at for itself: it carries a record, its path through the
    graph counts, or its shapes are not written in the file.
    """
    if node.op_type not in {"Resize", "Upsample"} or node.metadata_props or scope.bound:
        return None
    if not node.input or not node.output:
        return None
    data, out = scope.values.get(node.input[0]), scope.values.get(node.output[0])
    if data is None or out is None:
        return None
    attributes = b"".join([a.SerializeToString() for a in node.attribute])
    if b"align_corners" in attributes or scope.arguments:
        return None
    joined = is_joined(scope, node)
    lengths = (data.type.SerializeToString(), out.type.SerializeToString())
    return (id(scope), node.op_type, tuple(node.input)[1:], attributes, lengths, joined)


def operation_key(operation: Operation) -> object:
    """Return what makes two operations alike, hashable."""
    return (
        operation.op,
        operation.opset,
        tuple(sorted(operation.attributes.items())),
        operation.operator,
        operation.input_shape,
        operation.output_shape,
        operation.scales,
        operation.by,
        operation.constant_lengths,
        operation.dtype,
        operation.grid_dtype,
        operation.problem,
        operation.surroundings,
        operation.origin,
    )


def spells_size(text: str) -> bool:
    """Whether a source line gives the output size in digits.

    >>> spells_size("y = F.interpolate(x, size=(32, 32))"), spells_size("F.interpolate(x, s)")
    (True, False)
    """
    return bool(_SIZE.search(text))
