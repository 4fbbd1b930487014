"""No label of a picture touches another one, a mark or a line, or reaches out of the picture."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfpixel.report.pictures import picture_of_kernel, picture_of_signal, picture_of_site
from halfpixel.report.pictures.drawable import Drawable, Pair
from halfpixel.sampling import (
    AffineGrid,
    Area,
    ConvTranspose,
    CropResize,
    Cubic,
    DepthToSpace,
    GridSample,
    Kernel,
    Linear,
    Nearest,
    Resample,
    RoiAlign,
    Sampling,
    Table,
)
from halfpixel.sampling.coordinate import COORDINATES
from svg.boxes import beyond, overlaps

KERNELS: dict[str, Kernel] = {
    "nearest": Nearest(),
    "linear": Linear(),
    "linear, antialias": Linear(antialias=True),
    "cubic": Cubic(),
    "cubic, antialias": Cubic(Fraction(-1, 2), antialias=True),
    "area": Area(),
}
LENGTHS: list[Pair] = [
    (4, 8), (4, 4), (1, 1), (1, 5), (2, 1), (16, 33), (16, 5), (7, 16), (12, 11), (17, 3),
    (100, 200), (1000, 37), (37, 1000), (512, 513),
]  # fmt: skip
LONG = "a very long name of a node in a network of many levels " * 6
HALF = Sampling("half_pixel", Linear())
TABLE = Sampling("asymmetric", Table(4, tuple(((k // 2, Fraction(1)),) for k in range(8))))


def check(svg: str) -> None:
    assert overlaps(svg) == []
    assert beyond(svg) == []


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("kernel", KERNELS)
def test_of_a_site(kernel: str, lengths: Pair) -> None:
    half = Sampling("half_pixel", KERNELS[kernel])
    check(picture_of_site(half, lengths=[lengths, (5, 7)], title="up", kernel=True))
    other = Sampling("align_corners", KERNELS[kernel])
    check(picture_of_site(other, half, lengths=[lengths, lengths], title="up", kernel=True))


@pytest.mark.parametrize("coordinate", COORDINATES)
def test_of_every_coordinate_rule(coordinate: str) -> None:
    one = Sampling(coordinate, Linear())  # type: ignore[arg-type]
    for lengths in ((4, 8), (9, 4), (200, 300)):
        check(picture_of_site(one, HALF, lengths=[lengths], labels=("file", "after the fix")))
        check(picture_of_site(one, HALF, lengths=[lengths] * 3))


@pytest.mark.parametrize(
    "operator",
    [
        GridSample("linear", "zeros", align_corners=False),
        GridSample("cubic", "reflection", align_corners=True),
        GridSample("nearest", "border", align_corners=True),
        Resample("linear", "symmetric", 0.0, "normalized_zero_to_one", align_corners=True),
        Resample("linear", "constant", 3.0, "unnormalized"),
        AffineGrid(align_corners=True),
        RoiAlign(aligned=True, output=(3, 2), sampling_ratio=2),
        RoiAlign(aligned=False, output=(7, 7)),
        CropResize("half_pixel", (4, 4)),
        ConvTranspose((4, 4), (2, 2), (1, 1), (1, 1), (0, 0), (1, 1), linear=True),
        ConvTranspose((3,), (2,), (0,), (0,), (1,), (1,)),
        DepthToSpace(2),
        [HALF, None],
        TABLE,
    ],
    ids=lambda one: str(one)[:90],
)
def test_of_every_operator(operator: Drawable) -> None:
    check(picture_of_site(operator, lengths=[(4, 8), (4, 8)], title="a site"))
    if not isinstance(operator, list | Sampling):
        check(picture_of_site(operator, operator, lengths=[(1, 1), (2, 2)]))
        check(picture_of_site(operator, lengths=[(200, 1), (201, 1)]))


@pytest.mark.parametrize("text", [LONG, "<&>\"'", "\u5bbd" * 200, "W" * 300])
def test_of_texts_that_are_long(text: str) -> None:
    corners = Sampling("align_corners", Linear())
    for lengths in ((4, 8), (400, 800)):
        svg = picture_of_site(
            corners, HALF, lengths=[lengths, lengths], title=text, labels=(text, text),
            calls=(text, text), notes=[text, text],
        )  # fmt: skip
        check(svg)
    check(picture_of_signal(corners, HALF, lengths=[(4, 8)] * 2, labels=(text, text), title=text))
    check(picture_of_kernel(corners, HALF, lengths=(4, 8), labels=(text, text), title=text))


@pytest.mark.parametrize("lengths", [(8, 16), (40, 10), (9, 4), (5, 7), (3, 64)], ids=str)
@pytest.mark.parametrize("kernel", KERNELS)
def test_of_a_kernel(kernel: str, lengths: Pair) -> None:
    one = Sampling("half_pixel", KERNELS[kernel])
    check(picture_of_kernel(one, lengths=lengths, title="the kernel"))
    check(picture_of_kernel(one, HALF, lengths=lengths))


@pytest.mark.parametrize("image", ["ramp", "checkerboard", "zone plate", "edge"])
@pytest.mark.parametrize("lengths", [(3, 6), (2, 2), (32, 64), (64, 9), (1, 3)], ids=str)
def test_of_a_signal(image: str, lengths: Pair) -> None:
    for other in (None, Sampling("asymmetric", Linear())):
        check(picture_of_signal(HALF, other, lengths=[lengths, (5, 7)], image=image, title="it"))


SAMPLINGS = st.builds(
    Sampling,
    st.sampled_from(COORDINATES),
    st.sampled_from(list(KERNELS.values())),
    st.none() | st.fractions(Fraction(1, 20), 40, max_denominator=20),
    exclude_outside=st.booleans(),
    roi=st.tuples(st.fractions(-1, 1, max_denominator=4), st.fractions(0, 2, max_denominator=4)),
    extrapolate=st.booleans(),
    copies_same_length=st.booleans(),
)
ANY_LENGTH = st.integers(1, 40) | st.integers(1, 2000)


@settings(deadline=None, max_examples=30)
@given(SAMPLINGS, SAMPLINGS, st.tuples(ANY_LENGTH, ANY_LENGTH), st.tuples(ANY_LENGTH, ANY_LENGTH))
def test_of_any_two_samplings(one: Sampling, other: Sampling, high: Pair, wide: Pair) -> None:
    check(picture_of_site([one, other], [other, one], lengths=[high, wide], kernel=True))
