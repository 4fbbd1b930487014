"""The inputs that a file is verified with: as exported, and at other lengths where some are free.

torch.export follows one path through a module, and what the path asks of a length narrows it
without a word: after `if height > 8` the graph holds from 9 on. A short length that comes to 1
inside narrows it likewise, and there the file is often right all the same.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.converting.free_axes import Lengths
from halfpixel.converting.module_run import ModuleRun, run_of
from halfpixel.converting.source import Source, feeds_of
from halfpixel.intents.exported_program import placeholders
from halfpixel.verifying.result import shapes_text

if TYPE_CHECKING:
    import torch

    from halfpixel.arrays import Feeds
    from halfpixel.format import Port


Other = Callable[[int, int], int]
SHORTER: Final[tuple[Other, ...]] = (
    lambda n, axis: max(n // 2 + axis % 2, 1),
    lambda n, axis: min(n, 32 * (1 + axis % 2)),
    lambda n, _axis: max(n // 2, 1),
    lambda _n, axis: 1 + axis % 2,
    lambda n, axis: min(n, 3 + axis % 2),
    lambda n, axis: max(n - 1 - axis % 2, 1),
)
"""Shorter lengths of free axes, one a case: half, odd, multiples of 32, the shortest."""

LONGER: Final[tuple[Other, ...]] = (
    lambda n, axis: n + 1 + axis % 2,
    lambda n, axis: 15 * n + 15 if axis == 2 else min(n, 5),
    lambda n, axis: min(2 * n + axis % 2, n + 32 * (1 + axis % 2)),
    lambda n, axis: 2 * n + axis % 2,
    lambda n, axis: n + 32 * (1 + axis % 2),
    lambda n, axis: 3 * n - 1 - 2 * (axis % 2),
    lambda n, axis: 16 * n if axis == 2 else max(n // 2, 1),
    lambda n, _axis: 2 * n,
    lambda n, _axis: n + 64,
)
"""Longer ones: odd, far from square (PyTorch has other code for those), multiples of 32."""

OTHER_RANGES: Final = ((-1.0, 0.0), (0.8, 1.0), (0.0, 0.2))
"""Ranges of made floats beside the usual one: negative, bright and dark."""

QUOTA: Final = 3
"""Most cases of each kind: a module that branches on a length does so on either side."""

GROWTH: Final = 3
MOST_NUMBERS: Final = 1 << 21
"""Most numbers that the module may make at other lengths: `GROWTH` times as many, or these."""

FIRST: Final = 2
"""PyTorch takes a length of 1 for one that is fixed: every range starts here."""

ENDLESS: Final = 1 << 31
"""No length: a bound as large as this is none."""


class Cases(Struct, frozen=True):
    """What a file is verified with.

    Attributes:
        feeds: inputs of each case, as exported first.
        notes: lengths that the module takes and that are not compared, and why.
    """

    feeds: "tuple[Feeds, ...]"
    notes: tuple[str, ...] = ()


class _Choice(Struct):
    """Cases as they are chosen."""

    source: Source
    cases: "list[Feeds]"
    most: int
    usual: ModuleRun | None
    seen: set[tuple[tuple[int, ...], ...]]
    notes: list[str] = field(default_factory=list[str])

    def add(self, others: Sequence[Other], first: int) -> None:
        """Add cases until there are `QUOTA` more, numbered from `first` on."""
        limits = ranges(self.source)
        wanted = len(self.cases) + QUOTA
        for number, other in enumerate(others, first):
            ports = [self._port(port, other, number, limits) for port in self.source.inputs]
            shapes = tuple(cast("tuple[int, ...]", port.shape) for port in ports)
            if len(self.cases) >= wanted or shapes in self.seen:
                continue
            self.seen.add(shapes)
            feeds = feeds_of(ports, self.source.limits, 1 + number)
            ran = run_of(self.source, feeds)
            if ran is None or not ran.tells or not ran.like(self.usual):
                continue
            if ran.numbers > self.most:
                named = shapes_text({port.name: port.shape for port in ports})  # type: ignore[misc]
                why = f"the module makes {ran.numbers} numbers there, more than {self.most}"
                self.notes.append(f"not tried at {named}: {why}")
                continue
            self.cases.append(feeds)

    def _port(
        self,
        port: "Port",
        other: Other,
        number: int,
        limits: dict[tuple[str, int], tuple[int, int | None]],
    ) -> "Port":
        """Return an input with other lengths; every batch is of the same size."""
        shape = list(cast("tuple[int, ...]", port.shape))
        for axis in self.source.free.get(port.name, ()):
            low, high = limits.get((port.name, axis), (1, None))
            wanted = max(other(shape[axis], axis) if axis else 1 + number % 3, low)
            wanted = wanted if high is None else min(wanted, high)
            shape[axis] = self.source.lengths_of(port.name, axis).nearest(wanted)
        return replace(port, shape=tuple(shape))


def cases_of(source: Source) -> Cases:
    """Return the inputs that the file is verified with."""
    first = [*(source.arrays or (source.feeds,))]
    if source.reference is not None and not source.arrays:
        first.append(feeds_of(source.inputs, source.limits, 1))  # constants follow from the first
    notes: list[str] = []
    if source.fast:
        return Cases(tuple(first), tuple(_untried(source)))
    traced = source.program is None and not source.deferred
    if traced and not source.arrays and not source.ranged:
        others = [feeds_of(source.inputs, limits, 1) for limits in OTHER_RANGES]
        first += [other for other in others if run_of(source, other) is not None]
        told = "-1 to 0, 0.8 to 1 and 0 to 0.2"
        notes.append(f"a trace follows one path: it was run on floats of {told} too (--range)")
    if not any(source.free.values()):
        return Cases(tuple(first), tuple(notes))
    ran = run_of(source, source.feeds)
    most = max(GROWTH * (0 if ran is None else ran.numbers), MOST_NUMBERS)
    seen = {tuple(array.shape for array in feeds.values()) for feeds in first}
    chosen = _Choice(source, first, most, ran, seen)
    chosen.add(SHORTER, 0)
    chosen.add(LONGER, len(SHORTER))
    return Cases(tuple(chosen.cases), (*notes, *chosen.notes, *_columns(source)))


def _untried(source: Source) -> Iterator[str]:
    """Yield what is not known of a file that is run as exported alone."""
    if any(source.free.values()):
        yield "--fast: not run at other lengths: whether the file is the module there is not known"
    if source.program is None and not source.deferred:
        yield "--fast: whether the module decides anything by other values is not known"


def _columns(source: Source) -> list[str]:
    """Return a note a call that is antialiased to a width that is free."""
    return [
        f"{call.text}: where its last length comes to 1, PyTorch's own CPU result is wrong "
        "(rule antialias-column), and the file is not held against it"
        for call in source.calls
        if "_aa" in call.target and isinstance((call.output_shape or (0,))[-1], str)
    ]


class Range(Struct, frozen=True):
    """The lengths of a symbol for which PyTorch's graph holds.

    Attributes:
        axes: the axes that have this length, as (input, axis).
        low: the shortest one.
        high: the longest one; None where there is none.
        asked: the lengths that the user asks for.
    """

    axes: tuple[tuple[str, int], ...]
    low: int
    high: int | None = None
    asked: Lengths = Lengths()

    @property
    def name(self) -> str:
        """The axes in words.

        >>> Range((("x", 2), ("mask", 1)), 9).name
        'input x axis 2, input mask axis 1'
        """
        return ", ".join(f"input {name} axis {axis}" for name, axis in self.axes)

    @property
    def text(self) -> str:
        """The lengths in words.

        >>> Range((), 9).text, Range((), 4, 12).text
        ('from 9 on', 'from 4 to 12')
        """
        return f"from {self.low} on" if self.high is None else f"from {self.low} to {self.high}"

    @property
    def usual(self) -> bool:
        """Whether it is that of every program, or what was asked for.

        A length of 1 is another program to PyTorch.
        """
        high = self.high is None or (self.asked.high is not None and self.high >= self.asked.high)
        return high and self.low <= max(FIRST, self.asked.low, FIRST * self.asked.step)

    @property
    def binding(self) -> bool:
        """Whether its lengths bind at 1 too: those of a batch, and where the user asks for it.

        A length of 1 is no image's, and binds nobody else.
        """
        return self.asked.bounded or not all(axis for _, axis in self.axes)

    @property
    def outside(self) -> tuple[int, ...]:
        """Lengths beside it that are tried.

        >>> Range((), 9).outside, Range((), 2, 12).outside
        ((8, 4, 2, 1), (1, 13, 24))
        >>> Range((), 64, 96, Lengths(32, 128, 32)).outside
        (32, 128)
        """
        step = self.asked.step
        below = (self.low - step, self.low // 2, FIRST, 1) if self.low > FIRST else (FIRST - 1,)
        above = () if self.high is None else (self.high + step, 2 * self.high)
        return tuple(dict.fromkeys(n for n in (*below, *above) if n > 0 and self.asked.has(n)))


def ranges(source: Source) -> dict[tuple[str, int], tuple[int, int | None]]:
    """Return the lengths that PyTorch's graph takes, by input and axis."""
    return {axis: (one.low, one.high) for one in _every(source) for axis in one.axes}


