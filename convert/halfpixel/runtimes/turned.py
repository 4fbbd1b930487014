"""A model whose images have their channels last, held against one that has them first.

TensorFlow and LiteRT have the channels last, PyTorch and ONNX have them first. Which of the inputs
and outputs of two sides are the same but for that is told by their shapes, and where these fit both
ways, or one side declares none, by a run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.errors import HalfpixelError
from halfpixel.format import Port
from halfpixel.runtime import Running

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Arrays
    from halfpixel.surroundings import Shape

    Order = tuple[int, ...]

RANKS: Final = (3, 4, 5)
"""Ranks of images, of a batch of them, and of volumes."""

MOST: Final = 4
"""Inputs up to which each may have its channels last by itself."""


def to_last(rank: int) -> "Order":
    """Return the order of axes that puts the channels last.

    >>> to_last(4)
    (0, 2, 3, 1)
    """
    return (0, *range(2, rank), 1)


def to_first(rank: int) -> "Order":
    """Return the order of axes that puts the channels first.

    >>> to_first(4)
    (0, 3, 1, 2)
    """
    return (0, rank - 1, *range(1, rank - 1))


def _back(order: "Order") -> "Order":
    return tuple(order.index(axis) for axis in range(len(order)))


@dataclass(eq=False)
class Turned:
    """A side whose inputs and outputs are given in another order of axes than it has.

    Attributes:
        running: the side itself.
        given: for an input, the order that makes what it takes of what is given.
        made: for an output, the order that makes what is returned of what it makes.
    """

    running: Running
    given: "Mapping[str, Order]"
    made: "Mapping[str, Order]" = field(default_factory=dict[str, "Order"])

    @property
    def name(self) -> str:
        """What it is and where it runs, and what its axes are here."""
        orders = (*self.given.values(), *map(_back, self.made.values()))
        words = "last" if all(one == to_last(len(one)) for one in orders) else "first"
        other = "first" if words == "last" else "last"
        return f"{self.running.name} (channels {words}, given {other})"

    @property
    def inputs(self) -> Sequence[Port]:
        """What it takes, in the axes in which it is given."""
        return tuple(
            replace(port, shape=_turned(port.shape, _back(self.given[port.name])))
            if port.name in self.given
            else port
            for port in self.running.inputs
        )

    @property
    def outputs(self) -> Sequence[str]:
        """Names of what it returns."""
        return self.running.outputs

    @property
    def values(self) -> Sequence[str]:
        """Values inside it that can be asked for, in the order they are computed."""
        return self.running.values

    @property
    def placement(self) -> Mapping[str, str]:
        """Where its nodes ran."""
        return self.running.placement

    @property
    def precision(self) -> str:
        """The coarsest float type that it computes in."""
        return str(getattr(self.running, "precision", ""))

    def run(self, feeds: "Arrays", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Return the outputs or, where some are wanted, these values and nothing else."""
        given = {name: _axes(array, self.given.get(name)) for name, array in feeds.items()}
        found = self.running.run(given, wanted)
        return {name: _axes(array, self.made.get(name)) for name, array in found.items()}


def _axes(array: "Array", order: "Order | None") -> "Array":
    """Return an array with its axes in an order, where it has as many."""
    import numpy as np

    if order is None or array.ndim != len(order):
        return array
    turned: Array = np.ascontiguousarray(array.transpose(order))
    return turned


def _turned(shape: "Shape | None", order: "Order") -> "Shape | None":
    return None if shape is None else tuple(shape[axis] for axis in order)


def orders_of(own: "Shape | None", other: "Shape | None") -> "list[Order | None]":
    """Return the orders that make the shape that a side takes of another, None for the same.

    >>> orders_of((1, 7, 10, 3), (1, 3, 7, 10)), orders_of((1, 4, 4, 4), (1, 4, 4, 4))
    ([(0, 2, 3, 1)], [None, (0, 2, 3, 1), (0, 3, 1, 2)])
    """
    ranks = {len(shape) for shape in (own, other) if shape is not None}
    if len(ranks) != 1 or (rank := ranks.pop()) not in RANKS:
        return [None]
    every: list[Order | None] = [None, to_last(rank), to_first(rank)]
    if own is None or other is None:
        return every
    found = [one for one in every if _fits(own, other if one is None else _turned(other, one))]
    return found or [None]


