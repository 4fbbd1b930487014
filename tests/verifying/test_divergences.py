"""Where the specification, runtimes and converters disagree: what is right, and who differs.

Each test is one divergence that was measured once; it asserts our description, and the other
side's answer, so that a runtime that mends it shows here. Where it is this program that does not
know a divergence yet, the test is an expected failure.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import ModelProto, NodeProto, helper, numpy_helper, version_converter
from onnxruntime.capi.onnxruntime_pybind11_state import Fail
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NotThere

import example_models as models
import halfpixel
from halfpixel.conventions.onnx.resize import ONNX_COORDINATES, attributes_of, sampling_of
from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.intents.deviation import deviation_of
from halfpixel.sampling import AffineGrid, Linear, Nearest, Resize, RoiAlign, Sampling, compare
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


def test_d01_nearest_is_off_by_one_in_float32() -> None:
    for n_in, n_out in ((14, 2), (28, 4), (56, 8), (112, 16), (224, 32), (448, 64), (480, 32)):
        read = onnxruntime_nearest("asymmetric", "floor", n_in, n_out)
        exact = tuple(i * n_in // n_out for i in range(n_out))
        assert read != exact == pytorch_nearest(n_in, n_out)
        safe = onnxruntime_nearest("asymmetric", "round_prefer_floor", n_in, n_out)
        assert safe == exact
    factors = [k for k in range(1, 65) if not all(whole_downscale(k, n) for n in range(1, 33))]
    assert factors == [7, 13, 14, 15, 26, 28, 30, 51, 52, 56, 60, 63]
    x = np.arange(224, dtype=np.float32).reshape(1, 1, 1, 224)
    made, inputs = resize(
        x,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
        sizes=[1, 1, 1, 32],
    )
    eager = F.interpolate(torch.from_numpy(x), size=(1, 32))
    assert [y[0, 0, 0, 1] for y in (by_onnxruntime(made, inputs), eager)] == [6, 7]
    np.testing.assert_array_equal(halfpixel.sites(made)[0].evaluate(x), eager.numpy())
    made.producer_name = "pytorch"
    assert "nearest-off-by-one" in rules(made)


def test_d01_a_safe_fix_keeps_the_other_axis() -> None:
    x = np.arange(2240, dtype=np.float32).reshape(1, 1, 10, 224)
    made, _ = resize(
        x,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
        sizes=[1, 1, 7, 32],
    )
    made.producer_name = "pytorch"
    fixes = [one.finding.fix for one in halfpixel.check(made).findings]
    eager = F.interpolate(torch.from_numpy(x), size=(7, 32)).numpy()
    for fix in fixes:
        if fix is not None and fix.safety == "safe":
            assert isinstance(fix.operator, Resize)
            np.testing.assert_array_equal(fix.operator.evaluate(x, eager.shape), eager)


def whole_downscale(factor: int, n_out: int) -> bool:
    """Whether asymmetric + floor reads the first pixel of every block of `factor`."""
    read = onnxruntime_nearest("asymmetric", "floor", factor * n_out, n_out)
    return read == tuple(range(0, factor * n_out, factor))


def test_d02_the_default_rounding_is_not_nearest_exact() -> None:
    default = Sampling("half_pixel", Nearest("round_prefer_floor"))
    exact = parse_call("F.interpolate(x, size=1, mode='nearest-exact')", 1).sampling(0)
    assert not compare(default, exact, 8, 4).equal
    assert not compare(default, exact, 2, 1).equal
    assert compare(default, exact, 5, 3).equal
    for n_out in range(1, 9):
        for factor in range(1, 9):
            assert compare(default, exact, factor * n_out, n_out).equal == (factor % 2 == 1)
    right = Sampling("half_pixel", Nearest("round_prefer_ceil"))
    assert compare(right, exact).proof == "closed form"


@pytest.mark.parametrize(("n_in", "n_out"), [(28, 114), (30, 9)])
def test_d03_nearest_exact_as_a_resize_meets_ties(n_in: int, n_out: int) -> None:
    read = onnxruntime_nearest("half_pixel", "round_prefer_ceil", n_in, n_out)
    exact = Sampling("half_pixel", Nearest("round_prefer_ceil")).weights(n_in, n_out)
    assert read != tuple(row[0][0] for row in exact.rows)


@pytest.mark.parametrize(("n_in", "n_out"), [(3, 1), (9, 3)])
def test_d03_half_pixel_symmetric_falls_short_of_a_pixel(n_in: int, n_out: int) -> None:
    x = np.arange(n_in, dtype=np.float32).reshape(1, 1, 1, n_in)
    made, inputs = resize(
        x,
        mode="nearest",
        coordinate_transformation_mode="half_pixel_symmetric",
        nearest_mode="floor",
        sizes=[1, 1, 1, n_out],
    )
    ours = halfpixel.sites(made)[0].evaluate(x)
    np.testing.assert_array_equal(ours, by_reference(made, inputs))
    assert ours[0, 0, 0, 0] == 1
    assert np.any(by_onnxruntime(made, inputs) != ours)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_d04_one_pixel_under_pytorch_half_pixel(mode: str) -> None:
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


@pytest.mark.parametrize("exclude", [0, 1])
def test_d05_the_reference_reads_half_a_pixel_before_the_first(exclude: int) -> None:
    made, inputs = resize(
        RAMP,
        mode="cubic",
        coordinate_transformation_mode="pytorch_half_pixel",
        exclude_outside=exclude,
        scales=[1, 1, 0.2, 1],
    )
    ours = halfpixel.sites(made)[0].evaluate(RAMP)
    np.testing.assert_allclose(ours, by_onnxruntime(made, inputs), atol=1e-5)
    assert np.abs(ours - by_reference(made, inputs)).max() > 0.1


def test_d06_a_scale_that_keeps_the_length() -> None:
    made, inputs = resize(
        RAMP, mode="cubic", coordinate_transformation_mode="half_pixel", scales=[1, 1, 1.1, 1.1]
    )
    ours = halfpixel.sites(made)[0].evaluate(RAMP)
    np.testing.assert_array_equal(by_onnxruntime(made, inputs), RAMP)
    np.testing.assert_allclose(ours, by_reference(made, inputs), atol=1e-4)
    eager = F.interpolate(torch.from_numpy(RAMP), scale_factor=1.1, mode="bicubic")
    np.testing.assert_allclose(ours, eager.numpy(), atol=1e-4)
    assert "scale-keeps-length" in rules(made)


def test_d06_antialias_copies_each_axis_whose_length_stays() -> None:
    made, inputs = resize(
        RAMP,
        mode="linear",
        coordinate_transformation_mode="half_pixel",
        antialias=1,
        exclude_outside=1,
        scales=[1, 1, 1.1, 0.5],
    )
    ours = halfpixel.sites(made)[0].evaluate(RAMP)
    np.testing.assert_allclose(ours, by_reference(made, inputs), atol=1e-5)
    eager = F.interpolate(
        torch.from_numpy(RAMP), scale_factor=(1.1, 0.5), mode="bilinear", antialias=True
    )
    np.testing.assert_allclose(by_onnxruntime(made, inputs), eager.numpy(), atol=1e-5)
    assert np.abs(ours - eager.numpy()).max() > 1


NEAREST: dict[str, models.Attribute] = {
    "mode": "nearest",
    "nearest_mode": "floor",
    "coordinate_transformation_mode": "asymmetric",
}
EXACT: dict[str, models.Attribute] = {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}
BILINEAR: dict[str, models.Attribute] = {"mode": "linear"}
SMOOTH: dict[str, models.Attribute] = {"mode": "linear", "antialias": 1, "exclude_outside": 1}


STAYS: list[Any] = [
    (NEAREST, "nearest", (8, 8), (1.1, 1.1), False),
    (BILINEAR, "bilinear", (8, 8), (1.1, 1.1), False),
    (BILINEAR, "bilinear", (8, 8), (1.1, 1.5), True),
    (EXACT, "nearest-exact", (8, 8), (1.5, 1.5), False),
    (NEAREST, "nearest", (8, 8), (1.1, 1.5), True),  # PyTorch copies the axis that stays
    (NEAREST, "nearest", (10, 10), (2.05, 1.5), True),  # PyTorch reads i >> 1 where it doubles
    (EXACT, "nearest-exact", (8, 8), (1.1, 1.1), True),  # nearest-exact never copies
    (SMOOTH, "bilinear", (8, 8), (1.1, 0.5), False),  # both copy the axis that stays
]


@pytest.mark.parametrize(("attributes", "mode", "lengths", "factors", "differs"), STAYS)
def test_d06_a_deviation_is_what_onnxruntime_and_pytorch_show(
    attributes: dict[str, models.Attribute],
    mode: str,
    lengths: tuple[int, int],
    factors: tuple[float, float],
    *,
    differs: bool,
) -> None:
    x = np.random.default_rng(4).random((1, 1, *lengths), np.float32)
    given: dict[str, Any] = {**attributes, "scales": [1, 1, *factors]}
    made, inputs = resize(x, **given)
    extra = {"antialias": True} if "antialias" in attributes else {}
    eager = F.interpolate(torch.from_numpy(x), scale_factor=factors, mode=mode, **extra)
    found = by_onnxruntime(made, inputs)
    assert found.shape == eager.shape
    assert (np.abs(found - eager.numpy()).max() > 1e-2) == differs
    call = parse_call(f"F.interpolate(x, scale_factor={factors}, mode={mode!r})")
    operator = halfpixel.sites(made)[0].operator
    assert isinstance(operator, Resize)
    meant = replace(call, antialias=bool(extra)).resize(4)
    known_lengths = (tuple(x.shape), tuple(eager.shape))
    assert (deviation_of(operator, meant, known_lengths, by_scale=True) is not None) == differs


CROPS = [([0.2, 0.2, 0.8, 0.8], [5, 6]), ([0.1, 0.2, 0.9, 0.8], [10, 6])]


@pytest.mark.parametrize(("roi", "size"), CROPS)
def test_d07_a_crop_of_the_same_length_is_not_a_copy(roi: list[float], size: list[int]) -> None:
    made, inputs = resize(
        RAMP, mode="linear", coordinate_transformation_mode="tf_crop_and_resize",
        roi=[0, 0, *roi[:2], 1, 1, *roi[2:]], sizes=[1, 1, *size],
    )  # fmt: skip
    ours = halfpixel.sites(made)[0].evaluate(RAMP)
    np.testing.assert_allclose(ours, by_reference(made, inputs), atol=1e-5)
    runtime = by_onnxruntime(made, inputs)
    assert np.abs(ours - runtime).max() > 0.5
    if size == [5, 6]:
        np.testing.assert_array_equal(runtime, RAMP)


OUTPUT_LENGTHS = [
    (100, 0.29, 28, 29),
    (100, 0.57, 56, 57),
    (100, 0.58, 57, 58),
    (100, 0.53, 53, 52),
    (100, 0.59, 59, 58),
    (100, 1.05, 105, 104),
]


@pytest.mark.parametrize(("n_in", "factor", "torch_length", "ort_length"), OUTPUT_LENGTHS)
def test_d08_output_lengths_in_float32(
    n_in: int, factor: float, torch_length: int, ort_length: int
) -> None:
    x = np.zeros((1, 1, 1, n_in), np.float32)
    made, inputs = resize(
        x, mode="linear", coordinate_transformation_mode="half_pixel", scales=[1, 1, 1, factor]
    )
    found = by_onnxruntime(made, inputs).shape[3]
    assert found == output_length_float32(n_in, factor) == ort_length
    eager = F.interpolate(torch.from_numpy(x), scale_factor=(1, factor), mode="bilinear")
    assert eager.shape[3] == output_length_float64(n_in, factor) == torch_length
    assert "output-length-rounding" in rules(made)


def test_d09_the_reference_aligns_corners_of_a_fractional_length() -> None:
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


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_d10_antialias_with_align_corners_has_no_onnx_operator(mode: str) -> None:
    text = f"F.interpolate(x, size=(3, 4), mode={mode!r}, align_corners=True)"
    meant = replace(parse_call(text), antialias=True).sampling(0)
    assert attributes_of(meant) is None
    for coordinate in ONNX_COORDINATES - {"tf_crop_and_resize", "tf_half_pixel_for_nn"}:
        short = {"bilinear": "linear", "bicubic": "cubic"}[mode]
        attributes = {"mode": short, "antialias": 1, "exclude_outside": 1, "cubic_coeff_a": -0.5}
        names = {"coordinate_transformation_mode": coordinate, **attributes}
        assert not compare(sampling_of("Resize", 19, names), meant, 5, 3).equal


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
    assert ("roi-align-max" in rules(made)) == (mode == "max")
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


SLIPS = [(15, 21), (10, 14), (7, 17), (15, 11)]


@pytest.mark.parametrize(("n_in", "n_out"), SLIPS)
def test_the_reference_slips_a_pixel_where_a_coordinate_was_rounded(n_in: int, n_out: int) -> None:
    x = (np.arange(n_in, dtype=np.float32) ** 2).reshape(1, 1, 1, n_in)
    made, inputs = resize(x, mode="linear", sizes=[1, 1, 1, n_out])
    ours = halfpixel.sites(made)[0].evaluate(x)
    np.testing.assert_allclose(ours, by_onnxruntime(made, inputs), rtol=1e-5, atol=1e-4)
    assert np.abs(ours - by_reference(made, inputs)).max() > 1


@pytest.mark.parametrize("policy", ["not_larger", "not_smaller"])
def test_onnxruntime_copies_where_an_aspect_is_kept_over_negative_axes(policy: str) -> None:
    attributes: dict[str, Any] = {"mode": "linear", "keep_aspect_ratio_policy": policy}
    made, inputs = resize(RAMP, sizes=[3, 12], axes=[-2, -1], **attributes)
    np.testing.assert_array_equal(by_onnxruntime(made, inputs), RAMP)
    same, _ = resize(RAMP, sizes=[3, 12], axes=[2, 3], **attributes)
    ours = [halfpixel.sites(each)[0].evaluate(RAMP) for each in (made, same)]
    np.testing.assert_array_equal(ours[0], ours[1])
    np.testing.assert_allclose(ours[1], by_onnxruntime(same, inputs), atol=1e-5)


@pytest.mark.parametrize(
    ("mode", "channels"),
    [
        ("nearest", 2),
        ("linear", 1),
        ("linear", 2),
    ],
)
def test_tf_half_pixel_for_nn_leaves_other_axes_alone(mode: str, channels: int) -> None:
    x = np.random.default_rng(9).random((1, channels, 3, 4), np.float32)
    made, inputs = resize(
        x,
        11,
        mode=mode,
        coordinate_transformation_mode="tf_half_pixel_for_nn",
        roi=[],
        scales=[1, 1, 2, 2],
    )
    ours = halfpixel.sites(made)[0].evaluate(x)
    np.testing.assert_allclose(ours, by_onnxruntime(made, inputs), atol=1e-5)


def test_linear_without_antialias_is_blind_to_exclude_outside() -> None:
    plain = Sampling("half_pixel", Linear())
    assert compare(plain, Sampling("half_pixel", Linear(), exclude_outside=True)).equal
