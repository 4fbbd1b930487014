"""What a model is run with in turn: other looks at its own lengths, or other lengths that it takes.

Every model takes `USUAL` but one that asks for multiples, a least length, another batch or other
channels. What it refuses is dropped and another is tried, until `LEAST` were taken; the numbers
that a runtime names in its refusal are tried before multiples are guessed.
"""

import math
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from halfpixel.format import Port
from halfpixel.runtimes.drawn import Made, Values
from halfpixel.runtimes.feeds import (
    CHANNELS,
    TRIALS,
    FeedSettings,
    Lengths,
    feed_of,
    shapes_of,
)
from halfpixel.runtimes.pictures import PICTURES, spatial_axes

if TYPE_CHECKING:
    from halfpixel.arrays import Feeds

LEAST: Final = 2
"""Trials that a model with free lengths is to take."""

MULTIPLES: Final = (
    (64, 96), (96, 64), (128, 160), (224, 224), (256, 320), (384, 512), (480, 640), (640, 640),
    (112, 168), (48, 72), (336, 504), (60, 90), (16, 24), (24, 16), (8, 8), (12, 20), (7, 7),
    (9, 15),
)  # fmt: skip
"""Lengths that are tried next: multiples of 32, of 14, of 24, of 30, of 8, then small ones."""

SEQUENCES: Final = (512, 1600, 4096, 16000, 48000)
"""Samples of sound and tokens of text that are tried last."""

OTHER_CHANNELS: Final = (1, 4, 2)
STEPS: Final = (1, 2, 4, 8, 16, 32)
"""How many times longer an input is than a value inside that a refusal speaks of."""

MOST: Final = 64
"""Trials that are made at most."""

PATIENCE: Final = 30.0
"""Seconds that refused trials may take together."""

SLOW: Final = 5.0
"""Seconds of a run at fixed lengths from which on it is not repeated with another picture."""

MOST_NUMBERS: Final = 1 << 24
"""Numbers of an input that is made at the lengths here."""

_NUMBER: Final = re.compile(r"(?<![\w.])[0-9]{1,5}(?![\w.])")
LONGEST: Final = 4096


