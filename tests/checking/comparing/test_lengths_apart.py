"""Output lengths of two calls: whose each is, and what is said of others than are asked for."""

import pytest

import halfpixel
from halfpixel.checking.comparing.result import LengthsApart
from halfpixel.checking.comparing.words import lines

SIZED = "F.interpolate(x, size=(11, 17), mode='bilinear')"
SCALED = "F.interpolate(x, scale_factor=1.7, mode='bilinear')"
OPEN = "cv2.resize(x, (width, height))"


def turned(found: LengthsApart) -> LengthsApart:
    return LengthsApart(found.axis, found.n_in, found.second, found.first)


@pytest.mark.parametrize("size", ["10x7:17x11", "10x7", None])
def test_each_output_length_is_its_own_sides(size: str | None) -> None:
    """Of one pixel a factor of 1.7 makes one, a size makes itself."""
    found = halfpixel.compare(SIZED, SCALED, size=size)
    told = found.elsewhere if size else found.lengths
    assert [(one.n_in, one.first, one.second) for one in told] == [(1, 11, 1), (1, 17, 1)]
    other = halfpixel.compare(SCALED, SIZED, size=size)
    assert [turned(one) for one in (other.elsewhere if size else other.lengths)] == list(told)
    assert not size or any("length 1 becomes 1 in a and 11 in b" in one for one in lines(other))


def test_a_factor_that_is_asked_for_is_of_the_call_that_has_none() -> None:
    for a, b in ((SIZED, OPEN), (OPEN, SIZED)):
        found = halfpixel.compare(a, b, scale=2).lengths[0]
        assert (found.first if a == SIZED else found.second) == 11
        assert (found.second if a == SIZED else found.first) == 2
