"""A small network as torch's exporter writes it, and what was meant by it."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import onnxruntime as ort
import torch
from torch import Tensor, nn
from torch.nn import functional

from halfpixel.plugins import torch_onnx

if TYPE_CHECKING:
    import numpy as np
    from torch.onnx import ONNXProgram
X = torch.rand(1, 3, 9, 13, generator=torch.Generator().manual_seed(0))


def save_traced(module: nn.Module, x: Tensor, path: Path) -> None:
    """Write a module as a TorchScript file, of which newer PyTorch warns that it is the old way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(module, x), path)  # type: ignore[no-untyped-call]


class Net(nn.Module):
    """A convolution whose weights are more than a mebibyte, and a resize."""

    def __init__(self, width: int = 512, **options: object) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 96, 1)
        self.second = nn.Conv2d(96, width, 3)
        self.options: dict[str, Any] = {"mode": "bilinear", "antialias": True, **options}

    def forward(self, x: Tensor) -> Tensor:
        return functional.interpolate(self.second(self.first(x)), **self.options)


def net(**options: object) -> Net:
    torch.manual_seed(0)
    return Net(**options).eval()  # type: ignore[arg-type]


HALF = {"scale_factor": 0.5, "align_corners": False}
"""The dynamo exporter drops this scale factor: a safe fix writes it."""


def run(model: str | bytes, x: Tensor = X) -> "np.ndarray[Any, np.dtype[Any]]":
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    return cast("np.ndarray[Any, np.dtype[Any]]", found)


def exported(f: str | None = None, **options: Any) -> "ONNXProgram | None":  # noqa: ANN401 - torch's own
    return torch.onnx.export(net(**HALF), (X,), f, verbose=False, **options)


def fixed(*args: Any, **options: Any) -> "ONNXProgram | None":  # noqa: ANN401 - torch's own
    found = torch_onnx.export(net(**HALF), *args, verbose=False, **options)
    return cast("ONNXProgram | None", found)


def meant() -> "np.ndarray[Any, np.dtype[Any]]":
    with torch.no_grad():
        return cast("np.ndarray[Any, np.dtype[Any]]", net(**HALF)(X).numpy())
