"""Random pairs of samplings, and what is said of them held to the weights far out."""

import math
from collections.abc import Iterator
from fractions import Fraction

from hypothesis import strategies as st

from halfpixel.sampling import Area, Cubic, Kernel, Linear, Nearest, Sampling, compare
from halfpixel.sampling.compare import Verdict
from halfpixel.sampling.coordinate import COORDINATES

KERNELS: tuple[Kernel, ...] = (
    Nearest("floor"),
    Nearest("ceil"),
    Nearest("round_prefer_floor"),
    Nearest("round_prefer_ceil"),
    Nearest("simple"),
    Linear(),
    Linear(antialias=True),
    Cubic(),
    Cubic(Fraction(-1, 2), antialias=True),
    Area(),
)
RATIOS = ((1, 50), (1, 3), (1, 2), (2, 3), (1, 1), (11, 10), (3, 2), (2, 1), (51, 25), (3, 1))
SCALES = (None, None, *(Fraction(*ratio) for ratio in RATIOS))
FAR = (1, 2, 3, 5, 13, 16, 25, 31, 37, 64, 97, 101, 128, 150, 211, 311)

Pair = tuple[Sampling, Sampling, int | None, int | None]


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Draw two samplings that are often equal, and what is known of the lengths."""
    kernel, scale = draw(st.sampled_from(KERNELS)), draw(st.sampled_from(SCALES))
    both = tuple(
        Sampling(
            draw(st.sampled_from(COORDINATES)),
            kernel if draw(st.integers(0, 5)) else draw(st.sampled_from(KERNELS)),
            scale if draw(st.integers(0, 3)) else None,
            exclude_outside=draw(st.booleans()),
            extrapolate=draw(st.integers(0, 5)) == 0,
            copies_same_length=draw(st.booleans()),
        )
        for _ in range(2)
    )
    n_in, n_out = (draw(st.one_of(st.none(), st.none(), st.integers(1, 20))) for _ in range(2))
    return both[0], both[1], n_in, n_out


def same(one: Sampling, other: Sampling, n_in: int, n_out: int) -> bool:
    """Whether the matrices are the same."""
    a, b = one.weights(n_in, n_out), other.weights(n_in, n_out)
    return a.rows == b.rows and a.outside == b.outside


def far_lengths(pair: Pair) -> Iterator[tuple[int, int]]:
    """Yield lengths that come about, far ones too."""
    one, other, n_in, n_out = pair
    scales = {s.scale for s in (one, other) if s.scale is not None}
    for length in FAR if n_in is None else (n_in,):
        if n_out is None and len(scales) == 1:
            outs: tuple[int, ...] = (math.floor(length * next(iter(scales))),)
        elif n_out is not None and len(scales) == 1:
            outs = (n_out,) * (math.floor(length * next(iter(scales))) == n_out)
        else:
            outs = (n_out,) if n_out is not None else (1, 2, 3, length, 2 * length, 17)
        yield from ((length, out) for out in outs if out)


def verdict_of(pair: Pair) -> str:
    """Return what is said of a pair, lengths left out."""
    return compare(*pair).words.partition(" up to")[0]


def untrue(pair: Pair) -> str:
    """Return what is said of a pair and is not so; empty where all is."""
    one, other, n_in, n_out = pair
    verdict = compare(one, other, n_in, n_out)
    if verdict.equal:
        found = next((at for at in far_lengths(pair) if not same(one, other, *at)), None)
        return "" if found is None else f"equal by {verdict.proof}, and not at {found}"
    if verdict.witness is not None:
        shown = not same(one, other, *verdict.witness)
        return "" if shown else f"different, and not at {verdict.witness}"
    return _searched(pair, verdict)


def _searched(pair: Pair, verdict: Verdict) -> str:
    one, other, _, _ = pair
    if verdict.searched_to is None:
        return "" if verdict.words == "not known" else f"{verdict.words}, and nothing was tried"
    near = (at for at in far_lengths(pair) if max(at) <= min(verdict.searched_to, 12))
    found = next((at for at in near if not same(one, other, *at)), None)
    return "" if found is None else f"{verdict.words}, and different at {found}"
