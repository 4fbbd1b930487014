"""Resizes of ONNX by sizes, by scales and by opset, and what becomes of a change to one."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

import example_models as models
from halfpixel.checking.check import opened
from halfpixel.format import Change, Outcome

Array = np.ndarray[Any, np.dtype[Any]]

ROUNDINGS = ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")


WRITTEN: Final = {
    "nearest": {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
    "nearest-exact": {
        "coordinate_transformation_mode": "half_pixel",
        "nearest_mode": "round_prefer_ceil",
    },
}
"""How PyTorch's exporter writes the nearest modes, by their names."""


def by_sizes(
    attributes: dict[str, models.Attribute], n_in: int, n_out: int, opset: int
) -> ModelProto:
    """Return a Resize of a 3 x n_in image to 5 x n_out."""
    node = helper.make_node("Resize", ["x", "roi", "", "sizes"], ["y"], "up")
    node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    if opset < 13:
        node.input[2] = "none"
    tensors = [
        numpy_helper.from_array(np.array([1, 1, 5, n_out], np.int64), "sizes"),
        numpy_helper.from_array(np.zeros(0, np.float32), "none"),
        numpy_helper.from_array(np.array([0, 0, 0.1, 0.2, 1, 1, 0.8, 1.1], np.float32), "roi"),
    ]
    made = models.model([node], (1, 1, 3, n_in), tensors, opset)
    made.ir_version = 8
    return made


def by_scales(
    attributes: dict[str, models.Attribute], shape: Sequence[int], scales: Sequence[float]
) -> ModelProto:
    """Return a Resize-19 of an image of any shape by scales."""
    node = models.resize(attributes=attributes)
    made = models.model([node], shape, [models.scales(*scales)], 19)
    made.ir_version = 9
    return made


def by_opset(opset: int, shape: list[int], outs: list[int], by: str) -> ModelProto:
    """Return a model with one resize of an opset, from `shape` to `outs`."""
    scales = [out / n for n, out in zip(shape, outs, strict=True)]
    values: Array = np.array(scales, np.float32) if by == "scales" else np.array(outs, np.int64)
    constants = [helper.make_node("Constant", [], [by], value=numpy_helper.from_array(values))]
    if opset < 9:
        node = helper.make_node("Upsample", ["x"], ["y"], "up", mode="nearest", scales=scales)
        constants = []
    elif opset < 11:
        op = "Upsample" if opset == 9 else "Resize"
        node = helper.make_node(op, ["x", "scales"], ["y"], "up", mode="nearest")
    else:
        empty = ["", by] if by == "scales" else ["", "", by]
        if opset < 13:
            nothing = numpy_helper.from_array(np.zeros(0, np.float32))
            constants.append(helper.make_node("Constant", [], ["none"], value=nothing))
            empty = [name or "none" for name in empty]
        node = helper.make_node("Resize", ["x", *empty], ["y"], "up", mode="nearest")
    graph = helper.make_graph(
        [*constants, node],
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * len(shape))],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def rewritten(model: ModelProto, change: Change, newest: int | None) -> tuple[ModelProto, Outcome]:
    """Return the changed model, and what became of the change."""
    found = opened(model).rewrite([change], newest)
    result = found.model()
    assert isinstance(result, ModelProto)
    return result, found.outcomes[0]
