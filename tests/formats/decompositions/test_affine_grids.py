"""The grid of F.affine_grid is known however it is written, and held against its GridSample."""

from typing import Final

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

import example_models as models
import halfpixel

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of torch itself
SHAPES: Final = {"2d": (2, 1, 5, 7), "3d": (1, 1, 3, 4, 5)}
OTHER: Final = "align_corners is {} here and {} in the affine grid"


class Warp(nn.Module):
    """An affine transform whose two halves may disagree."""

    def __init__(self, *, grid: bool, sample: bool) -> None:
        super().__init__()
        self.grid, self.sample = grid, sample

    def forward(self, x: Tensor, theta: Tensor) -> Tensor:
        grid = F.affine_grid(theta, list(x.shape), align_corners=self.grid)
        return F.grid_sample(x, grid, align_corners=self.sample)


def said(made: ModelProto) -> list[tuple[str, str]]:
    """Return severity and reason of what is said of disagreement."""
    found = halfpixel.check(made).files[0].findings
    loud = [f.finding for f in found if f.rule.name == "grid-disagreement"]
    return [(one.severity, one.message.partition(":")[0]) for one in loud]


@pytest.mark.parametrize("sample", [False, True])
@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("shape", ["2d", "3d"])
def test_what_torch_export_writes_as_arithmetic_is_an_affine_grid(
    shape: str, *, grid: bool, sample: bool
) -> None:
    """A warning where the two disagree, whether the exporter's record is kept or not."""
    lengths = SHAPES[shape]
    spatial = len(lengths) - 2
    given = torch.rand(lengths), torch.rand(lengths[0], spatial, spatial + 1)
    program = torch.onnx.export(
        Warp(grid=grid, sample=sample).eval(), given, dynamo=True, verbose=False, opset_version=20
    )
    assert program is not None
    made = program.model_proto
    assert "AffineGrid" not in {node.op_type for node in made.graph.node}
    want = [] if grid == sample else [("warning", OTHER.format(sample, grid))]
    for form in (made, models.without_records(made), models.in_function(made)):
        assert said(form) == want


def product(base: np.ndarray[tuple[int, ...], np.dtype[np.float32]], op: str) -> ModelProto:
    """Return a GridSample whose grid is a table of base coordinates times theta."""
    height, width = base.shape[:2]
    ones = np.concatenate([base, np.ones((height, width, 1), np.float32)], axis=-1)
    table = ones.reshape(1, height * width, 3)
    nodes = [helper.make_node("Transpose", ["theta"], ["turned"], perm=[0, 2, 1])]
    match op:
        case "MatMul":
            nodes.append(helper.make_node("MatMul", ["table", "turned"], ["flat"]))
        case "MatMul from the left":
            table = np.ascontiguousarray(table.transpose(0, 2, 1))
            nodes = [
                helper.make_node("MatMul", ["theta", "table"], ["rows"]),
                helper.make_node("Transpose", ["rows"], ["flat"], perm=[0, 2, 1]),
            ]
        case _:
            raise ValueError(op)
    nodes += [
        helper.make_node("Reshape", ["flat", "shape"], ["grid"]),
        helper.make_node("GridSample", ["x", "grid"], ["y"], "warp", align_corners=1),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, height, width]),
            helper.make_tensor_value_info("theta", TensorProto.FLOAT, [1, 2, 3]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, height, width])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([1, height, width, 2]), "shape"),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    onnx.checker.check_model(made)
    return made


def base_of(
    height: int, width: int, *, corners: bool
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    identity = torch.eye(2, 3)[None]
    return F.affine_grid(identity, [1, 1, height, width], align_corners=corners)[0].numpy()


@pytest.mark.parametrize("op", ["MatMul", "MatMul from the left"])
def test_a_matrix_product_is_an_affine_grid(op: str) -> None:
    agreed, other = (base_of(5, 7, corners=corners) for corners in (True, False))
    assert said(product(agreed, op)) == []
    assert said(product(other, op)) == [("warning", OTHER.format("True", "False"))]


def test_a_table_of_other_coordinates_is_none() -> None:
    """Pixels, or a grid over half of the image, are of neither setting."""
    for scale in (0.5, 3.0):
        assert said(product(base_of(5, 7, corners=False) * np.float32(scale), "MatMul")) == []
