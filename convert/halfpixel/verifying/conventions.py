"""Pairs of sites that are proven to follow two conventions, where the outputs hardly show it.

What two sites compute is compared exactly, so that a pair of them decides whatever the outputs
say: untrained or small weights after a resize hide it. It decides where both sites are handed the
same, at lengths that they really have: another program may hand a site something else, and be
right as a whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.errors import RuntimeRefusal
from halfpixel.format import SiteValues
from halfpixel.intents.pair import Pair, compare_sites
from halfpixel.intents.pairing import Pairing
from halfpixel.sampling import Resize
from halfpixel.site import Site
from halfpixel.verifying.amounts import count_text, part_text
from halfpixel.verifying.channels import spread_of
from halfpixel.verifying.measure import Difference, Tolerance, difference
from halfpixel.verifying.result import Case, Output
from halfpixel.verifying.side import Divergence, Started

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Arrays

HIDDEN: Final = 0.1
"""Part of a site's difference below which what follows is said to hide it."""


class Proven(Struct, frozen=True):
    """A pair of sites that decides.

    Attributes:
        first: where the sides part.
        text: what differs, how small its effect is, and why.
    """

    first: Divergence
    text: str


class Conventions(Struct, frozen=True):
    """Two sides whose sites are paired.

    Attributes:
        a: the side whose nodes are named.
        b: the other side.
        tolerances: what counts as the same input.
    """

    a: Started
    b: Started
    tolerances: Mapping[str, Tolerance]

    def proven(
        self, pairing: Pairing, feeds: "Sequence[Arrays]", cases: Sequence[Case]
    ) -> Proven | None:
        """Return the first pair that decides; None where there is none.

        Args:
            pairing: the sites of both sides.
            feeds: inputs that both sides were run with.
            cases: what came of each of them.
        """
        ours, theirs = dict(_ends(self.a)), dict(_ends(self.b))
        for pair in pairing.pairs:
            if not pair.convention:
                continue
            ends = ours[id(pair.a)], theirs[id(pair.b)]
            beside = [
                q for q in pairing.pairs if q.convention and ours[id(q.a)].data == ends[0].data
            ]
            if _reordered(beside):
                continue  # which one is which, the outputs tell
            if not self._can_be_asked(ends):
                return self._unseen(pair)
            for given, case in zip(feeds, cases, strict=True):
                observed = self._observed(pair, ends, given)
                if observed is not None:
                    return self._told(pair, observed, case)
        return None

    def _can_be_asked(self, ends: tuple[SiteValues, SiteValues]) -> bool:
        """Whether what both sites are handed can be asked for while the sides run."""
        return all(
            end.main and {end.data, end.output} <= {*side.plain.values, *side.names}
            for side, end in zip((self.a, self.b), ends, strict=True)
        )

    def _unseen(self, pair: Pair) -> Proven:
        """Return what there is to say of sites that are compared by their description alone."""
        text = f"{_names(pair)} follow two conventions: {pair.difference}"
        observed = Difference(equal=False, reason=pair.difference)
        first = Divergence(pair.a.name, pair.a.op, None, observed, self.b.plain.name)
        return Proven(first, text)

    def _observed(
        self, pair: Pair, ends: tuple[SiteValues, SiteValues], feeds: "Arrays"
    ) -> "tuple[Difference, float] | None":
        """Return how the outputs of two sites differ that are handed the same, and their spread.

        None where they are handed something else, or compute the same at these lengths.
        """
        found: list[list[Array]] = []
        for side, end in zip((self.a, self.b), ends, strict=True):
            more = () if isinstance(pair.a.operator, Resize) else end.inputs
            names = list(dict.fromkeys(filter(None, (end.data, *more))))
            given = side.fed(feeds)
            wanted = [name for name in (*names, end.output) if name not in given]
            try:
                values = {**given, **side.plain.run(given, wanted)}
            except RuntimeRefusal:
                return None
            found.append([values[name] for name in (*names, end.output)])
        (*ours, here), (*theirs, there) = found
        shapes = [(one.shape, two.shape) for one, two in zip(ours, theirs, strict=False)]
        if len(ours) != len(theirs) or any(one != two for one, two in shapes):
            return None
        if not all(map(self._same, ours, theirs)):
            return None
        at = [_at(site, ours[0], made) for site, made in ((pair.a, here), (pair.b, there))]
        if not compare_sites(at[0], at[1]).convention:
            return None
        return difference(here, there, self.tolerances), spread_of(there)

    def _same(self, one: "Array", two: "Array") -> bool:
        return difference(one, two, self.tolerances).equal

    def _told(self, pair: Pair, observed: tuple[Difference, float], case: Case) -> Proven:
        apart, spread = observed
        first = Divergence(pair.a.name, pair.a.op, apart, apart, self.b.plain.name)
        text = f"{_names(pair)} follow two conventions, and are handed the same"
        if apart.equal:
            why = "both make the same of these inputs, which hardly vary there"
            return Proven(first, f"{text}: {why}; {pair.difference}")
        own = f"{apart.max_abs:.3g}{_share(apart.max_abs, spread)}"
        worst = max(case.outputs, key=_part, default=None)
        if worst is None:
            return Proven(first, f"{text}: their own outputs are {own} apart")
        left = worst.difference.max_abs
        text += f": their own outputs are {own} apart, output {worst.name!r} {left:.3g}"
        if worst.measure is not None:
            text += f" ({worst.measure.text})"
        if left < HIDDEN * apart.max_abs:
            parts = "nothing" if not left else f"1 part in {count_text(apart.max_abs / left)}"
            text += f"; what follows passes on {parts}: untrained weights, or a small gain"
        return Proven(first, text)


def _ends(side: Started) -> Iterator[tuple[int, SiteValues]]:
    values = () if side.model is None else side.model.site_values
    yield from ((id(site), end) for site, end in zip(side.sites, values, strict=True))


def _reordered(pairs: Sequence[Pair]) -> bool:
    """Whether sites that read the same value are the same ones on both sides, in another order."""
    left = [pair.b for pair in pairs]
    for pair in pairs:
        same = next((site for site in left if compare_sites(pair.a, site).equal), None)
        if same is None:
            return False
        left.remove(same)
    return True


def _names(pair: Pair) -> str:
    return f"{pair.a.name} ({pair.a.op}) and {pair.b.name} ({pair.b.op})"


def _share(apart: float, spread: float) -> str:
    return f" ({part_text(apart / spread, 'what they vary by')})" if spread else ""


def _part(output: Output) -> float:
    return 0.0 if output.measure is None else output.measure.part


def _at(site: Site, data: "Array", made: "Array") -> Site:
    """Return a site at the lengths that it really has."""
    there = replace(site.operation, input_shape=data.shape, output_shape=made.shape)
    return replace(site, operation=there)