def _fits(one: "Shape", other: "Shape | None") -> bool:
    pairs = zip(one, other or (), strict=True)
    return all(n == m or not (isinstance(n, int) and isinstance(m, int)) for n, m in pairs)


def settled(
    own: Running, other: Running, shapes: "Sequence[Shape | None]", feeds: "Arrays | None"
) -> Running:
    """Return a side with its axes as those of another, the side itself where they are the same.

    Args:
        own: the side.
        other: the one that it is held against.
        shapes: what the other is given, input by input; None where it does not say.
        feeds: inputs of the other for a run, in the order of `shapes`; None to have them made.
    """
    ports = list(own.inputs)
    if not shapes or len(shapes) != len(ports):
        return own
    choices = [orders_of(port.shape, shape) for port, shape in zip(ports, shapes, strict=True)]
    asked = feeds is None and None in shapes
    alike = all(one == [None] for one in choices) and not asked
    best: tuple[float, Running] | None = None
    for given in _combined(choices):
        orders = {p.name: one for p, one in zip(ports, given, strict=True) if one is not None}
        turned = Turned(own, orders)
        found = _tried(turned, other, feeds)
        if found is None:
            continue
        apart, made = found
        if best is None or apart < best[0]:
            best = apart, Turned(own, orders, made) if orders or made else own
        if alike and not made:
            break
    if best is not None:
        return best[1]
    sure = {p.name: c[0] for p, c in zip(ports, choices, strict=True) if len(c) == 1 and c[0]}
    return Turned(own, sure) if sure else own


def _combined(choices: "Sequence[Sequence[Order | None]]") -> "Iterator[tuple[Order | None, ...]]":
    """Yield the orders that inputs may have: each its own where they are few, else all alike."""
    if len(choices) <= MOST:
        yield from product(*choices)
        return
    for place in range(max(map(len, choices))):
        yield tuple(one[min(place, len(one) - 1)] for one in choices)


def _tried(
    turned: Turned, other: Running, feeds: "Arrays | None"
) -> "tuple[float, dict[str, Order]] | None":
    """Return how far the outputs of a run are apart, and their orders; None where none fit."""
    from halfpixel.runtimes.feeds import FeedSettings, make_feeds

    try:
        if feeds is None:
            feeds = next(make_feeds(turned.inputs, FeedSettings()))
        arrays = list(feeds.values())
        theirs = list(other.run(_named(other, feeds)).items())
        ours = turned.run({p.name: a for p, a in zip(turned.inputs, arrays, strict=True)})
    except (HalfpixelError, StopIteration, ValueError):
        return None
    taken = {port.name for port in other.inputs} or set(feeds)
    if {name for name, _ in theirs} == set(ours):
        theirs = [(name, dict(theirs)[name]) for name in ours]
    results = [array for name, array in theirs if name not in taken]
    if len(results) != len(ours):
        return None
    made: dict[str, Order] = {}
    worst = 0.0
    for (name, here), there in zip(ours.items(), results, strict=True):
        every = orders_of(there.shape, here.shape)
        ways = [(place, _axes(here, order)) for place, order in enumerate(every)]
        fitting = [(_apart(way, there), place) for place, way in ways if way.shape == there.shape]
        if not fitting:
            return None
        apart, place = min(fitting)
        worst = max(worst, apart)
        chosen = every[place]
        if chosen is not None:
            made[name] = chosen
    return worst, made


def _apart(one: "Array", other: "Array") -> float:
    """Return the largest difference; infinite where one is no number."""
    import numpy as np

    if not one.size:
        return 0.0
    apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
    return float(np.nan_to_num(apart, nan=np.inf).max())


def _named(other: Running, feeds: "Arrays") -> "Arrays":
    names = [port.name for port in other.inputs]
    if len(names) != len(feeds) or set(names) == set(feeds):
        return feeds
    return dict(zip(names, feeds.values(), strict=True))
