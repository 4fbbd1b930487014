"""What is read around a site takes little, and one odd node hides no other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

import example_models as models
import halfpixel
from halfpixel.checking.check import opened
from halfpixel.formats.onnx.read import calls
from halfpixel.formats.onnx.read.lengths import shape_arithmetic, trial
from halfpixel.formats.onnx.read.lengths.evaluator import evaluated
from halfpixel.formats.onnx.read.patterns.moves import unsqueezed_shape
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.formats.onnx.read.surroundings import layers_above
from halfpixel.surroundings import StridedLayer
from halfpixel.work import MOST, working


def numbers(name: str, values: Sequence[int]) -> TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


@pytest.mark.parametrize(("count", "scales"), [(2, (1, 1, 4, 4)), (4, None), (60, None)])
def test_a_constant_of_many_inputs_is_not_followed(
    count: int, scales: tuple[float, ...] | None
) -> None:
    """DequantizeLinear has three inputs; sixty, three deep, are paths without number."""
    nodes: list[NodeProto] = []
    last = "scales"
    for level in range(3):
        given = [last, "one", *["none"] * (count - 2)] if count < 60 else [last] * count
        nodes.append(helper.make_node("DequantizeLinear", given, [f"d{level}"]))
        last = f"d{level}"
    up = models.resize()
    up.input[2] = last
    one = helper.make_tensor("one", TensorProto.FLOAT, [], [1.0])
    none = helper.make_tensor("none", TensorProto.FLOAT, [], [0.0])
    constants = [models.scales(1, 1, 4, 4), one, none]
    with working(MOST) as work:
        (site,) = opened(models.model([*nodes, up], initializers=constants)).sites
    assert site.operation.scales == scales
    assert work.done < 1_000


def test_what_is_followed_of_a_constant_is_counted() -> None:
    node = helper.make_node("DequantizeLinear", ["a", "a", "a"], ["b"])
    last = helper.make_node("DequantizeLinear", ["b", "b", "b"], ["c"])
    constants = {"a": helper.make_tensor("a", TensorProto.FLOAT, [1], [2.0])}
    with working(MOST) as work:
        assert Scope("", [node, last], {"": 18}, None, constants, {}).numbers("c") == (0.0,)
    assert work.done >= 5


def doubled(prefix: str, data: str, perm: Sequence[int] = (2, 3, 0, 1)) -> list[NodeProto]:
    """Return nodes that make an image of 4 by 4 twice as high and wide by its indices."""
    return [
        helper.make_node("Transpose", [data], [f"{prefix}t"], perm=perm),
        helper.make_node("GatherND", [f"{prefix}t", "pixels"], [f"{prefix}g"], f"{prefix}gather"),
        helper.make_node("Transpose", [f"{prefix}g"], [f"{prefix}y"], perm=(2, 3, 0, 1)),
    ]


def pixels() -> TensorProto:
    line = np.repeat(np.arange(4), 2)
    grid = np.stack(np.meshgrid(line, line, indexing="ij"), -1)
    return numpy_helper.from_array(grid.astype(np.int64), "pixels")


def turned(data: str, *perms: Sequence[int] | None) -> list[NodeProto]:
    """Return a gather behind Transposes; a perm of None is left out."""
    nodes: list[NodeProto] = []
    for number, perm in enumerate(perms):
        node = helper.make_node("Transpose", [data], [f"q{number}"])
        if perm is not None:
            node.attribute.append(helper.make_attribute("perm", perm))
        nodes.append(node)
        data = f"q{number}"
    return [*nodes, helper.make_node("GatherND", [data, "pixels"], ["odd"], "odd")]


def averaged(axes: Sequence[int]) -> list[NodeProto]:
    """Return a gather of windows whose mean is over axes that are not there."""
    return [
        helper.make_node("Transpose", ["x"], ["q"], perm=(2, 3, 0, 1)),
        helper.make_node("GatherND", ["q", "windows"], ["w"], "odd"),
        helper.make_node("Transpose", ["w"], ["v"], perm=(4, 5, 0, 1, 2, 3)),
        helper.make_node("ReduceMean", ["v"], ["odd"], axes=axes, keepdims=0),
    ]


ODD = {
    "transposes of no order": turned("free", None, None),
    "an order of places that are not there": turned("free", (3, 2, 1, 0), (-9, 0, 1, 2)),
    "an order that is too short": turned("free", (0,), (3, 2, 1, 0)),
    "a mean over axes that are not there": averaged((3, 99)),
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_gather_hides_no_other(kind: str) -> None:
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 1, 4, 4)),
        helper.make_tensor_value_info("free", TensorProto.FLOAT, None),
    ]
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in ("ay", "odd")]
    windows = numpy_helper.from_array(np.zeros((2, 2, 2, 2, 2), np.int64), "windows")
    graph = helper.make_graph(
        [*doubled("a", "x"), *ODD[kind]], "g", inputs, outputs, [pixels(), windows]
    )
    opsets = [helper.make_opsetid("", 17)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    assert "agather" in [site.name for site in halfpixel.sites(made)]


def woven(count: int) -> ModelProto:
    """Return gathers that a chain of sums reads, one after the other."""
    nodes: list[NodeProto] = []
    for k in range(count):
        nodes.append(helper.make_node("GatherND", ["x", "windows"], [f"g{k}"]))
        nodes.append(helper.make_node("Transpose", [f"g{k}"], [f"t{k}"], perm=(0, 1, 2)))
    before = ["t0", *(f"a{k}" for k in range(count))]
    nodes += [helper.make_node("Add", [f"t{k}", before[k]], [before[k + 1]]) for k in range(count)]
    nodes.append(models.resize("image"))
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, (8, 3)),
        helper.make_tensor_value_info("image", TensorProto.FLOAT, (1, 1, 4, 4)),
    ]
    windows = helper.make_tensor("windows", TensorProto.INT64, (2, 2, 1), (0, 1, 1, 2))
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "g", inputs, outputs, [windows, models.scales()])
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def test_the_windows_of_many_gathers_are_looked_for_within_bounds() -> None:
    """Each alone is followed to the end of the chain: a gather takes no more than its share."""
    with working(10_000) as work:
        found = opened(woven(400)).sites
    assert work.done <= 2 * 10_000
    assert any(site.operation.unjudged for site in found)
    assert [site.name for site in halfpixel.sites(woven(4))] == ["up"]


def test_axes_beyond_those_of_a_tensor_are_not_inserted() -> None:
    def shape(count: int) -> object:
        node = helper.make_node("Unsqueeze", ["x"], ["y"], axes=list(range(count)))
        return unsqueezed_shape(Scope("", [node], {"": 11}, None, {}, {}, shapes={"x": (2,)}), "y")

    assert shape(3) == (1, 1, 1, 2)
    assert shape(65) is None


REPEATED = [
    helper.make_node("Unsqueeze", ["a", "axes"], ["wide"]),
    helper.make_node("Tile", ["wide", "times"], ["many"]),
    helper.make_node("Reshape", ["many", "lengths"], ["b"]),
]


def test_a_pattern_in_a_function_is_found_alone() -> None:
    """No node of the function's resamples by itself."""
    given = {"axes": (3, 5), "times": (1, 1, 1, 2, 1, 2), "lengths": (1, 1, 8, 8)}
    constants = [
        helper.make_node("Constant", [], [name], value=numbers(name, values))
        for name, values in given.items()
    ]
    opsets = [helper.make_opsetid("", 18)]
    body = helper.make_function("own", "Up", ["a"], ["b"], [*constants, *REPEATED], opsets)
    made = models.model([helper.make_node("Up", ["x"], ["y"], domain="own")])
    made.opset_import.append(helper.make_opsetid("own", 1))
    made.functions.append(body)
    (site,) = halfpixel.sites(made)
    assert site.operation.hidden == "Tile and Reshape"
    assert site.torch_call == 'F.interpolate(x, scale_factor=2.0, mode="nearest")'


