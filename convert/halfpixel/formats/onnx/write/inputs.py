"""The inputs of a Resize as its opset takes them: none missing, each of a type that it has."""

from typing import TYPE_CHECKING, Final

from halfpixel.formats.onnx.read.inputs import OPTIONAL_SINCE, ROLES
from halfpixel.site import Operation
from halfpixel.surroundings import Input

if TYPE_CHECKING:
    from onnx import NodeProto

    from halfpixel.formats.onnx.write.builder import Nodes

TAKEN: Final = {"roi": "float32", "scales": "float32", "sizes": "int64"}
"""The type that every runtime takes."""


def repairs(operation: Operation) -> list[str]:
    """Return what has to be done to the inputs of a Resize, in words."""
    return [_words(one) for one in operation.surroundings.inputs if _is_off(one, operation)]


def repair(node: "NodeProto", operation: Operation, nodes: "Nodes", *, only: str = "") -> None:
    """Connect to a Resize what its opset takes in the place of what it does not.

    Args:
        node: the node as it will be written; its inputs are changed.
        operation: what it was, with what stands at its inputs.
        nodes: where constants and casts are added.
        only: the one input that is looked at; all where empty.
    """
    from onnx import TensorProto

    for place, one in enumerate(operation.surroundings.inputs, 1):
        if not _is_off(one, operation) or (only and one.role != only):
            continue
        while len(node.input) <= place:
            node.input.append("")
        if one.state == "left out" or (one.role == "scales" and one.state):
            node.input[place] = nodes.floats([], "empty")
        elif one.role == "sizes" and one.state:
            del node.input[place:]
        else:
            to = TensorProto.INT64 if one.role == "sizes" else TensorProto.FLOAT
            node.input[place] = nodes.add("Cast", [node.input[place]], one.role, to=to)


def _words(one: Input) -> str:
    if one.state == "left out" or (one.role == "scales" and one.state):
        return f"an empty {one.role}"
    if one.state and one.role == "sizes":
        return "no sizes"
    return f"{one.role} as {TAKEN[one.role]}"


def _is_off(one: Input, operation: Operation) -> bool:
    """Whether an input is not what the operator takes, in onnxruntime too."""
    if operation.op != "Resize" or operation.hidden:
        return False
    if one.state == "left out":
        early = 11 <= operation.opset < OPTIONAL_SINCE
        return early and one.role in ROLES[:2]
    if one.role == "sizes" and one.state:
        return operation.by == "scales"
    if one.role == "scales" and one.state == "empty in a run":
        return operation.opset >= OPTIONAL_SINCE
    if one.role == "roi":
        crops = operation.attributes.get("coordinate_transformation_mode") == "tf_crop_and_resize"
        taken = {"float32"} if crops else {"float16", "float32", "float64"}
        return bool(one.dtype) and one.dtype not in taken
    return bool(one.dtype) and one.dtype != TAKEN[one.role]
