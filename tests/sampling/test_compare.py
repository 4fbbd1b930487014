"""Equal means equal at every size, different means different at the witness."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfpixel.sampling import Area, Cubic, Kernel, Linear, Nearest, Sampling, compare
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.coordinate import Coordinate
from halfpixel.sampling.difference import displacement, weight_difference

COORDINATES: list[Coordinate] = [
    "align_corners",
    "half_pixel",
    "pytorch_half_pixel",
    "pytorch_1_9_half_pixel",
    "half_pixel_symmetric",
    "asymmetric",
    "tf_half_pixel_for_nn",
    "pytorch_antialias_align_corners",
    "tf_crop_and_resize",
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
ROIS = [
    (Fraction(0), Fraction(1)),
    (Fraction(1, 4), Fraction(3, 4)),
    (Fraction(-1, 3), Fraction(2)),
]


def samplings_of(
    kernels: st.SearchStrategy[Kernel], scales: st.SearchStrategy[Fraction | None]
) -> st.SearchStrategy[Sampling]:
    """Return samplings of these kernels and scales; a window matters to crops alone."""
    return st.builds(
        Sampling,
        coordinate=st.sampled_from(COORDINATES),
        kernel=kernels,
        scale=scales,
        exclude_outside=st.booleans(),
        roi=st.sampled_from(ROIS),
        extrapolate=st.booleans(),
        copies_same_length=st.booleans(),
    )


samplings = samplings_of(st.sampled_from(KERNELS), st.sampled_from(SCALES))
pairs = st.sampled_from(KERNELS).flatmap(
    lambda kernel: st.fractions(Fraction(1, 8), 8, max_denominator=8).flatmap(
        lambda scale: st.tuples(
            *(samplings_of(st.just(kernel), st.sampled_from([scale, scale, None])),) * 2
        )
    )
)
"""Two samplings of one kernel, so that they are often equal, and of one scale or none."""

lengths = st.integers(1, 24)


def same(one: Sampling, other: Sampling, n_in: int, n_out: int) -> bool:
    """Whether the matrices are the same: what the verdict has to say."""
    a, b = one.weights(n_in, n_out), other.weights(n_in, n_out)
    return a.rows == b.rows and a.outside == b.outside


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
    assert verdict.equal == same(one, other, n_in, n_out)
    if not verdict.equal:
        assert verdict.witness == (n_in, n_out)
        assert verdict.displacement == displacement(a, b)
        assert verdict.weight_difference == weight_difference(a, b)
        assert verdict.displacement or verdict.weight_difference


@given(one=samplings, other=samplings, n_in=lengths, n_out=lengths)
@settings(max_examples=300, deadline=None)
def test_proven_equality_holds_at_every_length(
    one: Sampling, other: Sampling, n_in: int, n_out: int
) -> None:
    verdict = compare(one, other)
    if verdict.equal and reachable(one, other, n_in, n_out):
        assert same(one, other, n_in, n_out)
    if verdict.witness is not None:
        assert not same(one, other, *verdict.witness)
    words = {"search": ("not known", "no difference up to"), "sizes": ("different",)}
    assert verdict.words.startswith(words.get(verdict.proof, ("equal",)))


@given(one=samplings, other=samplings)
@settings(max_examples=150, deadline=None)
def test_comparison_is_symmetric(one: Sampling, other: Sampling) -> None:
    first, second = compare(one, other), compare(other, one)
    assert (first.equal, first.proof, first.witness) == (second.equal, second.proof, second.witness)
    assert first.displacement == second.displacement


@given(sampling=samplings, n_in=lengths, n_out=lengths)
@settings(max_examples=300, deadline=None)
def test_another_name_computes_the_same(sampling: Sampling, n_in: int, n_out: int) -> None:
    named = canonical(sampling)
    assert same(named, sampling, n_in, n_out)
    assert compare(sampling, named).proof == "closed form"
    assert canonical(named) == named


@given(pair=pairs, n_in=st.integers(1, 150))
@settings(max_examples=400, deadline=None)
def test_what_a_scale_proves_holds_at_lengths_beyond_the_period(
    pair: tuple[Sampling, Sampling], n_in: int
) -> None:
    verdict = compare(*pair)
    scales = {s.scale for s in pair if s.scale is not None}
    n_out = int(n_in * scales.pop()) if len(scales) == 1 else n_in + 1
    if verdict.equal and verdict.proof in {"period", "closed form"} and n_out:
        assert same(*pair, n_in, n_out)


PERIODS = [
    (Nearest("round_prefer_floor"), Nearest("floor"), "asymmetric", Fraction(1, 3), True),
    (Nearest("round_prefer_floor"), Nearest("floor"), "asymmetric", Fraction(3), False),
    (Nearest("round_prefer_floor"), Nearest("round_prefer_ceil"), "half_pixel", Fraction(3), True),
    (Nearest("round_prefer_floor"), Nearest("round_prefer_ceil"), "half_pixel", Fraction(2), True),
    (Nearest("ceil"), Nearest("floor"), "half_pixel", Fraction(1, 2), False),
    (Linear(), Linear(antialias=True), "half_pixel", Fraction(5, 2), True),
    (Linear(), Linear(antialias=True), "half_pixel", Fraction(2, 5), False),
    (Cubic(), Cubic(antialias=True), "asymmetric", Fraction(7, 4), True),
    (Linear(), Cubic(), "asymmetric", Fraction(1, 2), True),
]  # fmt: skip


@pytest.mark.parametrize(("kernel", "other", "coordinate", "scale", "equal"), PERIODS)
def test_one_period_decides_every_length(
    kernel: Kernel,
    other: Kernel,
    coordinate: Coordinate,
    scale: Fraction,
    *,
    equal: bool,
) -> None:
    pair = Sampling(coordinate, kernel, scale), Sampling(coordinate, other, scale)
    verdict = compare(*pair)
    assert (verdict.equal, verdict.proof) == (equal, "period" if equal else "sizes")
    lengths = [n for n in range(1, 200) if int(n * scale)]
    assert all(same(*pair, n, int(n * scale)) for n in lengths) == equal


@given(one=samplings, other=samplings, n_in=lengths, n_out=lengths, known=st.booleans())
@settings(max_examples=200, deadline=None)
def test_with_one_length_known_the_witness_has_it(
    one: Sampling, other: Sampling, n_in: int, n_out: int, *, known: bool
) -> None:
    verdict = compare(one, other, n_in=n_in) if known else compare(one, other, n_out=n_out)
    if verdict.witness is not None:
        assert verdict.witness[0 if known else 1] == (n_in if known else n_out)
        assert not same(one, other, *verdict.witness)
    if verdict.equal and reachable(one, other, n_in, n_out):
        assert same(one, other, n_in, n_out)


@given(one=samplings, other=samplings)
@settings(max_examples=150, deadline=None)
def test_no_smaller_lengths_show_a_difference_than_the_witness(
    one: Sampling, other: Sampling
) -> None:
    verdict = compare(one, other)
    longest = max(verdict.witness) if verdict.witness else verdict.searched_to or 6
    for n_in in range(1, min(longest, 12)):
        for n_out in range(1, min(longest, 12)):
            if reachable(one, other, n_in, n_out):
                assert same(one, other, n_in, n_out)


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
                    for exclude in (False, True):
                        sampling = Sampling(coordinate, kernel, exclude_outside=exclude)
                        rows = sampling.weights(n_in, n_out).rows
                        assert all(sum(w for _, w in row) == 1 for row in rows)


LONG: list[tuple[Kernel, Kernel, int, int]] = [
    (Linear(), Linear(antialias=True), 160_000, 80_000),
    (Linear(), Cubic(), 80_000, 160_000),
    (Linear(), Nearest("round_prefer_floor"), 80_000, 160_000),
    (Cubic(), Cubic(Fraction(-1, 2)), 80_000, 160_000),
    (Nearest("round_prefer_floor"), Nearest("round_prefer_ceil"), 2_000_000, 1_000_000),
]


@pytest.mark.parametrize(("kernel", "other", "n_in", "n_out"), LONG)
def test_another_kernel_on_a_very_long_axis_is_not_negligible(
    kernel: Kernel, other: Kernel, n_in: int, n_out: int
) -> None:
    """The lines are the same there: a second of sound at 160 kHz, and no matrix to compare."""
    one, two = Sampling("half_pixel", kernel), Sampling("half_pixel", other)
    verdict = compare(one, two, n_in, n_out)
    assert not verdict.equal
    assert not verdict.negligible
    small = compare(one, two, n_in // 1000, n_out // 1000)
    assert verdict.weight_difference == small.weight_difference
    assert verdict.displacement == small.displacement


def test_equal_rows_of_a_very_long_axis_are_no_proof() -> None:
    half, area = Sampling("half_pixel", Linear()), Sampling("half_pixel", Area())
    verdict = compare(half, area, 160_000, 80_000)
    assert (verdict.equal, verdict.proof, verdict.witness) == (False, "search", None)
    assert verdict.searched_to is not None
    assert verdict.searched_to < 80_000


def test_only_the_rounding_of_a_scale_is_negligible() -> None:
    third, rounded = Fraction(1, 3), Fraction(float(np.float32(1 / 3)))
    one = Sampling("half_pixel", Linear(), third)
    near = compare(one, Sampling("half_pixel", Linear(), rounded), 90, 30)
    assert (near.equal, near.negligible) == (False, True)
    far = compare(one, Sampling("half_pixel", Linear(), Fraction(334, 1000)), 90, 30)
    assert not far.negligible


def test_very_long_axes_are_judged_by_their_lines() -> None:
    half, corners = Sampling("half_pixel", Linear()), Sampling("align_corners", Linear())
    long = 1 << 40
    assert compare(half, half.by_size(), long, 2 * long).equal
    verdict = compare(half, corners, long, 2 * long)
    assert not verdict.equal
    assert Fraction(1, 5) < verdict.displacement < Fraction(1, 3)
    torch = Sampling("pytorch_half_pixel", Linear())
    assert compare(half, torch, long, 2 * long).equal
