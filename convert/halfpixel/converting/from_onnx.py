"""From ONNX to Core ML: by way of PyTorch, where onnx2torch is there to go it."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from halfpixel.check import opened
from halfpixel.conversion import InputSpec
from halfpixel.converting.quietly import quietly, reason_of
from halfpixel.errors import ModelFileError, UsageError

if TYPE_CHECKING:
    import torch

INSTEAD = "convert the PyTorch module itself: halfpixel convert package.module:factory"


def as_module(path: Path) -> "tuple[torch.nn.Module, tuple[InputSpec, ...]]":
    """Return an ONNX model as a PyTorch module, and the shapes of its inputs.

    Raises:
        UsageError: onnx2torch is not installed, or a length is free.
        ModelFileError: the file cannot be read, or onnx2torch has no such operator.
    """
    ports = opened(path).inputs
    try:
        library: Any = import_module("onnx2torch")
    except ImportError as error:
        raise UsageError(
            f"{path}: coremltools reads no ONNX, and onnx2torch is not installed: "
            f"pip install onnx2torch, or {INSTEAD}"
        ) from error
    for port in ports:
        if port.shape is None or not all(isinstance(n, int) for n in port.shape):
            raise UsageError(f"{path}: input {port.name!r} has free lengths: give --input")
    try:
        with quietly():
            module = library.convert(str(path)).eval()
    except Exception as error:
        raise ModelFileError(path, f"onnx2torch refuses: {reason_of(error)}", INSTEAD) from error
    specs = [
        InputSpec(cast("tuple[int, ...]", port.shape), "", port.dtype or "float32")
        for port in ports
    ]
    return cast("torch.nn.Module", module), tuple(specs)
