"""Gathers that are weighted and added up: cubic and linear resizes written out tap by tap.

Each tap is a gather of one pixel an axis, times weights that vary along one axis; the taps along
one axis are added up, and these sums along the other. Where a sum has parts that differ along one
axis alone, it is a row of taps along that axis.

Source: PyTorch `torch/_decomp/decompositions.py`, upsample_bicubic2d_default and
_upsample_linear_vec.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.formats.onnx.read.decompositions.gathers import Gather
from halfpixel.formats.onnx.read.decompositions.pattern import Rows, Values
from halfpixel.formats.onnx.read.decompositions.tables import separate
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.work import spend

if TYPE_CHECKING:
    from onnx import NodeProto

MOST_PARTS: Final = 512
"""Sums, products and gathers that one resize is written in."""

TAPS_A_STEP: Final = 4
"""Taps that are multiplied or added for a step of work."""

Weighted = tuple[dict[int, Fraction], ...]
"""The taps of each output sample along one axis, while they are added up."""


class Leaf(Struct, frozen=True):
    """A gather: the value that holds its indices."""

    indices: str


class Scaled(Struct, frozen=True):
    """A part times weights along one axis of the output.

    Attributes:
        part: what is multiplied.
        weights: the value that holds the weights.
        behind: how many axes of the output come behind each gathered axis.
    """

    part: "Part"
    weights: str
    behind: tuple[int, ...]


class Sum(Struct, frozen=True):
    """Two parts, added."""

    parts: "tuple[Part, Part]"


Part = Leaf | Scaled | Sum


class Combined(Struct, frozen=True):
    """A sum of gathers, each times weights.

    Attributes:
        whole: the sum.
        names: the values that its rows follow from.
    """

    whole: Part
    names: tuple[str, ...]

    @property
    def label(self) -> str:
        """The operators that it is written in."""
        return "GatherND, Mul and Add"

    def rows(self, values: Values) -> tuple[Rows, ...] | None:
        """Return the taps along each axis; None where they are no product of axes."""
        found = _rows(self.whole, values, {})
        return None if found is None else tuple(map(_sorted, found))


def _sorted(rows: Weighted) -> Rows:
    return tuple(tuple((j, w) for j, w in sorted(row.items()) if w) for row in rows)


def _rows(
    part: Part, values: Values, known: dict[Part, tuple[Weighted, ...] | None]
) -> tuple[Weighted, ...] | None:
    """Return the taps of a part along each axis."""
    if part not in known:
        match part:
            case Leaf():
                known[part] = _leaf(part, values)
            case Scaled():
                known[part] = _scaled(part, _rows(part.part, values, known), values)
            case Sum():
                known[part] = _added(*(_rows(one, values, known) for one in part.parts))
    return known[part]


def _leaf(part: Leaf, values: Values) -> tuple[Weighted, ...] | None:
    array = values(part.indices)
    tables = None if array is None else separate(array)
    if tables is None:
        return None
    spend(sum(map(len, tables)) // TAPS_A_STEP)
    return tuple(tuple({j: Fraction(1)} for j in table) for table in tables)


def _scaled(
    part: Scaled, found: tuple[Weighted, ...] | None, values: Values
) -> tuple[Weighted, ...] | None:
    array = values(part.weights)
    if found is None or array is None:
        return None
    long = [array.ndim - axis for axis, n in enumerate(array.shape) if n > 1]
    if len(long) > 1:
        return None
    axis = part.behind.index(long[0] - 1) if long and long[0] - 1 in part.behind else None
    if long and axis is None:
        return None
    axis = axis or 0
    weights = [Fraction(float(w)) for w in array.ravel().tolist()]
    rows = found[axis]
    if len(weights) not in {1, len(rows)}:
        return None
    spend(sum(map(len, rows)) // TAPS_A_STEP)
    many = weights * len(rows) if len(weights) == 1 else weights
    now = tuple({j: w * by for j, w in row.items()} for row, by in zip(rows, many, strict=True))
    return (*found[:axis], now, *found[axis + 1 :])


def _added(
    one: tuple[Weighted, ...] | None, other: tuple[Weighted, ...] | None
) -> tuple[Weighted, ...] | None:
    """Return a sum; None where the parts differ along more than one axis."""
    if one is None or other is None or [*map(len, one)] != [*map(len, other)]:
        return None
    differ = [axis for axis, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]]
    if len(differ) > 1:
        return None
    axis = differ[0] if differ else 0
    spend(sum(map(len, one[axis])) // TAPS_A_STEP)
    return (*one[:axis], tuple(map(_with, one[axis], other[axis])), *one[axis + 1 :])


def _with(row: Mapping[int, Fraction], more: Mapping[int, Fraction]) -> dict[int, Fraction]:
    taps = dict(row)
    for j, weight in more.items():
        taps[j] = taps.get(j, Fraction(0)) + weight
    return taps


class Found(Struct, frozen=True):
    """A sum of gathers in a graph.

    Attributes:
        form: how it is written.
        output: the value that it ends in.
        gathers: places of the gathers.
    """

    form: Combined
    output: str
    gathers: frozenset[int]


def combined_of(scope: Scope, gather: Gather, gathers: Mapping[str, Gather]) -> Found | None:
    """Return the sum that a gather is the first part of; None where it is none.

    Args:
        scope: the graph.
        gather: the gather.
        gathers: all gathers of the graph, by their own values and those behind a Transpose.
    """
    root = _root(scope, gather.end)
    if root == gather.end:
        return None
    reading = _Reading(scope, gather, gathers)
    whole = reading.part(root)
    if whole is None or min(reading.found) != gather.index or len(reading.found) < 2:
        return None
    names = tuple(dict.fromkeys(reading.names))
    return Found(Combined(whole, names), root, frozenset(reading.found))


def _root(scope: Scope, value: str) -> str:
    """Return the last value that a value goes into by products with constants and sums alone."""
    for _ in range(MOST_PARTS):
        readers = scope.readers.get(value, ())
        if len(readers) != 1 or value in scope.outputs:
            return value
        node = scope.nodes[readers[0]]
        if len(node.input) != 2 or not node.output:
            return value
        if node.op_type == "Mul" and _other(scope, node, value) is None:
            return value
        if node.op_type not in {"Add", "Mul"}:
            return value
        spend()
        value = node.output[0]
    return value


def _other(scope: Scope, node: "NodeProto", value: str) -> str | None:
    """Return the constant that a value is multiplied with; None where it is none."""
    others = [name for name in node.input if name != value]
    return others[0] if len(others) == 1 and scope.constant(others[0]) is not None else None


class _Reading:
    """One sum that is read from its end."""

    def __init__(self, scope: Scope, first: Gather, gathers: Mapping[str, Gather]) -> None:
        self.scope, self.first, self.gathers = scope, first, gathers
        self.found: set[int] = set()
        self.names: list[str] = []
        self.left = MOST_PARTS

    def part(self, value: str) -> Part | None:
        """Return what a value is; None where it is no part of a resize."""
        self.left -= 1
        if self.left < 0:
            return None
        spend()
        gather = self.gathers.get(value)
        if gather is not None:
            return self._leaf(gather)
        maker = self.scope.producer(value)
        if maker is None or maker[0] is not self.scope or len(maker[1].input) != 2:
            return None
        node = maker[1]
        if node.op_type == "Add":
            return self._sum(node)
        return self._scaled(node) if node.op_type == "Mul" else None

    def _sum(self, node: "NodeProto") -> Part | None:
        one = self.part(node.input[0])
        other = None if one is None else self.part(node.input[1])
        return None if one is None or other is None else Sum((one, other))

    def _scaled(self, node: "NodeProto") -> Part | None:
        for data, weights in self._ordered(node):
            if self.scope.constant(weights) is not None:
                part = self.part(data)
                self.names.append(weights)
                return None if part is None else Scaled(part, weights, self._behind())
        return None

    @staticmethod
    def _ordered(node: "NodeProto") -> Iterator[Sequence[str]]:
        yield node.input
        yield (node.input[1], node.input[0])

    def _behind(self) -> tuple[int, ...]:
        layout, axes = self.first.layout, self.first.perm[: self.first.count]
        return tuple(len(layout) - 1 - layout.index(axis) for axis in axes)

    def _leaf(self, gather: Gather) -> Leaf | None:
        first = self.first
        alike = (gather.data, gather.perm, gather.count, gather.layout)
        if alike != (first.data, first.perm, first.count, first.layout):
            return None
        self.found.add(gather.index)
        self.names.append(gather.indices)
        return Leaf(gather.indices)
