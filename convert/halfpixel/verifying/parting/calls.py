"""The node at which a model parts from a PyTorch module, by the calls that the module makes.

A site is held against the resampling call that is handed the same and makes the same or, of those
handed the same, the one of its kernel; exporters and modules may have them in another order. Other
nodes are held against the calls that torch.export records, by their names or by the submodules that
they stand in, which exporters keep.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from halfpixel.format import SiteValues, Value
from halfpixel.runtime import Call
from halfpixel.sampling import AffineGrid, AffineSample, ConvTranspose, GridSample, Resample, Resize
from halfpixel.sampling.kernel import Cubic, Linear, Nearest
from halfpixel.verifying.amounts import counted
from halfpixel.verifying.measure import Difference, difference
from halfpixel.verifying.side import Divergence, Started

if TYPE_CHECKING:
    from collections.abc import Mapping

    from halfpixel.arrays import Array, Arrays
    from halfpixel.site import Site
    from halfpixel.verifying.measure import Tolerance

KINDS: Final[dict[type, str]] = {
    Resize: "upsample", GridSample: "grid_sampler", Resample: "grid_sampler",
    AffineSample: "grid_sampler", AffineGrid: "affine_grid", ConvTranspose: "convolution",
}  # fmt: skip
"""What the names of PyTorch's operators hold that a site may be."""

KERNELS: Final[dict[type, tuple[str, ...]]] = {
    Nearest: ("nearest",), Linear: ("linear",), Cubic: ("bicubic",),
}  # fmt: skip

UNNAMED: Final = ("getitem", "val_", "_")
"""Starts of names that exporters number in their own way."""

ENOUGH: Final = 3
"""Names that two graphs are to share before they are taken for those of one network."""


FEW: Final = 8
"""Nodes that are named beside the one at which sides part."""


class Searching(Protocol):
    """What a search at hand can be asked."""

    a: Started
    b: Started
    feeds: "Arrays"
    tolerances: "Mapping[str, Tolerance]"
    tried: dict[str, None]

    def computed(self, side: Started, end: SiteValues) -> list[str]:
        """Return the inputs of a site that are fed or computed."""
        ...

    def fetched(
        self, side: Started, groups: Sequence[tuple[str, ...]]
    ) -> "Iterator[tuple[Array, ...]]":
        """Yield groups of values of one side."""
        ...


def by_calls(search: Searching) -> Divergence | None:
    """Return the first node at which a model parts from a module; None where none is found."""
    record = getattr(search.b.running, "calls", None)
    if record is None:
        return None
    calls: list[Call] = record(search.b.fed(search.feeds))
    if any(isinstance(site.operator, AffineSample) for site in search.a.sites):
        calls = [call for call in calls if "affine_grid" not in call.name]  # one operator
    passed: Divergence | None = None
    equal: set[str] = set()
    for site, end, fit in _paired(search, calls):
        if fit.observed.equal:
            equal.add(end.output)
            continue
        call, introduced = calls[fit.place], fit.observed if fit.same else None
        found = Divergence(
            site.name, site.op, introduced, fit.observed, call.name, graph=site.graph
        )
        if fit.same:
            return found
        passed = passed or found
    return by_export(search, equal) or passed


class _Fit(Struct, frozen=True):
    """A call that may be a site.

    Attributes:
        place: its place among the calls.
        same: whether it is handed the same.
        kernel: whether its name has the site's kernel.
        observed: how their outputs differ.
    """

    place: int
    same: bool
    kernel: bool
    observed: Difference

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, int]:
        """What orders calls, the one that fits best first."""
        shaped = not self.observed.reason
        equal = self.observed.equal
        return not (self.same and equal), not self.same, not shaped, not self.kernel, self.place


def _paired(search: Searching, calls: Sequence[Call]) -> "list[tuple[Site, SiteValues, _Fit]]":
    """Return sites with the calls that they are, in graph order; those that are no call left out.

    First those that are handed and make the same, then the others.
    """
    ends = () if search.a.model is None else search.a.model.site_values
    chosen = [(s, e) for s, e in zip(search.a.sites, ends, strict=True) if e.main]
    groups = [(end.output, *search.computed(search.a, end)) for _, end in chosen]
    told = counted(len(chosen), "resampling node", f"by the module's calls ({len(calls)})")
    search.tried[told] = None
    fits = [
        [fit for place, call in enumerate(calls)
         if (fit := _fit(search, site, arrays, place, call)) is not None]
        for (site, _), arrays in zip(chosen, search.fetched(search.a, groups), strict=True)
    ]  # fmt: skip
    taken: set[int] = set()
    found: dict[int, _Fit] = {}
    every = [(fit.rank, number, fit) for number, several in enumerate(fits) for fit in several]
    for _, number, fit in sorted(every, key=lambda one: one[:2]):
        if number not in found and fit.place not in taken:
            found[number] = fit
            taken.add(fit.place)
    return [(*chosen[number], found[number]) for number in sorted(found)]


