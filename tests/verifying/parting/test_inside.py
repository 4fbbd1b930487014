"""The node that parts two models is named inside If, Loop, Scan and functions too."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from halfpixel.verifying.verify import verify
from resize_pairs import command

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


Made = Callable[[str], ModelProto]
CASES: dict[str, tuple[Made, str, str]] = {
    "If": (lambda mode: model(branch(mode), SMALL), "then_up", "either.then_branch"),
    "Loop": (lambda mode: model(looped(mode), SMALL), "loop_up", "loop.body"),
    "Scan": (lambda mode: model(scanned(mode), [3, *SMALL]), "scan_up", "scan.body"),
    "a Loop in an If": (
        lambda mode: model(nested(mode), SMALL), "loop_up", "either.then_branch/loop.body"),
    "a function": (
        lambda mode: model(called(mode), SMALL, (function("how"),)), "fun_up", "second.Up"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("renamed", [False, True])
def test_the_site_is_named_inside(name: str, *, renamed: bool) -> None:
    made, expected, graph = CASES[name]
    one, other = made("half_pixel"), made("align_corners")
    if renamed:
        rename(other.graph, "x", "y")
    found = verify(one, other)
    assert found.verdict == "different"
    assert found.first is not None
    assert (found.first.node, found.first.op, found.first.site) == (expected, "Resize", True)
    assert found.first.introduced is not None
    assert found.first.graph == graph
    same = made("half_pixel")
    assert verify(one, same).equal


def rename(graph: GraphProto, *kept: str) -> None:
    """Give the main graph's values other names, as another exporter does."""
    for one in graph.node:
        for names in (one.input, one.output):
            for place, name in enumerate(names):
                if name and name not in {*kept, *CONSTANTS}:
                    names[place] = f"other_{name}"


@pytest.mark.parametrize(("made", "graph"), [(branch, "either.then_branch"), (looped, "loop.body")])
def test_a_node_that_is_no_site_is_named_inside_too(
    made: Callable[[str, str], list[NodeProto]], graph: str
) -> None:
    one, other = (model(made("half_pixel", wave), SMALL) for wave in ("Sin", "Cos"))
    found = verify(one, other)
    assert found.first is not None
    assert (found.first.node, found.first.op) == ("wave", "Sin")
    assert found.first.graph == graph
    assert found.first.introduced is not None


def test_it_is_told_where_a_node_stands(tmp_path: object) -> None:
    paths = [f"{tmp_path}/{mode}.onnx" for mode in ("half_pixel", "align_corners")]
    for mode, path in zip(("half_pixel", "align_corners"), paths, strict=True):
        onnx.save(model(branch(mode), SMALL), path)
    result = command("verify", *paths)
    assert "first divergent site: then_up (Resize) in either.then_branch; off by" in result.output


def test_where_no_node_can_be_named_the_text_says_what_was_tried(tmp_path: object) -> None:
    paths = [f"{tmp_path}/{wave}.onnx" for wave in ("Sin", "Cos")]
    for wave, path in zip(("Sin", "Cos"), paths, strict=True):
        made = model([resize("half_pixel", "x", "r", "up"), node(wave, ["r"], ["w"], "wave"),
                      node("Neg", ["w"], ["y"])], SMALL)  # fmt: skip
        if wave == "Cos":
            rename(made.graph, "x", "y")
            made.graph.node[-1].output[0] = "end"
            made.graph.output[0].name = "end"
        onnx.save(made, path)
    result = command("verify", *paths)
    assert result.exit_code == 1
    told = (
        "no run tells which node parts them; tried: 1 pair of resampling nodes, by what they make"
    )
    assert told in result.output
