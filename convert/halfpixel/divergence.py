"""The first node at which two runs part, found in bounded memory.

Values inside a model are asked for in chunks of a few megabytes, in the order in which they are
computed. A site whose input is the same on both sides and whose output is not has introduced
the difference; one whose input differs already may only have passed it on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from halfpixel.check import Judge
from halfpixel.check import Settings as CheckSettings
from halfpixel.deviation import meant_resize
from halfpixel.errors import GraphError, HalfpixelError, RuntimeRefusal
from halfpixel.format import Ends, Opened
from halfpixel.measure import TOLERANCES, Difference, Tolerance, difference
from halfpixel.runtime import Call, Running
from halfpixel.sampling.lowering import meant_weights
from halfpixel.sampling.resize import along_axis
from halfpixel.site import Site

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic]
    Arrays = Mapping[str, Array]

BUDGET: Final = 1 << 25
"""Bytes of values inside a model that are held at once, on both sides together."""

MOST: Final = 64
"""Values that are asked for at once."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where two runs part.

    Attributes:
        node: name of the node.
        op: its type.
        introduced: its own difference, its input being the same on both sides; None where that
            cannot be told apart from what it was handed.
        observed: the difference of its output.
        against: what its output was held against.
        site: whether it is a resampling site.
    """

    node: str
    op: str
    introduced: Difference | None
    observed: Difference
    against: str
    site: bool = True


@dataclass
class Started:
    """A side that is ready to run.

    Attributes:
        running: as it is deployed.
        plain: without graph optimisation; the same where the runtime has none.
        model: its structure, where it is a model file.
        refused: why it does not load as it is deployed; then it runs plain.
    """

    running: Running
    plain: Running
    model: Opened | None = None
    refused: str = ""
    _sites: list[Site] | None = None

    @property
    def sites(self) -> list[Site]:
        """Its sites, in graph order."""
        if self._sites is None:
            self._sites = [] if self.model is None else list(self.model.sites)
        return self._sites


@dataclass
class Search:
    """One search for the node at which two sides part.

    Attributes:
        a: the side whose nodes are named.
        b: the side that it is held against.
        feeds: the inputs.
        tolerances: what counts as equal.
        budget: bytes of values that are held at once.
    """

    a: Started
    b: Started
    feeds: "Arrays"
    tolerances: Mapping[str, Tolerance] = field(default_factory=lambda: TOLERANCES)
    budget: int = BUDGET

    def first(self) -> Divergence | None:
        """Return the first node at which the sides part; None where none is found."""
        if self.a.model is None:
            return None
        if self.b.model is not None:
            return self._by_sites()
        calls = self._calls()
        found = None if calls is None else self._by_calls(calls)
        return found or self._by_meaning() or blamed(self.a, "")

    def _calls(self) -> list[Call] | None:
        """Return the resampling calls of the other side, where there is one for each site."""
        record = getattr(self.b.running, "calls", None)
        if record is None:
            return None
        found: list[Call] = record(self.feeds)
        return found if len(found) == len(self.a.sites) else None

    def _by_sites(self) -> Divergence | None:
        """Compare the sites of two models, paired by the names of values or by position."""
        pairs = list(self._paired())
        passed: Divergence | None = None
        ours = self._fetched(self.a, [(p[1].output,) for p in pairs])
        theirs = self._fetched(self.b, [(p[2].output,) for p in pairs])
        for site, end, other in pairs:
            (here,), (there,) = next(ours), next(theirs)
            observed = difference(here, there, self.tolerances)
            del here, there  # before more is asked for
            if observed.equal:
                continue
            ((data,),) = self._fetched(self.a, [(end.data,)])
            ((given,),) = self._fetched(self.b, [(other.data,)])
            same = difference(data, given, self.tolerances).equal
            introduced = observed if same else None
            found = Divergence(site.name, site.op, introduced, observed, self.b.plain.name)
            if same:
                return found
            passed = passed or found
        return self._by_values() or passed

    def _paired(self) -> Iterator[tuple[Site, Ends, Ends]]:
        if self.a.model is None or self.b.model is None:
            return
        here = [(s, e) for s, e in zip(self.a.sites, self.a.model.ends, strict=True) if e.main]
        there = [e for e in self.b.model.ends if e.main]
        known = set(self.b.plain.values)
        named = [(s, e, e) for s, e in here if {e.data, e.output} <= known | set(self.feeds)]
        if len(named) == len(here) or len(here) != len(there):
            yield from named
        else:
            yield from ((s, e, o) for (s, e), o in zip(here, there, strict=True))

    def _at(
        self, site: Site, here: "Sequence[Array]", there: "Sequence[Array]", against: str
    ) -> Divergence | None:
        observed = difference(here[1], there[1], self.tolerances)
        if observed.equal:
            return None
        same = difference(here[0], there[0], self.tolerances).equal
        introduced = observed if same else None
        return Divergence(site.name, site.op, introduced, observed, against)

    def _by_values(self) -> Divergence | None:
        """Compare every value that both models have, in the order of the first."""
        if self.a.model is None:
            return None
        known = set(self.b.plain.values)
        makers = {value.name: value for value in self.a.model.values}
        names = [name for name in makers if name in known]
        pairs = [(name,) for name in names]
        ours, theirs = self._fetched(self.a, pairs), self._fetched(self.b, pairs)
        for name in names:
            (here,), (there,) = next(ours), next(theirs)
            found = difference(here, there, self.tolerances)
            del here, there
            if found.equal:
                continue
            maker = makers[name]
            introduced = found if all(r in known or r not in makers for r in maker.reads) else None
            site = any(one.name == maker.node for one in self.a.sites)
            return Divergence(maker.node, maker.op, introduced, found, self.b.plain.name, site)
        return None

    def _by_calls(self, calls: Sequence[Call]) -> Divergence | None:
        """Compare the sites with the resampling calls that PyTorch made, in order."""
        if self.a.model is None:
            return None
        passed: Divergence | None = None
        pairs = [(end.data, end.output) for end in self.a.model.ends]
        for site, call, here in zip(self.a.sites, calls, self._fetched(self.a, pairs), strict=True):
            data = here[0] if call.data is None else call.data
            found = self._at(site, here, (data, call.output), call.name)
            if found is not None and found.introduced is not None:
                return found
            passed = passed or found
        return passed

    def _by_meaning(self) -> Divergence | None:
        """Compare each site's output with what was meant, computed from its own input."""
        if self.a.model is None:
            return None
        ends = self.a.model.ends
        chosen = [(s, e) for s, e in zip(self.a.sites, ends, strict=True) if e.main]
        pairs = [(end.data, end.output) for _, end in chosen]
        try:
            for (site, _), (data, output) in zip(chosen, self._fetched(self.a, pairs), strict=True):
                meant = meant_output(site, data, output)
                if meant is None:
                    continue
                found = difference(output, meant, self.tolerances)
                if not found.equal:
                    against = site.intent.text if site.intent else "its exact description"
                    return Divergence(site.name, site.op, found, found, against)
        except RuntimeRefusal:
            return blamed(self.a, "")
        return None

    def _fetched(
        self, side: Started, groups: Sequence[tuple[str, ...]]
    ) -> "Iterator[tuple[Array, ...]]":
        """Yield groups of values of one side, a few at a time."""
        count, place = 1, 0
        while place < len(groups):
            part = groups[place : place + count]
            names = list(dict.fromkeys(n for group in part for n in group if n not in self.feeds))
            found = side.plain.run(self.feeds, names) if names else {}
            held = sum(array.nbytes for array in found.values())
            values = {**self.feeds, **found}
            ready = [tuple(values[name] for name in group) for group in part]
            del found, values
            while ready:
                yield ready.pop(0)  # and keep no reference to it
            place += len(part)
            room = self.budget // 2 // max(held // max(len(part), 1), 1)
            count = max(1, min(MOST, 2 * count, room))


