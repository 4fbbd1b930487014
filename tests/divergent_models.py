"""Models of one node, as the tests of divergences build them."""

from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, helper, numpy_helper

import halfpixel
from oracles import Array


def model(
    node: NodeProto, inputs: dict[str, Array], constants: dict[str, Array], opset: int = 19
) -> ModelProto:
    """Return a model of one node with any inputs."""

    def info(name: str, array: Array) -> onnx.ValueInfoProto:
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        return helper.make_tensor_value_info(name, kind, array.shape)

    kind = helper.np_dtype_to_tensor_dtype(next(iter(inputs.values())).dtype)
    graph = helper.make_graph(
        [node],
        "g",
        [info(name, array) for name, array in inputs.items()],
        [helper.make_tensor_value_info("y", kind, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def resize(x: Array, opset: int = 19, **attributes: Any) -> tuple[ModelProto, dict[str, Array]]:  # noqa: ANN401
    """Return a Resize of x by `scales`, `sizes` or `roi` among the attributes."""
    given = {key: attributes.pop(key, None) for key in ("roi", "scales", "sizes")}
    names = [key if value is not None else "" for key, value in given.items()]
    kinds = {"roi": np.float32, "scales": np.float32, "sizes": np.int64}
    constants = {k: np.array(v, kinds[k]) for k, v in given.items() if v is not None}
    node = helper.make_node("Resize", ["x", *names], ["y"], "up", **attributes)
    return model(node, {"x": x}, constants, opset), {"x": x}


def rules(made: ModelProto) -> set[str]:
    return {one.rule.name for one in halfpixel.check(made).findings}


RAMP = np.arange(1.0, 31.0, dtype=np.float32).reshape(1, 1, 5, 6)
