"""ONNX's names mean what onnxruntime and the reference evaluator compute.

Where the two are known to be wrong or to differ, tests/test_divergences.py says so; here they are
asked only where they are not.
"""

from itertools import product

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

import example_models as models
import halfpixel
from oracles import by_onnxruntime, by_reference

LENGTHS = [(1, 1), (2, 1), (1, 3), (4, 3), (3, 4), (5, 10), (10, 5), (7, 4), (6, 13)]
COORDINATES = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
ROUNDINGS = ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")


def by_sizes(
    attributes: dict[str, models.Attribute], n_in: int, n_out: int, opset: int
) -> ModelProto:
    """Return a Resize of a 3 x n_in image to 5 x n_out."""
    node = helper.make_node("Resize", ["x", "roi", "", "sizes"], ["y"], "up")
    node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    if opset < 13:
        node.input[2] = "none"
    tensors = [
        numpy_helper.from_array(np.array([1, 1, 5, n_out], np.int64), "sizes"),
        numpy_helper.from_array(np.zeros(0, np.float32), "none"),
        numpy_helper.from_array(np.array([0, 0, 0.1, 0.2, 1, 1, 0.8, 1.1], np.float32), "roi"),
    ]
    made = models.model([node], (1, 1, 3, n_in), tensors, opset)
    made.ir_version = 8
    return made


def smooth() -> list[dict[str, models.Attribute]]:
    """Return the attributes of linear and cubic resizes."""
    borders: list[dict[str, models.Attribute]] = [
        {},
        {"antialias": 1},
        {"antialias": 1, "exclude_outside": 1},
    ]
    out: list[dict[str, models.Attribute]] = []
    for coordinate in COORDINATES:
        for mode, more in product(("linear", "cubic"), borders):
            out.append({"mode": mode, "coordinate_transformation_mode": coordinate, **more})
        keys: dict[str, models.Attribute] = {"exclude_outside": 1, "cubic_coeff_a": -0.5}
        out.append({"mode": "cubic", "coordinate_transformation_mode": coordinate, **keys})
    return out


@pytest.mark.parametrize("attributes", smooth(), ids=str)
def test_smooth_kernels(attributes: dict[str, models.Attribute]) -> None:
    opset = 19 if "antialias" in attributes else 13
    for n_in, n_out in LENGTHS:
        model = by_sizes(attributes, n_in, n_out, opset)
        x = np.random.default_rng(0).random((1, 1, 3, n_in), np.float32)
        ours = halfpixel.sites(model)[0].evaluate(x)
        np.testing.assert_allclose(ours, by_onnxruntime(model, {"x": x}), atol=2e-5)
        if n_out > 1 or attributes["coordinate_transformation_mode"] != "pytorch_half_pixel":
            np.testing.assert_allclose(ours, by_reference(model, {"x": x}), atol=2e-5)


@pytest.mark.parametrize(("coordinate", "rounding"), list(product(COORDINATES, ROUNDINGS)))
def test_nearest(coordinate: str, rounding: str) -> None:
    attributes: dict[str, models.Attribute] = {
        "mode": "nearest",
        "coordinate_transformation_mode": coordinate,
        "nearest_mode": rounding,
    }
    for n_in, n_out in LENGTHS:
        model = by_sizes(attributes, n_in, n_out, 13)
        x = np.arange(3 * n_in, dtype=np.float32).reshape(1, 1, 3, n_in)
        ours = halfpixel.sites(model)[0].evaluate(x)
        np.testing.assert_array_equal(ours, by_onnxruntime(model, {"x": x}))


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
