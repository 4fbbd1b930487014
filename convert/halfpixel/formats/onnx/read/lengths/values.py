"""What goes into an ONNX model, what is computed inside it, and how to ask for it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from halfpixel.format import Port, Value
from halfpixel.formats.onnx.read.constants import NAMES
from halfpixel.formats.onnx.read.scope import declared_shape, name_of
from halfpixel.formats.protobuf_wire import bytes_field

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

MODEL_GRAPH: Final = 7
GRAPH_OUTPUT: Final = 12
VALUE_NAME: Final = 1
ROLES: Final = {
    ("Resize", 0): "image",
    ("Upsample", 0): "image",
    ("GridSample", 0): "image",
    ("GridSample", 1): "grid",
    ("RoiAlign", 1): "rois",
    ("RoiAlign", 2): "batch_indices",
    ("AffineGrid", 0): "theta",
}


def inputs_of(model: "ModelProto") -> tuple[Port, ...]:
    """Return what a model takes; initializers that are listed as inputs are left out."""
    given = {tensor.name for tensor in model.graph.initializer}
    taken = [value for value in model.graph.input if value.name not in given]
    roles = _roles(model.graph)
    return tuple(
        Port(
            value.name,
            NAMES.get(value.type.tensor_type.elem_type, ""),
            shape,
            roles.get(value.name, ""),
        )
        for value, shape in zip(taken, list(map(declared_shape, taken)), strict=True)
    )


def _roles(graph: "GraphProto") -> dict[str, str]:
    return {
        name: ROLES[node.op_type, place]
        for node in graph.node
        for place, name in enumerate(node.input)
        if (node.op_type, place) in ROLES
    }


def values_of(model: "ModelProto") -> tuple[Value, ...]:
    """Return the values that nodes of the main graph make, in graph order."""
    nodes = [node for node in model.graph.node if any(node.output)]
    return tuple(
        Value(name, called, node.op_type, tuple(filter(None, node.input)))
        for node, called in zip(nodes, list(map(name_of, nodes)), strict=True)
        for name in node.output
        if name
    )


def with_outputs(data: bytes, names: Sequence[str]) -> bytes:
    """Return a serialized model that also returns values inside it.

    Messages that are written one after another merge (Protocol Buffers documentation,
    "Encoding"): a second graph that holds outputs alone adds them to the first, and nothing
    of a large model has to be parsed.

    >>> with_outputs(b"", ["y"]).hex()
    '3a0562030a0179'
    """
    outputs = (bytes_field(GRAPH_OUTPUT, bytes_field(VALUE_NAME, name.encode())) for name in names)
    body = b"".join(outputs)
    return data + bytes_field(MODEL_GRAPH, body) if body else data