def _fit(
    search: Searching, site: "Site", arrays: "Sequence[Array]", place: int, call: Call
) -> _Fit | None:
    """Return how well a call fits a site; None where it does not at all."""
    output, *given = arrays
    kind = KINDS.get(type(site.operator), "")
    pairs = list(zip(given, call.inputs, strict=False))
    if kind not in call.name or not pairs or pairs[0][0].shape != pairs[0][1].shape:
        return None
    same = all(difference(one, two, search.tolerances).equal for one, two in pairs)
    axes = site.operator.axes if isinstance(site.operator, Resize) else ()
    words = KERNELS.get(type(axes[-1][1].kernel), ()) if axes else ()
    kernel = not words or any(word in call.name for word in words)
    return _Fit(place, same, kernel, difference(output, call.output, search.tolerances))


def by_export(search: Searching, known: Collection[str]) -> Divergence | None:
    """Return the first node that makes something else than the call that torch.export records.

    A difference of which nothing is left in all that follows is none of the network: an exporter
    folds a normalisation into the convolution before it.

    Args:
        search: the search.
        known: values that are known to be equal.
    """
    record = getattr(search.b.running, "exported", None)
    exported = None if record is None else record(search.b.fed(search.feeds))
    if exported is None or search.a.model is None:
        return None
    other = Started(exported, exported)
    pairs = value_pairs(search.a.model.values, exported.recorded)
    if len(pairs) < ENOUGH:
        return None
    search.tried[counted(len(pairs), "value", "by calls that torch.export records")] = None
    ours = search.fetched(search.a, [(value.name,) for value, _ in pairs])
    theirs = search.fetched(other, [(call.name,) for _, call in pairs])
    apart: dict[str, tuple[Value, Value, Difference]] = {}
    equal = set(known)
    for value, call in pairs:
        (here,), (there,) = next(ours), next(theirs)
        if here.shape == there.shape:
            found = difference(here, there, search.tolerances)
            if found.equal:
                equal.add(value.name)
            else:
                apart[value.name] = value, call, found
        del here, there
    makers = {one.name: one for one in search.a.model.values}
    for name in _not_made_up_for(search.a.model.values, apart.keys(), equal):
        value, call, found = apart[name]
        among = _unpaired(value, makers, equal)
        site = any(one.name == value.node for one in search.a.sites)
        return Divergence(
            value.node, value.op, None if among else found, found, f"{call.op} ({call.name})",
            site, value.graph, among,
        )  # fmt: skip
    return None


def _unpaired(
    value: Value, makers: "Mapping[str, Value]", equal: Collection[str]
) -> tuple[str, ...]:
    """Return the nodes between a value and those before it that are equal, constants left out."""
    found: dict[str, None] = {}
    left = list(value.reads)
    while left and len(found) < FEW:
        maker = makers.get(left.pop())
        if maker is None or maker.name in equal or maker.op == "Constant":
            continue
        found[f"{maker.node} ({maker.op})"] = None
        left += [name for name in maker.reads if name not in left]
    return tuple(found)


def _not_made_up_for(
    values: Sequence[Value], apart: Collection[str], equal: Collection[str]
) -> "Iterator[str]":
    """Yield values that differ, in order, but those all of whose readers make the same again."""
    readers: dict[str, list[str]] = {}
    for value in values:
        for name in value.reads:
            readers.setdefault(name, []).append(value.name)
    fine: set[str] = set(equal)
    for value in reversed(values):
        read = readers.get(value.name, ())
        if read and all(name in fine for name in read):
            fine.add(value.name)
    yield from (value.name for value in values if value.name in apart and value.name not in fine)


def value_pairs(values: Sequence[Value], calls: Sequence[Value]) -> list[tuple[Value, Value]]:
    """Return values and the calls that they are, by name or, where few are, by submodule.

    >>> value, call = Value("y", "/a/act/Mul", "Mul"), Value("silu", "silu", "silu", (), "a.act")
    >>> [(one.name, other.name) for one, other in value_pairs([value], [call])]
    [('y', 'silu')]
    """
    by_name = {call.name: call for call in calls if not call.name.startswith(UNNAMED)}
    named = [(value, by_name[value.name]) for value in values if value.name in by_name]
    if len(named) >= ENOUGH:
        return named
    last: dict[str, Value] = {}
    again: set[str] = set()
    for path, group in groupby(calls, key=lambda call: call.graph):
        again |= {path} & last.keys()
        last[path] = list(group)[-1]
    ends: dict[str, Value] = {}
    for value in values:
        path = ".".join(value.node.strip("/").split("/")[:-1])
        if path in last and path and path not in again:
            ends[path] = value
    order = {value.name: place for place, value in enumerate(values)}
    found = [(value, last[path]) for path, value in ends.items()]
    return sorted(found, key=lambda pair: order[pair[0].name])
