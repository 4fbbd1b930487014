"""A sampling in the words of a convention: the call that it is, or the one that comes nearest."""

import ast
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.checking.comparing.apart import Apart, apart_at
from halfpixel.checking.comparing.made import longer_in, same_at
from halfpixel.convention import Convention
from halfpixel.conventions.meaning import RATIOS
from halfpixel.errors import ConventionError
from halfpixel.sampling import Sampling, Table
from halfpixel.work import remembered

Pair = tuple[int, int]
"""Input length and output length of an axis."""

Open = tuple[int | None, int | None]
"""The same, None each where a length is free."""

Case = tuple[Sampling | None, Pair]
"""A sampling, with lengths at which calls are held against it."""

Examples = tuple[tuple[str, Sampling], ...]
"""Calls, with the sampling of each axis."""

PARTS: Final = (Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(2))
"""Lengths that are tried beside one that is known, as parts of it."""

USUAL: Final[tuple[Pair, ...]] = ((4, 8), (3, 7), (7, 3), (8, 4))
"""Lengths at which calls are held against each other where none are known."""

NAMES: Final = 8
"""Names in the arguments of a call, some of which stand for lengths, at most."""


class Equivalent(Struct, frozen=True):
    """What a convention has for a sampling.

    Attributes:
        text: the call.
        everywhere: it is proven to be the sampling at every length.
        apart: how far it is off, at the worst of the lengths that were looked at; None where it is
            the sampling there.
        lengths: the lengths that were looked at; empty where it is the sampling everywhere.
        longer: the first input length of which it makes another output length than is asked for,
            with that; None where there is none.
    """

    text: str
    everywhere: bool = False
    apart: Apart | None = None
    lengths: tuple[Pair, ...] = ()
    longer: Pair | None = None

    @property
    def equal(self) -> bool:
        """Whether it is the sampling, at every length or at those that were looked at."""
        return self.apart is None and self.longer is None

    @property
    def note(self) -> str:
        """Where it is the same, or how far it is off; empty where it is the same everywhere."""
        if self.longer is not None:
            return f", of another output length: {self.longer[0]} becomes {self.longer[1]}"
        if self.apart is not None:
            return f", off by {off_words(self.apart)}"
        pairs = ", ".join(f"{n_in} to {n_out}" for n_in, n_out in self.lengths)
        return "" if self.everywhere else f", the same at length {pairs}"


def equivalent(
    convention: Convention,
    samplings: Sequence[Sampling | None],
    lengths: Sequence[Open] = (),
    made: Sequence[Pair] = (),
) -> Equivalent | None:
    """Return the call of a convention that samplings are, or the one that comes nearest.

    Args:
        convention: whose call.
        samplings: one a spatial axis, height before width; None where the axis is copied.
        lengths: (input length, output length) of each axis, None each where free; empty for any.
        made: what is made of some input lengths, of axes that are alike, where that is another
            length than their factor's; empty where it is that.

    Returns:
        None where the convention has no call to be held against them.
    """
    known = [(n, m) for n, m in lengths if n is not None and m is not None]
    pairs = tuple(known) if len(known) == len(samplings) else ()
    kinds = dict.fromkeys(one for one in samplings if one is not None)
    if len(kinds) == 1 and None not in samplings:
        (only,) = kinds
        text = convention.write(only, len(samplings))
        if text is not None:
            if not made or same_at(convention, text, only, made):
                return Equivalent(filled(convention, text, lengths), everywhere=True)
            longer = longer_in(convention, text, made)
            if longer is not None:
                return Equivalent(text, longer=longer)
        text = _by_ratio(convention, only, pairs)
        if text is not None:
            return Equivalent(text, lengths=tuple(dict.fromkeys(pairs)))
    cases = tuple(_cases(samplings, lengths or ((None, None),) * len(samplings)))
    examples = convention.examples
    if made:
        cases = tuple((one, pair) for one in kinds for pair in made)
        examples = tuple(one for one in examples if one[1].scale is None)
    best = nearest(examples, cases)
    if best is None:
        return None
    told = filled(convention, best[0], lengths)
    tried = tuple(dict.fromkeys(pair for _, pair in cases))
    apart = None if best[1].equal else best[1]
    return Equivalent(told, apart=apart, lengths=tried)


def _by_ratio(convention: Convention, sampling: Sampling, lengths: Sequence[Pair]) -> str | None:
    """Return a call by the factor that lengths have, of a sampling that says none."""
    ratios = {Fraction(n_out, n_in) for n_in, n_out in lengths}
    if sampling.scale is not None or len(ratios) != 1 or sampling.coordinate not in RATIOS:
        return None
    return convention.write(replace(sampling, scale=ratios.pop()), len(lengths))


def off_words(apart: Apart) -> str:
    """Return how far the nearest call is off, in short.

    >>> off_words(Apart(7, 3, Fraction(0), Fraction(1, 8), Fraction(1, 4)))
    'weights 0.125, a row of 0 to 1 by 0.25, at length 7 to 3'
    """
    moved = f"{number_text(apart.displacement)} input px, " if apart.displacement else ""
    change = f", a row of 0 to 1 by {number_text(apart.change)}"
    told = "" if apart.change == apart.weights else change
    where = f"at length {apart.n_in} to {apart.n_out}"
    return f"{moved}weights {number_text(apart.weights)}{told}, {where}"


