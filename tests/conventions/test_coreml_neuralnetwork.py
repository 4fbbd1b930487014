"""Core ML's network layers as they are read: the proto's formulas, PyTorch, defaults, questions."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name

from coreml_resizes import LENGTHS, PAIRS, Array, Given, Shape, linear_weights, torch_weights
from halfpixel.conventions.coreml.neuralnetwork import floor_of, open_question, read
from halfpixel.conventions.coreml.neuralnetwork_grid import crop_resize, deconvolution
from halfpixel.errors import ConventionError
from halfpixel.sampling import CropResize

TRUE, FALSE = "ALIGN_CORNERS_TRUE", "ALIGN_CORNERS_FALSE"


def linspace(start: float, end: float, count: int, n_in: int) -> Array:
    """Return W of linear samples between two places, as SamplingMode has it."""
    return linear_weights(np.linspace(start, end, count), n_in)


def aligned(x: int, n: int) -> Array:
    middle = (x - 1) / 2
    return linspace(middle, middle, n, x) if n == 1 else linspace(0, x - 1, n, x)


def roi(x: int, n: int) -> Array:
    spacing = max(1, x - 1) / n
    return linspace(0.5 * spacing, 0.5 * spacing + (n - 1) * spacing, n, x)


FORMULAS: dict[str, Callable[[int, int], Array]] = {
    "STRICT_ALIGN_ENDPOINTS_MODE": lambda x, n: linspace(0, x - 1, n, x),
    "ALIGN_ENDPOINTS_MODE": aligned,
    "UPSAMPLE_MODE": lambda x, n: linspace(0, x - x / n, n, x),
    "ROI_ALIGN_MODE": roi,
}


def matrix(layer: str, given: Given, n_in: int, n_out: int, height: int = 1) -> Array:
    """Return W of our own description, along the last of three axes."""
    meaning = read(layer, given, (n_in, 1, n_in))
    assert meaning.sizes == (n_in, height, n_out)
    x = np.eye(n_in)[:, None]
    return meaning.resize.evaluate(x, (n_in, height, n_out))[:, 0].T


@pytest.mark.parametrize("mode", FORMULAS)
@pytest.mark.parametrize("by_number", [False, True])
def test_formulas_of_the_proto(mode: str, *, by_number: bool) -> None:
    method: object = [*FORMULAS].index(mode) if by_number else mode
    for n_in, n_out in PAIRS:
        given = {"targetSize": (1, n_out), "samplingMethod": method}
        found = matrix("resizeBilinear", given, n_in, n_out)
        np.testing.assert_allclose(found, FORMULAS[mode](n_in, n_out), atol=1e-9)


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 7])
def test_upsampling_by_whole_factors(factor: int) -> None:
    given: Given = {"scalingFactor": (1, factor)}
    for n_in in LENGTHS:
        n_out = n_in * factor
        repeated = np.repeat(np.eye(n_in), factor, axis=0)
        np.testing.assert_array_equal(matrix("upsample", given, n_in, n_out), repeated)
        linear = {**given, "mode": "BILINEAR"}
        default = FORMULAS["UPSAMPLE_MODE"](n_in, n_out)
        np.testing.assert_allclose(matrix("upsample", linear, n_in, n_out), default, atol=1e-9)


@pytest.mark.parametrize("factor", [1.0, 1.66, 2.32, 2.5, 0.5, 3.0])
@pytest.mark.parametrize(("mode", "corners"), [(TRUE, True), (FALSE, False)])
def test_upsampling_by_fractions(factor: float, mode: str, *, corners: bool) -> None:
    """As in coremltools' test_upsample_pytorch: PyTorch's own, the factor recomputed."""
    given = {"fractionalScalingFactor": (1.0, factor), "mode": 1, "linearUpsampleMode": mode}
    for n_in in LENGTHS:
        n_out = math.floor(n_in * factor)
        if n_out < 1:
            continue
        there = torch_weights(n_in, n_out, align_corners=corners)
        np.testing.assert_allclose(matrix("upsample", given, n_in, n_out), there, atol=1e-9)


DEFAULTS: list[tuple[str, Given, Shape, str]] = [
    ("resizeBilinear", {"targetSize": (5, 5)}, (5, 5), "align_corners"),
    ("resizeBilinear", {}, (1, 1), "align_corners"),
    ("upsample", {"scalingFactor": (2, 2)}, (6, 8), "asymmetric"),
    ("upsample", {"scalingFactor": (2, 2), "mode": "BILINEAR"}, (6, 8), "asymmetric"),
]


@pytest.mark.parametrize(("layer", "given", "sizes", "coordinate"), DEFAULTS)
def test_defaults(layer: str, given: Given, sizes: Shape, coordinate: str) -> None:
    meaning = read(layer, given, (1, 1, 3, 3, 4))
    assert meaning.sizes == (1, 1, 3, *sizes)
    assert [(axis, s.coordinate) for axis, s in meaning.resize.axes] == [
        (3, coordinate),
        (4, coordinate),
    ]
    assert (meaning.scales is None) is (layer == "resizeBilinear")


def test_nothing_set_is_a_copy() -> None:
    meaning = read("upsample", {}, (1, 3, 4))
    assert meaning.resize.axes == ()
    assert meaning.scales == (1.0, 1.0, 1.0)


REFUSED: list[tuple[str, Given, str]] = [
    ("upsample", {"scalingFactor": (2, 0)}, "scalingFactor is 0"),
    ("upsample", {"scalingFactor": (2,)}, "1 values, expected 2"),
    ("upsample", {"fractionalScalingFactor": (2.0, math.nan)}, "fractionalScalingFactor is nan"),
    ("upsample", {"fractionalScalingFactor": (0.1, 1.0)}, "makes length 4 into 0"),
    ("upsample", {"scalingFactor": (2, 2), "fractionalScalingFactor": (2.0, 2.0)}, "both set"),
    ("upsample", {"mode": 2}, "mode is 2"),
    ("upsample", {"mode": "CUBIC"}, "mode is 'CUBIC'"),
    ("upsample", {"mode": 1, "linearUpsampleMode": 3}, "linearUpsampleMode is 3"),
    ("resizeBilinear", {"targetSize": (0, 4)}, "targetSize holds 0"),
    ("resizeBilinear", {"samplingMethod": 4}, "samplingMethod is 4"),
    ("resample", {}, "resample is not one of"),
]


@pytest.mark.parametrize(("layer", "given", "reason"), REFUSED)
def test_refused(layer: str, given: Given, reason: str) -> None:
    with pytest.raises(ConventionError, match=reason):
        read(layer, given, (1, 3, 4, 4))


def test_crop_resize() -> None:
    given = {"targetSize": (2, 3), "samplingMethod": "UPSAMPLE_MODE", "spatialScale": 0.5}
    boxes = {"normalizedCoordinates": True, "boxMode": "CENTER_SIZE_WIDTH_FIRST"}
    assert crop_resize({**given, **boxes}) == CropResize(
        "asymmetric",
        (2, 3),
        normalized=True,
        spatial_scale=0.5,
        order="CENTER_SIZE_WIDTH_FIRST",
    )
    assert crop_resize({}) == CropResize("align_corners")
    with pytest.raises(ConventionError, match="boxMode is 4"):
        crop_resize({"boxMode": 4})


TRANSPOSED: list[tuple[Given, int]] = [
    # fields of the layer, PyTorch's padding
    ({"kernelSize": (4, 4), "stride": (2, 2), "borderAmounts": (1, 1, 1, 1)}, 1),
    ({"kernelSize": (4, 4), "stride": (2, 2), "padding": "same"}, 1),
    ({}, 0),
    ({"kernelSize": (2, 2), "stride": (3, 3), "dilationFactor": (2, 2)}, 0),
    ({"kernelSize": (4, 4), "stride": (2, 2), "outputShape": (10, 14)}, 1),
]


@pytest.mark.parametrize(("given", "padding"), TRANSPOSED)
def test_deconvolution(given: Given, padding: int) -> None:
    meant = deconvolution(given)
    x = torch.rand(1, 2, 5, 7, dtype=torch.float64)
    weight = torch.rand(2, 3, *meant.kernel, dtype=torch.float64)
    found = F.conv_transpose2d(x, weight, stride=meant.strides, padding=padding)
    np.testing.assert_allclose(meant.evaluate(x.numpy(), weight.numpy()), found.numpy(), atol=1e-9)


def test_same_padding_is_heavy_on_one_side() -> None:
    odd = {"kernelSize": (3, 3), "stride": (2, 2), "padding": "same"}
    assert deconvolution(odd).cut(0, 5) == (10, 0, 1)
    assert deconvolution({**odd, "asymmetryMode": "TOP_LEFT_HEAVY"}).cut(0, 5) == (10, 1, 0)
    for name, value in {"padding": "full", "borderAmounts": (1, 1), "stride": (0, 1)}.items():
        with pytest.raises(ConventionError, match=name):
            deconvolution({**odd, name: value})


QUESTIONS: list[tuple[str, Given, str]] = [
    ("upsample", {"scalingFactor": (2, 2)}, ""),
    ("upsample", {"fractionalScalingFactor": (2.0, 1.5)}, "fractional"),
    ("upsample", {"fractionalScalingFactor": (2.0, 1.5), "mode": "BILINEAR"}, "fractional"),
    ("upsample", {"fractionalScalingFactor": (2.0, 1.5), "linearUpsampleMode": 1}, "fractional"),
    ("upsample", {"fractionalScalingFactor": (2.0, 3.0)}, ""),
    ("upsample", {"fractionalScalingFactor": (2.0, 1.5), "mode": 1, "linearUpsampleMode": 2}, ""),
    ("resizeBilinear", {}, ""),
    ("cropResize", {}, "spatialScale"),
    ("cropResize", {"spatialScale": 1.0}, ""),
    ("deconvolution", {}, ""),
    ("deconvolution", {"outputShape": (4, 4)}, "which end"),
    ("deconvolution", {"dilationFactor": (2, 1)}, "ignores"),
]


@pytest.mark.parametrize(("layer", "given", "part"), QUESTIONS)
def test_open_questions(layer: str, given: Given, part: str) -> None:
    found = open_question(layer, given, None)
    assert part in found
    assert bool(part) == bool(found)


FLOORS: list[tuple[str, Given, int]] = [
    ("upsample", {}, 1),
    ("upsample", {"mode": "BILINEAR", "linearUpsampleMode": "DEFAULT"}, 1),
    ("upsample", {"mode": "BILINEAR", "linearUpsampleMode": TRUE}, 5),
    ("upsample", {"fractionalScalingFactor": (1.5, 1.5)}, 5),
    ("resizeBilinear", {}, 3),
    ("cropResize", {}, 3),
    ("deconvolution", {}, 1),
]


@pytest.mark.parametrize(("layer", "given", "version"), FLOORS)
def test_floors(layer: str, given: Given, version: int) -> None:
    assert floor_of(layer, given) == version


def test_an_unknown_layer_has_no_floor() -> None:
    with pytest.raises(ConventionError, match="softmax"):
        floor_of("softmax", {})
