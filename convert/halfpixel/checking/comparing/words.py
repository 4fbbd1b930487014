"""A comparison in words: the verdict first, then where the two part, and what would be the same."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from halfpixel.checking.beside import place_lines, rule_lines
from halfpixel.checking.comparing.apart import COPY, Apart
from halfpixel.checking.comparing.lengths import names_of, shown
from halfpixel.checking.comparing.result import (
    PROOFS,
    AxisComparison,
    Comparison,
    LengthsApart,
)
from halfpixel.checking.comparing.side import Side
from halfpixel.checking.sampling_words import remark_line
from halfpixel.convention import Remark
from halfpixel.sampling.compare import SEARCH_TO
from halfpixel.sampling.search import LONGEST

NAMES = ("a", "b")

USUAL = (4, 8)
"""Lengths at which coordinates are shown of what is equal at every length."""


def told(found: Comparison, *, brief: bool = False) -> Iterator[str]:
    """Yield the two calls, the verdict, and what is said of it.

    Args:
        found: the comparison.
        brief: no more than the verdict.
    """
    for name, side in zip(NAMES, (found.a, found.b), strict=True):
        yield f"{name}  {side.text}  [{side.name}]"
    yield verdict_line(found)
    if not brief:
        yield from (f"  {line}" for line in lines(found))


def verdict_line(found: Comparison) -> str:
    """Return the verdict in one line, with what it rests on.

    >>> from halfpixel.checking.comparing.compare import compare
    >>> two = "F.interpolate(x, scale_factor=2, mode='bilinear')", "cv2.resize(x, None, fx=2, fy=2)"
    >>> verdict_line(compare(*two))
    'equal at every length: the same formulas'
    """
    if not found.axes and not found.lengths:
        return f"{found.verdict}{f': {found.reason}' if found.reason else ''}"
    if found.lengths and found.worst is None:
        same = bool(found.axes) and all(axis.answer == "equal" for axis in found.axes)
        rest = "; but for the lengths the weights are the same" if same else ""
        return f"different: {lengths_words(found.lengths)}{rest}"
    match found.verdict:
        case "equal":
            known = any(axis.here is not None for axis in found.axes)
            where = f"at {shown(found.pairs)}" if known else ""
            if found.at_every_length:
                where = f"{where}, and at every length" if known else "at every length"
            rest = _elsewhere(found) if known else ""
            return f"equal {where}: {PROOFS.get(found.proof, found.proof)}{rest}"
        case "different":
            apart = None if found.worst is None else found.worst.shown
            told = "" if apart is None else f": {apart_words(apart)}"
            more = f"; {lengths_words(found.lengths)}" if found.lengths else ""
            return f"different {_where(found)}{told}{more}"
        case _:
            said = {axis.judged.words for axis in found.axes if axis.answer == "open"}
            reason = f"; {found.reason}" if found.reason else ""
            return f"open: neither proven equal nor different, {', '.join(sorted(said))}{reason}"


def _elsewhere(found: Comparison) -> str:
    """Return what is known of other lengths, where that is less than at those that are compared."""
    if found.at_every_length:
        return ""
    if found.elsewhere or any(axis.every.witness is not None for axis in found.axes):
        return "; not at every length"
    return "; other lengths are left open"


def _where(found: Comparison) -> str:
    """Return the lengths at which two calls differ as it is told."""
    worst = found.worst
    if worst is None or worst.shown is None:
        return "at some lengths"
    if worst.here is not None:
        return f"at {shown(found.pairs)}"
    return f"at length {worst.shown.n_in} to {worst.shown.n_out}"


def lengths_words(apart: Sequence[LengthsApart]) -> str:
    """Return where output lengths differ.

    >>> lengths_words([LengthsApart(0, 1, 1, 2)])
    'length 1 becomes 1 in a and 2 in b'
    """
    told: dict[str, None] = {}
    for one in apart:
        of = "every length" if one.n_in is None else f"length {one.n_in}"
        told[f"{of} becomes {one.first} in a and {one.second} in b"] = None
    return ", ".join(told)


def apart_words(apart: Apart) -> str:
    """Return how far two calls are apart.

    >>> apart_words(Apart(4, 8, Fraction(1), Fraction(1), Fraction(1)))
    'samples are up to 1 input px apart, weights up to 1; a row of 0 to 1 changes by up to 1'
    """
    least = "" if apart.all_rows else "at least "
    moved = f"samples are up to {_number(apart.displacement)} input px apart, weights"
    head = moved if apart.displacement else "samples are at the same places, weights apart by"
    return (
        f"{head} {least}up to {_number(apart.weights)}; a row of 0 to 1 changes by "
        f"{least}up to {_number(apart.change)}"
    )


def lines(found: Comparison) -> Iterator[str]:
    """Yield what is said of a comparison below the two calls and the verdict."""
    yield from found.lines
    yield from _axes(found)
    if found.elsewhere:
        yield f"output lengths differ elsewhere: {lengths_words(found.elsewhere)}"
    if found.examples:
        yield f"at usual lengths: {'; '.join(map(_example, found.examples))}"
    yield from instead_lines(found)
    yield from beside_lines(found)
    yield from _measured(found)


def _measured(found: Comparison) -> Iterator[str]:
    """Yield what running both came to."""
    made = found.measurement
    if made is None:
        return
    if made.reason:
        yield f"not measured: {made.reason}"
        return
    lengths = shown(list(zip(made.ins, made.outs, strict=True)))
    yield f"measured on noise, {lengths}, by {' and '.join(dict.fromkeys(made.releases))}:"
    for one in made.measured:
        unit = " levels of 256" if one.dtype == "uint8" else ""
        own = [
            f"{name} off its weights by {value:.3g}"
            for name, value in zip(NAMES, one.own, strict=True)
            if value is not None
        ]
        told = "; ".join(own)
        yield f"  {one.dtype}: up to {one.most:.3g}{unit} apart, {one.mean:.3g} on average; {told}"


def _axes(found: Comparison) -> Iterator[str]:
    """Yield the axes, those that are alike once; all numbers of the one that differs most."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for place, axis in enumerate(found.axes):
        groups.setdefault((axis.first, axis.second, axis.lengths), []).append(place)
    names = names_of(len(found.axes))
    worst = found.worst
    told_of: set[tuple[object, object]] = set()
    if worst is not None:
        told_of.add((worst.first, worst.second))
    for places in reversed(groups.values()):
        axis = found.axes[places[0]]
        whole = axis is worst or (axis.first, axis.second) not in told_of
        told_of.add((axis.first, axis.second))
        told = _axis(axis, whole=whole)
        if len(groups) == 1:
            yield from told
            continue
        yield f"{' and '.join(names[k] for k in reversed(places))}:"
        yield from (f"  {line}" for line in told)


