"""Resizes of ONNX by sizes and by scales, as the oracle tests build them."""

from collections.abc import Sequence

import numpy as np
from onnx import ModelProto, helper, numpy_helper

import example_models as models

ROUNDINGS = ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")


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
