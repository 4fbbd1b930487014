"""Where the specification, runtimes and converters disagree: what is right, and who differs.

Each test is one divergence that was measured once; it asserts our description, and the other
side's answer, so that a runtime that mends it shows here.
"""

from typing import Any

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import ModelProto, NodeProto, helper, numpy_helper, version_converter

import halfpixel
from halfpixel.conventions.torch_interpolate import parse_call
from halfpixel.sampling import AffineGrid, Linear, Nearest, RoiAlign, Sampling, compare
from halfpixel.sampling.arithmetic import (
    onnxruntime_nearest,
    output_length_float32,
    output_length_float64,
    pytorch_nearest,
)
from oracles import Array, by_onnxruntime, by_reference


def model(
    node: NodeProto, inputs: dict[str, Array], constants: dict[str, Array], opset: int = 19
) -> ModelProto:
    """Return a model of one node with any inputs."""

    def info(name: str, array: Array) -> onnx.ValueInfoProto:
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        return helper.make_tensor_value_info(name, kind, array.shape)

    kind = helper.np_dtype_to_tensor_dtype(next(iter(inputs.values())).dtype)
    graph = helper.make_graph(
        [node],
        "g",
        [info(name, array) for name, array in inputs.items()],
        [helper.make_tensor_value_info("y", kind, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def resize(x: Array, opset: int = 19, **attributes: Any) -> tuple[ModelProto, dict[str, Array]]:  # noqa: ANN401
    """Return a Resize of x by `scales`, `sizes` or `roi` among the attributes."""
    given = {key: attributes.pop(key, None) for key in ("roi", "scales", "sizes")}
    names = [key if value is not None else "" for key, value in given.items()]
    kinds = {"roi": np.float32, "scales": np.float32, "sizes": np.int64}
    constants = {k: np.array(v, kinds[k]) for k, v in given.items() if v is not None}
    node = helper.make_node("Resize", ["x", *names], ["y"], "up", **attributes)
    return model(node, {"x": x}, constants, opset), {"x": x}


def rules(made: ModelProto) -> set[str]:
    return {one.rule.name for one in halfpixel.check(made).findings}


RAMP = np.arange(1.0, 31.0, dtype=np.float32).reshape(1, 1, 5, 6)


def test_d1_nearest_is_off_by_one_in_float32() -> None:
    for n_in, n_out in ((14, 2), (28, 4), (56, 8), (112, 16), (224, 32), (448, 64), (480, 32)):
        read = onnxruntime_nearest("asymmetric", "floor", n_in, n_out)
        exact = tuple(i * n_in // n_out for i in range(n_out))
        assert read != exact == pytorch_nearest(n_in, n_out)
        safe = onnxruntime_nearest("asymmetric", "round_prefer_floor", n_in, n_out)
        assert safe == exact


def test_d2_the_default_rounding_is_not_nearest_exact() -> None:
    default = Sampling("half_pixel", Nearest("round_prefer_floor"))
    exact = parse_call("F.interpolate(x, size=1, mode='nearest-exact')", 1).sampling(0)
    assert not compare(default, exact, 8, 4).equal
    assert not compare(default, exact, 2, 1).equal
    assert compare(default, exact, 5, 3).equal
    right = Sampling("half_pixel", Nearest("round_prefer_ceil"))
    assert compare(right, exact).proof == "closed form"


@pytest.mark.parametrize(("n_in", "n_out"), [(28, 114), (30, 9)])
def test_d3_nearest_exact_as_a_resize_meets_ties(n_in: int, n_out: int) -> None:
    read = onnxruntime_nearest("half_pixel", "round_prefer_ceil", n_in, n_out)
    exact = Sampling("half_pixel", Nearest("round_prefer_ceil")).weights(n_in, n_out)
    assert read != tuple(row[0][0] for row in exact.rows)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_d4_one_pixel_under_pytorch_half_pixel(mode: str) -> None:
    made, inputs = resize(
        RAMP, mode=mode, coordinate_transformation_mode="pytorch_half_pixel", sizes=[1, 1, 1, 1]
    )
    ours = halfpixel.sites(made)[0].evaluate(RAMP)
    np.testing.assert_allclose(ours, by_onnxruntime(made, inputs), atol=1e-5)
    assert ours.item() == 1
    x = torch.from_numpy(RAMP)
    centre = F.interpolate(x, size=(1, 1), mode="bilinear" if mode == "linear" else "bicubic")
    assert abs(centre.item() - ours.item()) > 10
    assert "single-pixel-output" in rules(made)


def test_d5_the_reference_reads_half_a_pixel_before_the_first() -> None:
    made, inputs = resize(
        RAMP,
        mode="cubic",
        coordinate_transformation_mode="pytorch_half_pixel",
        scales=[1, 1, 0.2, 1],
    )
    ours = halfpixel.sites(made)[0].evaluate(RAMP)
    np.testing.assert_allclose(ours, by_onnxruntime(made, inputs), atol=1e-5)
    assert np.abs(ours - by_reference(made, inputs)).max() > 0.1


def test_d6_a_scale_that_keeps_the_length() -> None:
    made, inputs = resize(
        RAMP, mode="cubic", coordinate_transformation_mode="half_pixel", scales=[1, 1, 1.1, 1.1]
    )
    ours = halfpixel.sites(made)[0].evaluate(RAMP)
    np.testing.assert_array_equal(by_onnxruntime(made, inputs), RAMP)
    np.testing.assert_allclose(ours, by_reference(made, inputs), atol=1e-4)
    eager = F.interpolate(torch.from_numpy(RAMP), scale_factor=1.1, mode="bicubic")
    np.testing.assert_allclose(ours, eager.numpy(), atol=1e-4)
    assert "scale-keeps-length" in rules(made)


def test_d7_a_crop_of_the_same_shape_is_not_a_copy() -> None:
    made, inputs = resize(
        RAMP, mode="linear", coordinate_transformation_mode="tf_crop_and_resize",
        roi=[0, 0, 0.2, 0.2, 1, 1, 0.8, 0.8], sizes=[1, 1, 5, 6],
    )  # fmt: skip
    ours = halfpixel.sites(made)[0].evaluate(RAMP)
    np.testing.assert_array_equal(by_onnxruntime(made, inputs), RAMP)
    np.testing.assert_allclose(ours, by_reference(made, inputs), atol=1e-5)
    assert np.abs(ours - RAMP).max() > 0.5


def test_d8_output_lengths_in_float32() -> None:
    x = np.zeros((1, 1, 1, 100), np.float32)
    made, inputs = resize(
        x, mode="linear", coordinate_transformation_mode="half_pixel", scales=[1, 1, 1, 0.29]
    )
    assert by_onnxruntime(made, inputs).shape[3] == output_length_float32(100, 0.29) == 29
    eager = F.interpolate(torch.zeros(1, 1, 1, 100), scale_factor=(1, 0.29), mode="bilinear")
    assert eager.shape[3] == output_length_float64(100, 0.29) == 28
    assert "output-length-rounding" in rules(made)


def test_d9_the_reference_aligns_corners_of_a_fractional_length() -> None:
    made, inputs = resize(
        RAMP, mode="linear", coordinate_transformation_mode="align_corners", scales=[1, 1, 1.7, 1.7]
    )
    ours = halfpixel.sites(made)[0].evaluate(RAMP)
    np.testing.assert_allclose(ours, by_onnxruntime(made, inputs), atol=1e-5)
    assert np.abs(ours - by_reference(made, inputs)).max() > 0.1
    eager = F.interpolate(
        torch.from_numpy(RAMP), scale_factor=1.7, mode="bilinear", align_corners=True
    )
    np.testing.assert_allclose(ours, eager.numpy(), atol=1e-5)


def test_d10_antialias_needs_exclude_outside_and_another_coefficient() -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("bilinear", {}),
        ("bicubic", {"cubic_coeff_a": -0.5}),
    ]
    for mode, extra in cases:
        short = {"bilinear": "linear", "bicubic": "cubic"}[mode]
        eager = F.interpolate(torch.from_numpy(RAMP), size=(3, 4), mode=mode, antialias=True)
        common: dict[str, Any] = {
            "mode": short,
            "coordinate_transformation_mode": "half_pixel",
            "antialias": 1,
        }
        made, _ = resize(RAMP, sizes=[1, 1, 3, 4], **common)
        off = halfpixel.sites(made)[0].evaluate(RAMP)
        assert np.abs(off - eager.numpy()).max() > 0.1
        assert "antialias-border" in rules(made)
        made, inputs = resize(RAMP, sizes=[1, 1, 3, 4], exclude_outside=1, **common, **extra)
        right = halfpixel.sites(made)[0].evaluate(RAMP)
        np.testing.assert_allclose(right, eager.numpy(), atol=1e-4)
        np.testing.assert_allclose(right, by_onnxruntime(made, inputs), atol=1e-4)


def test_d11_whole_numbers_are_truncated_by_onnxruntime() -> None:
    x = np.array([[[[0, 1, 3, 200]]]], np.uint8)
    made, inputs = resize(
        x, mode="linear", coordinate_transformation_mode="half_pixel", sizes=[1, 1, 1, 8]
    )
    ours = halfpixel.sites(made)[0].evaluate(x)
    np.testing.assert_array_equal(by_onnxruntime(made, inputs), np.floor(ours))
    np.testing.assert_array_equal(by_reference(made, inputs), np.rint(ours))


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
    assert ("roi-align-max" in rules(made)) == (mode == "max")
    assert ("roi-align-default" in rules(made)) == (opset == 16)


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


def test_linear_without_antialias_is_blind_to_exclude_outside() -> None:
    plain = Sampling("half_pixel", Linear())
    assert compare(plain, Sampling("half_pixel", Linear(), exclude_outside=True)).equal
