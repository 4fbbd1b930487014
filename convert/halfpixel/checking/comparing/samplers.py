"""Two operators that sample at coordinates that are data, or by kernels that are, compared."""

from itertools import zip_longest
from typing import Final

from halfpixel.checking.beside import both, samplers_verdict
from halfpixel.checking.comparing.result import Answer, Comparison
from halfpixel.checking.comparing.side import Side
from halfpixel.checking.samplers import described
from halfpixel.checking.sampling_words import EXAMPLE_LENGTH
from halfpixel.intents.pair import compare_sites
from halfpixel.origin import Operator
from halfpixel.site import Operation, Site

NAMES: Final = ("a", "b")


def samplers(a: Side, b: Side) -> Comparison:
    """Compare two sides of which one at least is no resize, as a pair of sites is compared.

    >>> from halfpixel.checking.comparing.side import side_of
    >>> found = samplers(side_of("F.grid_sample(x, g)"), side_of("GridSample(align_corners=1)"))
    >>> found.verdict, found.displacement
    ('different', 0.5)
    """
    lines = tuple(_lines(a.operator, b.operator))
    if a.operator is None or b.operator is None:
        resizes = "a" if a.operator is None else "b"
        reason = f"{resizes} resizes along axes, the other does not: they are not compared"
        return Comparison(a, b, "open", reason, lines=lines)
    pair = compare_sites(_site(a), _site(b))
    answers: dict[bool | None, Answer] = {True: "equal", False: "different", None: "open"}
    if pair.equal is None and type(a.operator) is not type(b.operator):
        reason = "they are of different kinds, and not compared"
    elif pair.equal is False:
        reason = samplers_verdict(a.operator, b.operator, NAMES).removeprefix("different: ")
    else:
        reason = pair.difference if pair.equal is None else "the same operator"
    return Comparison(
        a, b, answers[pair.equal], reason, displacement=pair.displacement, lines=lines
    )


def _site(side: Side) -> Site:
    """Return a side as a site: a node is one, of a call what is known of it."""
    if side.site is not None:
        return side.site
    operator = side.operator if isinstance(side.operator, Operator) else None
    operation = Operation(side.called, 0, {}, operator, torch_call=side.text)
    return Site(side.called, operation)


def _lines(a: object, b: object) -> list[str]:
    """Return what both compute, what they have in common once."""
    told: list[str] = []
    ours, theirs = (list(described(one, EXAMPLE_LENGTH)) for one in (a, b))
    for first, second in zip_longest(ours, theirs, fillvalue=""):
        same = first == second
        told += [first.strip()] if same else both(first.strip(), second.strip(), NAMES)
    return told
