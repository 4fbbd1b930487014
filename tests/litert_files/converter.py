"""litert-torch as tests have it: it gives the file that litert-torch 0.10.0 wrote for a call.

litert-torch itself brings gigabytes; `benchmarks/converting/litert_interpolate.py` runs it.
"""

import sys
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

FILES = Path(__file__).parents[2] / "models/litert"


class Recorded(nn.Module):
    """The module of a file of `models/litert`: a 1x1 convolution, and one F.interpolate."""

    def __init__(self, name: str, **options: Any) -> None:  # noqa: ANN401 - the call's own
        """Take the file's name and the call; the convolution's weights are those of the file."""
        super().__init__()
        self.name, self.options = name, options
        self.c = nn.Conv2d(3, 3, 1)
        weight, bias = weights_of(name)
        with torch.no_grad():
            self.c.weight.copy_(torch.from_numpy(weight))
            self.c.bias.copy_(torch.from_numpy(bias))  # type: ignore[union-attr]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Make the call."""
        return F.interpolate(self.c(x), **self.options)


def weights_of(name: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the weights and the biases of the convolution in a file."""
    from halfpixel.formats.litert.model import LitertModel

    with LitertModel(FILES / f"{name}.tflite").contents() as contents:
        graph = contents.graph(0)
        (node,) = (one for one in graph.nodes if one.op == "CONV_2D")
        arrays = []
        for place in node.inputs[1:3]:
            value = graph.values[place]
            assert value.data is not None
            arrays.append(np.frombuffer(contents.bytes_of(value.data), "<f4").copy())
    return arrays[0].reshape(3, 3, 1, 1), arrays[1]


@dataclass
class Model:
    """A LiteRTModel."""

    content: bytes

    def model_content(self) -> bytes:
        """Return the file's bytes."""
        return self.content

    def export(self, path: str) -> None:
        """Write the file."""
        Path(path).write_bytes(self.content)


@dataclass
class Converter:
    """litert_torch.convert: remembers what it was asked, and gives the file of a module."""

    refusal: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def __call__(
        self,
        module: nn.Module,
        sample_args: object = None,
        sample_kwargs: object = None,
        **more: object,
    ) -> Model:
        """Give the file that litert-torch wrote of a module."""
        self.asked.append({"sample_args": sample_args, "sample_kwargs": sample_kwargs, **more})
        if self.refusal:
            raise RuntimeError(self.refusal)
        assert isinstance(module, Recorded)
        return Model((FILES / f"{module.name}.tflite").read_bytes())


def installed(monkeypatch: pytest.MonkeyPatch, refusal: str = "") -> Converter:
    """Have litert_torch in place, for as long as a test runs."""
    converter, module = Converter(refusal), ModuleType("litert_torch")
    module.__spec__ = ModuleSpec("litert_torch", None)
    vars(module)["convert"] = converter
    monkeypatch.setitem(sys.modules, "litert_torch", module)
    return converter
