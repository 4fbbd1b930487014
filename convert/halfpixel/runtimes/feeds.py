"""What models are fed with: arrays from files or a function, or made from the declared inputs."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.checking.shapes import check_shapes
from halfpixel.errors import UsageError
from halfpixel.format import Port
from halfpixel.quoting import shell_word
from halfpixel.runtimes.drawn import USUAL_RANGE, Made, Values, drawn
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Feeds


TRIALS: Final = ((64, 64), (65, 97), (32, 47), (1, 1))
"""Lengths that free spatial dimensions take in turn: even, odd, one of each, the smallest."""

CHANNELS: Final = 3


OTHERS: Final = (Values(0.0, 255.0, 10), Values(-2.2, 2.7), Values(-1.0, 1.0, 100))
"""Values that are tried where outputs are one number throughout: pixels, pixels whose mean and
deviation are taken off as ImageNet's are, and -1 to 1; indices that more of a table is read by."""


class Lengths(Struct, frozen=True):
    """What free axes are: the first one, the second one, and the others in turn.

    Attributes:
        batch: of the first axis.
        channels: of the second one.
        spatial: of the others, in turn.
        sequence: of the second axis of what has no channels there: tokens, samples, frames of
            features; 0 for as many as channels.
    """

    batch: int
    channels: int
    spatial: tuple[int, int]
    sequence: int = 0

    def of(self, axis: int, shape: Sequence[object] = ()) -> int:
        """Return the length of an axis of a shape.

        >>> lengths = Lengths(1, 3, (64, 96), 65)
        >>> [lengths.of(axis) for axis in range(4)], lengths.of(1, ("n", "t"))
        ([1, 3, 64, 96], 65)
        >>> lengths.of(1, ("n", "t", 80)), lengths.of(1, (2, "n", 128))  # frames; a state's batch
        (65, 1)
        >>> [lengths.of(axis, ("n", "h", "w", 3)) for axis in range(3)]
        [1, 64, 96]
        """
        if axis == 1 and len(shape) == 3 and isinstance(shape[2], int):
            layers = isinstance(shape[0], int) and shape[0] > 1
            return self.batch if layers else self.sequence or self.channels
        if axis == 1 and len(shape) == 2:
            return self.sequence or self.channels
        if axis in {1, 2} and len(shape) == 4 and shape[3] in {1, 3, 4} and shape[1] not in {1, 3}:
            return self.spatial[axis - 1]  # channels stand last
        return (self.batch, self.channels, *self.spatial)[axis if axis < 2 else 2 + axis % 2]


class FeedSettings(Struct, frozen=True):
    """How inputs are made.

    Attributes:
        shapes: shapes of inputs, by name.
        low: least value of floats.
        high: greatest value of floats.
        seed: of the random numbers.
        given: cases that were read, in place of made ones.
        ranged: a person said the range, and no other is tried.
        images: images that are read, in place of made ones.
    """

    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, "tuple[int, ...]"])
    low: float = USUAL_RANGE[0]
    high: float = USUAL_RANGE[1]
    seed: int = 0
    given: "tuple[Feeds, ...]" = ()
    ranged: bool = False
    images: tuple[Path, ...] = ()

    @property
    def values(self) -> tuple[Values, ...]:
        """What made numbers range over: what was asked for, or else several in turn."""
        own = Values(self.low, self.high)
        return (own,) if self.ranged or own != Values() else (own, *OTHERS)


def make_feeds(ports: Sequence[Port], settings: FeedSettings) -> "Iterator[Feeds]":
    """Yield the cases that a model is run with: one, or one a trial where lengths are free.

    Floats are uniform in `low` to `high`, a grid in -1.2 to 1.2, boxes ordered and inside the
    image; whole numbers are 0 or 1, small enough for any table, but pixels take their range.

    Raises:
        UsageError: an input whose rank is not known, or that cannot have the shape that is given.

    >>> x = Port("x", "float32", (1, 3, "h", "w"))
    >>> [case["x"].shape for case in make_feeds([x], FeedSettings())][:2]
    [(1, 3, 64, 64), (1, 3, 65, 97)]
    """
    if settings.given:
        yield from settings.given
        return
    shapes = shapes_of(ports, settings)
    free = any(not isinstance(n, int) for shape in shapes.values() for n in shape)
    for number, spatial in enumerate(TRIALS if free else TRIALS[:1]):
        batch = 1 + number % 2 if min(spatial) > 1 else 1
        yield feed_of(ports, settings, number, Lengths(batch, CHANNELS, spatial))


