"""Gathers that resize: nearest by a table of pixels, linear as two gathers and a blend.

`torch.onnx.export(dynamo=True)` writes nearest-exact as Transpose, GatherND, Transpose with
a table of source indices, and linear over one axis as two such gathers and a blend. The tables are
read back and become the weights themselves, so that such a resize is judged by what it computes.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.formats.onnx.read.decompositions.pattern import is_constant
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.formats.onnx.read.taken import order_of
from halfpixel.work import spend

if TYPE_CHECKING:
    from onnx import NodeProto

MOST_TURNS: Final = 4
"""Transposes in front of a gather that are followed back."""

MOST_READERS: Final = 64
"""Readers of a gather among which a blend is looked for."""


class Gather(Struct, frozen=True):
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
    data, order = _turned_data(scope, node.input[0])
    rank = len(order)
    count = _indexed(scope, node.input[1])
    if sorted(order) != list(range(rank)) or not 0 < count <= rank:
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


def _turned_data(scope: Scope, data: str) -> tuple[str, tuple[int, ...]]:
    """Return the tensor before the Transpose in front of a gather, and the order that it makes.

    In a function's body, where no shapes are declared, it is the first before which one is known.
    """
    order: tuple[int, ...] | None = None
    for _ in range(MOST_TURNS):
        found = scope.producer(data)
        if found is None or found[1].op_type != "Transpose" or not found[1].input:
            break
        if order is not None and scope.shape(data) is not None:
            break
        before = order_of(*found) or ()
        if order is not None and max(order, default=0) >= len(before):
            break
        order = before if order is None else tuple(before[place] for place in order)
        data = found[1].input[0]
    shape = scope.shape(data)
    if order is None:
        order = tuple(range(len(shape or ())))
    return data, order if shape is None or len(shape) == len(order) else ()


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
        spend()
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
