"""Where runtimes and PyTorch disagree on lengths, on kept ones and on crops."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from msgspec.structs import replace

import example_models as models
import halfpixel
from divergent_models import RAMP, resize, rules
from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.intents.deviation import deviation_of
from halfpixel.sampling import Resize
from halfpixel.sampling.arithmetic import (
    output_length_float32,
    output_length_float64,
)
from oracles import by_onnxruntime, by_reference


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
    assert "output-length-rounding" not in rules(made)  # nothing says whose lengths are meant
    made.producer_name = "pytorch"
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
