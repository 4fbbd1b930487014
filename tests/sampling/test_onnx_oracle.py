"""ONNX's names mean what onnxruntime and the reference evaluator compute.

Where the two are known to be wrong or to differ, tests/test_divergences.py says so; here they are
asked only where they are not.
"""

from itertools import product

import numpy as np
import pytest

import example_models as models
import halfpixel
from onnx_resizes import ROUNDINGS, by_scales, by_sizes
from oracles import by_onnxruntime, by_reference

LENGTHS = [(1, 1), (2, 1), (1, 3), (4, 3), (3, 4), (5, 10), (10, 5), (7, 4), (6, 13)]

COORDINATES = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")

ALL_COORDINATES = (*COORDINATES, "half_pixel_symmetric")

SCALES = (0.25, 0.5, 0.75, 1.5, 2.0, 2.5, 3.0)  # exact in float32, and so are their coordinates


def smooth() -> list[dict[str, models.Attribute]]:
    """Return the attributes of linear and cubic resizes."""
    borders: list[dict[str, models.Attribute]] = [
        {},
        {"antialias": 1},
        {"antialias": 1, "exclude_outside": 1},
    ]
    out: list[dict[str, models.Attribute]] = []
    for coordinate in ALL_COORDINATES:
        for mode, more in product(("linear", "cubic"), borders):
            out.append({"mode": mode, "coordinate_transformation_mode": coordinate, **more})
        keys: dict[str, models.Attribute] = {"exclude_outside": 1, "cubic_coeff_a": -0.5}
        out.append({"mode": "cubic", "coordinate_transformation_mode": coordinate, **keys})
    return out


def asks_the_reference(coordinate: object, n_out: int, *, whole: bool = True) -> bool:
    """Whether the reference evaluator is right: see D5, D9 and its slips in test_divergences."""
    if coordinate == "pytorch_half_pixel":
        return n_out > 1
    return whole or coordinate not in {"align_corners", "half_pixel_symmetric"}


@pytest.mark.parametrize("attributes", smooth(), ids=str)
def test_smooth_kernels(attributes: dict[str, models.Attribute]) -> None:
    coordinate = attributes["coordinate_transformation_mode"]
    opset = 19 if "antialias" in attributes or coordinate == "half_pixel_symmetric" else 13
    for n_in, n_out in LENGTHS:
        model = by_sizes(attributes, n_in, n_out, opset)
        x = np.random.default_rng(0).random((1, 1, 3, n_in), np.float32)
        ours = halfpixel.sites(model)[0].evaluate(x)
        np.testing.assert_allclose(ours, by_onnxruntime(model, {"x": x}), atol=2e-5)
        if asks_the_reference(coordinate, n_out):
            np.testing.assert_allclose(ours, by_reference(model, {"x": x}), atol=2e-5)


@pytest.mark.parametrize("attributes", smooth(), ids=str)
def test_smooth_kernels_by_scales(attributes: dict[str, models.Attribute]) -> None:
    coordinate = attributes["coordinate_transformation_mode"]
    for n_in, scale in product((1, 2, 5, 8), SCALES):
        n_out = int(n_in * scale)
        if n_out in {0, n_in}:
            continue  # D6 is about lengths that stay
        model = by_scales(attributes, (1, 2, n_in, 4), (1, 1, scale, 2))
        x = np.random.default_rng(4).random((1, 2, n_in, 4), np.float32)
        ours = halfpixel.sites(model)[0].evaluate(x)
        assert ours.shape == (1, 2, n_out, 8)
        np.testing.assert_allclose(ours, by_onnxruntime(model, {"x": x}), atol=2e-5)
        if asks_the_reference(coordinate, n_out, whole=n_in * scale == n_out):
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


@pytest.mark.parametrize(("coordinate", "rounding"), list(product(ALL_COORDINATES, ROUNDINGS)))
def test_nearest_by_scales(coordinate: str, rounding: str) -> None:
    attributes: dict[str, models.Attribute] = {
        "mode": "nearest",
        "coordinate_transformation_mode": coordinate,
        "nearest_mode": rounding,
    }
    for n_in, scale in product((1, 2, 5, 8), (0.25, 0.5, 2.0, 4.0)):
        n_out = int(n_in * scale)
        if n_out == 0:
            continue
        model = by_scales(attributes, (1, 1, n_in, 4), (1, 1, scale, 2))
        x = np.arange(4 * n_in, dtype=np.float32).reshape(1, 1, n_in, 4)
        ours = halfpixel.sites(model)[0].evaluate(x)
        np.testing.assert_array_equal(ours, by_onnxruntime(model, {"x": x}))


def test_nearest_is_the_reference_where_no_coordinate_is_rounded() -> None:
    for coordinate, rounding in product(("half_pixel", "asymmetric"), ROUNDINGS):
        attributes: dict[str, models.Attribute] = {
            "mode": "nearest",
            "coordinate_transformation_mode": coordinate,
            "nearest_mode": rounding,
        }
        for n_in, scale in product((4, 5, 8), (0.5, 2.0, 4.0)):
            model = by_scales(attributes, (1, 1, n_in, 4), (1, 1, scale, 2))
            x = np.arange(4 * n_in, dtype=np.float32).reshape(1, 1, n_in, 4)
            ours = halfpixel.sites(model)[0].evaluate(x)
            np.testing.assert_array_equal(ours, by_reference(model, {"x": x}))
