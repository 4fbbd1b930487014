"""Where versions and operators beside Resize disagree: old opsets, boxes and grids."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import ModelProto, helper, version_converter
from onnxruntime.capi.onnxruntime_pybind11_state import Fail
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NotThere

import halfpixel
from divergent_models import RAMP, model, rules
from halfpixel.sampling import AffineGrid, RoiAlign
from oracles import Array, by_onnxruntime, by_reference


@pytest.mark.parametrize(("mode", "found"), [("linear", True), ("nearest", False)])
def test_d15_the_version_converter_loses_asymmetric(mode: str, *, found: bool) -> None:
    node = helper.make_node("Resize", ["x", "s"], ["y"], "up", mode=mode)
    old = model(node, {"x": RAMP}, {"s": np.array([1, 1, 2, 2], np.float32)}, 10)
    old.producer_name = "some-exporter"
    new = version_converter.convert_version(old, 13)
    before = halfpixel.sites(old)[0].evaluate(RAMP)
    after = halfpixel.sites(new)[0].evaluate(RAMP)
    assert (np.abs(before - after).max() > 0.1) == found
    assert ("lost-coordinates" in rules(new)) == found


def test_d15_the_version_converter_renames_what_it_knows() -> None:
    x = np.random.default_rng(5).random((1, 1, 4, 5), np.float32)
    grid = np.random.default_rng(6).random((1, 3, 3, 2), np.float32)
    node = helper.make_node("GridSample", ["x", "g"], ["y"], "s", mode="bicubic")
    old = model(node, {"x": x, "g": grid}, {}, 16)
    new = version_converter.convert_version(old, 20)
    assert new.graph.node[0].attribute[0].s == b"cubic"
    ours = [halfpixel.sites(each)[0].evaluate(x, grid) for each in (old, new)]
    np.testing.assert_array_equal(ours[0], ours[1])
    pooled, inputs = boxes(10)
    later = version_converter.convert_version(pooled, 16)
    ours = [halfpixel.sites(each)[0].evaluate(*inputs.values()) for each in (pooled, later)]
    np.testing.assert_array_equal(ours[0], ours[1])


OLD: list[tuple[str, int, dict[str, Any]]] = [
    ("Upsample", 7, {"scales": [1.0, 1.0, 2.0, 2.0]}),
    ("Upsample", 9, {}),
    ("Resize", 10, {}),
]


@pytest.mark.parametrize(("op", "opset", "attributes"), OLD)
def test_d16_the_reference_cannot_run_what_came_before_opset_11(
    op: str, opset: int, attributes: dict[str, Any]
) -> None:
    names = ["x"] if attributes else ["x", "s"]
    node = helper.make_node(op, names, ["y"], "up", mode="linear", **attributes)
    scales = {} if attributes else {"s": np.array([1, 1, 2, 1.5], np.float32)}
    made = model(node, {"x": RAMP}, scales, opset)
    ours = halfpixel.sites(made)[0].evaluate(RAMP)
    np.testing.assert_allclose(ours, by_onnxruntime(made, {"x": RAMP}), atol=1e-5)
    with pytest.raises((RuntimeError, ValueError, TypeError)):
        by_reference(made, {"x": RAMP})


def test_d16_nearest_of_opset_10_rounds_up_where_it_shrinks() -> None:
    node = helper.make_node("Resize", ["x", "s"], ["y"], "up", mode="nearest")
    scales = {"s": np.array([1, 1, 0.6, 0.8], np.float32)}
    made = model(node, {"x": RAMP}, scales, 10)
    ours = halfpixel.sites(made)[0].evaluate(RAMP)
    np.testing.assert_array_equal(ours, by_onnxruntime(made, {"x": RAMP}))
    assert "nearest-rounding" in rules(made)


def boxes(opset: int, **attributes: Any) -> tuple[ModelProto, dict[str, Array]]:  # noqa: ANN401
    """Return a RoiAlign over one box."""
    x = np.random.default_rng(0).random((1, 1, 8, 8), np.float32)
    inputs: dict[str, Array] = {
        "x": x,
        "r": np.array([[1.2, 2.3, 6.7, 5.1]], np.float32),
        "b": np.zeros(1, np.int64),
    }
    given: dict[str, Any] = {
        "output_height": 2,
        "output_width": 3,
        "sampling_ratio": 2,
        **attributes,
    }
    node = helper.make_node("RoiAlign", ["x", "r", "b"], ["y"], "pool", **given)
    return model(node, inputs, {}, opset), inputs


@pytest.mark.parametrize("opset", [10, 16])
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_d17_roi_align(opset: int, mode: str) -> None:
    made, inputs = boxes(opset, mode=mode)
    (site,) = halfpixel.sites(made)
    ours = site.evaluate(*inputs.values())
    np.testing.assert_allclose(ours, by_onnxruntime(made, inputs), atol=1e-5)
    assert isinstance(site.operator, RoiAlign)
    assert site.operator.aligned == (opset == 16)
    assert (site.torch_call is None) == (mode == "max")
    if opset == 10:
        assert np.abs(ours - by_reference(made, inputs)).max() > 1e-3
    assert ("roi-align-default" in rules(made)) == (opset == 16)


@pytest.mark.parametrize("value", [1, -1])
def test_d17_the_maximum_over_a_constant_map_is_not_the_constant(value: int) -> None:
    made, inputs = boxes(16, mode="max")
    inputs["x"] = np.full_like(inputs["x"], value)
    ours = halfpixel.sites(made)[0].evaluate(*inputs.values())
    np.testing.assert_allclose(ours, by_onnxruntime(made, inputs), atol=1e-5)
    assert np.all(ours < value) if value > 0 else np.all(ours > value)


def test_d17_onnxruntime_has_no_roi_align_22() -> None:
    made, inputs = boxes(22)
    ours = halfpixel.sites(made)[0].evaluate(*inputs.values())
    np.testing.assert_allclose(ours, by_reference(made, inputs), atol=1e-5)
    with pytest.raises(NotThere, match="RoiAlign"):
        by_onnxruntime(made, inputs)
    assert "runtime-unsupported" in rules(made)


@pytest.mark.filterwarnings("ignore:Since version 1.3")
def test_d18_an_affine_grid_of_one_pixel() -> None:
    theta = np.array([[[1, 0, 0], [0, 1, 0]]], np.float32)
    node = helper.make_node("AffineGrid", ["t", "s"], ["y"], "grid", align_corners=1)
    made = model(node, {"t": theta}, {"s": np.array([1, 1, 1, 4], np.int64)}, 20)
    inputs = {"t": theta}
    ours = halfpixel.sites(made)[0].evaluate(theta)
    np.testing.assert_allclose(ours, by_reference(made, inputs), atol=1e-6)
    eager = F.affine_grid(torch.from_numpy(theta), [1, 1, 1, 4], align_corners=True)
    rows = [grid[0, 0, 0, 1] for grid in (ours, by_onnxruntime(made, inputs), eager.numpy())]
    assert [float(row) for row in rows] == [-1, 1, 0]
    as_torch = AffineGrid(align_corners=True, single=0.0).evaluate(theta, (1, 1, 1, 4))
    np.testing.assert_allclose(as_torch, eager.numpy(), atol=1e-6)
    assert "single-pixel-grid" in rules(made)


@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_d19_grid_sample(mode: str, padding: str) -> None:
    random = np.random.default_rng(1)
    x = random.random((1, 2, 4, 5), np.float32)
    grid = (random.random((1, 6, 7, 2), np.float32) * 3 - 1.5).astype(np.float32)
    node = helper.make_node("GridSample", ["x", "g"], ["y"], "s", mode=mode, padding_mode=padding)
    made, inputs = model(node, {"x": x, "g": grid}, {}, 20), {"x": x, "g": grid}
    ours = halfpixel.sites(made)[0].evaluate(x, grid)
    np.testing.assert_allclose(ours, by_onnxruntime(made, inputs), atol=1e-5)
    wrong = (mode, padding) == ("cubic", "border")
    assert (np.abs(ours - by_reference(made, inputs)).max() > 1e-2) == wrong


def test_d19_cubic_in_three_dimensions_is_refused_by_onnxruntime() -> None:
    x = np.random.default_rng(7).random((1, 1, 3, 4, 5), np.float32)
    grid = np.random.default_rng(8).random((1, 2, 3, 2, 3), np.float32) * 2 - 1
    node = helper.make_node("GridSample", ["x", "g"], ["y"], "s", mode="cubic")
    made, inputs = model(node, {"x": x, "g": grid}, {}, 20), {"x": x, "g": grid}
    ours = halfpixel.sites(made)[0].evaluate(x, grid)
    np.testing.assert_allclose(ours, by_reference(made, inputs), atol=1e-5)
    with pytest.raises(Fail, match="GridSample"):
        by_onnxruntime(made, inputs)


def test_d19_a_coordinate_that_is_not_finite_reads_nothing_in_pytorch_only() -> None:
    x = np.ones((1, 1, 4, 5), np.float32)
    grid = np.full((1, 1, 1, 2), np.inf, np.float32)
    node = helper.make_node("GridSample", ["x", "g"], ["y"], "s", mode="nearest")
    made, inputs = model(node, {"x": x, "g": grid}, {}, 20), {"x": x, "g": grid}
    eager = F.grid_sample(
        torch.from_numpy(x), torch.from_numpy(grid), mode="nearest", align_corners=False
    )
    ours = halfpixel.sites(made)[0].evaluate(x, grid)
    assert [y.item() for y in (ours, eager, by_onnxruntime(made, inputs))] == [0, 0, 1]
