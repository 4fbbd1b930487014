"""Kernels with a sine or an exponential: values, bounds, and what is claimed of them."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfpixel.checking.comparing.apart import apart_at
from halfpixel.sampling import Cubic, Linear, Nearest, Sampling, compare
from halfpixel.sampling.axis import weights_at
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.kernel import Filter
from halfpixel.sampling.kernels.base import SLACK, Profile
from halfpixel.sampling.kernels.profiles import (
    BCSpline,
    Box,
    Gaussian,
    Hamming,
    Lanczos,
    MagicKernel,
)
from halfpixel.sampling.kernels.rows import fold
from halfpixel.sampling.kernels.series import BITS, PI, WORK, cosine, exponential, sinc, sine
from halfpixel.work import working

UNIT = 1 << BITS
NEAR = 16
"""Units by which an identity of two or three values, each off by less than 2, may be off."""

places = st.fractions(min_value=-20, max_value=20, max_denominator=1 << 40)
positive = st.fractions(min_value=0, max_value=30, max_denominator=1 << 40)


def test_pi() -> None:
    digits = 31415926535897932384626433832795028841971693993751
    assert abs(Fraction(PI, 1 << WORK) - Fraction(digits, 10**49)) < Fraction(2, 1 << WORK)


@given(places)
def test_sines(t: Fraction) -> None:
    assert abs(sine(t) ** 2 + cosine(t) ** 2 - UNIT**2) <= NEAR * UNIT
    assert abs(sine(2 * t) * UNIT - 2 * sine(t) * cosine(t)) <= NEAR * UNIT
    assert math.isclose(sine(t) / UNIT, math.sin(math.pi * float(t % 2)), abs_tol=1e-14)


def test_sines_that_are_known() -> None:
    assert abs(2 * sine(Fraction(1, 6)) - UNIT) <= NEAR
    assert abs(2 * sine(Fraction(1, 4)) ** 2 - UNIT**2) <= NEAR * UNIT
    assert [sine(Fraction(n, 2)) // UNIT for n in range(5)] == [0, 1, 0, -1, 0]


@given(places.filter(bool))
def test_sinc_is_a_sine_by_its_angle(t: Fraction) -> None:
    apart = Fraction(sinc(t)) * Fraction(PI, 1 << WORK) * t - sine(t)
    assert abs(apart) <= NEAR * (1 + abs(t))


@given(positive, positive)
def test_exponentials_of_a_sum(a: Fraction, b: Fraction) -> None:
    assert abs(exponential(a) * exponential(b) - exponential(a + b) * UNIT) <= NEAR * UNIT
    assert math.isclose(exponential(a) / UNIT, math.exp(-float(a)), rel_tol=1e-12, abs_tol=1e-14)


PROFILES: list[Profile] = [
    Box(), Hamming(), Lanczos(2), Lanczos(3), Lanczos(5), Gaussian(), MagicKernel(2013),
    MagicKernel(2021), BCSpline(), BCSpline(Fraction(1), Fraction(0)),
    BCSpline(Fraction(0), Fraction(1, 2)),
]  # fmt: skip


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.words)
def test_weights_sum_to_one_within_their_bound(profile: Profile) -> None:
    for exclude in (True, False):
        sampling = Sampling("half_pixel", Filter(profile, antialias=True), exclude_outside=exclude)
        for n_in, n_out in ((4, 7), (7, 3), (5, 1), (1, 4), (9, 8)):
            found = sampling.weights(n_in, n_out)
            for row in found.rows:
                assert sum(weight for _, weight in row) == 1
            assert found.error < Fraction(1, 1 << 60)
            assert bool(profile.bits) or not found.error


def test_a_bound_holds_what_more_bits_would_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values that are moved by what they may be off move no weight beyond the bound."""
    sampling = Sampling("half_pixel", Filter(Lanczos(3), antialias=True), exclude_outside=True)
    exact = sampling.weights(11, 4)
    plain = Lanczos.rounded

    def moved(self: Lanczos, first: Fraction, step: Fraction, count: int) -> list[int]:
        found = plain(self, first, step, count)
        return [value + (SLACK if k % 2 else -SLACK) for k, value in enumerate(found)]

    monkeypatch.setattr(Lanczos, "rounded", moved)
    with working(10**6):  # nothing is remembered of the others
        rows = weights_at(sampling, 11, 4, range(4)).rows
    apart = max(
        abs(one - two)
        for first, second in zip(exact.rows, rows, strict=True)
        for (_, one), (_, two) in zip(first, second, strict=True)
    )
    assert 0 < apart <= exact.error


@given(
    st.fractions(min_value=0, max_value=1, max_denominator=1 << 40),
    st.fractions(min_value=1, max_value=9, max_denominator=1 << 10),
    st.sampled_from([2, 3, 4, 5]),
)
def test_values_in_equal_steps_are_those_of_series(frac: Fraction, width: Fraction, a: int) -> None:
    profile, first = Lanczos(a), (frac - 1) / width - a
    count = math.ceil(2 * a * width) + 2
    for k, value in enumerate(profile.rounded(first, 1 / width, count)):
        wanted = profile.value(first + k / width) * UNIT
        assert abs(value - wanted) < SLACK // 2
        assert bool(value) or not wanted


