"""Runs of one side that only rounding sets apart: the noise floor of a comparison.

Inputs are moved by one step of their float type or of what the side computes in, graph
optimisation is left out, and a PyTorch module runs in float64 too. An ONNX model does where a
difference lies near the floor, and where anything runs it so.
"""

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from halfpixel.errors import RuntimeRefusal
from halfpixel.runtimes.double import run_double
from halfpixel.verifying.side import Started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from halfpixel.arrays import Array, Arrays

    Runs = list[tuple[Arrays, Arrays]]


MOVES: Final = 2
"""Runs with moved inputs."""

CPUS: Final = frozenset({"CPUExecutionProvider"})

EPSILONS: Final = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23}
"""Spacing of numbers at 1."""


def noise_runs(
    side: Started, feeds: "Arrays", found: "Arrays"
) -> "Iterator[tuple[Arrays, Arrays]]":
    """Yield pairs of runs of one side that only rounding sets apart.

    Args:
        side: the side.
        feeds: the inputs.
        found: what it returns of them.
    """
    exact = getattr(side.running, "run_double", None)
    moves = [moved(feeds, number, side.precision) for number in range(MOVES)]
    runs = [partial(side.running.run, side.fed(one)) for one in moves]
    if exact is not None:
        runs.append(partial(exact, side.fed(feeds)))
    for run in runs:
        yield from ((one, found) for one in _run(run))
    if side.plain is side.running:
        return
    for plain in _run(partial(side.plain.run, side.fed(feeds))):
        yield plain, found
        near = partial(side.plain.run, side.fed(moves[0]))
        yield from ((one, plain) for one in _run(near))


def _run(run: "Callable[[], Arrays]") -> "Iterator[Arrays]":
    try:
        yield run()
    except RuntimeRefusal:
        return


def moved(feeds: "Arrays", seed: int, precision: str) -> "dict[str, Array]":
    """Return inputs whose floats are each one step up or down, of a coarser type if one is named.

    A step of float32 is nothing to a network that takes its inputs as float16.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    out: dict[str, Array] = {}
    for name, array in feeds.items():
        out[name] = array
        if array.dtype.kind == "f":
            ends = np.where(random.random(array.shape) < 0.5, -np.inf, np.inf)
            out[name] = np.nextafter(array, ends.astype(array.dtype))
            if EPSILONS.get(precision, 0.0) > EPSILONS.get(str(array.dtype), 0.0):
                step = 1 + np.sign(ends) * EPSILONS[precision]
                out[name] = (array.astype(np.float64) * step).astype(array.dtype)
    return out


@dataclass
class Noise:
    """Runs of two sides that only rounding sets apart; made when they are asked for.

    Attributes:
        sides: the sides.
        feeds: the inputs.
        found: what each side returns of them.
        refused: why there is no run in float64, where one was asked for.
    """

    sides: tuple[Started, Started]
    feeds: "Arrays"
    found: "tuple[Arrays, Arrays]"
    refused: list[str] = field(default_factory=list[str])

    @cached_property
    def runs(self) -> "tuple[Runs, Runs]":
        """For each side, pairs of its runs."""
        a, b = (
            list(noise_runs(side, self.feeds, found))
            for side, found in zip(self.sides, self.found, strict=True)
        )
        return a, b

    @cached_property
    def double(self) -> "tuple[Runs, Runs]":
        """For each side that is an ONNX model, its run in float64 and the one that was made."""
        a, b = (
            self._double(side, found) for side, found in zip(self.sides, self.found, strict=True)
        )
        return a, b

    def _double(self, side: Started, found: "Arrays") -> "Runs":
        if side.model is None:
            return []  # a module, which runs in float64 among the others, or recorded arrays
        try:
            return [(run_double(side.running, side.fed(self.feeds)), found)]
        except RuntimeRefusal as refusal:
            self.refused.append(refusal.reason)
            return []

    @property
    def step(self) -> float:
        """The spacing at 1 of the coarsest float type that a side may compute in."""
        types = {side.precision for side in self.sides}
        if any(on not in CPUS for side in self.sides for on in side.running.placement.values()):
            types.add("float16")  # graphics processors multiply in 10 bits of mantissa
        return max((EPSILONS.get(name, 0.0) for name in types), default=0.0)
