"""The first node at which two runs part, found in bounded memory.

Values inside a model are asked for in chunks of a few megabytes, in the order in which they are
computed. A site whose input is the same on both sides and whose output is not has introduced
the difference; one whose input differs already may only have passed it on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from halfpixel.format import SiteValues
from halfpixel.intents.pairing import match_sites
from halfpixel.site import Site
from halfpixel.verifying.amounts import counted
from halfpixel.verifying.measure import TOLERANCES, Tolerance, difference, rounded
from halfpixel.verifying.noise import EPSILONS
from halfpixel.verifying.parting.calls import by_calls
from halfpixel.verifying.parting.meant import meant_output
from halfpixel.verifying.side import Divergence, Started

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Arrays


CLOSE: Final[Mapping[str, Tolerance]] = {
    **TOLERANCES,
    **{name: Tolerance(0, 32 * step) for name, step in EPSILONS.items()},
}
"""What counts as equal inside two sides that differ, where no value is beyond the usual."""

AGREEING: Final = 0.95
"""Part of the shared names that has to stand for the same operators."""

FEW: Final = 4
"""Shared names from which on one that stands for another operator is no sign of two counters."""

BUDGET: Final = 1 << 25
"""Bytes of values inside a model that are held at once, on both sides together."""

MOST: Final = 64
"""Values that are asked for at once."""


@dataclass
class Search:
    """One search for the node at which two sides part.

    Attributes:
        a: the side whose nodes are named.
        b: the side that it is held against.
        feeds: the inputs.
        tolerances: what counts as equal.
        budget: bytes of values that are held at once.
        pairs: the sites that belong together, where the names of values do not tell.
        tried: what was held against each other, a phrase each.
    """

    a: Started
    b: Started
    feeds: "Arrays"
    tolerances: Mapping[str, Tolerance] = field(default_factory=lambda: TOLERANCES)
    budget: int = BUDGET
    pairs: Sequence[tuple[Site, Site]] = ()
    tried: dict[str, None] = field(default_factory=dict[str, None])

    def first(self) -> Divergence | None:
        """Return the first node at which the sides part; None where none is found."""
        if self.a.model is None:
            return None
        if self.b.model is not None:
            return self._by_sites()
        return by_calls(self) or self.by_meaning()

    def _by_sites(self) -> Divergence | None:
        """Compare the sites of two models, paired by the names of values or by position."""
        pairs = list(self._paired())
        passed: Divergence | None = None
        self.tried[counted(len(pairs), "pair", "of resampling nodes, by what they make")] = None
        ours = self.fetched(self.a, [(p[1].output,) for p in pairs])
        theirs = self.fetched(self.b, [(p[2].output,) for p in pairs])
        for site, end, other in pairs:
            (here,), (there,) = next(ours), next(theirs)
            observed = difference(here, there, self.tolerances)
            del here, there  # before more is asked for
            if observed.equal:
                continue
            same = self._same_inputs(end, other)
            introduced = observed if same else None
            against = self.b.plain.name
            found = Divergence(site.name, site.op, introduced, observed, against, graph=site.graph)
            if same:
                return found
            passed = passed or found
        return (self._by_values() if self.names_agree() else None) or passed

    def _same_inputs(self, end: SiteValues, other: SiteValues) -> bool:
        """Whether a site is handed the same on both sides, constants that say lengths apart."""
        ours, theirs = self.computed(self.a, end), self.computed(self.b, other)
        if len(ours) != len(theirs):
            ours, theirs = ours[:1], theirs[:1]
        for here, there in zip(ours, theirs, strict=True):
            ((one,),) = self.fetched(self.a, [(here,)])
            ((two,),) = self.fetched(self.b, [(there,)])
            if not difference(one, two, self.tolerances).equal:
                return False
        return True

    def computed(self, side: Started, end: SiteValues) -> list[str]:
        """Return the inputs of a site that are fed or computed: no constants."""
        known = {*side.plain.values, *side.names}
        constant = side.constants
        return [n for n in dict.fromkeys((end.data, *end.inputs)) if n in known - constant]

    def names_agree(self) -> bool:
        """Whether values of the same name are made by the same operators on both sides.

        Exporters number values; two exports whose counters went apart share names of others.
        """
        if self.a.model is None or self.b.model is None:
            return False
        here = {value.name: value.op for value in self.a.model.values}
        there = {value.name: value.op for value in self.b.model.values}
        shared = here.keys() & there.keys()
        apart = sum(here[name] != there[name] for name in shared)
        one = int(len(shared) >= FEW)  # the node at which they part may be of another type
        return bool(shared) and apart <= max(one, (1 - AGREEING) * len(shared))

    def _paired(self) -> Iterator[tuple[Site, SiteValues, SiteValues]]:
        if self.a.model is None or self.b.model is None:
            return
        here = [(s, e) for s, e in ends_of(self.a) if e.main]
        there = [e for e in self.b.model.site_values if e.main]
        known = set(self.b.plain.values)
        handed = known | set(self.feeds)
        by_output = {other.output: other for other in there}
        named = [
            (s, e, by_output.get(e.output, e))
            for s, e in here
            if e.output in known and e.data in handed
        ]
        if self.names_agree() and (len(named) == len(here) or len(here) != len(there)):
            yield from named
        elif told := list(self._told()):
            yield from told
        elif len(here) == len(there):
            yield from ((s, e, o) for (s, e), o in zip(here, there, strict=True))
        else:
            inner = [s for s, e in ends_of(self.b) if e.main]
            for i, j in match_sites([s for s, _ in here], inner):
                yield (*here[i], there[j])

    def _told(self) -> Iterator[tuple[Site, SiteValues, SiteValues]]:
        """Yield the pairs that were told, of sites that can be asked for."""
        ours, theirs = ({id(s): e for s, e in ends_of(side)} for side in (self.a, self.b))
        for site, other in self.pairs:
            ends = ours.get(id(site)), theirs.get(id(other))
            if ends[0] is not None and ends[1] is not None and ends[0].main and ends[1].main:
                yield site, ends[0], ends[1]

    def _by_values(self) -> Divergence | None:
        """Compare every value that both models have, in the order of the first."""
        if self.a.model is None:
            return None
        known = set(self.b.plain.values) & set(self.a.plain.values)
        makers = {value.name: value for value in self.a.model.values}
        names = [name for name in makers if name in known]
        self.tried[counted(len(names), "value", "of the same name")] = None
        pairs = [(name,) for name in names]
        ours, theirs = self.fetched(self.a, pairs), self.fetched(self.b, pairs)
        for name in names:
            (here,), (there,) = next(ours), next(theirs)
            found = difference(here, there, self.tolerances)
            del here, there
            if found.equal:
                continue
            maker = makers[name]
            introduced = found if all(r in known or r not in makers for r in maker.reads) else None
            site = any(one.name == maker.node for one in self.a.sites)
            against = self.b.plain.name
            return Divergence(maker.node, maker.op, introduced, found, against, site, maker.graph)
        return None

    def by_meaning(self, *, own: bool = False) -> Divergence | None:
        """Compare each site's output with what was meant, computed from its own inputs.

        Args:
            own: with its own exact description in its place.
        """
        if self.a.model is None:
            return None
        chosen = [(s, e) for s, e in ends_of(self.a) if e.main]
        self.tried[
            counted(
                len(chosen),
                "resampling node",
                "by its exact description" if own else "by what was meant",
            )
        ] = None
        groups = [(end.output, *self.computed(self.a, end)) for _, end in chosen]
        for (site, _), (output, *inputs) in zip(chosen, self.fetched(self.a, groups), strict=True):
            meant = meant_output(site, inputs, output, own=own)
            if meant is None:
                continue
            found = difference(output, rounded(meant, output), self.tolerances)
            if not found.equal:
                known = site.intent is not None and not own
                against = site.intent.text if known and site.intent else "its exact description"
                return Divergence(site.name, site.op, found, found, against, graph=site.graph)
        return None

    def fetched(
        self, side: Started, groups: Sequence[tuple[str, ...]]
    ) -> "Iterator[tuple[Array, ...]]":
        """Yield groups of values of one side, a few at a time."""
        import numpy as np

        feeds = side.fed(self.feeds)
        count, place = 1, 0
        while place < len(groups):
            part = groups[place : place + count]
            names = list(dict.fromkeys(n for group in part for n in group if n not in feeds))
            found = side.plain.run(feeds, names) if names else {}
            held = sum(array.nbytes for array in found.values())
            values: dict[str, Array] = {**feeds, **found}
            nothing: Array = np.empty(0)  # a sequence, which is not looked into
            ready = [tuple(values.get(name, nothing) for name in group) for group in part]
            del found, values
            while ready:
                yield ready.pop(0)  # and keep no reference to it
            place += len(part)
            room = self.budget // 2 // max(held // max(len(part), 1), 1)
            count = max(1, min(MOST, 2 * count, room))


def ends_of(side: Started) -> "Iterator[tuple[Site, SiteValues]]":
    """Yield the sites of a model, and the values between which each stands."""
    ends = () if side.model is None else side.model.site_values
    yield from zip(side.sites, ends, strict=True)
