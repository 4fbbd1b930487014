"""The nodes of an ONNX model in the words of opset 17, where these say the same.

onnx2torch has converters up to there; PyTorch's exporters write newer opsets, of which most nodes
say nothing new.
"""

from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.errors import GraphError

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

DOMAIN: Final = "halfpixel"
LENGTHS: Final = "Lengths"
NEWEST: Final = 17
"""Newest opset of which onnx2torch knows most operators."""


def lower(model: "ModelProto") -> None:
    """Say every node in the words of opset 17, where the model has a newer one, and plainly.

    Raises:
        GraphError: a node that these words do not have.
    """
    for node in model.graph.node:
        while node.input and not node.input[-1]:
            del node.input[-1]
        if node.op_type == "Sum" and len(node.input) == 2:  # of one number each Core ML has none
            node.op_type = "Add"
        if node.op_type == "Reshape":
            _spell_out(model, node)
    usual = next((one for one in model.opset_import if one.domain in {"", "ai.onnx"}), None)
    if usual is None or usual.version <= NEWEST:
        return
    for node in model.graph.node:
        if node.domain in {"", "ai.onnx"}:
            _lower(model, node, usual.version)
    usual.version = NEWEST


def _spell_out(model: "ModelProto", node: "NodeProto") -> None:
    """Say a Reshape by all of its lengths, where they are known.

    onnx2torch reads them from a tensor, which torch.export takes for numbers that may be others.
    """
    from onnx import helper

    for value in model.graph.value_info:
        dims = value.type.tensor_type.shape.dim
        if value.name == node.output[0] and all(dim.dim_value > 0 for dim in dims):
            lengths = [dim.dim_value for dim in dims]
            node.CopyFrom(helper.make_node(
                LENGTHS, node.input[:1], node.output, node.name, domain=DOMAIN, lengths=lengths
            ))  # fmt: skip


def _lower(model: "ModelProto", node: "NodeProto", opset: int) -> None:
    from onnx import defs, helper

    name = node.name or node.output[0]
    try:
        old: Any = defs.get_schema(node.op_type, NEWEST)
    except defs.SchemaError:
        reason = f"onnx2torch has no {node.op_type}, which is newer than opset {NEWEST}"
        raise GraphError("", name, reason) from None
    new: Any = defs.get_schema(node.op_type, opset)
    if len(node.input) == 2 and old.max_input == 1 and "axes" in old.attributes:
        axes = _numbers(model, node.input[1])
        if axes is not None:  # ReduceMean and its like
            del node.input[1]
            node.attribute.append(helper.make_attribute("axes", axes))
    for attribute in [one for one in node.attribute if one.name not in old.attributes]:
        if _says_nothing(attribute, new):
            node.attribute.remove(attribute)
    unknown = [one.name for one in node.attribute if one.name not in old.attributes]
    if len(node.input) > old.max_input:
        unknown.append(new.inputs[len(node.input) - 1].name)
    if unknown:
        reason = f"onnx2torch has no {unknown[0]} of {node.op_type}, which opset {opset} has"
        raise GraphError("", name, reason)


def _says_nothing(attribute: Any, schema: Any) -> bool:  # noqa: ANN401 - onnx is untyped here
    """Whether an attribute that older words do not have is the default, or dilations of 1."""
    from onnx import helper

    value = cast("object", helper.get_attribute_value(attribute))
    usual = schema.attributes[attribute.name].default_value
    if usual.name:
        return value == cast("object", helper.get_attribute_value(usual))
    return attribute.name == "num_outputs" or (
        isinstance(value, list) and set(cast("list[int]", value)) == {1}
    )


def _numbers(model: "ModelProto", name: str) -> list[int] | None:
    from onnx import numpy_helper

    for tensor in model.graph.initializer:
        if tensor.name == name:
            return [int(n) for n in numpy_helper.to_array(tensor).ravel()]
    return None
