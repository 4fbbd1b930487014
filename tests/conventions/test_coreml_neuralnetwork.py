"""Core ML's network layers: formulas of the proto, PyTorch, defaults, words."""

import math
from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from numpy.typing import NDArray

from halfpixel.conventions.coreml.names import LINEAR_MODES
from halfpixel.conventions.coreml.neuralnetwork import floor_of, open_question, read, words
from halfpixel.conventions.coreml.neuralnetwork_convention import CALLS, CONVENTION
from halfpixel.conventions.coreml.neuralnetwork_grid import crop_resize, deconvolution
from halfpixel.errors import ConventionError
from halfpixel.sampling import CropResize, Cubic, Linear, Nearest, Resize, Sampling, compare_resize

Given = Mapping[str, object]
Array = NDArray[np.float64]
Shape = tuple[int | None, ...]
LENGTHS = (1, 2, 3, 4, 5, 7, 8, 16, 33)
PAIRS = list(product(LENGTHS, LENGTHS))
TRUE, FALSE = "ALIGN_CORNERS_TRUE", "ALIGN_CORNERS_FALSE"


def linspace(start: float, end: float, count: int, n_in: int) -> Array:
    """Return W of linear samples between two places, as SamplingMode has it."""
    places = np.clip(np.linspace(start, end, count), 0, n_in - 1)
    away = np.abs(places[:, None] - np.arange(n_in))
    return np.asarray(np.maximum(1 - away, 0.0), np.float64)


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
        images = torch.eye(n_in, dtype=torch.float64).reshape(n_in, 1, n_in, 1)
        found = F.interpolate(images, (n_out, 1), mode="bilinear", align_corners=corners)
        there = found.reshape(n_in, n_out).numpy().T
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


ROUND_TRIPS: list[tuple[str, Given]] = [
    *(("resizeBilinear", {"samplingMethod": mode}) for mode in FORMULAS),
    *(("upsample", {"mode": "BILINEAR", "linearUpsampleMode": mode}) for mode in LINEAR_MODES),
    ("upsample", {"mode": "NN"}),
]


@pytest.mark.parametrize(("layer", "flags"), ROUND_TRIPS, ids=str)
def test_round_trip(layer: str, flags: Given) -> None:
    """What is read is said again, and what is said is the same matrix, at every size."""
    name = "scalingFactor" if layer == "upsample" else "targetSize"
    for n_in, n in PAIRS:
        ins, given = (1, 1, 3, n_in, n_in), {**flags, name: (n, n)}
        meaning = read(layer, given, ins)
        outs = meaning.sizes or ()
        said = words(meaning.resize, ins, outs, 5)
        assert said is not None, f"{n_in} to {outs}"
        again = read(said.op, said.attributes, ins)
        assert again.sizes == outs
        assert compare_resize(again.resize, meaning.resize, ins, outs).proven


def test_half_pixel_by_fractions() -> None:
    """Every pair of lengths has a float32 factor that gives just that length."""
    half = Resize(((1, Sampling("half_pixel", Linear())), (2, Sampling("half_pixel", Linear()))))
    for n_in, n_out in [*PAIRS, (41, 100), (49, 1), (3, 10**6), (10**6, 7)]:
        said = words(half, (1, n_in, 5), (1, n_out, 7), 5)
        assert said is not None, f"{n_in} to {n_out}"
        assert read(said.op, said.attributes, (1, n_in, 5)).sizes == (1, n_out, 7)


def resize(sampling: Sampling) -> Resize:
    return Resize(((2, sampling), (3, sampling)))


HALF, ASYMMETRIC = Sampling("half_pixel", Linear()), Sampling("asymmetric", Linear())
CORNERS, FLOOR = Sampling("align_corners", Linear()), Sampling("asymmetric", Nearest("floor"))
EXACT = Sampling("tf_half_pixel_for_nn", Nearest("floor"))
SMALL, UNKNOWN = (1, 3, 8, 8), (None,) * 4
ODD, TWICE = (1.5, 1.5), (1.0, 1.0, 2.0, 2.0)
SAID: list[tuple[Resize, tuple[Shape, Shape], int, tuple[float, ...] | None, str]] = [
    # what, input and output lengths, version, factors, the words ("" for none)
    (resize(CORNERS), (SMALL, (1, 3, 12, 16)), 3, None,
     'resizeBilinear(x, targetSize=(12, 16), samplingMethod="STRICT_ALIGN_ENDPOINTS_MODE")'),
    (resize(CORNERS), (SMALL, (1, 3, 12, 16)), 2, None, ""),
    (resize(ASYMMETRIC), (SMALL, (1, 3, 16, 16)), 1, None,
     'upsample(x, scalingFactor=(2, 2), mode="BILINEAR", linearUpsampleMode="DEFAULT")'),
    (resize(HALF), (SMALL, (1, 3, 16, 16)), 5, None,
     f'upsample(x, scalingFactor=(2, 2), mode="BILINEAR", linearUpsampleMode="{FALSE}")'),
    (resize(HALF), (SMALL, (1, 3, 16, 16)), 4, None, ""),
    (resize(HALF), (SMALL, (1, 3, 12, 12)), 5, None,
     f'upsample(x, fractionalScalingFactor={ODD}, mode="BILINEAR", linearUpsampleMode="{FALSE}")'),
    (resize(CORNERS), (UNKNOWN, UNKNOWN), 5, TWICE,
     f'upsample(x, scalingFactor=(2, 2), mode="BILINEAR", linearUpsampleMode="{TRUE}")'),
    (resize(FLOOR), (SMALL, (1, 3, 16, 24)), 1, None,
     'upsample(x, scalingFactor=(2, 3), mode="NN")'),
    (resize(EXACT), (SMALL, (1, 3, 16, 24)), 1, None,
     'upsample(x, scalingFactor=(2, 3), mode="NN")'),
    (resize(EXACT), (SMALL, (1, 3, 12, 12)), 9, None, ""),
    (resize(HALF), (UNKNOWN, UNKNOWN), 9, None, ""),
    (resize(Sampling("half_pixel", Cubic())), (SMALL, (1, 3, 16, 16)), 9, None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "lengths", "version", "factors", "text"), SAID)
def test_words(
    what: Resize,
    lengths: tuple[Shape, Shape],
    version: int,
    factors: tuple[float, ...] | None,
    text: str,
) -> None:
    said = words(what, *lengths, version, factors)
    assert ("" if said is None else said.text()) == text


@pytest.mark.parametrize(("text", "sampling"), CALLS.items(), ids=str)
def test_layers_by_size_are_written(text: str, sampling: Sampling) -> None:
    assert CONVENTION.write(sampling, 2) == text
    assert CONVENTION.write(sampling, 3) is None


def test_a_sampling_without_words() -> None:
    assert CONVENTION.write(Sampling("half_pixel", Cubic()), 2) is None
    assert CONVENTION.write(FLOOR, 2) is None
