"""Fix leaves everything else in a model as it was: functions, branches and weights round a site."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import FunctionProto, ModelProto, TensorProto, helper, numpy_helper

import halfpixel
from example_models import float_model
from halfpixel.fixing.fix import fix
from oracles import as_written

Array = np.ndarray[Any, np.dtype[Any]]
RANDOM = np.random.default_rng(3)
LINEAR = helper.make_node("Resize", ["x", "twice"], ["c"], "linear", mode="linear")
TWICE = (1, 1, 2, 2)


def nearest(name: str, scales: Sequence[float]) -> FunctionProto:
    """Return a local function that resizes, its value called y in all of them."""
    value = numpy_helper.from_array(np.array(scales, np.float32))
    return helper.make_function(
        "local", name, ["x"], ["y"],
        [
            helper.make_node("Constant", [], ["s"], value=value),
            helper.make_node("Resize", ["x", "s"], ["y"], "up", mode="nearest"),
        ],
        [helper.make_opsetid("", 10)],
    )  # fmt: skip


def branch(name: str, source: str, scales: str) -> onnx.GraphProto:
    """Return a branch that resizes to the same lengths, its value called v in both."""
    node = helper.make_node("Resize", [source, scales], ["v"], f"{name}_up", mode="nearest")
    value = helper.make_tensor_value_info("v", TensorProto.FLOAT, [1, 2, 14, 20])
    return helper.make_graph([node], name, [], [value])


def test_a_lift_tells_functions_apart_whose_values_share_a_name() -> None:
    calls = [helper.make_node(n, ["x"], [n.lower()], domain="local") for n in ("A", "B")]
    functions = [nearest("A", (1, 1, 2.5, 3.3)), nearest("B", (1, 1, 0.4, 0.6))]
    shape: list[int | str] = [1, 2, 7, 10]
    model = float_model(
        [*calls, LINEAR], {"x": shape}, ["a", "b", "c"], {"twice": TWICE}, 10, functions
    )
    result = fix(model, unsafe_fixes=True, ignore=["nearest*"])
    assert [change.node for change in result.changes] == ["linear"]
    x: Array = RANDOM.random((1, 2, 7, 10), np.float32)
    for old, new in zip(
        as_written(model, {"x": x})[:2], as_written(result.model, {"x": x})[:2], strict=True
    ):
        np.testing.assert_array_equal(old, new)


def test_a_lift_tells_branches_apart_whose_values_share_a_name() -> None:
    then, other = branch("t", "x", "twice"), branch("e", "big", "less")
    node = helper.make_node("If", ["p"], ["b"], then_branch=then, else_branch=other)
    shapes: dict[str, list[int | str]] = {"p": [], "x": [1, 2, 7, 10], "big": [1, 2, 35, 50]}
    scales: dict[str, Sequence[float]] = {"twice": TWICE, "less": (1, 1, 0.4, 0.4)}
    model = float_model([node, LINEAR], shapes, ["b", "c"], scales, 10)
    result = fix(model, unsafe_fixes=True, select=["asymmetric-linear"])
    assert [change.node for change in result.changes] == ["linear"]
    x: Array = RANDOM.random((1, 2, 7, 10), np.float32)
    big: Array = RANDOM.random((1, 2, 35, 50), np.float32)
    for chosen in (True, False):
        feeds: dict[str, Array] = {"p": np.array(chosen), "x": x, "big": big}
        np.testing.assert_array_equal(
            as_written(model, feeds)[0], as_written(result.model, feeds)[0]
        )


@pytest.mark.parametrize(
    ("op", "attribute", "value", "fixed"),
    [
        ("LeakyRelu", "alpha", 0.5, 1),
        ("Transpose", "perm", [1, 0], 1),
        ("Softmax", "axis", 1, 1),
        ("Unsqueeze", "axes", [0], 1),
    ],
)
def test_a_lift_keeps_arguments_of_functions(
    op: str, attribute: str, value: float | list[int], fixed: int
) -> None:
    node = helper.make_node(op, ["q"], ["y"])
    like = helper.make_attribute("p", value)
    node.attribute.add(name=attribute, ref_attr_name="p", type=like.type)
    opset = helper.make_opsetid("", 10)
    function = helper.make_function("local", "Fn", ["q"], ["y"], [node], [opset], attributes=["p"])
    call = helper.make_node("Fn", ["q"], ["a"], domain="local", p=value)
    shapes: dict[str, list[int | str]] = {"q": [2, 3], "x": [1, 2, 7, 10]}
    model = float_model([call, LINEAR], shapes, ["a", "c"], {"twice": TWICE}, 10, [function])
    result = fix(model, unsafe_fixes=True)
    assert len(result.changes) == fixed
    feeds: dict[str, Array] = {
        "q": RANDOM.standard_normal((2, 3), np.float32),
        "x": RANDOM.random((1, 2, 7, 10), np.float32),
    }
    np.testing.assert_array_equal(as_written(model, feeds)[0], as_written(result.model, feeds)[0])


def test_an_argument_of_a_function_that_a_lift_cannot_keep_declines_it() -> None:
    node = helper.make_node("Unsqueeze", ["q"], ["y"])
    node.attribute.add(name="axes", ref_attr_name="p", type=onnx.AttributeProto.INTS)
    opset = helper.make_opsetid("", 10)
    function = helper.make_function("local", "Fn", ["q"], ["y"], [node], [opset], attributes=["p"])
    call = helper.make_node("Fn", ["q"], ["a"], domain="local", p=[0])
    made = [call, helper.make_node("Resize", ["x", "twice"], ["c"], "cubic_up", mode="linear")]
    shapes: dict[str, list[int | str]] = {"q": [2], "x": [1, 1, 9, 9]}
    model = float_model(made, shapes, ["a", "c"], {"twice": (1, 1, 0.5, 0.5)}, 10, [function])
    result = fix(model, unsafe_fixes=True, expect=["antialias=true"])
    assert result.changes == () or "opset 10 to 18" not in result.notes


def two_passes() -> ModelProto:
    """Return a model of which each of two passes drops a constant."""
    return float_model(
        [
            helper.make_node(
                "Resize", ["x", "", "s0"], ["a"], "A",
                mode="linear", coordinate_transformation_mode="half_pixel",
            ),
            helper.make_node("Mul", ["q", "w"], ["c"]),
            helper.make_node(
                "Resize", ["q", "", "s1"], ["b"], "B", mode="cubic",
                coordinate_transformation_mode="align_corners", exclude_outside=1,
            ),
        ],
        {"x": [1, 1, 4, 4], "q": [1, 1, "h", "w_"]},
        ["a", "b", "c"],
        {"s0": TWICE, "w": (3,), "s1": (1, 1, 2.3, 2.3)},
        13,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_two_passes_keep_every_weight(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    onnx.save(two_passes(), path)
    source = two_passes() if kind == "memory" else path
    result = fix(source, unsafe_fixes=True, lower={"A": "matmul"})
    assert {change.node for change in result.changes} == {"A", "B"}
    assert isinstance(result.model, ModelProto)
    assert "w" in {tensor.name for tensor in result.model.graph.initializer}
    q: Array = RANDOM.random((1, 1, 4, 4), np.float32)
    np.testing.assert_array_equal(as_written(result.model, {"x": q, "q": q})[2], 3 * q)
    result.save(tmp_path / "out.onnx")
    assert onnx.load(tmp_path / "out.onnx").graph.initializer == result.model.graph.initializer


def test_two_passes_in_a_subgraph_compose(tmp_path: Path) -> None:
    def body(name: str) -> onnx.GraphProto:
        node = helper.make_node(
            "Resize", ["x", "", "twice"], [f"{name}_y"], f"{name}_up",
            mode="cubic", coordinate_transformation_mode="asymmetric", exclude_outside=1,
        )  # fmt: skip
        value = helper.make_tensor_value_info(f"{name}_y", TensorProto.FLOAT, None)
        return helper.make_graph([node], name, [], [value])

    node = helper.make_node("If", ["p"], ["y"], then_branch=body("t"), else_branch=body("e"))
    model = float_model([node], {"p": [], "x": [1, 1, 5, 5]}, ["y"], {"twice": TWICE}, 13)
    path = tmp_path / "m.onnx"
    onnx.save(model, path)
    result = fix(path, unsafe_fixes=True)
    assert result.error is None
    assert {change.node for change in result.changes} == {"t_up", "e_up"}
    assert len(result.changes) > 2
    result.save(tmp_path / "out.onnx")
    assert halfpixel.check(tmp_path / "out.onnx").count("warning") == 0


def test_a_nearest_resize_that_becomes_two_does_not_stop_other_fixes() -> None:
    mixed = helper.make_node("Resize", ["x", "mixed"], ["d"], "mixed_up", mode="nearest")
    scales: dict[str, Sequence[float]] = {"twice": TWICE, "mixed": (1, 1, 2, 0.5)}
    model = float_model([LINEAR, mixed], {"x": [1, 2, 7, 10]}, ["c", "d"], scales, 10)
    result = fix(model, unsafe_fixes=True, select=["asymmetric-linear"])
    assert [change.node for change in result.changes] == ["linear"]
    x: Array = RANDOM.random((1, 2, 7, 10), np.float32)
    np.testing.assert_array_equal(
        as_written(model, {"x": x})[1], as_written(result.model, {"x": x})[1]
    )


def test_a_resize_that_moves_no_axis_is_not_lowered() -> None:
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], "up", mode="linear")
    model = float_model([node], {"x": [1, 1, 4, 4]}, ["y"], {"s": (1, 1, 1, 1)}, 13)
    result = fix(model, lower={"up": "resize"}, ignore=["*"])
    assert [declined.reason for declined in result.declined] == ["it resamples no axis"]


def test_a_zero_output_length_is_told_as_such() -> None:
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], "down", mode="linear")
    model = float_model([node], {"x": [1, 1, 4, 4]}, ["y"], {"s": (1, 1, 0.1, 0.1)}, 13)
    (finding,) = halfpixel.check(model).findings
    assert (
        finding.finding.message == "output length 0 along axis 2 by scale 0.1, expected at least 1"
    )
