"""What a runtime's own optimiser changes in a file: told for itself, since it is not the file's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from halfpixel.errors import RuntimeRefusal
from halfpixel.verifying.measure import Difference, Tolerance, difference
from halfpixel.verifying.parting.conditioning import flipping_node
from halfpixel.verifying.side import Started

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Arrays


@dataclass
class Optimised:
    """What optimisation changes in the sides of a comparison, each output at its worst.

    Attributes:
        tolerances: what counts as equal.
    """

    tolerances: Mapping[str, Tolerance]
    _worst: dict[tuple[str, str], Difference] = field(
        default_factory=dict[tuple[str, str], Difference]
    )
    _nodes: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    _refused: dict[str, None] = field(default_factory=dict[str, None])

    def learn(self, side: Started, feeds: "Arrays", deployed: "dict[str, Array] | str") -> None:
        """Hold what a side returns, or why it refuses, against its run without optimisation."""
        name = side.running.name
        if side.refused:
            self._refused[f"{name}: loads unoptimised only: {side.refused}"] = None
            return
        if side.plain is side.running:
            return
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
        yield from self._refused
        for (name, output), found in self._worst.items():
            amount = found.reason or f"by up to {found.max_abs:.3g}"
            node = self._nodes[name, output]
            why = f"; ill-conditioned: one float step of the inputs flips {node}" if node else ""
            yield f"{name}: graph optimisation changes output {output!r} {amount}{why}"
