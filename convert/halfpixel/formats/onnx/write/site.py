"""A planned site as nodes, which come in the place of the one that was there.

They are the old node with other attributes, a Resize in its place, or other operators.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from halfpixel.conventions.onnx.resize import FIRST_RESIZE
from halfpixel.formats.onnx.read.inputs import resize_inputs
from halfpixel.formats.onnx.read.place import Place
from halfpixel.formats.onnx.write.builder import Ends, Nodes
from halfpixel.formats.onnx.write.gather import computed_size, gather
from halfpixel.formats.onnx.write.grid import affine_grid, grid_sample
from halfpixel.formats.onnx.write.inputs import repair
from halfpixel.formats.onnx.write.plan import is_sized
from halfpixel.formats.onnx.write.product import convolution, product
from halfpixel.formats.plan import Affine, Conv, Copy, Gather, Grid, Plan, Product, Said
from halfpixel.site import Operation

if TYPE_CHECKING:
    from onnx import AttributeProto, NodeProto


def nodes_of(place: Place, plan: Plan, taken: set[str], opset: int) -> "list[NodeProto]":
    """Return the nodes of a plan, the last of which makes the site's output.

    Args:
        place: the site, at the opset at which it is written.
        plan: how it is written.
        taken: names that the model has.
        opset: version of the default operator set.
    """
    if isinstance(plan, Said) and plan.op != "Resize":
        return [with_attributes(place.node, plan.attributes, plan.dropped)]
    nodes = Nodes(f"{place.output}_halfpixel", taken, opset)
    ends = Ends(place.data, place.output, _sizes(place))
    if isinstance(plan, Said):
        resize(place, plan, nodes, ends)
        return nodes.made
    add(nodes, ends, plan)
    last = nodes.made[-1]
    last.name = place.node.name or last.name
    last.metadata_props.extend(place.node.metadata_props)
    return nodes.made


def _sizes(place: Place) -> str:
    """Return the value that holds the output length of every axis; empty where none does."""
    operation = place.site.operation
    if not is_sized(operation):
        return ""
    return resize_inputs(place.scope, place.node, operation.opset).sizes


def add(nodes: Nodes, ends: Ends, plan: Copy | Gather | Product | Grid | Conv | Affine) -> None:
    """Add the nodes of a plan in other operators.

    Args:
        nodes: where they are added.
        ends: the values between which they stand; x is theta for an affine grid.
        plan: how it is written.
    """
    match plan:
        case Copy() | Gather(steps=()) | Product(steps=()):
            nodes.add("Identity", [ends.x], output=ends.y)
        case Gather():
            gather(nodes, ends, plan)
        case Product():
            product(nodes, ends, plan)
        case Grid():
            grid_sample(nodes, ends, plan)
        case Conv():
            convolution(nodes, ends, plan)
        case Affine():
            base = [plan.grid.base(length) for length in plan.lengths]
            affine_grid(nodes, ends.x, ends.y, base, plan.dtype)


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
    if not said.fresh:
        repair(node, operation, nodes, only="" if said.by == "kept" else "roi")
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
    if operation.opset < FIRST_RESIZE:
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
