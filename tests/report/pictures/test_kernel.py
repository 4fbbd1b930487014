"""Pictures of kernels: each tap is what the sampling weighs, and adds up with the others."""

from fractions import Fraction

import pytest

from halfpixel.report.pictures import picture_of_kernel, picture_of_site
from halfpixel.report.pictures.kernel import curve, phases
from halfpixel.report.pictures.reads import reads
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Sampling
from svg.boxes import texts

CUBIC = Sampling("half_pixel", Cubic())
BROAD = Sampling("half_pixel", Linear(antialias=True))


@pytest.mark.parametrize(
    ("sampling", "lengths", "count"),
    [(CUBIC, (8, 16), 2), (BROAD, (40, 10), 1), (CUBIC, (9, 4), 4), (CUBIC, (100, 101), 5)],
    ids=str,
)
def test_one_sample_of_each_phase(sampling: Sampling, lengths: tuple[int, int], count: int) -> None:
    axis = reads(sampling, *lengths)
    chosen = phases(axis)
    assert len(chosen) == count
    fractions = {axis.places[i] % 1 for i in chosen}
    assert len(fractions) == count


def test_taps_lie_on_the_curve_and_add_up() -> None:
    found = curve(CUBIC, reads(CUBIC, 8, 16))
    on_it = dict(found.points)
    assert all(on_it[distance] == weight for distance, weight in found.taps)
    assert sum(weight for _, weight in found.taps) == 2  # one each of two phases
    broad = curve(BROAD, reads(BROAD, 40, 10))
    assert max(weight for _, weight in broad.points) == Fraction(1, 4)


def test_the_border_and_the_weights_are_written() -> None:
    said = texts(picture_of_kernel(CUBIC, lengths=(8, 16)))
    assert "sample 0" in said
    assert "\N{MINUS SIGN}0.105" in said  # Keys' cubic, a = -3/4, at 5/4
    assert "file: cubic, a = -0.75; one period: 2 samples over 1 pixel" in said


@pytest.mark.parametrize("kernel", [Nearest(), Area()])
def test_a_kernel_without_a_curve_has_its_taps(kernel: Nearest | Area) -> None:
    said = texts(picture_of_kernel(Sampling("half_pixel", kernel), lengths=(9, 4)))
    assert "sample 0" in said
    assert "distance (px)" not in said


def test_a_site_shows_its_kernel_where_it_is_worth_it() -> None:
    head = "the weights along each axis"
    linear = Sampling("half_pixel", Linear())
    for sampling, worth in ((CUBIC, True), (BROAD, True), (linear, False)):
        said = texts(picture_of_site(sampling, lengths=[(4, 8), (4, 8)], kernel=True))
        assert (head in said) == worth
    copied = texts(picture_of_site(CUBIC, lengths=[(4, 4), (4, 4)], kernel=True))
    assert head not in copied
