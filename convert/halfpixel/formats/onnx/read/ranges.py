"""Lengths that free dimensions take, where the exporter says so."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    from onnx import GraphProto

RANGES: Final = "pkg.torch.export.ExportedProgram.range_constraints"
"""Where torch.onnx.export keeps the lengths that its free dimensions take."""

ENDLESS: Final = 1 << 31
"""Stands for the end of a range that has none."""

_RANGE: Final = re.compile(
    r"(?<!\w)(\w{1,99}): VR\[(\d{1,18}), (\d{1,18}|\w{1,20})\]", re.ASCII
)  # of bounded parts, none of which may begin within a word: linear
_MULTIPLE: Final = re.compile(r"(?:(\d{1,9})\*)?(\w{1,99})", re.ASCII)


def declared_ranges(graph: "GraphProto") -> dict[str, range]:
    """Return the lengths that free dimensions take, by symbol, where the file says so.

    The exporter calls a dimension that the user named by that name, and keeps its range under
    another: a range is told by its name, or, where there is one alone, under the name "".

    Source: PyTorch `torch/onnx/_internal/exporter/_core.py`, `torch/utils/_sympy/value_ranges.py`.
    """
    text = next((entry.value for entry in graph.metadata_props if entry.key == RANGES), "")
    ends = (
        (name, max(int(low), 1), min(int(high), ENDLESS) if high.isdecimal() else ENDLESS)
        for name, low, high in _RANGE.findall(text)
    )
    found = {name: range(low, high + 1) for name, low, high in ends if low <= high}
    return found | ({"": next(iter(found.values()))} if len(found) == 1 else {})


def ranges_of(
    shape: Shape | None, ranges: Mapping[str, range], spatial: int
) -> tuple[tuple[int, range], ...]:
    """Return the lengths that the last axes of a shape take, where they are multiples of a symbol.

    >>> ranges_of((1, 2, "2*h", "w"), {"h": range(4, 9), "w": range(2, 5)}, 2)
    ((2, range(8, 17, 2)), (3, range(2, 5)))
    """
    found: list[tuple[int, range]] = []
    for axis, dim in list(enumerate(shape or ()))[-spatial:]:
        parts = _MULTIPLE.fullmatch(dim) if isinstance(dim, str) else None
        if parts is None:
            continue
        times = int(parts[1] or 1)
        lengths = ranges.get(parts[2], ranges.get(""))
        if lengths is not None and times:
            found.append((axis, range(times * lengths[0], times * lengths[-1] + 1, times)))
    return tuple(found)
