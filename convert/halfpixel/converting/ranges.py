"""Free lengths for which PyTorch's graph holds."""

from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.converting.source import Source, placeholders

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDLESS: Final = 1 << 31
"""No length: a bound as large as this is none."""


def ranges(source: Source) -> dict[tuple[str, int], tuple[int, int | None]]:
    """Return the lengths that PyTorch's graph takes, by input and axis."""
    if source.program is None:
        return {}
    told = cast("Mapping[object, Any]", getattr(source.program, "range_constraints", {}))
    limits = {str(symbol): limit for symbol, limit in told.items()}
    found: dict[tuple[str, int], tuple[int, int | None]] = {}
    for name, node in zip(source.names, placeholders(source.program), strict=False):
        for axis, n in enumerate(node.meta["val"].shape):
            if isinstance(n, int) or str(n) not in limits:
                continue
            limit = limits[str(n)]
            high = int(limit.upper) if limit.upper.is_Integer and limit.upper < ENDLESS else None
            found[name, axis] = max(int(limit.lower), 1), high
    return found
