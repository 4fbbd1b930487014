"""Two calls of which the lengths of all axes together decide what they compute."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Final

from msgspec.structs import replace

from halfpixel.checking.comparing.apart import Apart, apart_at
from halfpixel.checking.comparing.axis import verdict_of
from halfpixel.checking.comparing.result import AxisComparison, Comparison, LengthsApart
from halfpixel.checking.comparing.side import Side
from halfpixel.checking.equivalents import equivalent
from halfpixel.convention import Reading
from halfpixel.errors import ConventionError
from halfpixel.sampling import Sampling
from halfpixel.sampling.compare import Verdict
from halfpixel.work import spend

LENGTHS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16)
"""Input lengths of an axis that are tried with each other."""

FACTORS: Final = (Fraction(2), Fraction(1, 2), Fraction(7, 3), Fraction(3, 7), Fraction(1))
"""By what they are made longer where both calls leave the output lengths open."""


OPEN: Final = Verdict(equal=False, proof="search")
"""What is known of an axis at every length."""


def together(a: Side, b: Side, scale: Fraction | None = None) -> Comparison:
    """Compare two calls at lengths of all axes together, from the smallest on.

    Nothing is proven where no lengths are known: what is not different is open.

    Args:
        a: the first.
        b: the second, over as many axes.
        scale: a factor that is asked for.
    """
    if a.text == b.text or (a.operator is not None and a.operator == b.operator):
        return Comparison(a, b, "equal", "the same call", scale=scale)
    longest = 0
    for ins in _inputs(a.axes):
        made = _made(a, ins), _made(b, ins)
        if made[0] is None or made[1] is None:
            continue
        for outs in _outputs(ins, made[0], made[1], scale):
            spend()
            found = _different(a, b, (made[0], made[1]), ins, outs)
            if found is not None:
                return replace(found, scale=scale)
            longest = max(longest, *ins, *outs)
        apart = _lengths_apart(ins, made[0], made[1])
        if apart:
            return Comparison(a, b, "different", lengths=apart, scale=scale)
    looked = Verdict(equal=False, proof="search", searched_to=longest or None)
    axes = tuple(
        AxisComparison(_opened(a, axis), _opened(b, axis), (None, None), None, looked)
        for axis in range(a.axes)
    )
    reason = "what they compute hangs on all lengths together: give them with --size"
    return Comparison(a, b, "open", reason, axes, scale=scale)


def _opened(side: Side, axis: int) -> Sampling | None:
    """Return what a call says of an axis of any length."""
    return None if side.reading is None else side.reading.samplings[axis]


def _inputs(axes: int) -> Iterator[tuple[int, ...]]:
    """Yield input lengths, the smallest first."""
    yield from sorted(product(LENGTHS, repeat=axes), key=lambda ins: (max(ins), sum(ins), ins))


def _made(side: Side, ins: tuple[int, ...]) -> Reading | None:
    try:
        return side.at(ins)
    except ConventionError:  # it takes no such lengths
        return None


def _lengths_apart(ins: tuple[int, ...], a: Reading, b: Reading) -> tuple[LengthsApart, ...]:
    ends = enumerate(zip(ins, a.lengths, b.lengths, strict=True))
    return tuple(
        LengthsApart(axis, n, first, second)
        for axis, (n, first, second) in ends
        if first is not None and second is not None and first != second
    )


def _outputs(
    ins: tuple[int, ...], a: Reading, b: Reading, scale: Fraction | None
) -> Iterator[tuple[int, ...]]:
    """Yield the output lengths that both can have; a call that leaves them open takes any."""
    if _lengths_apart(ins, a, b):
        return
    given = [one or other for one, other in zip(a.lengths, b.lengths, strict=True)]
    factors = FACTORS if scale is None else (scale,)
    for factor in factors if None in given else factors[:1]:
        yield tuple(m or max(1, int(n * factor)) for n, m in zip(ins, given, strict=True))


def _different(
    a: Side, b: Side, made: tuple[Reading, Reading], ins: tuple[int, ...], outs: tuple[int, ...]
) -> Comparison | None:
    """Return the comparison at lengths at which two calls differ; None where they do not."""
    axes: list[AxisComparison] = []
    examples: tuple[Apart, ...] = ()
    for axis, pair in enumerate(zip(ins, outs, strict=True)):
        one, other = (side.samplings[axis] for side in made)
        here = verdict_of(one, other, *pair)
        shown = apart_at(one, other, *pair)
        axes.append(AxisComparison(one, other, pair, here, OPEN, shown))
        examples = (shown,) if not shown.equal else examples
    if all(axis.answer != "different" for axis in axes):
        return None
    samplings = [axis.first for axis in axes]
    instead = None
    if b.convention is not None:
        instead = equivalent(b.convention, samplings, list(zip(ins, outs, strict=True)))
    return Comparison(a, b, "different", "", tuple(axes), examples=examples, instead=instead)
