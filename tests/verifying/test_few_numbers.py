"""An output of one number has no spread: it is held against its own size."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from halfpixel.verifying.verify import verify

FEATURES = 64
node = helper.make_node


def score(bias: float, *, halves: bool, factor: float = 1.0) -> onnx.ModelProto:
    """Return a network of one probability, its product as one sum or as the sum of two halves."""
    random = np.random.default_rng(3)
    weights = (factor * random.standard_normal((FEATURES, 1)) / 8).astype(np.float32)
    tensors: dict[str, Any] = {
        "bias": np.array([bias], np.float32),
        "w": weights,
        "w1": weights[:32],
        "w2": weights[32:],
        "size": np.array([32, 32], np.int64),
    }
    nodes = [node("MatMul", ["x", "w"], ["p"])]
    if halves:
        nodes = [node("Split", ["x", "size"], ["x1", "x2"], axis=1),
                 node("MatMul", ["x1", "w1"], ["p1"]), node("MatMul", ["x2", "w2"], ["p2"]),
                 node("Add", ["p1", "p2"], ["p"])]  # fmt: skip
    nodes += [node("Add", ["p", "bias"], ["b"]), node("Sigmoid", ["b"], ["y"])]
    read = {name for one in nodes for name in one.input}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, FEATURES])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1])],
        [numpy_helper.from_array(t, name) for name, t in tensors.items() if name in read],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


@pytest.mark.parametrize("bias", [-1, -4, -6, -7, -8, -9, -10, -11, -12])
def test_rounding_of_one_small_number_is_no_difference(bias: float) -> None:
    found = verify(score(bias, halves=True), score(bias, halves=False))
    assert not found.differs, found.outputs


@pytest.mark.parametrize("bias", [-1, -4, -6])
def test_a_hundredth_of_one_small_number_is_one(bias: float) -> None:
    assert verify(score(bias, halves=False), score(bias, halves=False, factor=1.05)).differs
