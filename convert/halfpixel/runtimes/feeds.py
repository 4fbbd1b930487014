"""What models are fed with: arrays from files or a function, or made from the declared inputs."""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.checking.shapes import check_shapes
from halfpixel.errors import UsageError
from halfpixel.format import Port
from halfpixel.quoting import shell_word
from halfpixel.runtimes.size import check_values
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array, Feeds


TRIALS: Final = ((64, 64), (65, 97), (32, 47), (1, 1))
"""Lengths that free spatial dimensions take in turn: even, odd, one of each, the smallest."""

CHANNELS: Final = 3
BOXES: Final = 3


USUAL_RANGE: Final = (0.0, 1.0)
"""Range of made floats, where nothing else is said."""


class Lengths(Struct, frozen=True):
    """What free axes are: the first one, the second one, and the others in turn."""

    batch: int
    channels: int
    spatial: tuple[int, int]

    def of(self, axis: int) -> int:
        """Return the length of an axis.

        >>> [Lengths(1, 3, (64, 96)).of(axis) for axis in range(4)]
        [1, 3, 64, 96]
        """
        return (self.batch, self.channels, *self.spatial)[axis if axis < 2 else 2 + axis % 2]


class FeedSettings(Struct, frozen=True):
    """How inputs are made.

    Attributes:
        shapes: shapes of inputs, by name.
        low: least value of floats.
        high: greatest value of floats.
        seed: of the random numbers.
        given: cases that were read, in place of made ones.
    """

    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, "tuple[int, ...]"])
    low: float = USUAL_RANGE[0]
    high: float = USUAL_RANGE[1]
    seed: int = 0
    given: "tuple[Feeds, ...]" = ()


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
    ports: Sequence[Port], settings: FeedSettings, number: int, lengths: Lengths
) -> "Feeds":
    """Return inputs at given lengths of the free axes, the same for the same number."""
    import numpy as np

    random = np.random.default_rng(settings.seed + number)
    shapes = shapes_of(ports, settings)
    symbols: dict[object, int] = {  # what was asked for one input holds for the others
        n: m
        for port in ports
        for n, m in zip(port.shape or (), settings.shapes.get(port.name, ()), strict=False)
        if isinstance(n, str)
    }
    case: Feeds = {}
    for port in ports:
        shape = tuple(
            n
            if isinstance(n, int)
            else symbols.setdefault(n or (port.name, axis), lengths.of(axis))
            for axis, n in enumerate(shapes[port.name])
        )
        case[port.name] = _array(port, shape, settings, random, case)
    return case


def _array(
    port: Port,
    shape: tuple[int, ...],
    settings: FeedSettings,
    random: "np.random.Generator",
    before: "Feeds",
) -> "Array":
    import numpy as np

    check_values(f"input {port.name!r}", shape)
    kind = port.dtype or "float32"
    if port.role == "rois":
        return _shaped(_boxes(shape, before, random), shape).astype(_type(kind))
    if port.role == "batch_indices":
        return np.zeros(shape, _type(port.dtype or "int64"))
    if kind == "bool":
        return np.asarray(random.random(shape) < 0.5)
    if kind == "string":
        raise UsageError(f"input {port.name!r} is text; give it with --inputs")
    if kind in {"uint8", "int8"} or ("int" in kind and port.role == "image"):
        low, high = (0, 256) if kind == "uint8" else (-128, 128)
        return random.integers(low, high, shape).astype(_type(kind))
    if "int" in kind:
        return random.integers(0, 2, shape).astype(_type(kind))
    limits = (-1.2, 1.2) if port.role in {"grid", "theta"} else (settings.low, settings.high)
    if port.role == "pixels":
        limits = (-1.5, 0.5 + max((max(array.shape[2:]) for array in before.values()), default=8))
    return _floats(shape, kind, limits, random)


def _floats(
    shape: tuple[int, ...], kind: str, limits: tuple[float, float], random: "np.random.Generator"
) -> "Array":
    """Return uniform numbers, in float32 without a copy in float64."""
    import numpy as np

    low, high = limits
    if kind != "float32":
        return random.uniform(low, high, shape).astype(_type(kind))
    drawn = random.random(shape, np.float32)
    drawn *= np.float32(high - low)
    drawn += np.float32(low)
    return drawn


def _type(name: str) -> "np.dtype[np.generic]":
    import numpy as np

    if name == "bfloat16":
        return cast("np.dtype[np.generic]", np.dtype(import_module("ml_dtypes").bfloat16))
    return np.dtype(name)


def _boxes(
    shape: tuple[int, ...], before: "Feeds", random: "np.random.Generator"
) -> "NDArray[np.float64]":
    """Return boxes x0 y0 x1 y1 inside the last image that was made."""
    import numpy as np

    images = [array for array in before.values() if array.ndim == 4]
    width, height = (images[-1].shape[3], images[-1].shape[2]) if images else (8, 8)
    corners = random.uniform(0, 1, (shape[0] if shape else BOXES, 2, 2))
    ordered = np.sort(corners, axis=1) * np.array([width, height])
    boxes: NDArray[np.float64] = ordered.reshape(-1, 4)
    return boxes


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
            port = replace(port, shape=shape)  # noqa: PLW2901 - the same input
        found.append(port)
    return found


def widen(case: "Mapping[str, Array]") -> "Feeds":
    """Return inputs as numbers of float16 that a side without it can take too."""
    single = {"float16": "float32"}
    return {name: v.astype(single.get(str(v.dtype), v.dtype)) for name, v in case.items()}


def _shaped(boxes: "NDArray[np.float64]", shape: tuple[int, ...]) -> "NDArray[np.float64]":
    """Return boxes as Core ML's crop_resize takes them too: (N, 1, 4 or 5, 1, 1)."""
    import numpy as np

    if len(shape) != 5:
        return boxes
    first = np.zeros((len(boxes), shape[2] - 4))
    joined: NDArray[np.float64] = np.concatenate([first, boxes], axis=1)
    return joined.reshape(shape)
