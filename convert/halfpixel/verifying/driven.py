"""Inputs that take the branches that no other made inputs took, and the sites that never ran.

What a branch computes that no run takes is not compared. Where inputs are made, and after the usual
ones, flags are turned and other numbers are put in, as far as they are seen to take another branch
or to make a Loop run: both sides run on those too.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.errors import RuntimeRefusal
from halfpixel.intents.pairing import Pairing
from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.runtimes.inside.counted import Counted, counted, in_graphs
from halfpixel.runtimes.inside.inner_values import Container
from halfpixel.runtimes.trials import SLOW
from halfpixel.verifying.inputs import Inputs
from halfpixel.verifying.result import Case
from halfpixel.verifying.side import Started, Unrun

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Arrays
    from halfpixel.site import Site

    Findings = Mapping[tuple[str, str], str]

MADE: Final = "other values, which take another branch"

WHOLE: Final = (0, 1, 2)
"""What a single whole number is put to: a choice among branches, or how often a Loop runs."""

FLOATS: Final = ((-1.0, 0.0), (0.05, 0.0), (0.05, 0.95), (255.0, 0.0), (0.0, 0.0))
"""What floats are multiplied by and what is added to it: negative, dark, bright, pixels, none."""

MOST: Final = 64
"""Inputs that are tried for the branches they take."""


class Driven(Inputs):
    """The inputs of a comparison, and after them those that take other branches."""

    def __init__(self, a: Started, b: Started, settings: FeedSettings) -> None:
        """Learn what the sides take, and which of their sites may not run; raises as `Inputs`."""
        super().__init__(a, b, settings)
        self.counted = tuple(_Side(side) for side in ((a, b) if a is not b else ()))
        self._feeds: Arrays | None = None
        self._last: Arrays | None = None
        self._driven = False

    def __iter__(self) -> "Iterator[Arrays]":
        """Yield the inputs of each case."""
        for feeds in super().__iter__():
            self._last = feeds
            yield feeds
        if self.trials is None or self._feeds is None:
            return
        self._driven = True
        base = self._feeds
        ranged = len(self.settings.values) == 1
        for place, feeds in enumerate(others(base, ranged=ranged)):
            began = time.monotonic()
            if place < MOST and any(side.takes_more(feeds) for side in self.counted):
                self._last = feeds
                yield feeds
            if place == MOST or time.monotonic() - began > SLOW:
                return
            if not any(side.missing for side in self.counted):
                return

    def drops(self, feeds: "Arrays", here: "Arrays | str", there: "Arrays | str") -> bool:
        """Whether inputs are left out: a side refuses values that were put in to drive it."""
        if self._driven:
            return isinstance(here, str) or isinstance(there, str)
        return super().drops(feeds, here, there)

    def learn(self, case: Case) -> bool:
        """Learn of a case; whether it tells nothing, and other values are tried at its lengths."""
        if case.blank if self._driven else super().learn(case):
            return True
        self._feeds = self._last
        if case.outputs and not case.blank and self._last is not None:
            for side in self.counted:
                side.learn(self._last)
        return False

    @property
    def text(self) -> str:
        """What the last inputs look like; empty where arrays were given."""
        return MADE if self._driven else super().text

    @property
    def placement(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Where the nodes of each side ran, without those that never did."""
        a, b = (side.running.placement for side in self.sides)
        return (self.counted[0].placed(a), self.counted[1].placed(b)) if self.counted else (a, b)

    def unrun(
        self, pairing: Pairing | None, findings: "Callable[[Started], Findings]"
    ) -> Iterator[Unrun]:
        """Yield the sites of both sides that ran in no case.

        Args:
            pairing: the sites of both, in pairs.
            findings: returns the worst that check says of the sites of a side.
        """
        pairs = {} if pairing is None else _by_site(pairing)
        for side in self.counted:
            told: Findings = findings(side.side) if side.missing else dict[tuple[str, str], str]()
            for site in side.missing:
                one = Unrun(site.name, site.op, site.graph, side.where(site))
                equal, other, apart = pairs.get(id(site), (None, "", ""))
                yield replace(
                    one,
                    check=told.get((site.graph, site.name), ""),
                    alike=other if equal else "",
                    apart=apart if equal is False else "",
                )


