"""Two calls side by side, of whatever frameworks: what both compute, and where they part."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import zip_longest
from typing import Final

from msgspec import Struct

from halfpixel.boundary import boundary
from halfpixel.checking.explain import EXAMPLE_LENGTH, Called, called, spelled_out
from halfpixel.checking.samplers import described
from halfpixel.checking.sampling_words import SAMPLES, formula_of, kernel_words
from halfpixel.convention import Reading
from halfpixel.sampling import AffineGrid, Area, GridSample, RoiAlign, Sampling, Table, compare
from halfpixel.sampling.axis import weights_at
from halfpixel.sampling.compare import Verdict
from halfpixel.work import one_node

TWICE: Final = 2
"""By what an axis whose output length both calls leave open is lengthened in the example."""


def side_by_side(one: str, other: str) -> Iterator[str]:
    """Yield what two calls compute, what they have in common first, and where they part.

    Args:
        one: the text of a call, in any convention's words.
        other: that of another.

    Raises:
        UsageError: no convention reads one of them.

    >>> list(side_by_side("F.grid_sample(x, g)", "GridSample(align_corners=1)"))[-1]
    'different: align_corners is False in a and True in b: samples are up to 0.5 input px apart'
    """
    with boundary(one), one_node():
        a, b = called(spelled_out(one)), called(spelled_out(other))
        lines = tuple(_lines(a, b))
    yield f"a  {a.text}  [{a.name}]"
    yield f"b  {b.text}  [{b.name}]"
    yield from lines


def _lines(a: Called, b: Called) -> Iterator[str]:
    if a.reading is not None and b.reading is not None:
        yield from _resizes(a.reading, b.reading)
        return
    if a.reading is not None or b.reading is not None or type(a.operator) is not type(b.operator):
        for name, side in (("a", a), ("b", b)):
            yield f"{name} alone:"
            yield from side.lines()
        yield "different: they are of different kinds, and nothing of them is compared"
        return
    ours, theirs = (list(described(side.operator, EXAMPLE_LENGTH)) for side in (a, b))
    for first, second in zip_longest(ours, theirs, fillvalue=""):
        yield from [first] if first == second else _both(first.strip(), second.strip())
    yield _samplers(a.operator, b.operator)


def _samplers(a: object, b: object) -> str:
    """Return by what two operators of one kind differ, and by how much."""
    a, b = _plain(a), _plain(b)
    if a == b:
        return "equal: the same operator"
    if not isinstance(a, Struct) or not isinstance(b, Struct):
        return "different"
    apart = [
        f"{name} is {getattr(a, name)} in a and {getattr(b, name)} in b"
        for name in a.__struct_fields__
        if getattr(a, name) != getattr(b, name)
    ]
    shift = _shift(a, b)
    moved = f": samples are up to {shift:g} input px apart" if shift else ""
    return f"different: {', '.join(apart)}{moved}"


def _plain(operator: object) -> object:
    """Return an operator without what says nothing of what it computes."""
    if isinstance(operator, AffineGrid) and not operator.align_corners:
        return AffineGrid(
            operator.align_corners
        )  # what an axis of length 1 has is of corners alone
    return operator


def _shift(a: object, b: object) -> float:
    """Return by how many pixels samples are shifted, where that is one number."""
    match a, b:
        case GridSample(), GridSample():
            return float(a.displacement(b))
        case RoiAlign(), RoiAlign():
            return a.displacement(b)
        case _:
            return 0.0


def _resizes(a: Reading, b: Reading) -> Iterator[str]:
    """Yield two resizes axis by axis; axes that are alike are told once."""
    if len(a.samplings) != len(b.samplings):
        yield f"a is over {len(a.samplings)} axes, b over {len(b.samplings)}: the last are compared"
    count = min(len(a.samplings), len(b.samplings))
    pairs = [(a.samplings[k], b.samplings[k], a.lengths[k], b.lengths[k]) for k in range(-count, 0)]
    for pair in dict.fromkeys(pairs):
        if len(set(pairs)) > 1:
            axes = [str(place) for place, one in enumerate(pairs) if one == pair]
            yield f"along spatial axis {', '.join(axes)}:"
        yield from _axis(*pair)


def _axis(
    a: Sampling | None, b: Sampling | None, length_a: int | None, length_b: int | None
) -> Iterator[str]:
    if a is None or b is None:
        names = [name for name, one in (("a", a), ("b", b)) if one is None]
        yield "equal: copies" if len(names) == 2 else f"different: {names[0]} copies, the other not"
        return
    yield from _row("kernel", kernel_words(a), kernel_words(b))
    yield from _row("source coordinate of output i", formula_of(a), formula_of(b))
    n_out = length_a or length_b or TWICE * EXAMPLE_LENGTH
    if (length_a or n_out) != (length_b or n_out):
        yield f"different: length {EXAMPLE_LENGTH} becomes {length_a} in a, and {length_b} in b"
        return
    yield from _places(a, b, EXAMPLE_LENGTH, n_out)
    free = compare(a, b)
    here = compare(a, b, EXAMPLE_LENGTH, n_out)
    if here.witness is not None:
        yield f"different: {_apart(here)}"
    elif free.witness is not None:
        yield f"equal at length {EXAMPLE_LENGTH} to {n_out}, and not at every length"
        yield from _places(a, b, *free.witness)
        yield f"they part {_apart(free)}"
    elif free.equal:
        yield f"equal at every length ({free.proof})"
    else:
        yield f"equal at length {EXAMPLE_LENGTH} to {n_out}; {free.words}"


def _apart(found: Verdict) -> str:
    n_in, n_out = found.witness or (0, 0)
    return (
        f"at length {n_in} to {n_out} samples are up to {float(found.displacement):.3g} "
        f"input px apart, weights up to {float(found.weight_difference):.3g}"
    )


def _places(a: Sampling, b: Sampling, n_in: int, n_out: int) -> Iterator[str]:
    """Yield where both read at some lengths, number below number, and the first that part."""
    count = min(n_out, SAMPLES)
    rows = [_read(one, n_in, n_out, count) for one in (a, b)]
    words = [[f"{float(place):.6g}" for place in row] for row in rows]
    apart = [f"{float(abs(p - q)):.3g}" if p != q else "" for p, q in zip(*rows, strict=True)]
    width = max(len(word) for row in (*words, apart) for word in row)
    more = " ..." if n_out > count else ""
    yield f"at length {n_in} to {n_out}, outputs 0 to {count - 1} read:"
    for name, row in zip("ab", words, strict=True):
        yield f"  {name}      {' '.join(word.rjust(width) for word in row)}{more}"
    ours, theirs = (weights_at(one, n_in, n_out, range(count)) for one in (a, b))
    if any(apart) and ours.rows != theirs.rows:
        yield f"  apart  {' '.join(word.rjust(width) for word in apart)}".rstrip()
    for i, (first, second) in enumerate(zip(ours.rows, theirs.rows, strict=True)):
        if first != second:
            yield from _row(f"y[{i}]", _taps(first), _taps(second))
            return


def _read(sampling: Sampling, n_in: int, n_out: int, count: int) -> list[Fraction]:
    """Return the source coordinates of the first samples, unclamped where there is a line."""
    if isinstance(sampling.kernel, Area | Table):
        return list(weights_at(sampling, n_in, n_out, range(count)).positions)
    line = sampling.line(n_in, n_out)
    return [Fraction(line.at(i)) for i in range(count)]


def _taps(row: Sequence[tuple[int, Fraction]]) -> str:
    return " + ".join(f"{float(w):.6g} x[{j}]" for j, w in row) or "the extrapolation value"


def _row(name: str, first: str, second: str) -> Iterator[str]:
    if first == second:
        yield f"{name}: {first}" if first else ""
        return
    yield f"{name}:"
    yield from _both(first, second)


def _both(first: str, second: str) -> Iterator[str]:
    yield f"  a  {first or '-'}"
    yield f"  b  {second or '-'}"
