"""Two files exported from one network: which sites belong together, and whether they agree.

Sites are paired in order, by what they are (a resize ...), their lengths and names; where pairs
differ then, and both files have sites of the same names, by those: optimisers keep names and write
branches in another order. A pair is compared by what it computes at the lengths that either file
fixes: a difference is told even where no file is wrong by itself.
"""

import re
from collections.abc import Sequence
from typing import Final, Self

from msgspec import Struct

from halfpixel.intents.pair import Pair, compare_sites
from halfpixel.sampling import (
    AffineGrid,
    AffineSample,
    ConvTranspose,
    CropResize,
    DepthToSpace,
    GridSample,
    Resample,
    Resize,
    RoiAlign,
)
from halfpixel.sampling.axis import MAX_LENGTH
from halfpixel.site import Site

MOST: Final = 1 << 18  # pairs that are weighed; larger models are paired by their order alone
KINDS: Final[dict[type, str]] = {
    Resize: "resize", GridSample: "grid", Resample: "grid", AffineSample: "grid",
    RoiAlign: "boxes", CropResize: "boxes", ConvTranspose: "convolution", AffineGrid: "theta",
    DepthToSpace: "shuffle",
}  # fmt: skip
WORDS: Final = re.compile(r"[A-Za-z]+|\d+")


class Pairing(Struct, frozen=True):
    """The sites of two files.

    Attributes:
        pairs: those that belong together, in order.
        only_a: sites of the first file that have no partner.
        only_b: those of the second.
    """

    pairs: tuple[Pair, ...] = ()
    only_a: tuple[Site, ...] = ()
    only_b: tuple[Site, ...] = ()

    @property
    def differences(self) -> tuple[Pair, ...]:
        """The pairs that do not compute the same."""
        return tuple(pair for pair in self.pairs if pair.equal is False)


def pair_sites(a: Sequence[Site], b: Sequence[Site]) -> Pairing:
    """Pair the sites of two files and compare each pair."""
    ours, theirs = _without_grids(a, b), _without_grids(b, a)
    places = match_sites(ours, theirs)
    pairs = _compared(ours, theirs, places)
    named = _by_name(ours, theirs) if any(pair.equal is False for pair in pairs) else []
    if named and named != places:
        others = _compared(ours, theirs, named)
        if _differing(others) < _differing(pairs):
            places, pairs = named, others
    left, right = {i for i, _ in places}, {j for _, j in places}
    return Pairing(
        pairs,
        tuple(site for i, site in enumerate(ours) if i not in left),
        tuple(site for j, site in enumerate(theirs) if j not in right),
    )


def _compared(
    ours: Sequence[Site], theirs: Sequence[Site], places: Sequence[tuple[int, int]]
) -> tuple[Pair, ...]:
    return tuple(compare_sites(ours[i], theirs[j]) for i, j in places)


def _differing(pairs: Sequence[Pair]) -> int:
    return sum(pair.equal is not True for pair in pairs)


def _by_name(a: Sequence[Site], b: Sequence[Site]) -> list[tuple[int, int]]:
    """Return the places of sites of one name; none where either file has others besides."""
    ours = {(site.graph, site.name): place for place, site in enumerate(a)}
    theirs = {(site.graph, site.name): place for place, site in enumerate(b)}
    if ours.keys() != theirs.keys() or not len(ours) == len(a) == len(b):
        return []
    return [(place, theirs[name]) for name, place in ours.items()]


def _without_grids(sites: Sequence[Site], others: Sequence[Site]) -> list[Site]:
    """Leave out affine grids where the other file has them and their sampling in one operator."""
    if not any(isinstance(other.operation.operator, AffineSample) for other in others):
        return list(sites)
    return [site for site in sites if not isinstance(site.operation.operator, AffineGrid)]


def match_sites(a: Sequence[Site], b: Sequence[Site]) -> list[tuple[int, int]]:
    """Return the places of sites that belong together, ascending on both sides."""
    ours, theirs = [_Traits.of(site) for site in a], [_Traits.of(site) for site in b]
    if len(a) * len(b) > MOST:
        pairs = zip(ours, theirs, strict=False)
        return [(i, i) for i, (one, other) in enumerate(pairs) if one.fit(other)]
    scores = [[one.fit(other) for other in theirs] for one in ours]
    best = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            score = scores[i][j]
            together = best[i + 1][j + 1] + score if score else 0.0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < len(a) and j < len(b):
        score = scores[i][j]
        if score and best[i][j] == best[i + 1][j + 1] + score:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def copies(site: Site) -> bool:
    """Whether a site is a resize that changes nothing at its lengths: converters drop such."""
    if not isinstance(site.operator, Resize):
        return False
    ins, outs = site.operation.lengths
    known = [(s, ins[axis], outs[axis]) for axis, s in site.operator.axes]
    return all(
        n is not None and n == m and n <= MAX_LENGTH and s.weights(n, n).is_identity
        for s, n, m in known
    )


class _Traits(Struct, frozen=True):
    """What of a site is compared to find its partner.

    Its kind is empty where it has no description; its lengths are the input's and the output's.
    """

    kind: str
    lengths: tuple[tuple[int | None, ...], tuple[int | None, ...]]
    words: frozenset[str]

    @classmethod
    def of(cls, site: Site) -> Self:
        """Return the traits of a site."""
        words = frozenset(word.lower() for word in WORDS.findall(site.name))
        return cls(KINDS.get(type(site.operation.operator), ""), site.operation.lengths, words)

    def fit(self, other: Self) -> float:
        """Return how well two sites fit together, 0 where they do not at all."""
        if self.kind and other.kind and self.kind != other.kind:
            return 0.0
        score = 2.0 if self.kind else 1.0
        for ours, theirs, weight in zip(self.lengths, other.lengths, (1, 3), strict=True):
            score += weight * _same_end(ours[2:], theirs[2:])
        return max(score, 0.25) + 0.5 * bool(self.words & other.words)


def _same_end(a: Sequence[int | None], b: Sequence[int | None]) -> float:
    """Return 1 where known lengths agree, -1 where they do not, 0 where none are known."""
    pairs = [(n, m) for n, m in zip(a[::-1], b[::-1], strict=False) if n and m]
    if not pairs:
        return 0.0
    return 1.0 if all(n == m for n, m in pairs) else -0.5
