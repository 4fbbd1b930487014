"""Where the specification, runtimes and converters disagree on smooth kernels: who is right.

Each test is one divergence that was measured once; it asserts our description, and the other
side's answer, so that a runtime that mends it shows here. Where it is this program that does not
know a divergence yet, the test is an expected failure.
"""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from msgspec.structs import replace

import halfpixel
from divergent_models import RAMP, resize, rules
from halfpixel.conventions.onnx.resize import ONNX_COORDINATES, attributes_of, sampling_of
from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.sampling import Linear, Sampling, compare
from oracles import by_onnxruntime, by_reference


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
        assert "foreign-kernel" in rules(made)
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


def test_linear_without_antialias_is_blind_to_exclude_outside() -> None:
    plain = Sampling("half_pixel", Linear())
    assert compare(plain, Sampling("half_pixel", Linear(), exclude_outside=True)).equal