def meant_output(site: Site, data: "Array", output: "Array") -> "NDArray[np.float64] | None":
    """Return what a site should have made of its input; None where that is not known.

    A resize with an intent is computed from it; any other site from its own description.
    """
    import numpy as np

    operation = site.operation
    meant = meant_resize(operation)
    if meant is None:
        try:
            return site.evaluate(data) if operation.operator is not None else None
        except (HalfpixelError, ValueError, IndexError):
            return None
    call = operation.intent.call if operation.intent else None
    axes = dict(meant.axes)
    lengths = list(output.shape)
    if call is not None and call.scale_factor is not None:
        told = call.output_lengths([data.shape[axis] for axis, _ in meant.axes])
        for (axis, _), length in zip(meant.axes, told or (), strict=bool(told)):
            lengths[axis] = length
    if any(length < 1 for length in lengths) or data.ndim != output.ndim:
        return None
    y: NDArray[np.float64] = data.astype(np.float64)
    for axis, sampling in axes.items():
        y = along_axis(meant_weights(sampling, y.shape[axis], lengths[axis]), y, axis)
    return y


def blamed(side: Started, words: str) -> Divergence | None:
    """Return the node for which a runtime refuses a model: that it names, or that a rule finds."""
    observed = Difference(equal=False, reason=words)
    names = {value.node: value.op for value in side.model.values} if side.model else {}
    sites = {site.name: site.op for site in side.sites}
    for name, op in (sites | names).items():
        if name and (f"({name})" in words or f"'{name}'" in words or f"'{name}' " in words):
            return Divergence(name, op, None, observed, words, name in sites)
    if side.model is None:
        return None
    try:
        report = Judge(CheckSettings(severity="warning")).judged(side.model, "")
    except GraphError:
        return None
    for one in report.findings:
        return Divergence(one.site.name, one.site.op, None, observed, one.finding.message)
    return None
