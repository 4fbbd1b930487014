"""What two samplings or samplers compute, number below number, and where they part."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from msgspec import Struct

from halfpixel.checking.sampling_words import SAMPLES, formula_of, kernel_words, weights_of
from halfpixel.sampling import AffineGrid, GridSample, RoiAlign, Sampling, compare
from halfpixel.sampling.compare import Verdict
from halfpixel.sampling.kernel import by_lengths

APART = "apart"

Names = tuple[str, str]
"""What the two are called at the head of their lines."""


def rule_lines(a: Sampling, b: Sampling, names: Names) -> Iterator[str]:
    """Yield the kernels and source coordinates of two samplings, once where they are the same."""
    yield from _row("kernel", kernel_words(a), kernel_words(b), names)
    yield from _row("source coordinate of output i", formula_of(a), formula_of(b), names)


def place_lines(a: Sampling, b: Sampling, n_in: int, n_out: int, names: Names) -> Iterator[str]:
    """Yield where both read at some lengths, number below number, and the first that part."""
    count = min(n_out, SAMPLES)
    rows = [_read(one, n_in, n_out, count) for one in (a, b)]
    words = [[f"{float(place):.6g}" for place in row] for row in rows]
    apart = [f"{float(abs(p - q)):.3g}" if p != q else "" for p, q in zip(*rows, strict=True)]
    width = max(len(word) for row in (*words, apart) for word in row)
    head = max(map(len, (*names, APART)))
    more = " ..." if n_out > count else ""
    yield f"at length {n_in} to {n_out}, outputs 0 to {count - 1} read:"
    for name, row in zip(names, words, strict=True):
        yield f"  {name:{head}}  {' '.join(word.rjust(width) for word in row)}{more}"
    ours, theirs = (weights_of(one, n_in, n_out, count) for one in (a, b))
    if any(apart) and ours.rows[:count] != theirs.rows[:count]:
        yield f"  {APART:{head}}  {' '.join(word.rjust(width) for word in apart)}".rstrip()
    for i, (first, second) in enumerate(zip(ours.rows[:count], theirs.rows[:count], strict=True)):
        if first != second:
            yield from _row(f"y[{i}]", _taps(first), _taps(second), names)
            return


def verdict_lines(a: Sampling, b: Sampling, n_in: int, n_out: int, names: Names) -> Iterator[str]:
    """Yield whether two samplings are equal at some lengths and at all, and how far they part."""
    free = compare(a, b)
    here = compare(a, b, n_in, n_out)
    if here.witness is not None:
        yield f"different: {apart_words(here)}"
    elif free.witness is not None:
        yield f"equal at length {n_in} to {n_out}, and not at every length"
        yield from place_lines(a, b, *free.witness, names)
        yield f"they part {apart_words(free)}"
    elif free.equal:
        yield f"equal at every length ({free.proof})"
    else:
        yield f"equal at length {n_in} to {n_out}; {free.words}"


def apart_words(found: Verdict) -> str:
    """Return at which lengths two samplings part, and how far."""
    n_in, n_out = found.witness or (0, 0)
    return (
        f"at length {n_in} to {n_out} samples are up to {float(found.displacement):.3g} "
        f"input px apart, weights up to {float(found.weight_difference):.3g}"
    )


def samplers_verdict(a: object, b: object, names: Names) -> str:
    """Return by what two operators of one kind differ, and by how much."""
    a, b = _plain(a), _plain(b)
    if a == b:
        return "equal: the same operator"
    if not isinstance(a, Struct) or not isinstance(b, Struct):
        return "different"
    apart = [
        f"{name} is {getattr(a, name)} in {names[0]} and {getattr(b, name)} in {names[1]}"
        for name in a.__struct_fields__
        if getattr(a, name) != getattr(b, name)
    ]
    shift = _shift(a, b)
    moved = f": samples are up to {shift:g} input px apart" if shift else ""
    return f"different: {', '.join(apart)}{moved}"


def both(first: str, second: str, names: Names) -> Iterator[str]:
    """Yield what is said of one above what is said of the other."""
    head = max(map(len, names))
    yield f"  {names[0]:{head}}  {first or '-'}"
    yield f"  {names[1]:{head}}  {second or '-'}"


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


def _read(sampling: Sampling, n_in: int, n_out: int, count: int) -> list[Fraction]:
    """Return the source coordinates of the first samples, unclamped where there is a line."""
    if by_lengths(sampling.kernel):
        return list(weights_of(sampling, n_in, n_out, count).positions[:count])
    line = sampling.line(n_in, n_out)
    return [Fraction(line.at(i)) for i in range(count)]


def _taps(row: Sequence[tuple[int, Fraction]]) -> str:
    return " + ".join(f"{float(w):.6g} x[{j}]" for j, w in row) or "the extrapolation value"


def _row(name: str, first: str, second: str, names: Names) -> Iterator[str]:
    if first == second:
        yield f"{name}: {first}" if first else ""
        return
    yield f"{name}:"
    yield from both(first, second, names)
