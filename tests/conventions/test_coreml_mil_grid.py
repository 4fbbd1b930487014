"""An ML Program's resample, affine, crop_resize and conv_transpose, which take no lengths alone."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name

from coreml_resizes import Given
from halfpixel.conventions.coreml import mil_deconvolution as coreml_mil_deconvolution
from halfpixel.conventions.coreml import mil_grid as coreml_mil_grid
from halfpixel.errors import ConventionError
from halfpixel.sampling import GridSample, Resample


def test_resample_words() -> None:
    """Every GridSample over two axes, and every Resample, is read again as it was said."""
    for mode, padding, corners in product(
        ("linear", "nearest"), ("zeros", "border", "reflection"), (False, True)
    ):
        meant = GridSample(mode, padding, corners, 2)  # type: ignore[arg-type]
        assert coreml_mil_grid.resample(coreml_mil_grid.resample_words(meant)) == meant
    other = Resample("linear", "constant", 2.5, "normalized_zero_to_one", align_corners=False)
    assert coreml_mil_grid.resample(coreml_mil_grid.resample_words(other)) == other
    with pytest.raises(ConventionError, match="cubic"):
        coreml_mil_grid.resample_words(GridSample("cubic", "zeros", align_corners=True))


BOXES: list[tuple[Given, str]] = [
    ({"sampling_mode": "HALF"}, "sampling_mode"),
    ({"box_coordinate_mode": "XYXY"}, "box_coordinate_mode"),
    ({"target_height": 0}, "target_height is 0"),
]


@pytest.mark.parametrize(("given", "reason"), BOXES)
def test_crops_that_are_refused(given: Given, reason: str) -> None:
    with pytest.raises(ConventionError, match=reason):
        coreml_mil_grid.crop_resize(given)


AFFINE: Given = {
    "sampling_mode": "bilinear",
    "padding_mode": "constant",
    "padding_value": 0.0,
    "coordinates_mode": "normalized_minus_one_to_one",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sampling_mode", "nearest"),
        ("padding_mode", "border"),
        ("padding_value", 1.0),
        ("coordinates_mode", "unnormalized"),
    ],
)
def test_affines_that_are_refused(name: str, value: object) -> None:
    coreml_mil_grid.affine(AFFINE)
    with pytest.raises(ConventionError, match=name):
        coreml_mil_grid.affine({**AFFINE, name: value})


TRANSPOSED: list[tuple[Given, int, int, int]] = [
    # inputs, kernel length, input length, PyTorch's padding (output_padding 0)
    ({"strides": (2,), "pad": (1, 1), "pad_type": "custom"}, 4, 5, 1),
    ({"strides": (3,), "pad": (0, 0), "pad_type": "custom", "dilations": (2,)}, 3, 4, 0),
    ({"strides": (2,), "pad": (7, 7)}, 3, 5, 0),
    ({"strides": (2,), "pad_type": "same"}, 4, 5, 1),
]


@pytest.mark.parametrize(("given", "kernel", "n_in", "padding"), TRANSPOSED)
def test_conv_transpose(given: Given, kernel: int, n_in: int, padding: int) -> None:
    meant = coreml_mil_deconvolution.conv_transpose(given, (kernel,))
    x = torch.rand(1, 2, n_in, dtype=torch.float64)
    weight = torch.rand(2, 3, kernel, dtype=torch.float64)
    stride, dilation = meant.strides[0], meant.dilations[0]
    found = F.conv_transpose1d(x, weight, stride=stride, padding=padding, dilation=dilation)
    np.testing.assert_allclose(meant.evaluate(x.numpy(), weight.numpy()), found.numpy(), atol=1e-9)


def test_conv_transpose_with_an_output_shape() -> None:
    """It is what PyTorch calls output_padding: the cut at the start is kept."""
    given = {"strides": (2,), "pad": (1, 1), "pad_type": "custom", "output_shape": (1, 3, 10)}
    meant = coreml_mil_deconvolution.conv_transpose(given, (3,), (5,))
    x, weight = torch.rand(1, 2, 5).double(), torch.rand(2, 3, 3).double()
    found = F.conv_transpose1d(x, weight, stride=2, padding=1, output_padding=1)
    np.testing.assert_allclose(meant.evaluate(x.numpy(), weight.numpy()), found.numpy(), atol=1e-9)
    assert coreml_mil_deconvolution.conv_transpose(given, (3,)).output_length(0, 5) == 10
    with pytest.raises(ConventionError, match="pad_type"):
        coreml_mil_deconvolution.conv_transpose({"pad_type": "same_lower"}, (3,))
    with pytest.raises(ConventionError, match="strides"):
        coreml_mil_deconvolution.conv_transpose({"strides": (2, 2)}, (3,))
