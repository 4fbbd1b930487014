"""Models in memory: PyTorch's, onnx_ir's and onnx's own, as a ModelProto and back."""

import copy
from typing import TYPE_CHECKING, Protocol, cast

from halfpixel.dialect import ONNX
from halfpixel.formats.onnx.read.scope import text

if TYPE_CHECKING:
    import onnx_ir
    from onnx import ModelProto


class _HasProto(Protocol):
    """A torch.onnx.ONNXProgram, as far as it is used here."""

    model: object

    @property
    def model_proto(self) -> "ModelProto": ...


def proto_of(source: object) -> "ModelProto":
    """Return the ModelProto of a model in memory."""
    root = type(source).__module__.partition(".")[0]
    if root == "torch":
        return cast("_HasProto", source).model_proto
    if root == "onnx_ir":
        import onnx_ir

        return onnx_ir.to_proto(cast("onnx_ir.Model", source))
    return cast("ModelProto", source)


def in_memory(source: object) -> "ModelProto":
    """Return the ModelProto of a model in memory or of its serialized bytes."""
    if isinstance(source, bytes):
        from onnx import ModelProto

        return ModelProto.FromString(source)
    return proto_of(source)


def like(source: object, model: "ModelProto") -> object:
    """Return a changed model as an object of the kind that was given.

    Args:
        source: the model before the change; its tensors stay the objects that they are.
        model: the change made to its message.
    """
    root = type(source).__module__.partition(".")[0]
    if root not in {"torch", "onnx_ir"}:
        return model
    import onnx_ir

    from halfpixel.formats.onnx.ir_tensors import give_back

    old = source if root == "onnx_ir" else cast("_HasProto", source).model
    made = onnx_ir.from_proto(model)
    give_back(made, cast("onnx_ir.Model", old), [])
    if root == "onnx_ir":
        return made
    program = cast("_HasProto", copy.copy(source))
    vars(program).update(_inference_session=None, _tempdir=None)  # these run the old model
    program.model = made
    return program


def written_by(model: "ModelProto") -> tuple[str, str]:
    """Return the program that wrote a model, with its version, and its opset in words.

    Either is empty where the model does not say it.
    """
    names = (text(model.producer_name), text(model.producer_version))
    own = [one.version for one in model.opset_import if one.domain in {"", "ai.onnx"}]
    return " ".join(filter(None, names)), ONNX.version(own[0]) if own else ""
