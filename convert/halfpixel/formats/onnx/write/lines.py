"""A node as lines of text, one an attribute and one an input, for people to compare."""

from typing import TYPE_CHECKING, Final

from halfpixel.formats.onnx.read.attributes import plain_attribute
from halfpixel.formats.onnx.read.constants import NAMES, numbers

if TYPE_CHECKING:
    from onnx import AttributeProto, NodeProto, TensorProto

LONGEST: Final = 16
"""Numbers of a constant that are shown."""


def node_lines(node: "NodeProto") -> tuple[str, ...]:
    """Return a node as text: its type and output, then inputs, then attributes by name."""
    operator = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
    lines = [f"{', '.join(node.output)} = {operator}"]
    lines += [f"  input {place}: {name or '(none)'}" for place, name in enumerate(node.input)]
    for attribute in sorted(node.attribute, key=lambda a: a.name):
        lines.append(f"  {attribute.name} = {_value(attribute)}")
    return tuple(lines)


def _value(attribute: "AttributeProto") -> str:
    if attribute.HasField("t"):
        return _tensor(attribute.t)
    if attribute.HasField("g") or attribute.graphs:
        return "{graph}"
    value = plain_attribute(attribute)
    if isinstance(value, tuple):
        return "[" + ", ".join(_shown(one) for one in value) + "]"
    return _shown(value)


def _shown(value: object) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _tensor(tensor: "TensorProto") -> str:
    kind = f"{NAMES.get(tensor.data_type, tensor.data_type)}{list(tensor.dims)}"
    values = numbers(tensor, None)
    if values is None:
        return kind
    listed = ", ".join(_shown(one) for one in values[:LONGEST])
    more = ", ..." if len(values) > LONGEST else ""
    return f"{kind} {{{listed}{more}}}"
