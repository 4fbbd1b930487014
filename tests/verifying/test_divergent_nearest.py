"""Where runtimes read other pixels than nearest says, and what is right."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name

import halfpixel
from divergent_models import RAMP, resize, rules
from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.sampling import Nearest, Resize, Sampling, compare
from halfpixel.sampling.nearest import onnxruntime_nearest, pytorch_nearest
from oracles import by_onnxruntime, by_reference


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
