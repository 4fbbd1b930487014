"""Lengths that free dimensions take, where the exporter says so."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.late import late
from halfpixel.sampling import Resize
from halfpixel.site import Operation
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

RANGES: Final = "pkg.torch.export.ExportedProgram.range_constraints"
"""Where torch.onnx.export keeps the lengths that its free dimensions take."""

ENDLESS: Final = 1 << 31
"""Stands for the end of a range that has none."""

LAYS_OUT: Final = frozenset({"Cast", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})
"""Operators that change no value: behind them an image is the user's own, a grid the same."""

NEAR: Final = 8
"""Nodes that are followed back to a user's own image."""

ANY: Final = range(1, ENDLESS)
"""What an axis takes of which everything is allowed."""

_RANGE: Final = late(
    r"(?<!\w)(\w{1,99}): VR\[(\d{1,18}), (\d{1,18}|\w{1,20})\]", re.ASCII
)  # of bounded parts, none of which may begin within a word: linear
_MULTIPLE: Final = late(r"(?:(\d{1,9})\*)?(\w{1,99})", re.ASCII)


def declared_ranges(graph: "GraphProto") -> dict[str, range]:
    """Return the lengths that free dimensions take, by symbol, where the file says so.

    The exporter calls a dimension that the user named by that name, and keeps its range under
    another: a range is told by its name, or, where there is one alone, under the name "".

    Source: PyTorch `torch/onnx/_internal/exporter/_core.py`, `torch/utils/_sympy/value_ranges.py`.
    """
    text = next((entry.value for entry in graph.metadata_props if entry.key == RANGES), "")
    ends = (
        (name, max(int(low), 1), min(int(high), ENDLESS) if high.isdecimal() else ENDLESS)
        for name, low, high in _RANGE().findall(text)
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
    if not ranges:
        return ()
    for axis, dim in list(enumerate(shape or ()))[-spatial:]:
        parts = _MULTIPLE().fullmatch(dim) if isinstance(dim, str) else None
        if parts is None:
            continue
        times = int(parts[1] or 1)
        lengths = ranges.get(parts[2], ranges.get(""))
        if lengths is not None and times:
            found.append((axis, range(times * lengths[0], times * lengths[-1] + 1, times)))
    return tuple(found)


def ranges_of_own(
    scope: Scope, node: "NodeProto", operation: Operation
) -> tuple[tuple[int, range], ...]:
    """Return that the unknown lengths of a user's own image, antialiased, may be any.

    It is one as the user gives it: an input of the model, or what DecodeImage reads.

    Source: onnxruntime-extensions, docs/custom_ops.md: DecodeImage gives (height, width, channels)
    of the file that it decodes.
    """
    operator = operation.operator
    if not operation.attributes.get("antialias") or not isinstance(operator, Resize):
        return ()
    ins, name = operation.lengths[0], given_name(node, 0)
    for _ in range(NEAR):
        found = scope.producer(name) if name else None
        if found is None or found[1].op_type == "DecodeImage":
            known = found is None and (not name or scope.constant(name) is not None)
            return () if known else tuple((a, ANY) for a, _ in operator.axes if ins[a] is None)
        scope, source = found
        if source.op_type not in LAYS_OUT or not source.input:
            return ()
        name = given_name(source, 0)
    return ()
