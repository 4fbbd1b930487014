"""Sides whose axes and ends come in another order than those of the other side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from halfpixel.arrays import Array
from halfpixel.format import Port
from halfpixel.runtimes.turned import Turned, settled, to_first, to_last


@dataclass
class Difference:
    """Makes a - b and b, of ports in an order."""

    inputs: Sequence[Port]
    outputs: Sequence[str]
    name: str = "side"
    values: Sequence[str] = ()
    placement: Mapping[str, str] = field(default_factory=dict[str, str])

    def run(self, feeds: Mapping[str, Array], wanted: Sequence[str] = ()) -> dict[str, Array]:
        """Return the outputs."""
        assert not wanted
        a, b = (feeds[name].astype(np.float64) for name in "ab")
        made: dict[str, Array] = {"d": a - b, "b2": b * 2}
        return {name: made[name] for name in self.outputs}


def test_ends_of_one_name_belong_together_whatever_their_order() -> None:
    """As converters sort them; every input and output finds its own layout."""
    first = {name: Port(name, "float32", (1, 2, 4, 5)) for name in "ab"}
    last = {name: Port(name, "float32", (1, 4, 5, 2)) for name in "ab"}
    own = Difference((last["b"], last["a"]), ("b2", "d"))
    other = Difference((first["a"], first["b"]), ("d", "b2"))
    rng = np.random.default_rng(0)
    feeds = {name: rng.random((1, 2, 4, 5), np.float32) for name in "ba"}
    found = settled(own, other, [one.shape for one in first.values()], feeds)
    assert isinstance(found, Turned)
    assert found.given == {"a": to_last(4), "b": to_last(4)}
    assert found.made == {"d": to_first(4), "b2": to_first(4)}
    here, there = found.run(feeds), other.run(feeds)
    assert all(np.array_equal(here[name], there[name]) for name in there)
