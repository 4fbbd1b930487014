"""Whether a call gives output lengths that are not its factor's, and reads the same there."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Final

from halfpixel.checking.comparing.apart import apart_at
from halfpixel.convention import Convention, Reading
from halfpixel.errors import ConventionError
from halfpixel.sampling import Sampling, Table

Pair = tuple[int, int]
"""Input length and output length of an axis."""


ASKED: Final = (4, 3, 7, 8)
"""Input lengths at which it is asked whether a factor gives the output lengths."""


def made_apart(scale: Fraction, rule: Callable[[int], int | None]) -> tuple[Pair, ...]:
    """Return output lengths of some input lengths, where they are not a factor's.

    Args:
        scale: the factor.
        rule: what a call makes of an input length; None where it does not say, ConventionError
            where it takes no such length.

    Returns:
        Nothing where each is the factor's, rounded in any way.

    >>> made_apart(Fraction(2), lambda n: n)[:2]
    ((4, 4), (3, 3))
    >>> made_apart(Fraction(17, 10), lambda n: n * 17 // 10)
    ()
    """
    pairs: dict[int, int] = {}
    for n in ASKED:
        with suppress(ConventionError):
            made = rule(n)
            pairs |= {} if made is None else {n: made}
    own = all(abs(n_out - n_in * scale) < 1 for n_in, n_out in pairs.items())
    return () if own else tuple(pairs.items())


def longer_in(convention: Convention, text: str, made: Sequence[Pair]) -> Pair | None:
    """Return the first input length of which a call makes another one than is asked for, with it.

    Args:
        convention: whose call it is.
        text: the call.
        made: input lengths with what is to be made of them, along every axis.

    >>> from halfpixel.convention import load_conventions
    >>> torch = next(one for one in load_conventions() if one.nearness("F.interpolate") is not None)
    >>> longer_in(torch, "F.interpolate(x, scale_factor=2)", [(4, 8), (7, 8)])
    (7, 14)
    """
    return _longer(_read(convention, text, made))


def same_at(convention: Convention, text: str, sampling: Sampling, made: Sequence[Pair]) -> bool:
    """Whether a call makes the lengths that are asked for, by the same weights.

    >>> from halfpixel.convention import load_conventions
    >>> from halfpixel.sampling import Nearest
    >>> torch = next(one for one in load_conventions() if one.nearness("F.interpolate") is not None)
    >>> floored = Sampling("asymmetric", Nearest("floor"))
    >>> same_at(torch, "F.interpolate(x, size=(h, w))", floored, [(4, 8), (7, 8)])
    True
    """
    read = list(_read(convention, text, made))
    if len(read) < len(made) or _longer(read) is not None:
        return False
    return all(_same(sampling, one, pair) for pair, found in read for one in found.samplings)


def _longer(read: Iterable[tuple[Pair, Reading]]) -> Pair | None:
    for (n_in, n_out), found in read:
        other = next((n for n in found.lengths if n not in {None, n_out}), None)
        if other is not None:
            return n_in, other
    return None


def _same(sampling: Sampling, other: Sampling | None, pair: Pair) -> bool:
    table = isinstance(sampling.kernel, Table) or isinstance(other and other.kernel, Table)
    return not table and apart_at(sampling, other, *pair).equal


def _read(
    convention: Convention, text: str, made: Sequence[Pair]
) -> Iterator[tuple[Pair, Reading]]:
    """Yield what a call computes at each input length; of those that it does not take, nothing."""
    for pair in made:
        try:
            found = convention.read(text, pair[0])
            yield pair, found.at((pair[0],) * len(found.samplings))
        except ConventionError:
            continue
