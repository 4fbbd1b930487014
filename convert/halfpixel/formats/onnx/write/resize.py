"""A planned operator as a node: the old node with other attributes, or a Resize in its place."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from halfpixel.formats.onnx.read.walk import Place
from halfpixel.formats.onnx.write.builder import Ends, Nodes
from halfpixel.formats.onnx.write.gather import computed_size
from halfpixel.formats.plan import Said
from halfpixel.site import Operation

if TYPE_CHECKING:
    from onnx import AttributeProto, NodeProto


def resize(place: Place, said: Said, nodes: Nodes, ends: Ends) -> None:
    """Add a Resize: the old node with other attributes, or a new one.

    Args:
        place: the site.
        said: the Resize.
        nodes: where it is added.
        ends: the values between which it stands.
    """
    operation = place.site.operation
    node = _new_resize(place, operation) if said.fresh else place.node
    node = with_attributes(node, said.attributes)
    if said.by != "kept":
        _give_lengths(node, operation, said, nodes, ends)
    node.output[0] = ends.y
    nodes.made.append(node)


def _new_resize(place: Place, operation: Operation) -> "NodeProto":
    from onnx import helper

    node = helper.make_node("Resize", [place.data], [place.output], name=place.node.name)
    if not operation.hidden:
        node.input.extend(place.node.input[1:])
    node.metadata_props.extend(place.node.metadata_props)
    return node


def _give_lengths(
    node: "NodeProto", operation: Operation, said: Said, nodes: Nodes, ends: Ends
) -> None:
    """Connect new scales or sizes in the place of what was connected."""
    given = operation.attributes.get("axes") if not operation.hidden else None
    rank = len(said.values)
    axes = [int(a) % rank for a in given] if isinstance(given, tuple) else list(range(rank))
    values = [said.values[axis] for axis in axes]
    roi = node.input[1] if len(node.input) > 1 and not operation.hidden else ""
    empty = "" if nodes.opset >= 13 else nodes.floats([], "empty")
    if operation.opset < 11:
        roi = empty
    inputs = [ends.x, roi or empty]
    if said.by == "scales":
        inputs.append(nodes.floats([1.0 if v is None else v for v in values], "scales"))
    elif said.by == "sizes" and None not in values:
        inputs += [empty, nodes.ints([int(v or 0) for v in values], "sizes")]
    else:
        inputs += [empty, _joined_sizes(nodes, ends, axes, said)]
    del node.input[:]
    node.input.extend(inputs)


def _joined_sizes(nodes: Nodes, ends: Ends, axes: list[int], said: Said) -> str:
    """Return sizes put together in the graph: known ones, scaled ones, those of the input."""
    parts: list[str] = []
    for axis in axes:
        value = said.values[axis]
        if value is None:
            parts.append(nodes.length(ends.x, axis))
        elif said.by == "sizes":
            parts.append(nodes.ints([int(value)], "size"))
        else:
            parts.append(computed_size(nodes, ends.x, axis, value))
    return nodes.add("Concat", parts, "sizes", axis=0)


def with_attributes(
    node: "NodeProto", attributes: Mapping[str, object], dropped: Collection[str] = ()
) -> "NodeProto":
    """Return a copy of a node with attributes set or dropped."""
    from onnx import helper

    out = type(node)()
    out.CopyFrom(node)
    left = [_attribute_copy(a) for a in out.attribute if a.name not in dropped]
    del out.attribute[:]
    out.attribute.extend(left)
    for name, value in attributes.items():
        kept = [a for a in out.attribute if a.name != name]
        fitting = [*kept, helper.make_attribute(name, value)]
        copies = [_attribute_copy(a) for a in fitting]
        del out.attribute[:]
        out.attribute.extend(copies)
    return out


def _attribute_copy(attribute: "AttributeProto") -> "AttributeProto":
    out = type(attribute)()
    out.CopyFrom(attribute)
    return out
