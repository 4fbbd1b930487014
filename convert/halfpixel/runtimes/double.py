"""An ONNX model run in float64: what its float32 numbers are rounded from.

onnxruntime runs it where it has kernels for float64, and else onnx's reference evaluator where the
model is small enough for that. Inputs that the specification has in float32 alone stay so: the
scales of a Resize, what a NonMaxSuppression reads (ONNX operators Resize-19, NonMaxSuppression-11).
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.errors import HalfpixelError, RuntimeRefusal
from halfpixel.formats.onnx.memory import in_memory
from halfpixel.formats.onnx.read.external_data import whole_model
from halfpixel.formats.onnx.read.scope import inner_graphs
from halfpixel.runtimes.onnxruntime_ import OnnxRunning
from halfpixel.runtimes.provider import words_of

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto

    from halfpixel.arrays import Array

MOST_BYTES: Final = 1 << 27
"""Bytes of a model that is copied into float64."""

MOST_WORK: Final = 1 << 20
"""Numbers of the inputs times nodes up to which the reference evaluator runs: seconds."""

SINGLE: Final[Mapping[str, frozenset[int]]] = {
    "Resize": frozenset({2}),
    "Upsample": frozenset({1}),
    "NonMaxSuppression": frozenset({0, 1, 3, 4}),
}
"""Inputs that are float32 whatever the others are."""

TYPED: Final = frozenset({"Cast", "RandomNormal", "RandomUniform", "EyeLike", "HannWindow",
                          "HammingWindow", "BlackmanWindow", "RandomNormalLike"})  # fmt: skip
TYPES: Final = frozenset({"to", "dtype", "output_datatype"})
FLOAT, DOUBLE = 1, 11
"""TensorProto.DataType."""
NARROW: Final = frozenset({10, 16, 17, 18, 19, 20})
"""float16, bfloat16 and the types of 8 bits."""


def run_double(running: object, feeds: "Mapping[str, Array]") -> "dict[str, Array]":
    """Return what a model computes in float64.

    Args:
        running: the model as it runs.
        feeds: its inputs.

    Raises:
        RuntimeRefusal: nothing here runs it so, with the reason.
    """
    import numpy as np

    if not isinstance(running, OnnxRunning):
        raise RuntimeRefusal(str(getattr(running, "name", "it")), "it is no ONNX model")
    name = running.name
    if running.size > MOST_BYTES:
        raise RuntimeRefusal(name, "it is too large to be copied into float64")
    proto = in_double(_whole(running), name)
    known = {one.name for one in proto.graph.input}
    given = {n: a.astype(np.float64) if a.dtype == np.float32 else a
             for n, a in feeds.items() if n in known}  # fmt: skip
    outputs = [one.name for one in proto.graph.output]
    onnxruntime = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        found: list[Array] = session.run(outputs, given)
    except Exception as error:
        work = len(proto.graph.node) * sum(array.size for array in given.values())
        if work > MOST_WORK:
            reason = f"onnxruntime does not run it in float64 ({words_of(error)})"
            raise RuntimeRefusal(name, f"{reason}, and it is large for onnx's evaluator") from error
        found = _evaluated(proto, given, name)
    return dict(zip(outputs, found, strict=True))


def _evaluated(proto: "ModelProto", given: "Mapping[str, Array]", name: str) -> "list[Array]":
    """Return what the reference evaluator makes of a model."""
    import numpy as np
    from onnx.reference import ReferenceEvaluator

    try:
        with np.errstate(all="ignore"):
            return cast("list[Array]", cast("Any", ReferenceEvaluator(proto)).run(None, given))
    except Exception as error:
        reason = f"onnx's evaluator does not run it: {type(error).__name__}: {error}"
        raise RuntimeRefusal(name, reason) from error


def _whole(running: OnnxRunning) -> "ModelProto":
    """Return a model with its weights, which may be changed."""
    source = running.side.source
    try:
        if isinstance(source, str | Path):
            return whole_model(Path(source))
        given = in_memory(source)
        copy = type(given)()
        copy.CopyFrom(given)
    except (HalfpixelError, OSError, ValueError) as error:
        raise RuntimeRefusal(running.name, str(error)) from error
    return copy


def in_double(model: "ModelProto", name: str) -> "ModelProto":
    """Return a model whose float32 numbers are float64; the model itself is changed.

    Args:
        model: the model, with its weights.
        name: what it is called where it is refused.

    Raises:
        RuntimeRefusal: it computes in a narrower type, or in operators that are not ONNX's.
    """
    if model.functions:
        raise RuntimeRefusal(name, "it calls functions of its own")
    graphs = list(_graphs(model.graph))
    for graph in graphs:
        for node in graph.node:
            if node.domain not in {"", "ai.onnx"} or "Quantize" in node.op_type:
                raise RuntimeRefusal(name, f"{node.op_type} is not for float64")
    for graph in reversed(graphs):  # a node is copied with the graphs that it holds
        _widen_graph(graph, name)
    return model


def _widen_graph(graph: "GraphProto", name: str) -> None:
    """Make float64 of what a graph is given, holds and returns."""
    del graph.value_info[:]
    for value in (*graph.input, *graph.output):
        kind = value.type.tensor_type
        if kind.elem_type in NARROW:
            raise RuntimeRefusal(name, "it computes in a narrower type than float32")
        kind.elem_type = DOUBLE if kind.elem_type == FLOAT else kind.elem_type
    for tensor in graph.initializer:
        _widen(tensor, name)
    nodes = list(graph.node)
    del graph.node[:]
    for place, node in enumerate(nodes):
        for attribute in node.attribute:
            _widen_attribute(node, attribute, name)
        graph.node.extend(_narrowed(node, place))
        graph.node.append(node)


def _graphs(graph: "GraphProto") -> "Iterator[GraphProto]":
    yield graph
    for node in graph.node:
        for _, _, inner in inner_graphs(node):
            yield from _graphs(inner)


def _narrowed(node: "NodeProto", place: int) -> "Iterator[NodeProto]":
    """Yield what makes float32 again of the inputs that have to be."""
    from onnx import helper

    for index in SINGLE.get(node.op_type, ()):
        if index < len(node.input) and node.input[index]:
            name = f"{node.input[index]}/float32/{place}/{index}"
            yield helper.make_node("Cast", [node.input[index]], [name], to=FLOAT)
            node.input[index] = name


def _widen_attribute(node: "NodeProto", attribute: "AttributeProto", name: str) -> None:
    """Make float64 of what an attribute holds or asks for."""
    from onnx import TensorProto, helper

    if attribute.HasField("t"):
        _widen(attribute.t, name)
    elif node.op_type in TYPED and attribute.name in TYPES:
        if attribute.i in NARROW:
            raise RuntimeRefusal(name, "it computes in a narrower type than float32")
        attribute.i = DOUBLE if attribute.i == FLOAT else attribute.i
    elif node.op_type == "Constant" and attribute.name in {"value_float", "value_floats"}:
        several = list(attribute.floats) if attribute.name == "value_floats" else [attribute.f]
        dims = [len(several)] if attribute.name == "value_floats" else []
        tensor = helper.make_tensor("value", TensorProto.DOUBLE, dims, several)
        attribute.CopyFrom(helper.make_attribute("value", tensor))


def _widen(tensor: "TensorProto", name: str) -> None:
    """Make float64 of a tensor of float32."""
    from onnx import numpy_helper

    if tensor.data_type in NARROW:
        raise RuntimeRefusal(name, "it computes in a narrower type than float32")
    if tensor.data_type == FLOAT:
        wide = numpy_helper.to_array(tensor).astype("float64")
        tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
