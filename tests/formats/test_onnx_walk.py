"""Sites are found wherever they stand, and evaluated as the specification says."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import example_models as models
import halfpixel
from halfpixel.errors import GraphError, HalfpixelError


def constant(name: str, values: Any) -> TensorProto:  # noqa: ANN401 - whatever numpy takes
    return numpy_helper.from_array(np.asarray(values), name)


def branch(name: str) -> onnx.GraphProto:
    node = models.resize("x", f"{name}_out", f"{name}_up")
    out = helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, None)
    return helper.make_graph([node], name, [], [out])


def test_sites_in_subgraphs_see_the_names_around_them() -> None:
    choose = helper.make_node(
        "If", ["flag"], ["y"], "choose", then_branch=branch("then"), else_branch=branch("other")
    )
    made = models.model(
        [choose], initializers=[models.scales(), constant("flag", np.array([True])[0])]
    )
    found = halfpixel.sites(made)
    places = {site.name: site.graph for site in found}
    assert places == {"then_up": "choose.then_branch", "other_up": "choose.else_branch"}
    assert all(site.torch_call and "scale_factor=2.0" in site.torch_call for site in found)


def test_sites_in_loops_and_scans() -> None:
    body = helper.make_graph(
        [models.resize("x", "inner", "in_loop"), helper.make_node("Identity", ["go"], ["on"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("inner", TensorProto.FLOAT, None),
        ],
    )
    loop = helper.make_node("Loop", ["n", ""], ["y"], "loop", body=body)
    made = models.model([loop], initializers=[models.scales(), constant("n", np.int64(2))])
    assert [(s.name, s.graph) for s in halfpixel.sites(made)] == [("in_loop", "loop.body")]


def test_sites_in_functions_take_the_attributes_of_the_call() -> None:
    node = models.resize("a", "b", "inside")
    mode = next(a for a in node.attribute if a.name == "coordinate_transformation_mode")
    mode.Clear()
    mode.name = "coordinate_transformation_mode"
    mode.type = onnx.AttributeProto.STRING
    mode.ref_attr_name = "coordinates"
    node.input[2] = "s"
    function = helper.make_function(
        "mine", "Up", ["a", "s"], ["b"], [node], [helper.make_opsetid("", 19)], ["coordinates"]
    )
    calls = [
        helper.make_node(
            "Up", ["x", "scales"], ["t"], "one", domain="mine", coordinates="half_pixel"
        ),
        helper.make_node(
            "Up", ["t", "scales"], ["y"], "two", domain="mine", coordinates="align_corners"
        ),
    ]
    made = models.model(calls)
    made.functions.append(function)
    made.opset_import.append(helper.make_opsetid("mine", 1))
    one, two = halfpixel.sites(made)
    assert (one.graph, two.graph) == ("one.Up", "two.Up")
    assert one.torch_call is not None
    assert two.torch_call is not None
    assert "align_corners=False" in one.torch_call
    assert "align_corners=True" in two.torch_call
    assert one.input_shape == (1, 1, 4, 4)


def test_a_function_that_calls_itself_is_refused() -> None:
    call = helper.make_node("Up", ["a"], ["b"], "again", domain="mine")
    function = helper.make_function(
        "mine", "Up", ["a"], ["b"], [call], [helper.make_opsetid("", 19)]
    )
    made = models.model([helper.make_node("Up", ["x"], ["y"], "first", domain="mine")])
    made.functions.append(function)
    with pytest.raises(GraphError, match="calls itself"):
        halfpixel.sites(made)


def test_a_cycle_is_refused() -> None:
    made = models.model(
        [
            helper.make_node("Relu", ["b"], ["a"], "first"),
            helper.make_node("Relu", ["a"], ["b"], "second"),
            models.resize(),
        ]
    )
    with pytest.raises(GraphError, match="'first': the graph has a cycle"):
        halfpixel.sites(made)


def test_nodes_out_of_order_are_let_pass() -> None:
    made = models.model([models.resize("a"), helper.make_node("Relu", ["x"], ["a"])])
    assert [site.name for site in halfpixel.sites(made)] == ["up"]


def test_a_node_without_a_name_is_called_by_its_output() -> None:
    assert halfpixel.sites(models.model([models.resize(name="")]))[0].name == "y"


def shape_arithmetic() -> list[NodeProto]:
    """Return sizes = (batch, channels, 2 * height, 3 * width), computed from Shape."""
    return [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Mul", ["shape", "factors"], ["sizes"]),
        helper.make_node(
            "Resize", ["x", "", "", "sizes"], ["y"], "up", mode="linear",
            coordinate_transformation_mode="half_pixel",
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "call"),
    [
        ((1, 1, 4, 5), 'F.interpolate(x, size=(8, 15), mode="bilinear", align_corners=False)'),
        (("n", 1, 4, 5), 'F.interpolate(x, size=(8, 15), mode="bilinear", align_corners=False)'),
        (
            (1, 1, "h", "w"),
            'F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False)',
        ),
    ],
)
def test_sizes_that_the_graph_computes(shape: models.Dims, call: str) -> None:
    factors = constant("factors", np.array([1, 1, 2, 3], np.int64))
    made = models.model(shape_arithmetic(), shape, [factors])
    (site,) = halfpixel.sites(made)
    assert site.torch_call == call


def test_trials_of_free_lengths() -> None:
    factors = constant("factors", np.array([1, 1, 2, 3], np.int64))
    made = models.model(shape_arithmetic(), (1, 1, "h", "w"), [factors])
    (site,) = halfpixel.sites(made)
    pairs = site.operation.surroundings.free_lengths.trials
    assert len(pairs) >= 4
    assert all(out == (2 * h, 3 * w) for (h, w), out in pairs)


CASES: list[tuple[dict[str, models.Attribute], tuple[float, ...], tuple[int, ...]]] = [
    ({}, (1, 1, 2, 2), (1, 2, 4, 5)),
    ({"coordinate_transformation_mode": "align_corners"}, (1, 1, 2, 3), (1, 1, 4, 5)),
    ({"mode": "cubic"}, (1, 1, 1.5, 0.5), (1, 1, 4, 6)),
    ({"mode": "cubic", "exclude_outside": 1}, (1, 1, 2, 2), (1, 1, 4, 6)),
    ({"mode": "nearest", "nearest_mode": "ceil"}, (1, 1, 0.5, 3), (1, 1, 8, 2)),
    ({"mode": "linear", "antialias": 1}, (1, 1, 0.5, 0.25), (1, 1, 8, 8)),
]


@pytest.mark.parametrize(("attributes", "factors", "shape"), CASES)
def test_evaluate_is_what_the_reference_evaluator_gives(
    attributes: dict[str, models.Attribute], factors: tuple[float, ...], shape: tuple[int, ...]
) -> None:
    made = models.model([models.resize(attributes=attributes)], shape, [models.scales(*factors)])
    x = np.random.default_rng(0).random(shape, np.float32)
    (site,) = halfpixel.sites(made)
    outputs: Any = ReferenceEvaluator(made).run(None, {"x": x})
    np.testing.assert_allclose(site.evaluate(x), outputs[0], atol=1e-6)
    np.testing.assert_array_equal(site.evaluate(x, np.array(factors)), site.evaluate(x))


BAD_NODES: list[tuple[dict[str, models.Attribute], tuple[float, ...], str]] = [
    ({}, (float("nan"), 1, 2, 2), "nan"),
    ({}, (1, 1, 0, 2), "0.0"),
    ({}, (1, 1, -2, 2), "-2.0"),
    ({}, (1, 2, 2), "scales has 3 values, input has rank 4"),
    ({"mode": "area"}, (1, 1, 2, 2), "mode is 'area'"),
    ({"coordinate_transformation_mode": "half"}, (1, 1, 2, 2), "'half'"),
    ({"mode": "nearest", "nearest_mode": "round"}, (1, 1, 2, 2), "'round'"),
    ({"axes": [2, 9]}, (2, 2), "axes holds 9"),
]


@pytest.mark.parametrize(("attributes", "factors", "problem"), BAD_NODES)
def test_a_node_that_cannot_be_described_says_why(
    attributes: dict[str, models.Attribute], factors: tuple[float, ...], problem: str
) -> None:
    made = models.model(
        [models.resize(attributes=attributes)], initializers=[models.scales(*factors)]
    )
    (site,) = halfpixel.sites(made)
    assert site.operator is None
    assert problem in site.operation.problem
    with pytest.raises(GraphError, match="'up': cannot be evaluated"):
        site.evaluate(np.zeros((1, 1, 4, 4)))
    report = halfpixel.check(made)
    assert [f.finding.severity for f in report.findings].count("error") == 1


def test_scales_that_depend_on_data_are_no_error() -> None:
    node = helper.make_node("Resize", ["x", "", "given"], ["y"], "up", mode="linear")
    made = models.model([node])
    made.graph.input.append(helper.make_tensor_value_info("given", TensorProto.FLOAT, [4]))
    (site,) = halfpixel.sites(made)
    assert site.torch_call is None
    out = site.evaluate(np.ones((1, 1, 2, 2)), np.array([1.0, 1.0, 2.0, 2.0]))
    assert out.shape == (1, 1, 4, 4)
    assert not halfpixel.check(made).count("error")


def test_external_data_need_not_be_there(tmp_path: Path) -> None:
    made = models.model([models.resize()])
    made.graph.initializer.append(constant("w", np.zeros(4096, np.float32)))
    path = tmp_path / "m.onnx"
    onnx.save(made, path, save_as_external_data=True, location="m.data", size_threshold=0)
    with_data = halfpixel.sites(path)
    assert with_data[0].torch_call is not None
    (tmp_path / "m.data").unlink()
    (without,) = halfpixel.sites(path)
    assert without.operation.scales is None


def test_external_data_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(np.array([1, 1, 2, 2], np.float32).tobytes())
    made = models.model([models.resize()])
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../secret"
    (folder / "m.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(HalfpixelError, match="secret', which leads out of the model's folder"):
        halfpixel.sites(folder / "m.onnx")


@pytest.mark.parametrize("opset", [0, 100, None])
def test_an_unknown_opset_is_refused(opset: int | None) -> None:
    made = models.model([models.resize()])
    del made.opset_import[:]
    if opset is not None:
        made.opset_import.append(helper.make_opsetid("", opset))
    with pytest.raises(HalfpixelError, match="opset"):
        halfpixel.sites(made)


def test_zero_sizes_are_named() -> None:
    node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], "up", mode="linear")
    made = models.model([node], initializers=[constant("sizes", np.array([1, 1, 0, 4], np.int64))])
    (site,) = halfpixel.sites(made)
    assert site.operation.problem == "sizes holds 0, expected at least 1"


def test_lengths_that_nothing_leads_to_are_not_known() -> None:
    nodes = [
        helper.make_node("Shape", [], ["shape"], "shape"),
        helper.make_node("Resize", ["x", "", "", "shape"], ["y"], "up"),
    ]
    (site,) = halfpixel.sites(models.model(nodes))
    assert site.operation.constant_lengths is False
