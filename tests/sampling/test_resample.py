"""Core ML's resample and affine: Apple's own numbers, PyTorch, and the words for it."""

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name

from halfpixel.conventions.torch.resample import affine_text, resample_text
from halfpixel.sampling import AffineGrid, AffineSample, GridSample, Resample
from halfpixel.sampling.grid import Padding
from halfpixel.sampling.resample import ResampleMode, ResamplePadding, Units

MODES: list[ResampleMode] = ["linear", "nearest"]
PADDINGS: list[ResamplePadding] = ["constant", "border", "reflection", "symmetric"]
UNITS: list[Units] = ["unnormalized", "normalized_minus_one_to_one", "normalized_zero_to_one"]
KINDS = list(product(MODES, PADDINGS, UNITS, (False, True)))

# coremltools converters/mil/mil/ops/tests/iOS15/test_image_resizing.py, TestResample: an image of
# 2 x 2 pixels, sampled at the same four places in each of the test's coordinate types.
IMAGE = np.array([11.0, 22.0, 33.0, 44.0], dtype=np.float32).reshape(1, 1, 2, 2)
FLOATS = [-1.0, -2.0, -3.7, -1.0, 0.0, 0.0, 3.5, 1.2]
INTEGERS = [0, 0, 1, 1, 0, 0, 1, 1]
ZERO, ONE, PIXELS = UNITS[2], UNITS[1], UNITS[0]
APPLE = [
    (
        Resample("linear", "constant", 6.17, ONE, align_corners=True),
        FLOATS,
        [8.585, 6.17, 27.5, 6.17],
    ),
    (Resample("nearest", "border", -1.0, PIXELS, align_corners=False), FLOATS, [11, 11, 11, 44]),
    (
        Resample("linear", "reflection", -1.0, ZERO, align_corners=True),
        FLOATS,
        [22, 36.3, 11, 34.1],
    ),
    (Resample("nearest", "symmetric", -1.0, ZERO, align_corners=False), FLOATS, [22, 33, 11, 33]),
    (Resample("linear", "constant", 6.17, ONE, align_corners=True), INTEGERS, [27.5, 44, 27.5, 44]),
    (Resample("nearest", "border", -1.0, PIXELS, align_corners=False), INTEGERS, [11, 44, 11, 44]),
    (Resample("linear", "reflection", -1.0, ZERO, align_corners=True), INTEGERS, [11, 44, 11, 44]),
    (Resample("nearest", "symmetric", -1.0, ZERO, align_corners=False), INTEGERS, [11, 44, 11, 44]),
]


@pytest.mark.parametrize(("meant", "places", "expected"), APPLE)
def test_apples_vectors(meant: Resample, places: list[float], expected: list[float]) -> None:
    found = meant.evaluate(IMAGE, np.array(places).reshape(1, 2, 2, 2))
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-6)


# the same file, TestAffine
MATRIX = np.array([[-1.0, -2.0, -3.7, -1.0, 3.5, 1.2]])
AFFINE = [
    ((3, 3), [10.752501, 2.5025, 0, 1.9799997, 0, 0, 0, 0, 0]),
    ((2, 5), [10.752501, 5.94, 2.5025, 0.44000006, 0, 0, 0, 0, 0, 0]),
]


@pytest.mark.parametrize(("output", "expected"), AFFINE)
def test_apples_affine(output: tuple[int, int], expected: list[float]) -> None:
    sampler = Resample("linear", "constant")
    meant = AffineSample(AffineGrid(align_corners=True, single=0.0), sampler, output)
    np.testing.assert_allclose(meant.evaluate(IMAGE, MATRIX).ravel(), expected, atol=2e-6)
    text = affine_text(meant)
    assert text is not None
    found = run(text, x=torch.tensor(IMAGE), transform_matrix=torch.tensor(MATRIX).float())
    np.testing.assert_allclose(found.ravel(), expected, atol=2e-6)


def run(text: str, **names: torch.Tensor) -> Any:  # noqa: ANN401 - untyped arrays
    """Run a text that we write, in double precision where the tensors are."""
    return eval(text, {"torch": torch, "F": F, **names}).numpy()  # noqa: S307 - our own text