def lanczos(**fields: object) -> Sampling:
    """Return Pillow's, or one with other fields."""
    every: dict[str, object] = {"exclude_outside": True} | fields
    return Sampling("half_pixel", Filter(Lanczos(3), antialias=True), **every)  # type: ignore[arg-type]


def test_the_same_kernel_is_equal_at_every_length() -> None:
    verdict = compare(lanczos(), lanczos())
    assert verdict.equal
    assert verdict.proof == "closed form"


def test_rounded_weights_are_equal_by_what_they_are_made_of() -> None:
    """A part of the image that is all of it is another closed form."""
    whole = Sampling(
        "box_half_pixel", lanczos().kernel, exclude_outside=True, roi=(Fraction(0), Fraction(9))
    )
    verdict = compare(lanczos(), whole, 9, 4)
    assert verdict.equal
    assert verdict.proof == "sizes"
    assert compare(lanczos(), whole, 10, 4).witness == (10, 4)


def test_rounded_weights_that_agree_prove_nothing() -> None:
    """Two kernels that are the same, but not by name: neither equal nor different."""

    class Other(Lanczos, frozen=True):
        pass

    other = Sampling("half_pixel", Filter(Other(3), antialias=True), exclude_outside=True)
    verdict = compare(lanczos(), other, 9, 4)
    assert not verdict.equal
    assert verdict.witness is None
    assert 0 < verdict.within < Fraction(1, 1 << 60)
    assert verdict.words.startswith("no difference above ")
    free = compare(lanczos(), other)
    assert (free.equal, free.witness) == (False, None)
    assert free.words == "no difference up to 12"
    # one weight alone, and equal distances, are exact whatever the kernel is
    assert compare(lanczos(), other, 5, 5).equal
    assert compare(lanczos(), Sampling("half_pixel", Linear(antialias=True)), 1, 4).equal


@pytest.mark.parametrize(
    ("kernel", "plain"),
    [
        (Filter(BCSpline(Fraction(0), Fraction(1, 2))), Cubic(Fraction(-1, 2))),
        (Filter(BCSpline(Fraction(0), Fraction(3, 4)), antialias=True), Cubic(antialias=True)),
        (Filter(Box()), Nearest("round_prefer_ceil")),
    ],
    ids=str,
)
def test_another_name_of_a_kernel(kernel: Filter, plain: Cubic | Nearest) -> None:
    one, other = Sampling("half_pixel", kernel), Sampling("half_pixel", plain)
    assert canonical(one) == canonical(other)
    for n_in, n_out in ((4, 7), (7, 3), (5, 1)):
        raw = one.weights(n_in, n_out).rows
        assert raw == other.weights(n_in, n_out).rows or n_in > n_out


def test_boxes_of_whole_pixels_are_means() -> None:
    box = Sampling("half_pixel", Filter(Box(), antialias=True), exclude_outside=True)
    assert box.weights(6, 2).rows[1] == tuple((j, Fraction(1, 3)) for j in (3, 4, 5))


@given(st.integers(-40, 40), st.integers(1, 9))
def test_folds_repeat(index: int, n_in: int) -> None:
    """Each border is the image again and again, turned or not."""
    assert fold(index, n_in, "wrap") == fold(index + n_in, n_in, "wrap")
    assert fold(index, n_in, "symmetric") == fold(-1 - index, n_in, "symmetric")
    assert fold(index, n_in, "symmetric") == fold(index + 2 * n_in, n_in, "symmetric")
    assert fold(index, n_in, "mirror") == fold(-index, n_in, "mirror")
    assert fold(index, n_in, "mirror") == fold(2 * (n_in - 1) - index, n_in, "mirror")


def test_a_zero_border_takes_its_weight_away() -> None:
    zero = Sampling("half_pixel", Linear(), border="zero")
    assert zero.weights(2, 4).rows[0] == ((0, Fraction(3, 4)),)
    turned = Sampling("half_pixel", Cubic(), border="symmetric")
    assert compare(turned, Sampling("half_pixel", Cubic())).witness is not None


def test_a_sample_of_a_constant_beside_rounded_weights() -> None:
    """Exact weights say of no row what it is made of, one that reads outside included."""
    constant = Sampling("asymmetric", Linear(), scale=Fraction(1, 2), extrapolate=True)
    assert constant.weights(5, 4).outside
    assert constant.weights(5, 4).origins == ()
    rounded = Sampling("half_pixel", Filter(Lanczos(3), antialias=True))
    assert compare(constant, rounded, 5, 4).witness == (5, 4)
    found = apart_at(constant, rounded, 5, 4)
    assert found.weights == 1
    assert found.pixel is None