def narrowed(source: Source) -> list[Range]:
    """Return the ranges that a module's own path narrows; those of a .pt2 file are its author's."""
    if source.ready:
        return []
    return [one for one in _every(source) if one.outside]


def _every(source: Source) -> Iterator[Range]:
    if source.program is not None:
        yield from ranges_of(source, source.program)
    if source.deferred:
        free = [(name, axis) for name, axes in source.free.items() for axis in axes]
        batch = tuple(one for one in free if not one[1])
        for axes in (*filter(None, (batch,)), *((one,) for one in free if one[1])):
            yield Range(axes, FIRST, None, source.lengths_of(*axes[0]))


def ranges_of(source: Source, program: "torch.export.ExportedProgram") -> Iterator[Range]:
    """Yield the lengths for which a program holds, a free length each."""
    told = cast("Mapping[object, Any]", getattr(program, "range_constraints", {}))
    limits = {str(symbol): limit for symbol, limit in told.items()}
    axes: dict[str, list[tuple[str, int]]] = {}
    highs: dict[str, int] = {}
    for name, node in zip(source.names, placeholders(program), strict=False):
        for axis, n in enumerate(node.meta["val"].shape):
            if not isinstance(n, int) and str(n) in limits:
                axes.setdefault(str(n), []).append((name, axis))
                highs[str(n)] = min(_upper(limits[str(n)].upper), _highest(n.node.expr, told))
    for symbol, named in axes.items():
        high, low = highs[symbol], int(limits[symbol].lower)
        asked = source.lengths_of(*named[0])
        yield Range(tuple(named), max(low, 1), high if high < ENDLESS else None, asked)


def _highest(length: Any, limits: "Mapping[object, Any]") -> int:  # noqa: ANN401 - sympy's own
    """Return how long a multiple of a symbol is at most, such as 32*s0 where s0 has a range."""
    highs = {one: _upper(limits[one].upper) for one in length.free_symbols if one in limits}
    return int(length.subs(highs)) if highs and max(highs.values()) < ENDLESS else ENDLESS


def _upper(bound: Any) -> int:  # noqa: ANN401 - sympy's own
    return int(bound) if bound.is_Integer else ENDLESS


def feeds_at(source: Source, one: Range, length: int) -> "Feeds":
    """Return inputs as exported, but for a length outside of a range."""
    ports = [
        replace(
            port,
            shape=tuple(
                length if (port.name, axis) in one.axes else n
                for axis, n in enumerate(port.shape or ())
            ),
        )
        for port in source.inputs
    ]
    return feeds_of(ports, source.limits, 1 + length)
