"""Sites of two models that are paired anew by what they are handed, where their order tells less.

Two sites that are handed the same stand at the same place, in whatever order the files have them;
of several at one place, those that compute the same belong together.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from halfpixel.errors import RuntimeRefusal
from halfpixel.format import SiteValues
from halfpixel.intents.pair import Pair, compare_sites
from halfpixel.intents.pairing import Pairing
from halfpixel.verifying.measure import Tolerance, difference
from halfpixel.verifying.parting.divergence import Search, ends_of
from halfpixel.verifying.parting.inside import with_inner_sites
from halfpixel.verifying.side import Started

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Arrays
    from halfpixel.site import Site

    Handed = tuple[tuple[tuple[int, ...], Array], ...]

SAMPLE: Final = 1 << 12
"""Numbers of what a site is handed that are looked at."""

MOST: Final = 256
"""Sites of a side up to which they are paired anew."""


def pair_by_place(
    pairing: Pairing,
    sides: tuple[Started, Started],
    feeds: "Arrays",
    tolerances: Mapping[str, Tolerance],
) -> Pairing:
    """Return the sites of two models in pairs, by what they are handed as far as that tells.

    Args:
        pairing: the sites, paired by their order, lengths and names.
        sides: the models.
        feeds: inputs that both take.
        tolerances: what counts as the same.
    """
    a, b = sides
    told = all(pair.equal is True for pair in pairing.pairs)
    if (told and not (pairing.only_a and pairing.only_b)) or len(a.sites) + len(b.sites) < 3:
        return pairing
    if max(len(a.sites), len(b.sites)) > MOST:
        return pairing
    if Search(a, b, feeds, tolerances).names_agree() and _named_alike(pairing, sides):
        return pairing
    try:
        a, b = with_inner_sites(a, feeds), with_inner_sites(b, b.named(feeds))
        search = Search(a, b, feeds, tolerances)
        ours, theirs = list(_handed(search, a)), list(_handed(search, b))
    except RuntimeRefusal:
        return pairing
    known = {id(site) for pair in pairing.pairs for site in (pair.a, pair.b)}
    known |= {id(site) for site in (*pairing.only_a, *pairing.only_b)}
    near = {
        (id(s), id(o)): compare_sites(s, o)
        for s, here in ours
        for o, there in theirs
        if {id(s), id(o)} <= known and _same(here, there, tolerances)
    }
    before = {(id(pair.a), id(pair.b)) for pair in pairing.pairs}
    chosen = _chosen(near, before)
    left = {id(s) for pair in chosen for s in (pair.a, pair.b)}
    kept = [p for p in pairing.pairs if not {id(p.a), id(p.b)} & left]
    pairs = [*chosen, *kept]
    order = {id(site): place for place, site in enumerate(a.sites)}
    pairs.sort(key=lambda pair: order.get(id(pair.a), len(order)))
    paired = {id(site) for pair in pairs for site in (pair.a, pair.b)}
    alone = [
        tuple(s for s in side.sites if id(s) in known and id(s) not in paired) for side in sides
    ]
    return Pairing(tuple(pairs), alone[0], alone[1])


def _named_alike(pairing: Pairing, sides: tuple[Started, Started]) -> bool:
    """Whether the sites of each pair make values of one name."""
    ours, theirs = ({id(site): end.output for site, end in ends_of(side)} for side in sides)
    return all(ours.get(id(pair.a)) == theirs.get(id(pair.b)) for pair in pairing.pairs)


def _chosen(near: Mapping[tuple[int, int], Pair], before: set[tuple[int, int]]) -> list[Pair]:
    """Return one partner for each site: one that computes the same, the one before, then any."""

    def rank(key: tuple[int, int]) -> tuple[bool, bool]:
        return near[key].equal is not True, key not in before

    chosen: list[Pair] = []
    taken: set[int] = set()
    for key in sorted(near, key=rank):
        if not taken & set(key):
            chosen.append(near[key])
            taken |= set(key)
    return chosen


def _handed(search: Search, side: Started) -> "Iterator[tuple[Site, Handed]]":
    """Yield the sites of a side, with some numbers of what each is handed."""
    known = {*side.plain.values, *side.names}
    chosen = [(s, e) for s, e in ends_of(side) if _asked(e) <= known and e.main]
    groups = [tuple(search.computed(side, end)) for _, end in chosen]
    for (site, _), arrays in zip(chosen, search.fetched(side, groups), strict=True):
        yield site, tuple((array.shape, _some(array)) for array in arrays)


def _asked(end: SiteValues) -> set[str]:
    return {end.data, end.output}


def _some(array: "Array") -> "Array":
    """Return some numbers of an array, spread over all of it."""
    flat: Array = array.reshape(-1)
    return flat[:: max(1, flat.size // SAMPLE)].copy()


def _same(one: "Handed", two: "Handed", tolerances: Mapping[str, Tolerance]) -> bool:
    if not one or not two:
        return False
    if len(one) != len(two):
        one, two = one[:1], two[:1]
    return all(
        shape == other and difference(here, there, tolerances).equal
        for (shape, here), (other, there) in zip(one, two, strict=True)
    )
