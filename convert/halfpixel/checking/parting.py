"""Two calls side by side, of whatever frameworks: what both compute, and where they part."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from halfpixel.boundary import boundary
from halfpixel.checking.beside import (
    both,
    place_lines,
    rule_lines,
    samplers_verdict,
    verdict_lines,
)
from halfpixel.checking.called import Called, called
from halfpixel.checking.explain import called_lines, spelled_out
from halfpixel.checking.samplers import described
from halfpixel.checking.sampling_words import EXAMPLE_LENGTH, example_input
from halfpixel.convention import Reading
from halfpixel.sampling import Sampling
from halfpixel.work import one_node

SIDES: Final = ("a", "b")

TWICE: Final = 2
"""By what an axis whose output length both calls leave open is lengthened in the example."""

VERDICTS: Final = ("equal", "different", "they part")
"""What lines begin with that say whether two calls are the same."""


def side_by_side(one: str, other: str, *, brief: bool = False) -> Iterator[str]:
    """Yield what two calls compute, what they have in common first, and where they part.

    Args:
        one: the text of a call, in any convention's words.
        other: that of another.
        brief: the verdicts alone, with no numbers.

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
    yield from (line for line in lines if not brief or line.startswith(VERDICTS))


def _lines(a: Called, b: Called) -> Iterator[str]:
    if a.reading is not None and b.reading is not None:
        yield from _resizes(a.reading, b.reading)
        return
    if a.reading is not None or b.reading is not None or type(a.operator) is not type(b.operator):
        for name, side in (("a", a), ("b", b)):
            yield f"{name} alone:"
            yield from called_lines(side)
        yield "different: they are of different kinds, and nothing of them is compared"
        return
    ours, theirs = (list(described(side.operator, EXAMPLE_LENGTH)) for side in (a, b))
    for first, second in zip_longest(ours, theirs, fillvalue=""):
        yield from [first] if first == second else both(first.strip(), second.strip(), SIDES)
    yield samplers_verdict(a.operator, b.operator, SIDES)


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
    yield from rule_lines(a, b, SIDES)
    n_out = length_a or length_b or TWICE * EXAMPLE_LENGTH
    n_in = EXAMPLE_LENGTH
    if (length_a or n_out) != (length_b or n_out):
        yield f"different: length {n_in} becomes {length_a} in a, and {length_b} in b"
        return
    if a.scale is None and b.scale is None:
        n_in = example_input(n_out)
    yield from place_lines(a, b, n_in, n_out, SIDES)
    yield from verdict_lines(a, b, n_in, n_out, SIDES)
