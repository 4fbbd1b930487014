"""What a runtime's own optimiser changes in a file: told for itself, since it is not the file's."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from halfpixel.errors import RuntimeRefusal
from halfpixel.verifying.measure import Difference, Tolerance, difference
from halfpixel.verifying.parting.conditioning import flipping_node
from halfpixel.verifying.side import Started

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Arrays

    Returned = dict[str, Array] | str

MOST_KEPT: Final = 1 << 24
"""Bytes of outputs that wait for their run without optimisation."""


@dataclass
class Optimised:
    """What optimisation changes in the sides of a comparison, each output at its worst.

    Runs without optimisation come after the others: where memory does not hold both sessions of a
    large model, each is started once, and not once a case.

    Attributes:
        tolerances: what counts as equal.
        most: in how many cases a side is run without optimisation; None for all of them.
    """

    tolerances: Mapping[str, Tolerance]
    most: int | None = None
    _worst: dict[tuple[str, str], Difference] = field(
        default_factory=dict[tuple[str, str], Difference]
    )
    _nodes: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    _by: dict[str, str] = field(default_factory=dict[str, str])
    _refused: dict[str, None] = field(default_factory=dict[str, None])
    _waiting: "list[tuple[Started, Arrays, Returned]]" = field(
        default_factory=list["tuple[Started, Arrays, Returned]"]
    )
    _bytes: int = 0
    _learnt: Counter[int] = field(default_factory=Counter[int])

    def learn(self, side: Started, feeds: "Arrays", deployed: "Returned") -> None:
        """Take what a side returns, or why it refuses, for its run without optimisation."""
        if side.refused:
            told = f"{side.running.name}: loads unoptimised only: {side.refused}"
            self._refused[told] = None
            return
        enough = self.most is not None and self._learnt[id(side)] >= self.most
        if side.plain is side.running or enough:
            return
        self._learnt[id(side)] += 1
        self._waiting.append((side, feeds, deployed))
        arrays = () if isinstance(deployed, str) else deployed.values()
        self._bytes += sum(array.nbytes for array in arrays)
        if self._bytes > MOST_KEPT:
            self._run()

    def _run(self) -> None:
        """Run what waits, one side after the other."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        for one in sorted(waiting, key=lambda one: one[0].running.name):
            self._held(*one)

    def _held(self, side: Started, feeds: "Arrays", deployed: "Returned") -> None:
        """Hold what a side returns, or why it refuses, against its run without optimisation."""
        name = side.running.name
        self._by[name] = side.optimiser
        try:
            plain = side.plain.run(side.fed(feeds))
        except RuntimeRefusal:
            return  # the plain run refuses: there is nothing to hold the other against
        if isinstance(deployed, str):
            told = deployed.removeprefix(name + ": ")
            self._refused[f"{name}: runs unoptimised only: {told}"] = None
            return
        for output, array in deployed.items():
            found = difference(array, plain[output], self.tolerances)
            key = name, output
            if found.equal:
                continue
            if key not in self._worst:
                self._nodes[key] = flipping_node(side, feeds, output)
            if key not in self._worst or found.rank > self._worst[key].rank:
                self._worst[key] = found

    @property
    def lines(self) -> Iterator[str]:
        """What it changes, a line each."""
        self._run()
        yield from self._refused
        for (name, output), found in self._worst.items():
            amount = found.reason or f"by up to {found.max_abs:.3g}"
            node = self._nodes[name, output]
            why = f"; ill-conditioned: one float step of the inputs flips {node}" if node else ""
            yield f"{name}: {self._by[name]} changes output {output!r} {amount}{why}"