def _by_site(pairing: Pairing) -> "dict[int, tuple[bool | None, str, str]]":
    """Return whether each site is the same as its pair, which site that is, and how it differs."""
    found: dict[int, tuple[bool | None, str, str]] = {}
    for pair in pairing.pairs:
        found[id(pair.a)] = pair.equal, pair.b.path, pair.difference
        found[id(pair.b)] = pair.equal, pair.a.path, pair.difference
    return found


class _Side:
    """One side whose inner graphs are counted, where sites stand in any.

    Attributes:
        missing: the sites that did not run yet.
        ran: the inner graphs that ran.
    """

    def __init__(self, side: Started) -> None:
        """Find the sites that may not run."""
        self.side = side
        self.ran: set[Container] = set()
        self.missing: list[Site] = []
        self.counts: Counted | None = None
        ends = () if side.model is None else side.model.site_values
        inner = [site for site, end in zip(side.sites, ends, strict=True) if not end.main]
        if inner and side.model is not None:
            self.counts = counted(side.plain, side.model)
            self.missing = inner if self.counts is not None else in_graphs(side.model)
            self._forget()

    def learn(self, feeds: "Arrays") -> None:
        """Learn what runs at inputs that were compared."""
        if self.missing and self.counts is not None:
            try:
                self.ran |= self.counts.ran(self.side.fed(feeds))
            except RuntimeRefusal:  # what ran there cannot be told, then or later
                self.counts = None
                return
            self._forget()

    def takes_more(self, feeds: "Arrays") -> bool:
        """Whether a site runs at these inputs that did not yet."""
        if not self.missing or self.counts is None:
            return False
        try:
            found = self.counts.ran(self.side.fed(feeds))
        except RuntimeRefusal:
            return False
        return any(self._ran(site, self.ran | found) for site in self.missing)

    def where(self, site: "Site") -> str:
        """Return why a site never ran; empty where that cannot be told."""
        if self.counts is None:
            return ""
        container = next(iter(self._graphs(site)), ())
        return self.counts.where(container, self.ran)

    def placed(self, placement: Mapping[str, str]) -> Mapping[str, str]:
        """Return where nodes ran, without those that never did."""
        if self.counts is None or not self.missing:
            return placement
        return self.counts.placed(placement, self.ran)

    def _graphs(self, site: "Site") -> list[Container]:
        return [] if self.counts is None else self.counts.sites.get(id(site), [])

    def _ran(self, site: "Site", ran: set[Container]) -> bool:
        return any(one in ran or len(one) == 1 for one in self._graphs(site))

    def _forget(self) -> None:
        self.missing = [site for site in self.missing if not self._ran(site, self.ran)]


def others(feeds: "Arrays", *, ranged: bool) -> "Iterator[Arrays]":
    """Yield inputs with a flag turned, with another single number, and with other floats.

    Args:
        feeds: the inputs.
        ranged: a person said what floats range over.
    """
    import numpy as np

    flags = [name for name, array in feeds.items() if array.dtype.kind == "b"]
    for name in flags:
        yield {**feeds, name: np.logical_not(feeds[name])}
    for name in flags:
        yield {**feeds, name: np.ones_like(feeds[name])}
        yield {**feeds, name: np.zeros_like(feeds[name])}
    for name, array in feeds.items():
        if array.dtype.kind in "iu" and array.size == 1:
            for number in WHOLE:
                yield {**feeds, name: np.full_like(array, number)}
    if ranged:
        return
    for times, more in FLOATS:
        yield {name: _moved(array, times, more) for name, array in feeds.items()}


def _moved(array: "Array", times: float, more: float) -> "Array":
    import numpy as np

    if "float" not in str(array.dtype):
        return array
    moved: Array = np.add(np.multiply(array, times), more).astype(array.dtype)
    return moved
