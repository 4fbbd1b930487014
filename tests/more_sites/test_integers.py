"""What onnxruntime makes of small integers, as the rules say it."""

import numpy as np
import pytest
from onnx import ModelProto, helper

import halfpixel
from more_sites.cases import Array, made, only
from oracles import by_onnxruntime


def integers(dtype: type[np.generic], shape: tuple[int, ...]) -> Array:
    least = -128 if dtype is np.int8 else 0
    drawn = np.random.default_rng(0).integers(least, least + 256, shape)
    return drawn.astype(dtype)


def resized(x: Array, antialias: int, out: int) -> ModelProto:
    node = helper.make_node(
        "Resize", ["x", "", "", "sizes"], ["y"], "up", mode="linear", antialias=antialias
    )
    sizes = np.array([*x.shape[:2], out, out], np.int64)
    model = made([node], {"x": x}, {"sizes": sizes})
    kind = model.graph.input[0].type.tensor_type.elem_type
    model.graph.output[0].type.tensor_type.elem_type = kind
    return model


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_a_linear_resize_cuts_fractions_off(dtype: type[np.generic]) -> None:
    x = integers(dtype, (1, 4, 5, 5))
    model = resized(x, 0, 10)
    found, exact = by_onnxruntime(model, {"x": x}).astype(float), only(model).evaluate(x)
    np.testing.assert_array_equal(found, np.trunc(exact))
    assert np.abs(found - np.rint(exact)).max() == 1
    (one,) = [one for one in halfpixel.check(model).findings if one.rule.name == "lost-fraction"]
    assert one.finding.severity == "note"


def test_antialias_of_int8_loses_what_is_negative() -> None:
    x = integers(np.int8, (1, 4, 10, 10))
    model = resized(x, 1, 5)
    found, exact = by_onnxruntime(model, {"x": x}).astype(float), only(model).evaluate(x)
    assert exact.min() < -10
    assert found.min() == 0
    named = {one.rule.name: one.finding.severity for one in halfpixel.check(model).findings}
    assert named["lost-fraction"] == "warning"


def test_antialias_of_uint8_rounds() -> None:
    x = integers(np.uint8, (1, 4, 10, 10))
    model = resized(x, 1, 5)
    found, exact = by_onnxruntime(model, {"x": x}).astype(float), only(model).evaluate(x)
    assert np.abs(found - exact).max() < 1
    assert abs((found - exact).mean()) < 0.2  # ties go up
    assert "lost-fraction" not in {one.rule.name for one in halfpixel.check(model).findings}
