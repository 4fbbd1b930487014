"""What PyTorch's exporters write of resampling that is no call of F.interpolate."""

import io
import warnings
from collections.abc import Callable
from typing import cast

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from more_sites.cases import called, held, only

SHAPE = (2, 8, 4, 5)


class Written(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def expand(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    wide = x[:, :, :, None, :, None].expand(-1, -1, -1, 2, -1, 2)
    return wide.reshape(n, c, h * 2, w * 2)


def interleave(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, dim=2).repeat_interleave(3, dim=3)


def repeat(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.unsqueeze(-1).unsqueeze(3).repeat(1, 1, 1, 2, 1, 2).view(n, c, h * 2, w * 2)


def shuffle(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    parts = x.view(n, c // 4, 2, 2, h, w).permute(0, 1, 4, 2, 5, 3)
    return parts.reshape(n, c // 4, h * 2, w * 2)


FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "expand": expand,
    "interleave": interleave,
    "repeat": repeat,
    "shuffle": shuffle,
    "pixel_shuffle": nn.PixelShuffle(2),
}


def written(name: str, *, dynamo: bool, free: bool) -> onnx.ModelProto:
    """Return a function as an exporter writes it."""
    module, x = Written(FUNCTIONS[name]).eval(), torch.rand(SHAPE)
    names = {0: "n", 2: "h", 3: "w"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            given = (names,) if free else None
            program = torch.onnx.export(module, (x,), verbose=False, dynamic_shapes=given)
            assert program is not None
            return program.model_proto
        stream = io.BytesIO()
        torch.onnx.export(
            module, (x,), cast("str", stream), dynamo=False, opset_version=17, input_names=["x"],
            dynamic_axes={"x": names} if free else None,
        )  # fmt: skip
    return onnx.load_from_string(stream.getvalue())


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
@pytest.mark.parametrize("free", [False, True], ids=["fixed", "free"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_exporters(name: str, free: bool, dynamo: bool) -> None:  # noqa: FBT001 - cases
    model = written(name, dynamo=dynamo, free=free)
    site = only(model)
    x = torch.rand((3, 8, 5, 2) if free else SHAPE).numpy()
    expected = held(site, model, {model.graph.input[0].name: x}, [model.graph.input[0].name])
    np.testing.assert_array_equal(called(site, x=x), expected)
    if not free:
        assert (site.input_shape, site.output_shape) == (x.shape, expected.shape)
