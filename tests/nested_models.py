"""Models that resample in a branch, in a body and in a function, taken or not."""

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


BOOL, INT64 = onnx.TensorProto.BOOL, onnx.TensorProto.INT64
DOUBLE = [1, 1, 8, 8]
GOOD, BAD = "half_pixel", "asymmetric"


def enlarged(mode: str, source: str, target: str, name: str) -> NodeProto:
    return node(
        "Resize", [source, "", "scales"], [target], name,
        mode="linear", coordinate_transformation_mode=mode,
    )  # fmt: skip


def of_two(nodes: list[NodeProto], *inputs: onnx.ValueInfoProto, **constants: Any) -> ModelProto:  # noqa: ANN401 - of any type
    arrays = {"scales": np.array([1, 1, 2, 2], np.float32), **constants}
    tensors = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    given = [value("x", SMALL), *inputs]
    graph = helper.make_graph(nodes, "g", given, [value("y", DOUBLE)], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


def chosen(condition: str, otherwise: str) -> NodeProto:
    """Return an If with a resize in each of its branches."""
    then = helper.make_graph(
        [enlarged("align_corners", "x", "t", "then_resize")], "then", [], [value("t", DOUBLE)]
    )
    other = helper.make_graph(
        [enlarged(otherwise, "x", "e", "else_resize")], "else", [], [value("e", DOUBLE)]
    )
    return node("If", [condition], ["y"], "if1", then_branch=then, else_branch=other)


def always(otherwise: str) -> ModelProto:
    """Return a model that takes one branch, whatever it is given."""
    nodes = [
        node("Abs", ["x"], ["a"]), node("ReduceMax", ["a"], ["most"], keepdims=0),
        node("GreaterOrEqual", ["most", "zero"], ["c"]), chosen("c", otherwise),
    ]  # fmt: skip
    return of_two(nodes, zero=np.zeros((), np.float32))


def bright(otherwise: str) -> ModelProto:
    """Return a model that takes the other branch where numbers are negative."""
    nodes = [
        node("ReduceMean", ["x"], ["mean"], keepdims=0),
        node("GreaterOrEqual", ["mean", "zero"], ["c"]), chosen("c", otherwise),
    ]  # fmt: skip
    return of_two(nodes, zero=np.zeros((), np.float32))


def flagged(otherwise: str) -> ModelProto:
    """Return a model that a flag has take one branch or the other."""
    return of_two([chosen("flag", otherwise)], value("flag", [], BOOL))


def looping(mode: str, trips: int) -> ModelProto:
    """Return a model whose Loop adds resized images, so many."""
    body = helper.make_graph(
        [enlarged(mode, "x", "r", "loop_resize"), node("Add", ["s", "r"], ["s2"]),
         node("Identity", ["go"], ["on"])], "body",
        [value("i", [], INT64), value("go", [], BOOL), value("s", DOUBLE)],
        [value("on", [], BOOL), value("s2", DOUBLE)],
    )  # fmt: skip
    nodes = [
        enlarged("align_corners", "x", "start", "first_resize"),
        node("Loop", ["trips", "", "start"], ["y"], "loop1", body=body),
    ]
    return of_two(nodes, trips=np.array(trips))


def scanning() -> ModelProto:
    """Return a model whose Scan holds an If, whose branch holds a Loop of one trip or of none."""
    add = helper.make_graph(
        [enlarged(GOOD, "s", "r", "deep_resize"), node("MaxPool", ["r"], ["s2"], "least",
         kernel_shape=[2, 2], strides=[2, 2]), node("Identity", ["go"], ["on"])], "add",
        [value("i", [], INT64), value("go", [], BOOL), value("s", SMALL)],
        [value("on", [], BOOL), value("s2", SMALL)],
    )  # fmt: skip
    then = helper.make_graph(
        [node("Loop", ["trips", "", "xi"], ["t"], "loop1", body=add)], "then", [],
        [value("t", SMALL)],
    )  # fmt: skip
    other = helper.make_graph(
        [enlarged(GOOD, "xi", "q", "other_resize"), node("MaxPool", ["q"], ["e"], "most",
         kernel_shape=[2, 2], strides=[2, 2])], "else", [], [value("e", SMALL)],
    )  # fmt: skip
    body = helper.make_graph(
        [node("Greater", ["n", "one"], ["later"]),
         node("If", ["later"], ["o"], "if1", then_branch=then, else_branch=other),
         node("Add", ["n", "one"], ["n2"])], "body",
        [value("n", [], INT64), value("xi", SMALL)], [value("n2", [], INT64), value("o", SMALL)],
    )  # fmt: skip
    several = helper.make_graph(
        [node("Scan", ["first", "x"], ["last", "y"], "scan1", num_scan_inputs=1, body=body)], "g",
        [value("x", [3, *SMALL]), value("trips", [], INT64)], [value("y", [3, *SMALL])],
        [numpy_helper.from_array(np.array(n), name) for name, n in (("first", 0), ("one", 1))]
        + [numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")],
    )  # fmt: skip
    return helper.make_model(several, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
