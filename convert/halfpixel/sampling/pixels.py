"""The pixels that a nearest resize reads, in the arithmetic of the runtimes themselves."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.sampling.axis import Sampling
from halfpixel.sampling.kernel import Nearest, Table
from halfpixel.sampling.nearest import (
    Arithmetic,
    Pixel,
    onnxruntime_nearest,
    pytorch_nearest,
    pytorch_pixel,
    runtime_pixel,
)
from halfpixel.work import remembered, spend

PRECISE: Final = 1 << 21
"""Product of two lengths up to which float32 takes a coordinate for a whole number only where it
is one: a coordinate up to n_in is that far from the next as 1 / n_out, or half of it."""

LONGEST: Final = 1 << 14
"""Longest axis whose pixels are looked at one by one."""

FOLLOW_LENGTHS: Final = frozenset({"pytorch_half_pixel", "align_corners"})
"""Coordinates that hang on the lengths even where a scale is given."""


def runtime_pixels(
    sampling: Sampling, n_in: int, n_out: int, arithmetic: Arithmetic = "onnxruntime"
) -> tuple[int, ...] | None:
    """Return the pixels that a runtime reads for a nearest resize or a table of a gather.

    >>> runtime_pixels(Sampling("asymmetric", Nearest("floor")), 14, 2)
    (0, 6)
    """
    kernel = sampling.kernel
    if isinstance(kernel, Table):
        single = all(len(row) == 1 for row in kernel.rows)
        fits = (n_in, n_out) == (kernel.n_in, len(kernel.rows))
        return tuple(row[0][0] for row in kernel.rows) if single and fits else None
    if not isinstance(kernel, Nearest):
        return None
    given = sampling.coordinate, kernel.rounding, n_in, n_out, _scale(sampling)
    return onnxruntime_nearest(*given, arithmetic)


def torch_pixels(sampling: Sampling, n_in: int, n_out: int) -> tuple[int, ...] | None:
    """Return the pixels that PyTorch reads for mode nearest or nearest-exact."""
    exact = _exact(sampling)
    return None if exact is None else pytorch_nearest(n_in, n_out, _scale(sampling), exact=exact)


@remembered(512)
def differing(  # noqa: PLR0913 - the two samplings, and how they are held against each other
    one: Sampling,
    other: Sampling,
    pairs: Sequence[tuple[int, int]],
    arithmetic: Arithmetic = "onnxruntime",
    *,
    equal: bool = False,
    rational: bool = False,
) -> tuple[tuple[int, int], ...] | None:
    """Return the lengths at which a runtime reads other pixels than PyTorch does.

    Args:
        one: what the runtime computes.
        other: what PyTorch does.
        pairs: the (input length, output length) to look at, a tuple.
        arithmetic: whose steps are repeated for `one`.
        equal: the two are proven equal in rationals, so that only samples on a rounding boundary
            can differ.
        rational: it is held against the exact pixels, not against those that PyTorch reads.

    Returns:
        Those of the pairs that differ, very long ones left out; None for what is not simulated.

    >>> nearest = Sampling("asymmetric", Nearest("floor"))
    >>> differing(nearest, nearest, tuple((n, 5) for n in range(2, 80)), equal=True)
    ((35, 5), (65, 5), (70, 5), (75, 5))
    """
    exact, kernel = _exact(other), one.kernel
    if exact is None or not isinstance(kernel, Nearest):
        return None
    if equal and one.scale is not None and _power_of_two(float(one.scale)):
        return ()
    how, rounding = one.coordinate, kernel.rounding

    def both(n_in: int, n_out: int) -> tuple[Pixel | None, Pixel]:
        here = runtime_pixel(how, rounding, n_in, n_out, _scale(one), arithmetic)
        if rational:
            return here, _rational(n_in, n_out, other.scale, exact=exact)
        return here, pytorch_pixel(n_in, n_out, _scale(other), exact=exact)

    pairs = tuple([pair for pair in pairs if pair[1] <= LONGEST])
    if how == "pytorch_half_pixel" and one.scale is not None and any(m > 1 for _, m in pairs):
        lone = tuple([pair for pair in pairs if pair[1] == 1])  # of several, all are at half pixels
        several = tuple([pair for pair in pairs if pair[1] > 1])
        found = [
            differing(given, other, some, arithmetic, equal=equal, rational=rational) or ()
            for given, some in ((one, lone), (replace(one, coordinate="half_pixel"), several))
        ]
        return tuple([pair for pair in pairs if pair in {*found[0], *found[1]}])
    if one.scale is None or other.scale is None or one.coordinate in FOLLOW_LENGTHS:
        near = equal and one.scale is None and other.scale is None
        if near:
            pairs = tuple([(n, m) for n, m in pairs if n * m <= PRECISE])
        kind = exact if near else None
        return tuple([pair for pair in pairs if _differ(*both(*pair), *pair, kind)])
    longest = max((n_out for _, n_out in pairs), default=0)
    here, there = both(2, longest)
    if here is None:
        return None
    spend(longest // 2)
    apart = [(i, here(i), there(i)) for i in range(longest)]
    apart = [(i, a, b) for i, a, b in apart if a != b]
    return tuple(
        (n, m)
        for n, m in pairs
        if any(i < m and min(max(a, 0), n - 1) != min(b, n - 1) for i, a, b in apart)
    )


def _differ(
    here: Pixel | None,
    there: Pixel,
    n_in: int,
    n_out: int,
    exact: bool | None,  # noqa: FBT001 - which of the two modes
) -> bool:
    """Whether two read other pixels: at boundaries of nearest or nearest-exact, or anywhere."""
    if here is None:
        return False
    samples = range(n_out) if exact is None else _boundaries(n_in, n_out, exact=exact)
    looked_at = 0
    for looked_at, i in enumerate(samples):
        if min(max(here(i), 0), n_in - 1) != min(there(i), n_in - 1):
            spend(1 + looked_at // 2)
            return True
    spend(1 + looked_at // 2)
    return False


def _rational(n_in: int, n_out: int, scale: Fraction | None, *, exact: bool) -> Pixel:
    """Return which pixel nearest or nearest-exact reads in rationals."""
    step = Fraction(n_in, n_out) if scale is None else 1 / scale
    over, under, half = step.numerator, 2 * step.denominator, int(exact)
    return lambda i: (2 * i + half) * over // under


def _boundaries(n_in: int, n_out: int, *, exact: bool) -> Iterator[int]:
    """Yield the output samples whose source coordinate is a whole number, in rationals.

    >>> list(_boundaries(20, 6, exact=True)), list(_boundaries(35, 5, exact=False))
    ([1, 4], [0, 1, 2, 3, 4])
    """
    if not exact:
        yield from range(0, n_out, n_out // math.gcd(n_in, n_out))
        return
    period = 2 * n_out // math.gcd(n_in, 2 * n_out)
    if period % 2:
        yield from range(period // 2, n_out, period)


def _exact(sampling: Sampling) -> bool | None:
    """Whether it is PyTorch's nearest-exact rather than its nearest; None for neither."""
    if sampling.kernel != Nearest("floor"):
        return None
    return {"asymmetric": False, "tf_half_pixel_for_nn": True}.get(sampling.coordinate)


def _scale(sampling: Sampling) -> float | None:
    return None if sampling.scale is None else float(sampling.scale)


def _power_of_two(value: float) -> bool:
    return math.frexp(value)[0] == 0.5
