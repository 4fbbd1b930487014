"""Axes that are free: which ones, which lengths they take, and what they are called."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct, field

from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from halfpixel.format import Port

SPELLING: Final = re.compile(r"(\d+)(?:@([A-Za-z_]\w*))?(?::(\d*)\.\.(\d*)(?::(\d+))?)?")
"""An axis as `--dynamic` takes it: 2, 2@rows, 2:32..1024 or 2@rows:32..1024:32."""

EXPECTED: Final = (
    "expected all, AXES or NAME=AXES, such as x=2,3, each one with a name and the lengths that it "
    "takes if you like: x=0@batch,2@height:32..1024:32"
)

SPATIAL: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width"),
}  # fmt: skip
"""What the last axes are called, by how many there are."""


class Lengths(Struct, frozen=True):
    """The lengths that a free axis takes.

    Attributes:
        low: the shortest one.
        high: the longest one; None where there is none.
        step: they are multiples of it.
        name: what the axis is called; empty for the usual name.
    """

    low: int = 1
    high: int | None = None
    step: int = 1
    name: str = ""

    @property
    def bounded(self) -> bool:
        """Whether the user gave bounds."""
        return (self.low, self.high, self.step) != (1, None, 1)

    def has(self, length: int) -> bool:
        """Whether an axis may be this long.

        >>> [n for n in (16, 32, 48, 96, 128) if Lengths(32, 96, 32).has(n)]
        [32, 96]
        """
        inside = self.low <= length and (self.high is None or length <= self.high)
        return inside and length % self.step == 0

    def nearest(self, length: int) -> int:
        """Return the next length that it may have.

        >>> [Lengths(32, 100, 32).nearest(n) for n in (7, 33, 64, 900)]
        [32, 64, 64, 96]
        """
        low = -(-self.low // self.step) * self.step
        high = length if self.high is None else self.high
        up = -(-length // self.step) * self.step
        return max(low, min(up, high // self.step * self.step if self.high is not None else up))


class FreeAxes(Struct, frozen=True):
    """Axes that are free.

    Attributes:
        everywhere: axes of every input; "all" for all but the channels.
        axes: axes by input.
        lengths: lengths and names of axes, by input and axis; the input is empty for every one.
    """

    everywhere: tuple[int, ...] | Literal["all"] = ()
    axes: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    lengths: Mapping[tuple[str, int], Lengths] = field(
        default_factory=dict[tuple[str, int], Lengths]
    )

    def of(self, name: str, rank: int, dtype: str = "float32") -> tuple[int, ...]:
        """Return the free axes of an input.

        The channels are axis 1 of three or more, but for labels, masks and the like: whole numbers
        over three axes have none.

        Raises:
            UsageError: an axis that it does not have.

        >>> FreeAxes("all").of("x", 4)
        (0, 2, 3)
        >>> FreeAxes("all").of("mask", 3, "bool")
        (0, 1, 2)
        """
        if name in self.axes:
            chosen = self.axes[name]
        elif self.everywhere == "all":
            first = _first_spatial(rank, dtype)
            chosen = tuple(axis for axis in range(rank) if axis != 1 or first != 2)
        else:
            chosen = self.everywhere
        for axis in chosen:
            if axis >= rank:
                raise UsageError(f"--dynamic: input {name!r} has {rank} axes, and no axis {axis}")
        return chosen

    def lengths_of(
        self, name: str, shape: Sequence[int | str | None], dtype: str
    ) -> dict[int, Lengths]:
        """Return the lengths that each free axis of an input takes.

        Raises:
            UsageError: the length while exporting is none of them.
        """
        source = name if name in self.axes else ""
        found: dict[int, Lengths] = {}
        for axis in self.of(name, len(shape), dtype):
            found[axis] = self.lengths.get((source, axis), Lengths())
            n = shape[axis]
            if isinstance(n, int) and not found[axis].has(n):
                told = f"--dynamic: input {name!r} is exported at {n} on axis {axis}"
                raise UsageError(f"{told}, which is no length that it may have")
        return found


def parse_dynamic(texts: tuple[str, ...]) -> FreeAxes:
    """Return the free axes that `all`, `2,3` or `NAME=2@rows:32..1024:32` texts spell.

    Raises:
        UsageError: a text that is none.

    >>> parse_dynamic(("x=2,3",)).of("x", 4)
    (2, 3)
    >>> parse_dynamic(("x=2@rows:32..1024:32",)).lengths
    {('x', 2): Lengths(low=32, high=1024, step=32, name='rows')}
    """
    everywhere: tuple[int, ...] | Literal["all"] = ()
    axes: dict[str, tuple[int, ...]] = {}
    lengths: dict[tuple[str, int], Lengths] = {}
    for text in texts:
        name, equals, listed = text.rpartition("=")
        if text == "all":
            everywhere = "all"
            continue
        parts = [SPELLING.fullmatch(part.strip()) for part in listed.split(",")]
        if equals and not name:
            raise UsageError(f"--dynamic {text!r}: {EXPECTED}")
        chosen: set[int] = set()
        for part in parts:
            if part is None:
                raise UsageError(f"--dynamic {text!r}: {EXPECTED}")
            axis, called, low, high, step = part.groups()
            chosen.add(int(axis))
            one = Lengths(int(low or 1), int(high) if high else None, int(step or 1), called or "")
            if one.step < 1 or not one.has(one.nearest(one.low)):
                raise UsageError(f"--dynamic {text!r}: axis {axis} may have no length at all")
            if one != Lengths():
                lengths[name, int(axis)] = one
        if name:
            axes[name] = tuple(sorted(chosen))
        else:
            everywhere = tuple(sorted(chosen))
    return FreeAxes(everywhere, axes, lengths)


def axis_names(
    ports: Sequence["Port"],
    free: Mapping[str, Sequence[int]],
    lengths: Mapping[tuple[str, int], Lengths],
) -> dict[tuple[str, int], str]:
    """Return what each free axis is called, by input and axis.

    An axis without a name of its own is called batch, depth, height, width or length, with the
    input before it where another input has such an axis already: they need not be as long. All
    batches are one.

    >>> from halfpixel.format import Port
    >>> ports = [Port("x", "float32", (1, 3, 8, 8)), Port("mask", "bool", (1, 8, 8))]
    >>> list(axis_names(ports, {"x": (0, 2), "mask": (0, 1)}, {}).values())
    ['batch', 'height', 'batch', 'mask_height']
    """
    found: dict[tuple[str, int], str] = {}
    for port in ports:
        shape = port.shape or ()
        for axis in free.get(port.name, ()):
            given = lengths.get((port.name, axis), Lengths()).name
            usual = usual_name(port, axis, len(shape))
            if usual in found.values() and usual != BATCH:
                usual = f"{port.name}_{usual}"
            found[port.name, axis] = given or usual
    return found


BATCH: Final = "batch"


def usual_name(port: "Port", axis: int, rank: int) -> str:
    """Return what an axis is called where nobody says."""
    first = _first_spatial(rank, port.dtype)
    words = SPATIAL.get(rank - first, ())
    if axis == 0:
        return BATCH
    return words[axis - first] if axis >= first and words else f"{port.name}_{axis}"


def _first_spatial(rank: int, dtype: str) -> int:
    """Return the first axis that is neither the batch nor the channels."""
    return 2 if rank > 3 or (rank == 3 and dtype.startswith("float")) else 1


def parse_names(option: str, texts: Sequence[str] | str) -> tuple[str, ...]:
    """Return names that are given one by one, or with commas between them.

    Raises:
        UsageError: a name is empty or given twice.

    >>> parse_names("--output-names", "boxes,scores")
    ('boxes', 'scores')
    """
    listed = [texts] if isinstance(texts, str) else texts
    names = tuple(name.strip() for text in listed for name in text.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise UsageError(f"{option} {','.join(names)!r}: expected names, each one once")
    return names
