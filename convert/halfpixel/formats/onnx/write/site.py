"""A planned site as nodes, which come in the place of the one that was there."""

from typing import TYPE_CHECKING

from halfpixel.formats.onnx.read.resize import resize_inputs
from halfpixel.formats.onnx.read.walk import Place
from halfpixel.formats.onnx.write.builder import Ends, Nodes
from halfpixel.formats.onnx.write.gather import gather
from halfpixel.formats.onnx.write.grid import affine_grid, grid_sample
from halfpixel.formats.onnx.write.plan import is_sized
from halfpixel.formats.onnx.write.product import convolution, product
from halfpixel.formats.onnx.write.resize import resize, with_attributes
from halfpixel.formats.plan import Affine, Conv, Copy, Gather, Grid, Plan, Product, Said

if TYPE_CHECKING:
    from onnx import NodeProto


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
