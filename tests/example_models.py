"""Models that the tests share: the files in the repository, and small graphs made here."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

MODELS = Path(__file__).parent.parent / "models"
CORPUS = MODELS / "corpus"
MISMATCHES = MODELS / "exporter_mismatches"
ARCHITECTURES = MODELS / "architectures"
TENSORFLOW = MODELS / "tensorflow"

Dims = Sequence[int | str]
Attribute = int | float | str | list[int]


def resize(
    source: str = "x",
    target: str = "y",
    name: str = "up",
    attributes: Mapping[str, Attribute] | None = None,
) -> NodeProto:
    """Return a Resize by the constant `scales`."""
    node = helper.make_node("Resize", [source, "", "scales"], [target], name)
    given: dict[str, Attribute] = {
        "mode": "linear",
        "coordinate_transformation_mode": "half_pixel",
        **(attributes or {}),
    }
    node.attribute.extend(helper.make_attribute(key, value) for key, value in given.items())
    return node


def scales(*values: float, name: str = "scales") -> TensorProto:
    """Return constant scales, by default 1, 1, 2, 2."""
    return numpy_helper.from_array(np.array(values or (1, 1, 2, 2), np.float32), name)


def graph(
    nodes: Sequence[NodeProto],
    shape: Dims = (1, 1, 4, 4),
    initializers: Sequence[TensorProto] = (),
) -> GraphProto:
    """Return a graph from x to y."""
    return helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializers or [scales()],
    )


def model(
    nodes: Sequence[NodeProto],
    shape: Dims = (1, 1, 4, 4),
    initializers: Sequence[TensorProto] = (),
    opset: int = 19,
) -> ModelProto:
    """Return a model from x to y."""
    made = graph(nodes, shape, initializers)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)])
