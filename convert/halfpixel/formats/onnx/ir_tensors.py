"""The tensors of an onnx_ir.Model, which stay objects while its structure is a message.

A model in memory may hold its weights in files elsewhere, in torch's memory, or nowhere yet. A
message holds their bytes, or a file's name without its folder. So the structure is written as a
message whose large tensors only say their shape, and a model that is read from a message gets
back the very tensors of the model that it was made from.

Source: onnx_ir, `_core.py` (Model, Graph, ExternalTensor) and `serde.py`, release 1.1.0.
"""

from typing import TYPE_CHECKING, Final, cast

from halfpixel.errors import GraphError

if TYPE_CHECKING:
    from onnx import ModelProto
    from onnx_ir import Model, TensorProtocol, Value

LARGE: Final = 1 << 20
"""Bytes from which on a tensor of floats is a weight, of which only the shape is asked."""

LARGEST: Final = 1 << 24
"""Bytes from which on no tensor's values are read."""

ELSEWHERE: Final = "halfpixel.held."
"""Where the numbers of a tensor that is left out are said to lie: no file, but its number."""

Held = list["TensorProtocol | None"]
"""The tensors that were left out, by number."""


def structure(model: "Model") -> "tuple[ModelProto, Held]":
    """Return a model as a message without its large tensors, and these.

    Args:
        model: it stays as it is; tensors of more than `LARGE` bytes are not read.
    """
    import onnx_ir

    plain = model.clone()
    held: Held = []
    for graph in plain.graphs():
        for value in graph.initializers.values():
            value.const_value = _left_out(value, held)
    return onnx_ir.to_proto(plain), held


def _left_out(value: "Value", held: Held) -> "TensorProtocol | None":
    """Return the tensor of an initializer, or one that only says its shape."""
    import onnx_ir

    tensor = value.const_value
    dtype = value.dtype if tensor is None else tensor.dtype
    shape = value.shape if tensor is None else tensor.shape
    if dtype is None or not isinstance(shape, onnx_ir.Shape):
        return tensor
    if tensor is not None and tensor.nbytes <= (LARGE if _is_float(dtype) else LARGEST):
        if isinstance(tensor, onnx_ir.ExternalTensor):
            return onnx_ir.tensor(tensor.numpy(), dtype, name=value.name)
        return tensor
    held.append(tensor)
    place = f"{ELSEWHERE}{len(held) - 1}"
    return onnx_ir.ExternalTensor(place, 0, 0, dtype, shape=shape, name=str(value.name))


def _is_float(dtype: object) -> bool:
    import onnx_ir

    return isinstance(dtype, onnx_ir.DataType) and dtype.is_floating_point()


def give_back(changed: "Model", model: "Model", held: Held) -> None:
    """Give a model the tensors of the one that it was made from.

    An edit drops initializers and adds nodes; it never writes an initializer anew.

    Args:
        changed: a model that was read from the message of another, and may have been changed.
        model: the other one.
        held: what its message left out.

    Raises:
        GraphError: a tensor that was left out is not known.
    """
    known = {
        (place, name): value.const_value
        for place, graph in enumerate(model.graphs())
        for name, value in graph.initializers.items()
    }
    for place, graph in enumerate(changed.graphs()):
        for name, value in graph.initializers.items():
            made, number = value.const_value, _number(value.const_value)
            if number is not None:
                if number >= len(held):
                    raise GraphError("", name, "the tensor that was left out is not known")
                value.const_value = held[number]
                continue
            tensor = known.get((place, name))
            if tensor is not None and made is not None and tensor.dtype == made.dtype:
                value.const_value = tensor if tensor.shape == made.shape else made


def _number(tensor: "TensorProtocol | None") -> int | None:
    """Return which of the tensors that were left out this one stands for."""
    location = str(cast("object", getattr(tensor, "location", "")))
    return int(location.removeprefix(ELSEWHERE)) if location.startswith(ELSEWHERE) else None
