"""Rows that repeat: what is judged of a long axis, and how it is evaluated."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfpixel.sampling import Area, Cubic, Linear, Nearest, Resize, Sampling, compare, dense
from halfpixel.sampling.axis import weights_at
from halfpixel.sampling.coordinate import COORDINATES
from halfpixel.sampling.difference import displacement, weight_difference
from halfpixel.sampling.search import deciding_rows
from halfpixel.work import MOST, working

KERNELS = (
    Nearest("floor"),
    Nearest("round_prefer_floor"),
    Nearest("simple"),
    Linear(),
    Linear(antialias=True),
    Cubic(),
    Cubic(antialias=True),
)
SAMPLINGS = st.builds(
    Sampling,
    st.sampled_from(COORDINATES),
    st.sampled_from(KERNELS),
    st.sampled_from([None, Fraction(2), Fraction(3, 2), Fraction(1, 3)]),
    exclude_outside=st.booleans(),
    extrapolate=st.booleans(),
    copies_same_length=st.booleans(),
)
LENGTHS = st.integers(1, 160)


@settings(max_examples=300, deadline=None)
@given(SAMPLINGS, SAMPLINGS, LENGTHS, LENGTHS)
def test_the_rows_that_decide_tell_what_all_rows_tell(
    a: Sampling, b: Sampling, n_in: int, n_out: int
) -> None:
    """Rows at both borders and one period show every difference, and the largest."""
    rows = deciding_rows(a, b, n_in, n_out)
    if rows is None:
        return
    whole = a.weights(n_in, n_out), b.weights(n_in, n_out)
    some = weights_at(a, n_in, n_out, rows), weights_at(b, n_in, n_out, rows)
    for measure in (displacement, weight_difference):
        assert measure(*some) == measure(*whole)
    equal = [
        one.rows == other.rows and one.outside == other.outside for one, other in (some, whole)
    ]
    assert equal[0] == equal[1]


@settings(max_examples=150, deadline=None)
@given(SAMPLINGS, LENGTHS, LENGTHS)
def test_a_long_axis_is_evaluated_as_a_short_one(s: Sampling, n_in: int, n_out: int) -> None:
    """A period that is moved, or rows in parts, give the very numbers of all rows."""
    resize, x = Resize(((0, s),), 7.0), np.random.default_rng(n_in).random(n_in)
    with working(MOST):
        plain = resize.evaluate(x, (n_out,))
    with pytest.MonkeyPatch.context() as patch, working(MOST):  # which has nothing in mind
        patch.setattr(dense, "LONG", 9)
        long = resize.evaluate(x, (n_out,))
    np.testing.assert_array_equal(long, plain)


@pytest.mark.parametrize("length", [1 << 12, 1 << 30])
def test_a_long_axis_is_no_more_work(length: int) -> None:
    """Two samplings of one step are compared in as many steps at any length."""
    one = Sampling("half_pixel", Linear(), exclude_outside=True)
    other = Sampling("asymmetric", Linear(), extrapolate=True)
    with working(1 << 40) as work:
        assert not compare(one, other, length, 2 * length).equal
    assert work.done < 200


def test_an_area_of_a_long_axis_is_judged() -> None:
    """No length is refused."""
    verdict = compare(Sampling("half_pixel", Area()), Sampling("half_pixel", Linear()), 1 << 24, 3)
    assert not verdict.equal