def number_text(value: Fraction) -> str:
    """Return a number as it is shown.

    >>> number_text(Fraction(2, 7))
    '0.286'
    """
    return f"{float(value):.3g}"


@remembered(256)
def nearest(examples: Examples, cases: tuple[Case, ...]) -> tuple[str, Apart] | None:
    """Return the call that changes an image least, and how far it is off where that is worst.

    Of calls by size, and of calls by the factor that the samplings have.

    Args:
        examples: the calls of a convention, with the sampling of each axis.
        cases: samplings, each with lengths at which calls are held against it.
    """
    scales = {None, *(sampling.scale for sampling, _ in cases if sampling is not None)}
    best: tuple[str, Apart] | None = None
    for text, meaning in examples:
        if meaning.scale not in scales:
            continue
        worst: Apart | None = None
        for sampling, pair in cases:
            if pair[0] < max(meaning.least, 1 if sampling is None else sampling.least):
                continue
            found = apart_at(sampling, meaning, *pair)
            worst = found if worst is None or found.rank > worst.rank else worst
            if best is not None and worst.rank >= best[1].rank:
                break
        else:
            best = best if worst is None else (text, worst)
    return best


def _cases(samplings: Sequence[Sampling | None], lengths: Sequence[Open]) -> Iterator[Case]:
    """Yield each sampling with the lengths at which calls are held against it."""
    for sampling, (n_in, n_out) in dict.fromkeys(zip(samplings, lengths, strict=True)):
        if n_in is not None and n_out is not None:
            yield sampling, (n_in, n_out)
            continue
        if sampling is not None and isinstance(sampling.kernel, Table):
            yield sampling, (sampling.kernel.n_in, len(sampling.kernel.rows))
            continue
        pairs: Sequence[Pair] = USUAL
        scale = None if sampling is None else sampling.scale
        if scale is not None:
            pairs = [(n, m) for n, _ in USUAL if (m := int(n * scale))]
        elif n_out is not None:
            pairs = [(max(1, math.ceil(n_out * part)), n_out) for part in PARTS]
        elif n_in is not None:
            pairs = [(n_in, max(1, math.ceil(n_in * part))) for part in PARTS]
        yield from ((sampling, pair) for pair in pairs)


def filled(convention: Convention, text: str, lengths: Sequence[Open]) -> str:
    """Return a call with output lengths in the place of the names that it leaves open.

    Each way to put them in is read by the convention itself, and the first that gives the lengths
    counts; the call as it is where none does.

    Args:
        convention: whose call it is.
        text: the call.
        lengths: (input length, output length) of each axis, height before width.

    >>> from halfpixel.convention import load_conventions
    >>> cv = next(one for one in load_conventions() if one.nearness("cv2.resize") == 0)
    >>> filled(cv, "cv2.resize(x, (width, height))", [(480, 20), (640, 30)])
    'cv2.resize(x, (30, 20))'
    >>> image = next(one for one in load_conventions() if "thumbnail" in one.methods)
    >>> filled(image, "x.resize((width, height))", [(480, 20), (640, 30)])
    'x.resize((30, 20))'
    """
    outs = tuple(n_out for _, n_out in lengths if n_out is not None)
    ins = tuple(n_in or 1 for n_in, _ in lengths)
    if not lengths or len(outs) < len(lengths):
        return text
    for candidate in _candidates(text, outs, convention.methods):
        try:
            opened = convention.read(candidate, None)
            found = opened if opened.by_lengths is None else opened.at(ins)
        except ConventionError:
            continue
        if found.lengths == outs:
            return candidate
    return text


def _candidates(text: str, outs: tuple[int, ...], methods: Collection[str]) -> Iterator[str]:
    """Yield a call with lengths in the place of its open names, one way after another."""
    try:
        call = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return
    if not isinstance(call, ast.Call):
        return
    of_image = isinstance(call.func, ast.Attribute) and call.func.attr in methods
    places = list(_open_names(call.args[0 if of_image else 1 :], call.keywords))
    names = list(dict.fromkeys(place.id for place in places))
    if len(names) > NAMES:
        return
    for chosen in permutations(names, len(outs)):
        yield _put(text, places, dict(zip(chosen, outs, strict=True)))
    for name in names:
        yield _put(text, places, {name: outs})
        yield _put(text, places, {name: outs[::-1]})
        if len(set(outs)) == 1:
            yield _put(text, places, {name: outs[0]})


def _open_names(arguments: Sequence[ast.expr], named: Sequence[ast.keyword]) -> Iterator[ast.Name]:
    """Yield the names in the arguments of a call that are no module's, image's or function's."""
    for argument in (*arguments, *(word.value for word in named)):
        parts = list(ast.walk(argument))
        owners = {id(part.value) for part in parts if isinstance(part, ast.Attribute)}
        owners |= {id(part.func) for part in parts if isinstance(part, ast.Call)}
        names = [part for part in parts if isinstance(part, ast.Name)]
        yield from (part for part in names if id(part) not in owners)


def _put(text: str, places: Sequence[ast.Name], values: Mapping[str, object]) -> str:
    """Return a text with values in the place of names, from the last to the first."""
    found = [
        (node.col_offset, node.end_col_offset or node.col_offset, values[node.id])
        for node in places
        if node.id in values
    ]
    for start, end, value in sorted(found, reverse=True):
        text = f"{text[:start]}{value}{text[end:]}"
    return text
