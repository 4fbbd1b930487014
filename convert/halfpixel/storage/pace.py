"""How much is read at once: sized to what a request costs, and to where the last ones led.

A model file is structure, payload, structure, payload. Structure is read through, in blocks that
grow while reading goes on; a payload is jumped over, and behind it lies a header of some hundred
bytes and the next payload, so that blocks are small after a jump. Each jump costs a request's
latency, one after the other, since a header says where the next one lies. Networks repeat their
layers, and with them the distances: where the last ones were met before, those that came next are
read ahead, many at a time.
"""

from itertools import pairwise
from typing import Final

from msgspec import Struct, field

FIRST: Final = 1 << 17
"""Bytes of the first request, which tells the size: most models' structure is no more."""

LEAST: Final = 1 << 12
LARGEST: Final = 1 << 23
"""Bytes of a block: the smallest, and the largest."""

RATE: Final = 25_000_000
"""Bytes a second that a connection is taken to bring: latency in seconds times these are the bytes
that cost as much as one request."""

ALIKE: Final = 64
"""Bytes by which two distances differ that are taken for one: a layer's number gets a digit."""

BEFORE: Final = 256
"""Bytes before a place that is guessed from which on it is read."""

MOST: Final = 64
"""Places that are guessed at once."""

REMEMBERED: Final = 512
"""Distances that are searched for those of the last jumps."""

AGREEING: Final = 3
"""Distances in a row that have to agree, at most; fewer where no more do."""


class Pace(Struct):
    """How the reading of one file goes.

    Attributes:
        latency: seconds that the quickest request took; None before the first.
        block: bytes of the last block that was read.
        trust: how many places may be guessed at once.
    """

    latency: float | None = None
    block: int = FIRST
    trust: int = 8
    _landings: list[int] = field(default_factory=list[int])
    _guessed: set[int] = field(default_factory=set[int])

    def took(self, seconds: float, count: int) -> None:
        """Learn what a request for some bytes took."""
        own = max(seconds - count / RATE, seconds / 4)
        self.latency = own if self.latency is None else min(self.latency, own)

    @property
    def worth(self) -> int:
        """Bytes that take as long as one request more.

        >>> Pace(0.02).worth, Pace(0.0001).worth, Pace(3.0).worth
        (500000, 65536, 1048576)
        """
        return max(1 << 16, min(round((self.latency or 0.0) * RATE), 1 << 20))

    @property
    def gap(self) -> int:
        """Bytes between two places up to which what lies there is read rather than jumped over."""
        return self.worth // 16

    def onwards(self) -> int:
        """Return the bytes of the next block where reading goes on."""
        self.block = min(2 * self.block, LARGEST)
        return self.block

    def landed(self, at: int, jumped: int) -> None:
        """Learn of a place at which reading goes on, outside of the block before it.

        Args:
            at: the place.
            jumped: bytes between the block and the place.
        """
        self._landings.append(at)
        if not 0 <= jumped <= self.gap:
            self.jumped(jumped)

    def jumped(self, distance: int) -> None:
        """Learn that reading goes on elsewhere, so many bytes away."""
        self.block = max(LEAST, min(self.gap, abs(distance) // 256))

    def kept(self, start: int) -> None:
        """Learn that a guess was right, of a block by where it starts."""
        if start in self._guessed:
            self._guessed.discard(start)
            self.trust = min(MOST, self.trust + 4)

    def guesses(self, size: int) -> list[int]:
        """Return places that will be asked for soon, by the distances between the last ones.

        Args:
            size: bytes of the file.
        """
        self.trust = max(1, self.trust - len(self._guessed))
        self._guessed.clear()
        steps = self._steps_ahead() if self._landings else []
        if not steps:
            return []
        at, found = self._landings[-1], list[int]()
        for step in steps[: self.trust]:
            at += step
            if not 0 < at - BEFORE < size:
                break
            found.append(at - BEFORE)
        self._guessed.update(found)
        return found

    def _steps_ahead(self) -> list[int]:
        """Return the distances that followed when the last ones were met before."""
        places = self._landings[-REMEMBERED:]
        steps = [b - a for a, b in pairwise(places)]
        for agreeing in range(AGREEING, 0, -1):
            tail = steps[len(steps) - agreeing :]
            for end in range(len(steps) - 1, agreeing - 1, -1):
                here = steps[end - agreeing : end]
                if len(tail) == agreeing and all(map(_alike, here, tail)):
                    period = steps[end:]
                    return [period[n % len(period)] for n in range(MOST)]
        return []


def _alike(one: int, other: int) -> bool:
    return abs(one - other) <= ALIKE