@dataclass
class Trials:
    """Inputs made at lengths in turn, until a model took enough of them.

    Fixed lengths have each of `PICTURES` in turn while that is quick and tells nothing new, free
    ones another at each of them, and the one that is moved at the second.

    Attributes:
        ports: what the model takes.
        settings: how inputs are made.
        named: lengths at which something is known to go wrong, tried after the usual ones.
        taken: trials that it took.
        words: what was said where it took none.
        enough: what was seen decides, and no other look at the same lengths is needed.
        tried: values that left outputs one number throughout.
    """

    ports: Sequence[Port]
    settings: FeedSettings
    named: Sequence[tuple[int, int]] = ()
    taken: int = 0
    words: list[str] = field(default_factory=list[str])
    enough: bool = False
    tried: list[Values] = field(default_factory=list[Values])
    _again: bool = False
    _last: tuple[int, Lengths, int] | None = None
    _channels: int = CHANNELS
    _since: float = field(default_factory=time.monotonic)

    @property
    def free(self) -> bool:
        """Whether there is a length to choose."""
        shapes = shapes_of(self.ports, self.settings).values()
        return any(not isinstance(n, int) for shape in shapes for n in shape)

    def refused(self, words: str) -> None:
        """Learn that the last trial is refused, in a runtime's words."""
        self.words.append(words)

    @property
    def values(self) -> Values:
        """What numbers range over: the first values that were not tried in vain."""
        every = self.settings.values
        return every[len(self.tried) % len(every)]

    def others(self) -> bool:
        """Have the last inputs made of other values; whether there are any left to try."""
        every = self.settings.values
        if len(self.tried) >= len(every):
            return False
        self.tried.append(self.values)
        self._again = len(self.tried) < len(every)
        return self._again

    @property
    def text(self) -> str:
        """What the last inputs look like.

        >>> trials = Trials([Port("x", "float32", (1, 3, 8, 8))], FeedSettings())
        >>> [trials.text for _ in trials][:2]
        ['0 to 1, white noise', '0 to 1, noise with edges']
        """
        look = 0 if self._last is None else self._last[2]
        return f"{self.values.text}, {PICTURES[look]}"

    def _made(self, number: int, lengths: Lengths, look: int) -> "Feeds":
        self._last = number, lengths, look
        return feed_of(self.ports, self.settings, number, lengths, Made(look, self.values))

    def __iter__(self) -> "Iterator[Feeds]":
        """Yield the inputs; between two of them `taken` or `refused` is told of the last."""
        for case in self._cases() if self.free else self._looks():
            yield case
            while self._again and self._last is not None:
                self._again = False
                yield self._made(*self._last)

    def _looks(self) -> "Iterator[Feeds]":
        """Yield inputs of fixed lengths."""
        for look in range(len(PICTURES)):
            began = time.monotonic()
            case = self._made(min(look, 1), Lengths(1, CHANNELS, TRIALS[0]), look)
            yield case
            if self.enough or time.monotonic() - began > SLOW or not _is_image(case):
                return

    def _cases(self) -> "Iterator[Feeds]":
        """Yield inputs of free lengths."""
        seen: set[tuple[tuple[int, ...], ...]] = set()
        for number, lengths in enumerate(self._lengths()):
            began, named = time.monotonic(), lengths.spatial in self.named
            case = self._made(number, lengths, 0 if named else number % 2)
            shapes = tuple(array.shape for array in case.values())
            if shapes in seen or max(map(math.prod, shapes), default=0) > MOST_NUMBERS:
                continue
            if len(seen) == MOST or time.monotonic() - self._since > PATIENCE:
                return
            seen.add(shapes)
            before = self.taken
            yield case
            taken = self.taken
            if taken == before:
                continue
            self._channels, self._since = lengths.channels, time.monotonic()
            if number == 1 and not self.enough and self._since - began < SLOW and _is_image(case):
                yield self._made(number, lengths, PICTURES.index("the same moved by a pixel"))
            self.taken = before if max(lengths.spatial) == 1 else taken  # a pixel tells little

    def _lengths(self) -> Iterator[Lengths]:
        """Yield lengths: the usual ones, then others for as long as too few are taken."""
        for number, spatial in enumerate(TRIALS):
            batch = 1 + number % 2 if min(spatial) > 1 else 1
            yield Lengths(batch, CHANNELS, spatial, spatial[0])
        for spatial in self.named:
            yield Lengths(1, self._channels, spatial, spatial[0])
        for others in (self._usual(), self._learnt(), self._guessed()):
            for one in others:
                if self.taken >= LEAST:
                    return
                yield one

    def _usual(self) -> Iterator[Lengths]:
        """Yield the usual lengths of one image, and with the channels that a refusal names."""
        for spatial in (TRIALS[1], MULTIPLES[0]):
            yield Lengths(1, self._channels, spatial, spatial[0])
        if self.taken:
            return
        named = [n for words in self.words[:2] for n in numbers_in(words) if n < TRIALS[0][0]]
        for channels in dict.fromkeys((*named[:6], *OTHER_CHANNELS)):
            yield Lengths(1, channels, TRIALS[0])

    def _learnt(self) -> Iterator[Lengths]:
        """Yield lengths that the refusals name, and what an input is where they are inside."""
        found: dict[tuple[int, int], None] = {}
        for words in dict.fromkeys(self.words):
            named = [n for n in numbers_in(words) if n > 1]
            found |= dict.fromkeys(pairwise(named)) | {(n, n): None for n in named}
        for step in STEPS:
            for height, width in tuple(found)[:6]:
                if max(height, width) * step <= LONGEST:
                    spatial = height * step, width * step
                    yield Lengths(1, self._channels, spatial, spatial[0])

    def _guessed(self) -> Iterator[Lengths]:
        for spatial in MULTIPLES:
            yield Lengths(1, self._channels, spatial, spatial[0])
        for sequence in SEQUENCES:
            yield Lengths(1, self._channels, TRIALS[0], sequence)


def _is_image(case: "Feeds") -> bool:
    """Whether any input is floats that may be a picture."""
    return any(one.dtype.kind == "f" and spatial_axes(one.shape) for one in case.values())


def numbers_in(words: str) -> list[int]:
    """Return the whole numbers that may be lengths, in their order.

    >>> numbers_in("cannot reshape {1,3,65,97} to {1,3,64,64} at node_7")
    [1, 3, 65, 97, 64]
    """
    return list(
        dict.fromkeys(n for text in _NUMBER.findall(words) if 0 < (n := int(text)) <= LONGEST)
    )
