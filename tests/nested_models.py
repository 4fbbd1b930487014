"""Models that resample in a branch, in a body and in a function."""

from typing import Any

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

node = helper.make_node
FLOAT = TensorProto.FLOAT
SMALL, LARGE = [1, 1, 4, 4], [1, 1, 9, 9]
CONSTANTS = {
    "large": np.array(LARGE),
    "small": np.array(SMALL),
    "three": np.array(3),
    "yes": np.array(1, np.bool_),
    "zero": np.zeros((), np.float32),
    "start": np.zeros(1, np.float32),
}


def value(name: str, shape: list[int] | None, kind: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def resize(mode: str, source: str, target: str, name: str, sizes: str = "large") -> NodeProto:
    return node(
        "Resize", [source, "", "", sizes], [target], name,
        mode="linear", coordinate_transformation_mode=mode,
    )  # fmt: skip


def model(
    nodes: list[NodeProto],
    shape: list[int],
    functions: tuple[onnx.FunctionProto, ...] = (),
) -> ModelProto:
    tensors = [numpy_helper.from_array(one, name) for name, one in CONSTANTS.items()]
    graph = helper.make_graph(nodes, "g", [value("x", shape)], [value("y", None)], tensors)
    opsets = [helper.make_opsetid("", 19), helper.make_opsetid("local", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, functions=list(functions))


def branch(mode: str, wave: str = "Sin") -> list[NodeProto]:
    """Return an If that enlarges in one of its branches and in the other."""
    then = [node("Relu", ["x"], ["t0"], "relu"), resize(mode, "t0", "t1", "then_up"),
            node(wave, ["t1"], ["t2"], "wave")]  # fmt: skip
    other = [resize("half_pixel", "x", "e1", "else_up")]
    graphs: dict[str, Any] = {
        "then_branch": helper.make_graph(then, "then", [], [value("t2", LARGE)]),
        "else_branch": helper.make_graph(other, "else", [], [value("e1", LARGE)]),
    }
    most = node("ReduceMax", ["x"], ["most"], keepdims=0)
    more = node("Less", ["zero", "most"], ["more"])
    return [most, more, node("If", ["more"], ["y"], "either", **graphs)]


def repeated(mode: str, wave: str = "Sin") -> GraphProto:
    """Return the body of a Loop that enlarges and shrinks what it is handed."""
    body = [resize(mode, "s", "r", "loop_up"), resize("half_pixel", "r", "d", "loop_down", "small"),
            node(wave, ["d"], ["s2"], "wave"), node("Identity", ["go"], ["on"])]  # fmt: skip
    given = [
        value("i", [], TensorProto.INT64),
        value("go", [], TensorProto.BOOL),
        value("s", SMALL),
    ]
    return helper.make_graph(
        body, "b", given, [value("on", [], TensorProto.BOOL), value("s2", SMALL)]
    )


def looped(mode: str, wave: str = "Sin") -> list[NodeProto]:
    body = repeated(mode, wave)
    return [node("Abs", ["x"], ["a"]), node("Loop", ["three", "", "a"], ["y"], "loop", body=body)]


def scanned(mode: str) -> list[NodeProto]:
    body = [resize(mode, "xi", "r", "scan_up"), node("Identity", ["st"], ["st2"])]
    given = [value("st", [1]), value("xi", SMALL)]
    graph = helper.make_graph(body, "b", given, [value("st2", [1]), value("r", LARGE)])
    return [node("Scan", ["start", "x"], ["end", "y"], "scan", body=graph, num_scan_inputs=1,
                 scan_output_axes=[0])]  # fmt: skip


def nested(mode: str) -> list[NodeProto]:
    """Return an If that holds a Loop."""
    inner = node("Loop", ["three", "", "x"], ["l"], "loop", body=repeated(mode))
    graphs: dict[str, Any] = {
        "then_branch": helper.make_graph([inner], "then", [], [value("l", SMALL)]),
        "else_branch": helper.make_graph(
            [node("Neg", ["x"], ["n"])], "else", [], [value("n", SMALL)]
        ),
    }
    return [node("If", ["yes"], ["y"], "either", **graphs)]


def function(attribute: str) -> onnx.FunctionProto:
    """Return a function that enlarges by a mode that its attribute says."""
    up = resize("half_pixel", "q", "b", "fun_up", "s")
    for one in up.attribute:
        if one.name == "coordinate_transformation_mode":
            one.Clear()
            one.name, one.ref_attr_name = "coordinate_transformation_mode", attribute
            one.type = onnx.AttributeProto.STRING
    body = [node("Relu", ["a"], ["q"], "relu"), up]
    opset = [helper.make_opsetid("", 19)]
    return helper.make_function("local", "Up", ["a", "s"], ["b"], body, opset, ["how"])


def called(mode: str) -> list[NodeProto]:
    """Return two calls of the function, the second of which follows a mode."""
    return [
        node("Up", ["x", "large"], ["u"], "first", domain="local", how="half_pixel"),
        node("Up", ["u", "small"], ["v"], "second", domain="local", how=mode),
        node("Sin", ["v"], ["y"]),
    ]
