"""Whatever a file says, a picture of it is made at once, and is small, or there is none."""

from fractions import Fraction

import pytest

from halfpixel.origin import Operator
from halfpixel.report.pictures import (
    picture_of_finding,
    picture_of_kernel,
    picture_of_pair,
    picture_of_site,
)
from halfpixel.report.pictures.drawable import LONGEST, Pair, drawing
from halfpixel.rule import example_site
from halfpixel.sampling import (
    ConvTranspose,
    CropResize,
    Cubic,
    DepthToSpace,
    Linear,
    Nearest,
    Resize,
    RoiAlign,
    Sampling,
)
from svg.boxes import beyond, overlaps

HUGE = 10**12
SMALL = 400_000
"""Bytes."""


@pytest.mark.parametrize(
    "operator",
    [
        RoiAlign(aligned=True, output=(HUGE, 1)),
        RoiAlign(aligned=True, output=(2, 2), sampling_ratio=HUGE),
        CropResize("half_pixel", (HUGE, HUGE)),
        ConvTranspose((3, 3), (HUGE, HUGE), (0, 0), (0, 0), (0, 0), (1, 1)),
        ConvTranspose((HUGE, 3), (2, 2), (0, 0), (0, 0), (0, 0), (1, 1)),
        ConvTranspose((3, 3), (2, 2), (HUGE, 9), (0, 0), (0, 0), (1, 1)),
        DepthToSpace(HUGE),
    ],
    ids=lambda one: str(one)[:90],
)
def test_numbers_of_a_file_are_bounded(operator: Operator) -> None:
    assert picture_of_finding(example_site("Any", operator)) is None
    with pytest.raises(ValueError, match="a picture has 1 to"):
        picture_of_site(operator, lengths=[(4, 4), (4, 4)])


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling("half_pixel", Linear(antialias=True)),
        Sampling("half_pixel", Cubic(antialias=True), exclude_outside=True),
        Sampling("align_corners", Linear()),
        Sampling("asymmetric", Nearest()),
    ],
    ids=str,
)
@pytest.mark.parametrize("lengths", [(LONGEST, 1), (1, LONGEST), (LONGEST, LONGEST - 1)], ids=str)
def test_long_axes_are_drawn_in_parts(sampling: Sampling, lengths: Pair) -> None:
    other = Sampling("half_pixel", Cubic())
    for svg in (
        picture_of_site(sampling, other, lengths=[lengths], kernel=True),
        picture_of_kernel(sampling, lengths=lengths),
    ):
        assert len(svg) < SMALL
        assert overlaps(svg) == []
        assert beyond(svg) == []


def test_longer_axes_are_not() -> None:
    half = Sampling("half_pixel", Linear())
    for lengths in ((LONGEST + 1, 4), (4, HUGE), (0, 4)):
        with pytest.raises(ValueError, match="a picture has 1 to"):
            drawing(half, [lengths])
    assert picture_of_pair(half, lengths=[(HUGE, 2 * HUGE)]) is None
    assert picture_of_pair(Sampling("half_pixel", Linear(), Fraction(HUGE))) is None


def test_long_texts_are_cut() -> None:
    text = "a b" * 2_000_000
    half = Sampling("half_pixel", Linear())
    site = example_site("Resize", Resize(((2, half),)), name=text, input_shape=(1, 1, 4, 4))
    svg = picture_of_finding(site, file=text)
    assert svg is not None
    assert len(svg) < SMALL
    svg = picture_of_site(half, lengths=[(2, 4)], labels=(text, text), calls=(text, ""), title=text)
    assert len(svg) < SMALL
    assert overlaps(svg) == []