def shapes_of(ports: Sequence[Port], settings: FeedSettings) -> dict[str, Shape]:
    """Return the shape of each input: the one that was asked for, or else the declared one.

    Raises:
        UsageError: no such input, or one that cannot have the shape, or whose rank is not known.
    """
    check_shapes(ports, settings.shapes)
    shapes = {port.name: settings.shapes.get(port.name, port.shape) for port in ports}
    for name, shape in shapes.items():
        if shape is None:
            raise UsageError(
                f"the shape of input {name!r} is not known; --shape {shell_word(name)}=1x3x224x224"
            )
    return {name: shape or () for name, shape in shapes.items()}


def feed_of(
    ports: Sequence[Port],
    settings: FeedSettings,
    number: int,
    lengths: Lengths,
    made: Made | None = None,
) -> "Feeds":
    """Return inputs at given lengths of the free axes, the same for the same number.

    Args:
        ports: what a model takes.
        settings: how inputs are made.
        number: of the case.
        lengths: of the free axes.
        made: how they look, and what numbers range over; white noise of what the settings say.
    """
    import numpy as np

    made = made or Made(0, settings.values[0])
    random = np.random.default_rng(settings.seed + number)
    shapes = lengths_in(ports, settings, lengths)
    case: Feeds = {}
    for port in ports:
        case[port.name] = drawn(port, shapes[port.name], made, random, case)
    return case


def lengths_in(
    ports: Sequence[Port], settings: FeedSettings, lengths: Lengths
) -> dict[str, tuple[int, ...]]:
    """Return the shape of each input at given lengths of the free axes."""
    shapes = shapes_of(ports, settings)
    symbols: dict[object, int] = {  # what was asked for one input holds for the others
        n: m
        for port in ports
        for n, m in zip(port.shape or (), settings.shapes.get(port.name, ()), strict=False)
        if isinstance(n, str)
    }
    return {
        port.name: tuple(
            n
            if isinstance(n, int)
            else symbols.setdefault(
                n or (port.name, axis), _within(port, axis, lengths.of(axis, shapes[port.name]))
            )
            for axis, n in enumerate(shapes[port.name])
        )
        for port in ports
    }


def _within(port: Port, axis: int, length: int) -> int:
    """Return the length next to one that the guards of a module take.

    >>> x = Port("x", "float32", ("8*h", "w"), bounds=((16, 512, 8), None))
    >>> [_within(x, 0, n) for n in (1, 65, 640)], _within(x, 1, 65)
    ([16, 64, 512], 65)
    """
    bound = port.bounds[axis] if axis < len(port.bounds) else None
    if bound is None:
        return length
    low, high, step = bound
    return min(max(length // step * step, low), high)


def fix_lengths(ports: Sequence[Port], others: Sequence[Port]) -> Sequence[Port]:
    """Return inputs with the lengths that the other side fixes where this one leaves them free."""
    if len(ports) != len(others):
        return ports
    by_name = {other.name: other for other in others}
    found: list[Port] = []
    for port, beside in zip(ports, others, strict=True):
        other = by_name.get(port.name, beside)
        if port.shape is not None and other.shape is not None:
            if len(port.shape) != len(other.shape):
                return ports
            pairs = zip(port.shape, other.shape, strict=True)
            shape = tuple(m if isinstance(m, int) and not isinstance(n, int) else n
                          for n, m in pairs)  # fmt: skip
            port = replace(port, shape=shape, bounds=port.bounds or other.bounds)  # noqa: PLW2901 - the same input
        found.append(port)
    return found


def widen(case: "Mapping[str, Array]") -> "Feeds":
    """Return inputs as numbers of float16 that a side without it can take too."""
    single = {"float16": "float32"}
    return {name: v.astype(single.get(str(v.dtype), v.dtype)) for name, v in case.items()}
