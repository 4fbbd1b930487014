"""Small ONNX models of few nodes, pairs of them that differ in one resize, and inputs for them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

import example_models as models
from halfpixel.cli.main import cli

Array = np.ndarray[Any, np.dtype[Any]]
GOOD = str(models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx")
FLOAT = TensorProto.FLOAT


def built(
    nodes: Sequence[NodeProto],
    inputs: dict[str, tuple[int, Sequence[int | str]]],
    outputs: Sequence[str] = ("y",),
    constants: dict[str, Array] | None = None,
) -> ModelProto:
    """Return a model of some nodes."""
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info(n, kind, shape) for n, (kind, shape) in inputs.items()],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(a, n) for n, a in (constants or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


def resize(coordinates: str, source: str = "x", target: str = "y", name: str = "up") -> NodeProto:
    return helper.make_node(
        "Resize", [source, "", "", "sizes"], [target], name,
        mode="linear", coordinate_transformation_mode=coordinates,
    )  # fmt: skip


SIZES: dict[str, Array] = {"sizes": np.array([1, 1, 9, 9], np.int64)}
IMAGE: tuple[int, Sequence[int | str]] = (FLOAT, (1, 1, 4, 4))


def pair(before: Sequence[NodeProto], after: Sequence[NodeProto]) -> tuple[ModelProto, ModelProto]:
    """Return two models that differ in the coordinates of one resize."""
    made = [
        built([*before, resize(c, "a" if before else "x", "r"), *after], {"x": IMAGE}, ["y"], SIZES)
        for c in ("half_pixel", "align_corners")
    ]
    return made[0], made[1]


def command(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def one_image() -> dict[str, Array]:
    return {"x": np.random.default_rng(0).random((1, 2, 5, 6), np.float32)}


def skip_with_cuda() -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this build of onnxruntime has CUDA")
