"""Equal means equal at every size, different means different at the witness."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfpixel.sampling import Area, Cubic, Kernel, Linear, Nearest, Sampling, compare
from halfpixel.sampling.compare import canonical, displacement, weight_difference
from halfpixel.sampling.coordinate import Coordinate

COORDINATES: list[Coordinate] = [
    "align_corners",
    "half_pixel",
    "pytorch_half_pixel",
    "pytorch_1_9_half_pixel",
    "half_pixel_symmetric",
    "asymmetric",
    "tf_half_pixel_for_nn",
    "pytorch_antialias_align_corners",
]
KERNELS: list[Kernel] = [
    Nearest("floor"),
    Nearest("ceil"),
    Nearest("round_prefer_floor"),
    Nearest("round_prefer_ceil"),
    Linear(),
    Linear(antialias=True),
    Cubic(),
    Cubic(Fraction(-1, 2)),
    Cubic(Fraction(-1, 2), antialias=True),
    Area(),
]
SCALES = [None, Fraction(2), Fraction(1, 2), Fraction(3, 2), Fraction(5, 3), Fraction(4, 7)]

samplings = st.builds(
    Sampling,
    coordinate=st.sampled_from(COORDINATES),
    kernel=st.sampled_from(KERNELS),
    scale=st.sampled_from(SCALES),
    exclude_outside=st.booleans(),
    copies_same_length=st.booleans(),
)
lengths = st.integers(1, 24)


def reachable(one: Sampling, other: Sampling, n_in: int, n_out: int) -> bool:
    """Whether a given scale produces these lengths."""
    scales = {s.scale for s in (one, other) if s.scale is not None}
    return len(scales) != 1 or n_out == int(n_in * next(iter(scales)))


@given(one=samplings, other=samplings, n_in=lengths, n_out=lengths)
@settings(max_examples=300, deadline=None)
def test_at_known_lengths_the_verdict_is_that_of_the_matrices(
    one: Sampling, other: Sampling, n_in: int, n_out: int
) -> None:
    verdict = compare(one, other, n_in, n_out)
    a, b = one.weights(n_in, n_out), other.weights(n_in, n_out)
    assert verdict.equal == (a.rows == b.rows)
    if not verdict.equal:
        assert verdict.witness == (n_in, n_out)
        assert verdict.displacement == displacement(a, b)
        assert verdict.weight_difference == weight_difference(a, b) > 0


@given(one=samplings, other=samplings, n_in=lengths, n_out=lengths)
@settings(max_examples=300, deadline=None)
def test_proven_equality_holds_at_every_length(
    one: Sampling, other: Sampling, n_in: int, n_out: int
) -> None:
    verdict = compare(one, other)
    if verdict.equal and verdict.proof != "search" and reachable(one, other, n_in, n_out):
        assert one.weights(n_in, n_out).rows == other.weights(n_in, n_out).rows
    if not verdict.equal:
        assert verdict.witness is not None
        assert one.weights(*verdict.witness).rows != other.weights(*verdict.witness).rows
    if verdict.proof == "search" and verdict.equal:
        assert verdict.searched_to is not None


@given(one=samplings, other=samplings)
@settings(max_examples=150, deadline=None)
def test_comparison_is_symmetric(one: Sampling, other: Sampling) -> None:
    first, second = compare(one, other), compare(other, one)
    assert (first.equal, first.proof, first.witness) == (second.equal, second.proof, second.witness)
    assert first.displacement == second.displacement


@given(sampling=samplings, n_in=lengths, n_out=lengths)
@settings(max_examples=300, deadline=None)
def test_another_name_computes_the_same(sampling: Sampling, n_in: int, n_out: int) -> None:
    same = canonical(sampling)
    assert same.weights(n_in, n_out).rows == sampling.weights(n_in, n_out).rows
    assert compare(sampling, same).equal


@pytest.mark.parametrize("scale", [Fraction(p, q) for p in range(1, 8) for q in range(1, 5)])
def test_one_period_decides_every_length(scale: Fraction) -> None:
    choose = random.Random(int(scale * 1000))  # noqa: S311 - a repeatable choice
    half = Sampling("half_pixel", Linear(), scale)
    for other in (
        Sampling("pytorch_half_pixel", Linear(), scale),
        Sampling("half_pixel", Linear(), scale, exclude_outside=True),
        Sampling("asymmetric", Linear(), scale),
    ):
        verdict = compare(half, other)
        if not verdict.equal or verdict.proof == "search":
            continue
        for _ in range(20):
            n_in = choose.randint(1, 400)
            n_out = int(n_in * scale)
            if n_out:
                assert half.weights(n_in, n_out).rows == other.weights(n_in, n_out).rows


def test_half_pixel_and_pytorch_half_pixel_differ_at_one_pixel_only() -> None:
    half, torch = Sampling("half_pixel", Linear()), Sampling("pytorch_half_pixel", Linear())
    assert compare(half, torch).witness == (2, 1)
    assert compare(half, torch, n_out=8).equal
    assert compare(half, torch, 6, 1).displacement == Fraction(5, 2)


def test_rows_sum_to_one() -> None:
    for coordinate in COORDINATES:
        for kernel in KERNELS:
            for n_in in range(1, 7):
                for n_out in range(1, 7):
                    weights = Sampling(coordinate, kernel).weights(n_in, n_out)
                    assert all(sum(w for _, w in row) == 1 for row in weights.rows)


def test_very_long_axes_are_judged_by_their_lines() -> None:
    half, corners = Sampling("half_pixel", Linear()), Sampling("align_corners", Linear())
    long = 1 << 40
    assert compare(half, half.by_size(), long, 2 * long).equal
    verdict = compare(half, corners, long, 2 * long)
    assert not verdict.equal
    assert Fraction(1, 5) < verdict.displacement < Fraction(1, 3)
    torch = Sampling("pytorch_half_pixel", Linear())
    assert compare(half, torch, long, 2 * long).equal
