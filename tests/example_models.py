"""Models that the tests share: the files in the repository, and small graphs made here."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

MODELS = Path(__file__).parent.parent / "models"
CORPUS = MODELS / "corpus"
MISMATCHES = MODELS / "exporter_mismatches"
ARCHITECTURES = MODELS / "architectures"
TENSORFLOW = MODELS / "tensorflow"

Dims = Sequence[int | str]
Attribute = int | float | str | list[int]
Array = np.ndarray[Any, np.dtype[Any]]


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


def float_model(  # noqa: PLR0913, PLR0917 - the parts of a model
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Dims],
    outputs: Sequence[str],
    constants: Mapping[str, Sequence[float]],
    opset: int,
    functions: Sequence[FunctionProto] = (),
) -> ModelProto:
    """Return a model of float tensors; an input without a shape is a bool."""
    made = helper.make_graph(
        list(nodes),
        "test",
        [
            helper.make_tensor_value_info(n, TensorProto.FLOAT if s else TensorProto.BOOL, s)
            for n, s in inputs.items()
        ],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs],
        [numpy_helper.from_array(np.array(v, np.float32), n) for n, v in constants.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("local", 1)]
    return helper.make_model(made, opset_imports=opsets, functions=list(functions), ir_version=8)


def measured(path: Path) -> Iterator[tuple[dict[str, Array], Array]]:
    """Yield inputs and PyTorch's output of every size that lies beside a model."""
    with np.load(path.with_suffix(".npz")) as file:
        arrays = dict(file)
    names = [value.name for value in onnx.load(path, load_external_data=False).graph.input]
    for tail in ("", "_1", "_2", "_3"):
        if f"y{tail}" in arrays:
            yield {name: arrays[f"{name}{tail}"] for name in names}, arrays[f"y{tail}"]


def without_records(made: ModelProto) -> ModelProto:
    """Return a model as optimisers leave it: what its exporter recorded is gone."""
    copy = ModelProto.FromString(made.SerializeToString())
    for node in copy.graph.node:
        del node.metadata_props[:]
    return copy


def in_function(made: ModelProto) -> ModelProto:
    """Return a model whose nodes all stand in one function."""
    ends = [value.name for value in made.graph.input], [value.name for value in made.graph.output]
    constants = [
        helper.make_node("Constant", [], [t.name], value=t) for t in made.graph.initializer
    ]
    body = [*constants, *made.graph.node]
    function = helper.make_function("local", "Body", *ends, body, made.opset_import)
    call = helper.make_node("Body", *ends, name="call", domain="local")
    graph = helper.make_graph([call], "g", made.graph.input, made.graph.output)
    opsets = [*made.opset_import, helper.make_opsetid("local", 1)]
    return helper.make_model(graph, opset_imports=opsets, functions=[function], ir_version=10)
