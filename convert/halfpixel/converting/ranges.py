"""Free lengths for which PyTorch's graph holds, and what the file is outside of them.

torch.export follows one path through a module, and what the path asks of a length narrows it
without a word: after `if height > 8` the graph holds from 9 on. A short length that comes to 1
inside narrows it likewise, and there the file is often right all the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.converting.source import Source, feeds_of
from halfpixel.intents.exported_program import placeholders

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Feeds = dict[str, NDArray[np.generic]]

FIRST: Final = 2
"""PyTorch takes a length of 1 for one that is fixed: every range starts here."""

ENDLESS: Final = 1 << 31
"""No length: a bound as large as this is none."""


@dataclass(frozen=True, slots=True)
class Range:
    """The lengths of a symbol for which PyTorch's graph holds.

    Attributes:
        axes: the axes that have this length, as (input, axis).
        low: the shortest one.
        high: the longest one; None where there is none.
    """

    axes: tuple[tuple[str, int], ...]
    low: int
    high: int | None = None

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
        """Whether it is that of every program: a length of 1 is another program to PyTorch."""
        return self.low <= FIRST and self.high is None

    @property
    def outside(self) -> tuple[int, ...]:
        """Lengths beside it that are tried.

        >>> Range((), 9).outside, Range((), 2, 12).outside
        ((8, 4, 2, 1), (1, 13, 24))
        """
        below = (self.low - 1, self.low // 2, FIRST, 1) if self.low > FIRST else (FIRST - 1,)
        above = () if self.high is None else (self.high + 1, 2 * self.high)
        return tuple(dict.fromkeys(n for n in (*below, *above) if n > 0))


def ranges(source: Source) -> dict[tuple[str, int], tuple[int, int | None]]:
    """Return the lengths that PyTorch's graph takes, by input and axis."""
    return {axis: (one.low, one.high) for one in _every(source) for axis in one.axes}


def narrowed(source: Source) -> list[Range]:
    """Return the ranges that a module's own path narrows; those of a .pt2 file are its author's."""
    if source.ready:
        return []
    return [one for one in _every(source) if one.outside]


def _every(source: Source) -> Iterator[Range]:
    if source.program is None:
        return
    told = cast("Mapping[object, Any]", getattr(source.program, "range_constraints", {}))
    limits = {str(symbol): limit for symbol, limit in told.items()}
    axes: dict[str, list[tuple[str, int]]] = {}
    for name, node in zip(source.names, placeholders(source.program), strict=False):
        for axis, n in enumerate(node.meta["val"].shape):
            if not isinstance(n, int) and str(n) in limits:
                axes.setdefault(str(n), []).append((name, axis))
    for symbol, named in axes.items():
        limit = limits[symbol]
        high = int(limit.upper) if limit.upper.is_Integer and limit.upper < ENDLESS else None
        yield Range(tuple(named), max(int(limit.lower), 1), high)


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
