"""Gathers that resize: nearest by a table of pixels, linear as two gathers and a blend.

`torch.onnx.export(dynamo=True)` writes nearest-exact as Transpose, GatherND, Transpose with
a table of source indices, and linear over one axis as two such gathers and a blend. The tables are
read back and become the weights themselves, so that such a resize is judged by what it computes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

from halfpixel.formats.onnx.read.decompositions.pattern import Rows, Values, is_constant
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.sampling.kernel import Taps
from halfpixel.work import spend

if TYPE_CHECKING:
    from onnx import NodeProto

    from halfpixel.arrays import Array

BLEND: Final = 1_000_000
"""Blend weights are float32 of small fractions: the denominator that they are read with."""

MOST_READERS: Final = 64
"""Readers of a gather among which a blend is looked for."""


@dataclass(frozen=True, slots=True)
class Gather:
    """A GatherND, and the Transposes around it.

    Attributes:
        node: the GatherND.
        index: the place of that node.
        data: the tensor that it reads, before a Transpose in front of it.
        perm: order of the axes that this Transpose makes; the identity where there is none.
        indices: name of the indices input.
        count: how many axes it indexes.
        end: the value after the first Transpose behind it, or its own where there is none.
        behind: order of the axes that this Transpose makes; None where there is none.
    """

    node: "NodeProto"
    index: int
    data: str
    perm: tuple[int, ...]
    indices: str
    count: int
    end: str
    behind: tuple[int, ...] | None

    @property
    def layout(self) -> tuple[int, ...]:
        """Which axis of the data each axis of the end is, where every index is one axis."""
        order = range(len(self.perm)) if self.behind is None else self.behind
        return tuple(self.perm[place] for place in order)


def read_gather(scope: Scope, node: "NodeProto", index: int) -> Gather | None:
    """Return a GatherND with what turns its axes; None where it indexes no axes of a known rank."""
    if len(node.input) != 2 or not node.output or scope.attributes(node).get("batch_dims", 0):
        return None
    data, perm = node.input[0], None
    found = scope.producer(data)
    if found is not None and found[1].op_type == "Transpose":
        perm = order_of(*found)
        data = given_name(found[1], 0)
    shape = scope.shape(data)
    rank = len(shape) if shape is not None else len(perm or ())
    order = tuple(range(rank)) if perm is None else perm
    count = _indexed(scope, node.input[1])
    if not rank or sorted(order) != list(range(rank)) or not 0 < count <= rank:
        return None
    end, behind = node.output[0], None
    for place in scope.readers.get(end, ())[:MOST_READERS]:
        reader = scope.nodes[place]
        if reader.op_type == "Transpose" and reader.output and end not in scope.outputs:
            end, behind = reader.output[0], order_of(scope, reader)
            break
    if behind is not None and sorted(behind) != list(range(len(behind))):
        return None
    return Gather(node, index, data, order, node.input[1], count, end, behind)


def order_of(scope: Scope, transpose: "NodeProto") -> tuple[int, ...] | None:
    """Return the order that a Transpose gives axes; None where it is left to its default."""
    return cast("tuple[int, ...] | None", scope.attributes(transpose).get("perm"))


def _indexed(scope: Scope, indices: str) -> int:
    """Return how many axes an index tensor indexes; 0 where that cannot be told."""
    shape = scope.shape(indices)
    tensor = scope.constant(indices)
    last = tensor.dims[-1] if tensor is not None and tensor.dims else shape[-1] if shape else None
    if isinstance(last, int):
        return last
    found = scope.producer(indices)
    if found is None:
        return 0
    return {"Concat": len(found[1].input), "Unsqueeze": 1}.get(found[1].op_type, 0)


@dataclass(frozen=True, slots=True)
class Gathered:
    """One table of pixels an axis.

    Attributes:
        indices: the value that holds them, of shape (out_1, ..., out_k, k).
    """

    indices: str

    @property
    def label(self) -> str:
        """The operators that it is written in."""
        return "GatherND"

    @property
    def names(self) -> tuple[str, ...]:
        """The values that its rows follow from."""
        return (self.indices,)

    def rows(self, values: Values) -> tuple[Rows, ...] | None:
        """Return a tap an output sample; raises as `separate`."""
        array = values(self.indices)
        tables = None if array is None else separate(array)
        if tables is None:
            return None
        return tuple(tuple(((j, Fraction(1)),) for j in table) for table in tables)


@dataclass(frozen=True, slots=True)
class Blended:
    """Two tables of pixels along one axis, and the weights of the second.

    Attributes:
        first: the value that holds the pixels whose weight is 1 - w.
        second: the one that holds those whose weight is w.
        weights: the value that holds w.
        after: how many axes of the output come after the one that is resampled.
    """

    first: str
    second: str
    weights: str
    after: int

    @property
    def label(self) -> str:
        """The operators that it is written in."""
        return "GatherND"

    @property
    def names(self) -> tuple[str, ...]:
        """The values that its rows follow from."""
        return (self.first, self.second, self.weights)

    def rows(self, values: Values) -> tuple[Rows, ...] | None:
        """Return two taps an output sample."""
        given = [values(name) for name in self.names]
        arrays = [array for array in given if array is not None]
        tables = [separate(array) for array in arrays[:2]]
        if len(arrays) < 3 or None in tables:
            return None
        (one,), (other,) = cast("list[tuple[tuple[int, ...]]]", tables)
        places = arrays[2].ndim - 1 - self.after
        count = len(one)
        if places < 0 or arrays[2].size != count or arrays[2].shape[places] != count:
            return None
        parts = [float(w) for w in arrays[2].ravel().tolist()]
        pairs = zip(one, other, parts, strict=True)
        return (tuple(_blended(*pair) for pair in pairs),)


def _blended(first: int, second: int, weight: float) -> Taps:
    part = Fraction(weight).limit_denominator(BLEND)
    taps = {first: 1 - part}
    taps[second] = taps.get(second, Fraction(0)) + part
    return tuple((j, w) for j, w in sorted(taps.items()) if w)


def separate(indices: "Array") -> tuple[tuple[int, ...], ...] | None:
    """Return one table an axis, where index k depends on output axis k alone.

    Args:
        indices: of shape (out_1, ..., out_k, k).

    >>> import numpy as np
    >>> separate(np.array([[[0, 0], [0, 1]], [[2, 0], [2, 1]]]))
    ((0, 2), (0, 1))
    """
    import numpy as np

    dims = indices.shape
    if len(dims) < 2 or dims[-1] != len(dims) - 1 or 0 in dims or indices.dtype.kind not in "iu":
        return None
    tables: list[tuple[int, ...]] = []
    for axis in range(dims[-1]):
        part = np.moveaxis(indices[..., axis], axis, 0).reshape(dims[axis], -1)
        if (part != part[:, :1]).any():
            return None
        tables.append(tuple(int(v) for v in part[:, 0].tolist()))
    return tuple(tables)


def blend_of(
    scope: Scope, gather: Gather, gathers: Mapping[str, Gather]
) -> tuple[Gather, str, str] | None:
    """Return the blend that a gather is the first part of: the second, the weights, the output.

    The pattern is ``a + (b - a) * w`` with `a` and `b` gathers of one tensor; an optimiser may
    have moved the Transpose behind the difference.

    Args:
        scope: the graph.
        gather: one that indexes one axis.
        gathers: all gathers of the graph, by their own values and those behind a Transpose.
    """
    if gather.count != 1:
        return None
    for index in scope.readers.get(gather.end, ())[:MOST_READERS]:
        node = scope.nodes[index]
        if node.op_type != "Add" or len(node.input) != 2 or not node.output:
            continue
        first, scaled = node.input if node.input[0] == gather.end else reversed(node.input)
        if first != gather.end:
            continue
        for difference, weights in _products(scope, scaled):
            second = _subtracted(scope, difference, gather, gathers)
            if second is not None:
                return second, weights, node.output[0]
    return None


def _products(scope: Scope, name: str) -> Iterator[Sequence[str]]:
    """Yield the two factors of a product, either way round."""
    found = scope.producer(name)
    if found is not None and found[1].op_type == "Mul" and len(found[1].input) == 2:
        yield tuple(found[1].input)
        yield tuple(reversed(found[1].input))


def _subtracted(
    scope: Scope, name: str, gather: Gather, gathers: Mapping[str, Gather]
) -> Gather | None:
    """Return the gather from which another is subtracted."""
    found = scope.producer(name)
    if found is not None and found[1].op_type == "Transpose" and found[1].input:
        if order_of(*found) != gather.behind:
            return None
        found = scope.producer(found[1].input[0])
    if found is None or found[1].op_type != "Sub" or len(found[1].input) != 2:
        return None
    second, first = (gathers.get(one) for one in found[1].input)
    if first is not gather or second is None or second.count != 1 or second is gather:
        return None
    alike = second.data == gather.data and second.perm == gather.perm
    return second if alike else None


def is_ascending(rows: Mapping[int, Rows]) -> bool:
    """Whether tables look like a resize: they ascend over the image, and are no single sample."""
    for table in rows.values():
        first = [row[0][0] for row in table if row]
        if first != sorted(first) or len(first) < 2:
            return False
    return bool(rows)


def follows_from_shapes(scope: Scope, name: str, most: int) -> bool:
    """Whether a value is computed from shapes and constants alone, as far as nodes are followed."""
    waiting, seen = [(scope, name)], {(id(scope), name)}
    while waiting:
        here, current = waiting.pop()
        if not current or is_constant(here, current):
            continue
        found = here.producer(current)
        if found is None or len(seen) > most:
            return False
        where, node = found
        spend()
        if node.op_type in {"Shape", "Size"}:
            continue
        for source in node.input:
            if (id(where), source) not in seen:
                seen.add((id(where), source))
                waiting.append((where, source))
    return True
