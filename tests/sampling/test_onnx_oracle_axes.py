"""The same over axes, ranks, crops and aspects, and for operators beside Resize."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import example_models as models
import halfpixel
from halfpixel.conventions.onnx.resize import sampling_of
from halfpixel.sampling import Resize
from onnx_resizes import ROUNDINGS, by_scales, by_sizes
from oracles import by_onnxruntime, by_reference

RANKS: list[tuple[str, tuple[int, ...], tuple[float, ...]]] = [
    ("nearest", (5,), (2.0,)),
    ("nearest", (3, 4), (2.0, 0.5)),
    ("nearest", (1, 2, 6), (1, 1, 1.5)),
    ("nearest", (2, 3, 2, 4), (2.0, 1, 1, 0.5)),
    ("nearest", (1, 2, 3, 4, 5), (1, 1, 2, 0.5, 3)),
    ("linear", (3, 4), (2.0, 0.5)),
    ("linear", (2, 5, 6), (1, 2.0, 1.5)),
    ("linear", (1, 4, 5, 3), (1, 2.0, 1.5, 1)),
    ("linear", (1, 2, 3, 4, 5), (1, 1, 2, 0.5, 3)),
    ("cubic", (4, 5), (2.0, 1.5)),
    ("cubic", (1, 2, 4, 5), (1, 1, 0.5, 3)),
]


@pytest.mark.parametrize(("mode", "shape", "scales"), RANKS)
def test_ranks(mode: str, shape: tuple[int, ...], scales: tuple[float, ...]) -> None:
    model = by_scales({"mode": mode}, shape, scales)
    x = np.random.default_rng(5).random(shape, np.float32)
    ours = halfpixel.sites(model)[0].evaluate(x)
    np.testing.assert_allclose(ours, by_onnxruntime(model, {"x": x}), atol=2e-5)
    np.testing.assert_allclose(ours, by_reference(model, {"x": x}), atol=2e-5)


ORDERS = [[2, 3], [3, 2], [-2, -1], [-1, 2], [3], [2]]


@pytest.mark.parametrize("axes", ORDERS, ids=str)
@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("by", ["scales", "sizes"])
def test_axes_in_any_order(axes: list[int], mode: str, by: str) -> None:
    node = helper.make_node("Resize", ["x", "", *([""] * (by == "sizes")), by], ["y"], "up")
    attributes: dict[str, models.Attribute] = {"mode": mode, "axes": axes}
    node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    given = np.array([9, 8] if by == "sizes" else [1.5, 2.0])[: len(axes)]
    kind = np.int64 if by == "sizes" else np.float32
    given_by = numpy_helper.from_array(given.astype(kind), by)
    model = models.model([node], (1, 2, 6, 4), [given_by], 18)
    model.ir_version = 8
    x = np.random.default_rng(6).random((1, 2, 6, 4), np.float32)
    ours = halfpixel.sites(model)[0].evaluate(x)
    np.testing.assert_allclose(ours, by_onnxruntime(model, {"x": x}), atol=2e-5)
    if min(axes) >= 0:  # the reference evaluator refuses the others
        np.testing.assert_allclose(ours, by_reference(model, {"x": x}), atol=2e-5)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_tf_half_pixel_for_nn_along_the_axis_that_it_resizes(rounding: str) -> None:
    attributes: dict[str, models.Attribute] = {
        "mode": "nearest",
        "coordinate_transformation_mode": "tf_half_pixel_for_nn",
        "nearest_mode": rounding,
    }
    sampling = sampling_of("Resize", 11, attributes)
    for n_in, n_out in ((2, 4), (4, 8), (8, 4), (8, 2), (3, 6), (5, 20)):
        x = np.arange(n_in, dtype=np.float32).reshape(1, 1, 1, n_in)
        model = by_sizes(attributes, n_in, n_out, 11)
        found = by_onnxruntime(model, {"x": np.broadcast_to(x, (1, 1, 3, n_in)).copy()})
        ours = Resize(((3, sampling),)).evaluate(x, (1, 1, 1, n_out))
        np.testing.assert_array_equal(np.broadcast_to(ours, found.shape), found)


@pytest.mark.parametrize("opset", [11, 13, 18])
def test_crop_and_resize(opset: int) -> None:
    attributes: dict[str, models.Attribute] = {
        "mode": "linear",
        "coordinate_transformation_mode": "tf_crop_and_resize",
        "extrapolation_value": 9.0,
    }
    for n_in, n_out in ((4, 7), (7, 3), (5, 1)):
        model = by_sizes(attributes, n_in, n_out, opset)
        x = np.random.default_rng(1).random((1, 1, 3, n_in), np.float32)
        ours = halfpixel.sites(model)[0].evaluate(x)
        np.testing.assert_allclose(ours, by_onnxruntime(model, {"x": x}), atol=1e-5)


OLD = [
    (op, opset, mode, scale)
    for op, opset in (("Upsample", 7), ("Upsample", 9), ("Resize", 10))
    for mode in ("nearest", "linear")
    for scale in (1.0, 2.0, 1.5, 3.0, 0.5, 0.75)
    if scale >= 1 or op == "Resize"  # onnxruntime refuses an Upsample that shrinks
]


@pytest.mark.parametrize(("op", "opset", "mode", "scale"), OLD)
def test_before_opset_11(op: str, opset: int, mode: str, scale: float) -> None:
    values = np.array([1, 1, scale, 2], np.float32)
    inputs = ["x"] if opset == 7 else ["x", "s"]
    node = helper.make_node(op, inputs, ["y"], "up", mode=mode)
    if opset == 7:
        node.attribute.append(helper.make_attribute("scales", values.tolist()))
    model = models.model([node], (1, 1, 8, 3), [numpy_helper.from_array(values, "s")], opset)
    model.ir_version = 4
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT
    x = np.random.default_rng(2).random((1, 1, 8, 3), np.float32)
    ours = halfpixel.sites(model)[0].evaluate(x)
    np.testing.assert_allclose(ours, by_onnxruntime(model, {"x": x}), atol=1e-6)


@pytest.mark.parametrize("policy", ["stretch", "not_larger", "not_smaller"])
def test_keep_aspect_ratio(policy: str) -> None:
    attributes: dict[str, models.Attribute] = {
        "mode": "linear",
        "coordinate_transformation_mode": "half_pixel",
        "keep_aspect_ratio_policy": policy,
        "axes": [2, 3],
    }
    for height, width in ((12, 12), (4, 9), (7, 3)):
        node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], "up")
        pairs = attributes.items()
        node.attribute.extend(helper.make_attribute(key, value) for key, value in pairs)
        sizes = numpy_helper.from_array(np.array([height, width], np.int64), "sizes")
        model = models.model([node], (1, 1, 6, 8), [sizes], 18)
        model.ir_version = 8
        x = np.random.default_rng(3).random((1, 1, 6, 8), np.float32)
        ours = halfpixel.sites(model)[0].evaluate(x)
        np.testing.assert_allclose(ours, by_onnxruntime(model, {"x": x}), atol=1e-5)


PADS: list[dict[str, models.Attribute]] = [
    {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    {"auto_pad": "SAME_LOWER", "strides": [2, 3]},
    {"auto_pad": "VALID", "strides": [2, 2]},
    {"output_shape": [9, 12], "strides": [2, 3]},
    {"output_shape": [9, 12], "strides": [2, 3], "auto_pad": "SAME_UPPER"},
    {"pads": [0, 1, 2, 1], "strides": [3, 2], "output_padding": [1, 0]},
    {"pads": [1, 0, 1, 2], "strides": [2, 2], "dilations": [2, 1], "group": 2},
]


@pytest.mark.parametrize("attributes", PADS, ids=str)
def test_conv_transpose(attributes: dict[str, models.Attribute]) -> None:
    random = np.random.default_rng(7)
    weight = random.random((2, 4, 3, 4), np.float32)
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], "up")
    node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    made = models.model([node], (1, 2, 5, 4), [numpy_helper.from_array(weight, "w")], 11)
    made.ir_version = 8
    x = random.random((1, 2, 5, 4), np.float32)
    ours = halfpixel.sites(made)[0].evaluate(x)
    np.testing.assert_allclose(ours, by_onnxruntime(made, {"x": x}), atol=2e-5)


BOXES = [
    [1.2, 2.3, 6.7, 5.1],
    [3.1, 2.0, 3.4, 2.2],  # smaller than a pixel
    [-2.5, -1.5, 4.0, 9.5],
    [7.5, 7.5, 12.0, 12.0],
]


@pytest.mark.parametrize("ratio", [0, 1, 3])
@pytest.mark.parametrize("opset", [10, 16])
def test_roi_align(opset: int, ratio: int) -> None:
    node = helper.make_node("RoiAlign", ["x", "r", "b"], ["y"], "pool", spatial_scale=0.75)
    size = {"output_height": 2, "output_width": 3, "sampling_ratio": ratio}
    node.attribute.extend(helper.make_attribute(key, value) for key, value in size.items())
    boxes = numpy_helper.from_array(np.array(BOXES, np.float32), "r")
    batch = numpy_helper.from_array(np.zeros(len(BOXES), np.int64), "b")
    made = models.model([node], (1, 2, 8, 8), [boxes, batch], opset)
    made.ir_version = 8
    x = np.random.default_rng(8).random((1, 2, 8, 8), np.float32)
    ours = halfpixel.sites(made)[0].evaluate(x)
    np.testing.assert_allclose(ours, by_onnxruntime(made, {"x": x}), atol=2e-5)
