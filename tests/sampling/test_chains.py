"""Two maps one after the other, splines, and what libraries do before they resize."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from halfpixel.sampling import Area, Cubic, Linear, Sampling, compare
from halfpixel.sampling.difference import row_difference
from halfpixel.sampling.kernel import Border, Filter
from halfpixel.sampling.kernels import spline
from halfpixel.sampling.kernels.base import Written
from halfpixel.sampling.kernels.chain import Blurred, Chain
from halfpixel.sampling.kernels.profiles import Lanczos
from halfpixel.sampling.kernels.reduce import Reduce, Reduced
from halfpixel.sampling.kernels.spline import Spline
from halfpixel.sampling.kernels.windows import Overlapped, Windows

SMOOTH = Sampling("half_pixel", Linear(antialias=True), exclude_outside=True)
SINE = Sampling("half_pixel", Filter(Lanczos(3), antialias=True), exclude_outside=True)
PLAIN = Sampling("half_pixel", Linear())
PAIRS = [(12, 5), (5, 12), (13, 2), (7, 1), (1, 3), (9, 9)]


def written(kernel: Written) -> Sampling:
    return Sampling("half_pixel", kernel)


@pytest.mark.parametrize("first", [SMOOTH, SINE], ids=["linear", "Lanczos"])
@pytest.mark.parametrize("second", [PLAIN, SINE], ids=["linear", "Lanczos"])
def test_a_chain_is_a_product(first: Sampling, second: Sampling) -> None:
    for n_in, n_out in PAIRS:
        chain = written(Chain(((first, 6), (second, None)))).weights(n_in, n_out)
        product = second.weights(6, n_out).matrix() @ first.weights(n_in, 6).matrix()
        assert np.abs(chain.matrix() - product).max() < 1e-12
        assert chain.error < Fraction(1, 1 << 60)
        assert bool(chain.error) >= chain.unknown


def test_a_chain_of_rationals_is_exact() -> None:
    """Two halvings by means are a quarter."""
    half = Sampling("half_pixel", Area("overlap"))
    chain = written(Chain(((half, 6), (half, None))))
    assert compare(chain, half, 12, 3).equal
    assert compare(chain, half, 10, 4).witness == (10, 4)


@pytest.mark.parametrize("order", [2, 3, 4, 5])
@pytest.mark.parametrize("border", ["mirror", "symmetric", "wrap"])
def test_a_spline_goes_through_the_pixels(order: int, border: Border) -> None:
    """At a pixel it is that pixel, and a constant stays one."""
    found = written(Spline(order, border=border)).weights(5, 9)
    for i, row in enumerate(found.rows):
        assert sum(weight for _, weight in row) == 1
        if i % 2 == 0:
            assert row == ((i // 2, Fraction(1)),)
        else:
            assert len(row) > 2


def test_a_spline_repeats_a_cubic_line() -> None:
    """A straight line in the middle of a long axis is hit all but exactly: by symmetry, exactly."""
    row = written(Spline(3)).weights(9, 17).rows[7]
    assert abs(sum(j * weight for j, weight in row) - Fraction(7, 2)) < Fraction(1, 100)


def test_a_spline_without_a_prefilter_blurs() -> None:
    row = written(Spline(3, prefilter=False)).weights(5, 5).rows[2]
    assert row == ((1, Fraction(1, 6)), (2, Fraction(2, 3)), (3, Fraction(1, 6)))


def forget() -> None:
    """Forget the rows that were solved with another longest axis."""
    spline.inverse_row.cache_clear()
    spline.middle_row.cache_clear()
    spline.border_row.cache_clear()


def test_a_row_far_from_both_borders_is_that_of_any_other_such_pixel() -> None:
    for order, border in product((2, 5), ("mirror", "symmetric", "wrap")):
        for k in (80, 300, 420):
            row, off = spline.inverse_row(order, 500, border, k)
            units, own = spline.border_row(order, 500, border, k)
            assert row == {c: Fraction(n, 1 << spline.BITS) for c, n in units.items()}
            assert off == own


@pytest.mark.parametrize(("order", "border"), [(2, "symmetric"), (3, "mirror"), (4, "wrap")])
def test_a_long_spline_is_within_its_bound(
    order: int, border: Border, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held against the exact one, at both ends and in the middle."""
    kernel = Spline(order, "half_pixel", border)
    outputs = [0, 1, 2, 40, 57, 58, 59]
    forget()
    monkeypatch.setattr(spline, "SHORT", 64)
    long = kernel.rows(100, 60, outputs)
    monkeypatch.setattr(spline, "SHORT", 100)
    forget()
    exact = kernel.rows(100, 60, outputs)
    forget()
    assert 0 < long.error < Fraction(1, 1 << 30)
    assert exact.error == 0
    for one, other in zip(long.rows, exact.rows, strict=True):
        assert row_difference(one, other) <= long.error


def test_cells_at_the_end_are_smaller() -> None:
    found = written(Reduce(3)).weights(7, 3)
    assert found.rows[2] == ((6, Fraction(1)),)
    assert compare(written(Reduce(3)), Sampling("half_pixel", Area("overlap")), 6, 2).equal


def test_a_gap_reduces_as_far_as_it_allows() -> None:
    gap = Reduced(SMOOTH, Fraction(1), Fraction(2))
    assert compare(written(gap), SMOOTH, 9, 3).equal
    assert compare(written(gap), SMOOTH, 12, 3).witness == (12, 3)
    assert gap.factor(100, 10) == 5


def test_a_blur_is_one_where_nothing_is_shrunk() -> None:
    blurred = written(Blurred(Sampling("half_pixel", Cubic(), border="mirror")))
    plain = Sampling("half_pixel", Cubic(), border="mirror")
    assert compare(blurred, plain, 4, 8).equal
    assert compare(blurred, plain, 8, 4).witness == (8, 4)
    found = blurred.weights(8, 4)
    assert 0 < found.error < Fraction(1, 1 << 60)
    assert all(abs(float(sum(w for _, w in row)) - 1) < 1e-15 for row in found.rows)


def test_two_pixels_are_the_mean_where_an_axis_grows() -> None:
    area, two = Sampling("half_pixel", Area("overlap")), written(Overlapped())
    for n_in, n_out in PAIRS:
        assert compare(area, two, n_in, n_out).equal == (n_in <= n_out)


def test_windows_of_a_width() -> None:
    """At a factor that is the ratio of the lengths they are those; else the last one is cut."""
    area = Sampling("half_pixel", Area("overlap"))
    assert compare(written(Windows(Fraction(2, 5))), area, 10, 4).equal
    assert compare(written(Overlapped(Fraction(5, 2))), area, 4, 10).equal
    assert compare(written(Windows(Fraction(2, 5))), area, 9, 4).witness == (9, 4)
    assert written(Windows(Fraction(2, 5))).weights(9, 4).rows[3][-1] == (8, Fraction(2, 3))