def by_pixels(meant: Resample, x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Return the samples by PyTorch's grid_sample, from places in pixels.

    The lengths of `x` have to be above 1; the two reflections are the two settings of
    align_corners, and a constant is written around the image.
    """
    lengths = torch.tensor([x.shape[3], x.shape[2]], dtype=x.dtype)
    paddings: dict[ResamplePadding, Padding] = {"border": "border", "constant": "border"}
    padding = paddings.get(meant.padding, "reflection")
    if meant.padding == "constant":
        x = F.pad(x, (4, 4, 4, 4), value=meant.value)
        places, lengths = places + 4, lengths + 8
    corners = meant.padding != "symmetric"
    grid = 2 * places / (lengths - 1) - 1 if corners else (2 * places + 1) / lengths - 1
    mode = "bilinear" if meant.mode == "linear" else "nearest"
    return F.grid_sample(x, grid, mode=mode, padding_mode=padding, align_corners=corners)


def units_of(meant: Resample, places: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return places in pixels as this operator counts them, written from the documents."""
    lengths = torch.tensor([width, height], dtype=places.dtype)
    if meant.coordinates == "unnormalized":
        return places
    part = places / (lengths - 1) if meant.align_corners else (places + 0.5) / lengths
    return part if meant.coordinates == "normalized_zero_to_one" else 2 * part - 1


def places_of(*shape: int) -> torch.Tensor:
    """Return places inside and outside an image, none half way between two pixels."""
    random = torch.Generator().manual_seed(len(shape))
    places = torch.rand(2, *shape, 2, generator=random, dtype=torch.float64) * 10 - 3
    return torch.where(((places - 0.5).frac()).abs() < 0.01, places + 0.05, places)


@pytest.mark.parametrize(("mode", "padding", "units", "corners"), KINDS, ids=str)
def test_against_grid_sample(
    mode: ResampleMode, padding: ResamplePadding, units: Units, *, corners: bool
) -> None:
    """Every combination, against grid_sample fed with pixels and against our own words."""
    meant = Resample(mode, padding, 1.75, units, corners)
    for height, width in product((2, 3, 5, 8), (2, 4, 7)):
        x = torch.rand(2, 3, height, width, dtype=torch.float64)
        places = places_of(5, 6)
        grid = units_of(meant, places, height, width)
        ours = meant.evaluate(x.numpy(), grid.numpy())
        np.testing.assert_allclose(ours, by_pixels(meant, x, places).numpy(), atol=1e-9)
        np.testing.assert_allclose(run(resample_text(meant), x=x, grid=grid), ours, atol=1e-9)
        same = meant.as_grid_sample()
        if same is not None:
            np.testing.assert_allclose(same.evaluate(x.numpy(), grid.numpy()), ours, atol=1e-9)


@pytest.mark.parametrize(("mode", "padding", "units", "corners"), KINDS, ids=str)
def test_one_pixel(
    mode: ResampleMode, padding: ResamplePadding, units: Units, *, corners: bool
) -> None:
    """An image of one pixel is that pixel wherever it is not constant that is read."""
    meant = Resample(mode, padding, 0.0, units, corners)
    x = torch.full((2, 1, 1, 1), 3.0, dtype=torch.float64)
    grid = torch.linspace(-0.4, 0.45, 48, dtype=torch.float64).reshape(2, 4, 3, 2)
    ours = meant.evaluate(x.numpy(), grid.numpy())
    if padding != "constant":
        assert (ours == 3).all()
    np.testing.assert_allclose(run(resample_text(meant), x=x, grid=grid), ours, atol=1e-12)


GRID_SAMPLES: list[tuple[ResamplePadding, float, Units, bool, Padding | None]] = [
    ("constant", 0.0, ONE, True, "zeros"),
    ("constant", 0.0, ONE, False, "zeros"),
    ("constant", 1.0, ONE, True, None),
    ("border", 1.0, ONE, False, "border"),
    ("border", 0.0, ZERO, True, None),
    ("border", 0.0, PIXELS, True, None),
    ("reflection", 0.0, ONE, True, "reflection"),
    ("reflection", 0.0, ONE, False, None),
    ("symmetric", 0.0, ONE, True, None),
    ("symmetric", 0.0, ONE, False, "reflection"),
]


@pytest.mark.parametrize(("padding", "value", "units", "corners", "same"), GRID_SAMPLES)
def test_as_grid_sample(
    padding: ResamplePadding, value: float, units: Units, *, corners: bool, same: Padding | None
) -> None:
    found = Resample("nearest", padding, value, units, corners).as_grid_sample()
    assert found == (None if same is None else GridSample("nearest", same, corners, 2))


DISPLACEMENTS: list[tuple[Units, bool, Units, bool, Fraction | None]] = [
    (ONE, True, ONE, False, Fraction(1, 2)),
    (ZERO, False, ZERO, False, Fraction(0)),
    (PIXELS, True, PIXELS, False, Fraction(0)),
    (ONE, True, ZERO, True, None),
]


@pytest.mark.parametrize(("units", "corners", "others", "other", "apart"), DISPLACEMENTS)
def test_displacement(
    units: Units, *, corners: bool, others: Units, other: bool, apart: Fraction | None
) -> None:
    """The table's distance is the one at the ends of the image, of any length."""
    a = Resample("linear", "border", 0.0, units, corners)
    b = Resample("linear", "border", 0.0, others, other)
    assert a.displacement(b) == apart
    ends = [Fraction(0 if units == ZERO else -1), Fraction(1)]
    for length in (1, 2, 5) if apart is not None else ():
        found = (abs(a.source_coordinate(g, length) - b.source_coordinate(g, length)) for g in ends)
        assert max(found) == apart


@pytest.mark.parametrize(
    ("x", "coordinates"),
    [((1, 1, 2, 2), (1, 2, 2, 3)), ((1, 1, 2), (1, 2, 2, 2)), ((2, 1, 2, 2), (1, 2, 2, 2))],
)
def test_shapes_that_do_not_fit(x: tuple[int, ...], coordinates: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"coordinates of shape|batch"):
        Resample("linear", "border").evaluate(np.zeros(x), np.zeros(coordinates))


def test_a_matrix_for_each_image_or_one_for_all() -> None:
    x = np.random.default_rng(0).random((2, 3, 4, 5))
    both = np.array([[1.0, 0, 0.5, 0, 1, 0], [-1.0, 0, 0, 0, 1, 0]])
    sampler = Resample("linear", "constant")
    meant = AffineSample(AffineGrid(align_corners=True, single=0.0), sampler, (4, 5))
    each = meant.evaluate(x, both)
    for image in range(2):
        alone = meant.evaluate(x[image : image + 1], both[image : image + 1])
        np.testing.assert_allclose(each[image], alone[0])
    np.testing.assert_allclose(meant.evaluate(x, both[:1])[0], each[0])
    with pytest.raises(ValueError, match="transform_matrix"):
        meant.evaluate(x, np.zeros((3, 6)))