@pytest.mark.parametrize("op", ["Resize", "GatherND", "AveragePool"])
def test_a_declared_shape_of_more_axes_than_a_tensor_has_is_none(op: str) -> None:
    inputs = {"Resize": ["x", "", "scales"], "GatherND": ["x", "pixels"]}.get(op, ["x"])
    node = helper.make_node(op, inputs, ["y"], op)
    if op == "AveragePool":
        windows = [helper.make_attribute(key, [2, 2]) for key in ("kernel_shape", "strides")]
        node.attribute.extend(windows)
    made = models.model([node], shape=[1] * 5000, initializers=[models.scales(), pixels()])
    with working(MOST) as work:
        found = opened(made).sites
    assert all(site.operation.input_shape is None for site in found)
    assert work.done < 1_000


def test_the_order_of_a_shared_transpose_is_not_read_by_each_of_its_readers() -> None:
    turn = helper.make_node("Transpose", ["free"], ["t"], perm=list(range(20_000)))
    nodes = [helper.make_node("GatherND", ["t", "pixels"], [f"y{k}"]) for k in range(200)]
    made = models.model([turn, *nodes, models.resize()], initializers=[models.scales(), pixels()])
    with working(MOST) as work:
        assert [site.name for site in opened(made).sites] == ["up"]
    assert work.done < 1_000


def test_lengths_that_many_resizes_share_are_computed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A chain of sums, from the end of which many resizes take their lengths."""
    computed: list[str] = []

    def counted(nodes: Sequence[NodeProto], *given: Any) -> Any:  # noqa: ANN401
        computed.extend(node.op_type for node in nodes)
        return evaluated(nodes, *given)

    monkeypatch.setattr(trial, "evaluated", counted)
    nodes = [helper.make_node("Shape", ["x"], ["n0"])]
    nodes += [helper.make_node("Add", [f"n{k}", "none"], [f"n{k + 1}"]) for k in range(20)]
    for k in range(40):
        up = helper.make_node("Resize", ["x", "", "", f"n{20 - k % 4}"], [f"y{k}"], f"up{k}")
        nodes.append(up)
    made = models.model(nodes, shape=("b", 1, "h", "w"), initializers=[numbers("none", [0])])
    assert len(halfpixel.sites(made)) == 40
    trials = len(shape_arithmetic.TRIALS)
    assert len(computed) == 20 * trials


def test_a_value_that_is_passed_for_many_inputs_is_looked_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []

    def counted(scope: Scope, name: str, farthest: int) -> tuple[StridedLayer, ...]:
        looked.append(name)
        return layers_above(scope, name, farthest)

    monkeypatch.setattr(calls, "layers_above", counted)
    formal = [f"f{k}" for k in range(100)]
    body = [helper.make_node("Resize", ["f0", "", "f99"], ["o"], "up")]
    opsets = [helper.make_opsetid("", 18)]
    call = helper.make_node("Up", [*["x"] * 99, "scales"], ["y"], domain="own")
    made = models.model([call])
    made.opset_import.append(helper.make_opsetid("own", 1))
    made.functions.append(helper.make_function("own", "Up", formal, ["o"], body, opsets))
    assert [site.name for site in halfpixel.sites(made)] == ["up"]
    assert len(looked) == 2
