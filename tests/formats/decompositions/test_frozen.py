"""What is frozen beside lengths that stay free: the batch in sizes, position embeddings."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from torch import Tensor, nn

import halfpixel
from halfpixel.checking.check import Settings
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixSettings


class Positions(nn.Module):
    """Patches with position embeddings that follow the image, by Python numbers or by symbols."""

    def __init__(self, *, traced: bool) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, 4)
        self.positions = nn.Parameter(torch.rand(1, 36, 8))
        self.traced = traced

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.patch(x)
        size = [int(n) for n in y.shape[2:]] if self.traced else y.shape[2:]
        grid = self.positions.reshape(1, 6, 6, 8).permute(0, 3, 1, 2)
        return y + F.interpolate(grid, size=size, mode="bicubic")


def exported(path: Path, *, traced: bool, free: bool) -> onnx.ModelProto:
    torch.onnx.export(
        Positions(traced=traced).eval(), (torch.rand(1, 3, 32, 40),), path, dynamo=False,
        input_names=["x"],
        dynamic_axes={"x": {0: "batch", 2: "height", 3: "width"}} if free else {},
    )  # fmt: skip
    return onnx.load(path)


def loud(made: onnx.ModelProto) -> list[str]:
    found = halfpixel.check(made).files[0].findings
    return [f.rule.name for f in found if f.finding.severity != "note"]


@pytest.mark.filterwarnings(
    "ignore"
)  # torch says that its exporter is an old one, and what it traces
def test_position_embeddings_of_the_exported_size_are_loud_where_the_image_is_free(
    tmp_path: Path,
) -> None:
    path = tmp_path / "m.onnx"
    assert loud(exported(path, traced=True, free=True)) == ["frozen-size"]
    assert loud(exported(path, traced=True, free=False)) == []
    assert loud(exported(path, traced=False, free=True)) == []


def batched(batch: int | str, size: int) -> onnx.ModelProto:
    """Return a nearest resize by constant sizes."""
    text = f"""<ir_version: 8, opset_import: ["": 17]>
    g (float[{batch}, 3, 6, 6] x) => (float[{batch}, 3, 12, 12] y)
    <int64[4] sizes = {{{size}, 3, 12, 12}}>
    {{
        y = Resize <coordinate_transformation_mode: string = "asymmetric", nearest_mode: string =
            "floor", mode: string = "nearest"> (x, , , sizes)
    }}"""
    return onnx.parser.parse_model(text)


def run(made: onnx.ModelProto, x: Tensor) -> np.ndarray[Any, np.dtype[Any]]:
    session = ort.InferenceSession(made.SerializeToString())
    return np.asarray(session.run(None, {"x": x.numpy()})[0])


def test_a_batch_frozen_in_sizes_is_loud_and_put_right() -> None:
    """Four images in, one out, and no error; after the fix four come out."""
    made, x = batched("batch", 1), torch.rand(4, 3, 6, 6)
    assert run(made, x).shape[0] == 1
    assert loud(made) == ["frozen-size"]
    assert loud(batched(1, 1)) == []
    result = fix(made, settings=FixSettings(Settings(), unsafe=True))
    fixed = result.model
    assert isinstance(fixed, onnx.ModelProto)
    np.testing.assert_array_equal(run(fixed, x), F.interpolate(x, scale_factor=2).numpy())
    assert loud(fixed) == []


PICKED = {
    "part": ("", "Slice (table, zeros, ends, axes)", True),
    "sliced to a length of the input": (
        "shape = Shape (x) height = Gather <axis: int = 0> (shape, axes)",
        "Slice (table, zeros, height, axes)",
        False,
    ),
    "embedding": ("", "Gather <axis: int = 3> (table, ids)", False),
    "rows": ("", "Gather <axis: int = 3> (table, rows)", True),
    "dequantized by the input": ("", "DequantizeLinear (bytes, scale)", False),
    "dequantized": ("", "DequantizeLinear (bytes, one)", True),
}
"""What is resized: the nodes before, the node that takes it, and whether it is a constant."""


@pytest.mark.parametrize("name", PICKED)
def test_a_part_that_the_input_picks_is_no_constant(name: str) -> None:
    """What the input picks of a table follows the input, as an embedding of its ids does."""
    before, node, constant = PICKED[name]
    text = f"""<ir_version: 9, opset_import: ["": 17]>
    g (float[batch, 3, height, width] x, int64[count] ids, float scale) => (float[a, b, c, d] y)
    <float[1, 1, 2, 4] table = {{0, 1, 2, 3, 4, 5, 6, 7}}, float[4] scales = {{1, 1, 3, 3}},
     int8[1, 1, 1, 2] bytes = {{1, 2}}, float one = {{1.0}}, int64[2] rows = {{0, 2}},
     int64[1] zeros = {{0}}, int64[1] ends = {{2}}, int64[1] axes = {{3}}>
    {{
        {before}
        picked = {node}
        y = Resize <coordinate_transformation_mode: string = "asymmetric", nearest_mode: string =
            "floor", mode: string = "nearest"> (picked, , scales)
    }}"""
    found = halfpixel.check(onnx.parser.parse_model(text)).files[0].findings
    said = [f.finding.message for f in found if f.rule.name == "frozen-size"]
    assert any("a constant of the file" in message for message in said) == constant