def _axis(axis: AxisComparison, *, whole: bool) -> Iterator[str]:
    """Yield what is computed along an axis, where both read, and where they part most.

    Args:
        axis: the axis.
        whole: with the rules and the numbers, which one of several axes that are alike has.
    """
    a, b = axis.first or COPY, axis.second or COPY
    if axis.first is None and axis.second is None:
        return
    apart = axis.shown
    if axis.wanted is not None:
        yield from filter(None, rule_lines(a, b, NAMES))
        return
    n_in, n_out = (apart.n_in, apart.n_out) if apart is not None else _usual(axis)
    if whole:
        yield from filter(None, rule_lines(a, b, NAMES))
        if max(n_in, n_out) <= LONGEST:
            yield from place_lines(a, b, n_in, n_out, NAMES)
    if apart is None or apart.equal:
        always = ", and at every length" if axis.here and axis.every.equal else ""
        where = "" if axis.here is None else f" at length {n_in} to {n_out}{always}"
        yield f"{axis.judged.words}{where}"
    elif whole:
        yield f"most at {_most(apart)}"
    else:
        yield f"at length {n_in} to {n_out}: {apart_words(apart)}"
    yield from _everywhere(axis)


def _usual(axis: AxisComparison) -> tuple[int, int]:
    """Return the lengths at which coordinates are shown where none are given."""
    n_in, n_out = axis.lengths
    scales = [one.scale for one in (axis.first, axis.second) if one is not None and one.scale]
    n_in = n_in or USUAL[0]
    if n_out is None:
        n_out = max(1, int(n_in * scales[0])) if scales else USUAL[1]
    return n_in, n_out


def _most(apart: Apart) -> str:
    place = f"output {apart.output}"
    if apart.pixel is None:
        return place
    return (
        f"{place}, input pixel {apart.pixel}: a takes {_number(apart.first)} of it, b "
        f"{_number(apart.second)}"
    )


def _everywhere(axis: AxisComparison) -> Iterator[str]:
    """Yield what is known of other lengths than those that are compared."""
    if axis.here is None:
        if axis.answer == "different" and axis.every.witness is not None:
            pair = axis.every.witness
            if axis.lengths == (None, None) or pair[0] <= SEARCH_TO:
                yield f"the shortest that tell them apart: {_pair(pair)}"
        return
    if axis.every.witness is not None and axis.every.witness != axis.lengths:
        word = "but they differ" if axis.answer == "equal" else "they differ"
        yield f"{word} at length {_pair(axis.every.witness)} too"


def _pair(pair: tuple[int, int]) -> str:
    return f"{pair[0]} to {pair[1]}"


def _example(apart: Apart) -> str:
    told = "equal"
    if not apart.equal:
        moved = f"{_number(apart.displacement)} px, " if apart.displacement else ""
        told = f"{moved}weights {_number(apart.weights)}"
    return f"{apart.n_in} to {apart.n_out} {told}"


def instead_lines(found: Comparison) -> Iterator[str]:
    """Yield what the first is in the words of the second."""
    instead = found.instead
    called = found.b.called or found.b.name
    if instead is None:
        if found.instead_left_out:
            yield f"what of {called} comes nearest to a takes more work: see --max-work"
        return
    if instead.equal:
        yield f"b as a: {instead.text}{instead.note}"
    else:
        same = " (which b is)" if instead.text == found.b.text else ""
        yield f"no option of {called} says a: nearest is {instead.text}{same}{instead.note}"


def beside_lines(found: Comparison) -> Iterator[str]:
    """Yield what either side does beside the weights, which no verdict is about."""
    ours, theirs = remarks_of(found.a), remarks_of(found.b)
    yield from (f"both, {remark_line(one).strip()}" for one in ours if one in theirs)
    for name, own, other in zip(NAMES, (ours, theirs), (theirs, ours), strict=True):
        yield from (f"{name}, {remark_line(one).strip()}" for one in own if one not in other)


def remarks_of(side: Side) -> Sequence[Remark]:
    """Return what is told of a side beside its weights, each once."""
    return tuple(dict.fromkeys(side.remarks))


def _number(value: Fraction | float) -> str:
    return f"{float(value):.3g}"
