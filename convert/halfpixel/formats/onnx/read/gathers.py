"""Resizes that an exporter wrote in other operators: gathers with index tables, pooling.

`torch.onnx.export(dynamo=True)` writes nearest-exact as Transpose, GatherND, Transpose with
a table of source indices; 3-D linear as two such gathers and a blend; area as AveragePool.
The tables are read back and become the weights themselves, so that such a resize is judged
by what it computes, like any other.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.torch.text import claim
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.origin import Origin, Producer
from halfpixel.sampling import Resize, Sampling, Table
from halfpixel.sampling.kernel import Taps
from halfpixel.site import Operation, known

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    from halfpixel.site import Compute

BLEND: Final = 1_000_000
"""Blend weights are float32 of small fractions: the denominator that they are read with."""


class Gather(Struct, frozen=True):
    """A GatherND whose indices are a product of one table an axis.

    Attributes:
        node: the GatherND.
        data: the tensor that it reads, before a Transpose in front of it.
        perm: order of the axes that the Transpose makes; the identity where there is none.
        tables: source indices along each gathered axis; None where not constant.
        indices: name of the indices input.
    """

    node: "NodeProto"
    data: str
    perm: tuple[int, ...]
    tables: tuple[tuple[int, ...], ...] | None
    indices: str


def read_gather(scope: Scope, node: "NodeProto") -> Gather | None:
    """Return the gather that a GatherND node is, or None where it is no resize."""
    if len(node.input) != 2 or not node.output or scope.attributes(node).get("batch_dims", 0):
        return None
    data, perm = node.input[0], None
    found = scope.producer(data)
    if found is not None and found[1].op_type == "Transpose":
        perm = scope.attributes(found[1]).get("perm")
        data = given_name(found[1], 0)
    shape = scope.shape(data)
    if shape is None:
        return None
    order = cast("tuple[int, ...]", perm or tuple(range(len(shape))))
    tensor = scope.constant(node.input[1])
    if tensor is None:
        return Gather(node, data, order, None, node.input[1])
    values = scope.numbers(node.input[1])
    if values is None:
        return None
    tables = separate([int(v) for v in values], tuple(tensor.dims))
    return None if tables is None else Gather(node, data, order, tables, node.input[1])


def separate(values: Sequence[int], dims: Sequence[int]) -> tuple[tuple[int, ...], ...] | None:
    """Return one table an axis, where index k depends on output axis k alone.

    Args:
        values: indices in row-major order, of shape `dims`.
        dims: (out_1, ..., out_k, k).

    >>> separate([0, 0, 0, 1, 2, 0, 2, 1], (2, 2, 2))
    ((0, 2), (0, 1))
    """
    if len(dims) < 2 or dims[-1] != len(dims) - 1 or 0 in dims:
        return None
    count = dims[-1]
    import numpy as np

    array = np.asarray(values).reshape(tuple(dims))
    tables: list[tuple[int, ...]] = []
    for axis in range(count):
        part = np.moveaxis(array[..., axis], axis, 0).reshape(dims[axis], -1)
        if (part != part[:, :1]).any():
            return None
        tables.append(tuple(int(v) for v in part[:, 0]))
    return tuple(tables)


def gather_operation(
    scope: Scope,
    gather: Gather,
    producer: Producer,
    blend: "tuple[Gather, Sequence[float]] | None" = None,
) -> Operation | None:
    """Return what a gather (or two gathers and a blend) computes.

    Args:
        scope: the graph that it stands in.
        gather: the gather; for a blend, the one whose weight is 1 - blend.
        producer: which program wrote the model.
        blend: the other gather and its weights, one an output sample of the last axis.

    Returns:
        The operation on the tensor before the Transpose; None where its lengths are not
        known, or where the gather repeats no pixel of an image.
    """
    shape = scope.shape(gather.data)
    base = Operation(
        gather.node.op_type,
        scope.opset(gather.node.domain) or 0,
        {},
        None,
        input_shape=shape,
        origin=Origin(producer),
        dtype=scope.dtype(gather.data),
        hidden="GatherND",
        by="sizes",
    )
    if shape is None:
        return None
    if gather.tables is None:
        return replace(base, constant_lengths=False)
    axes = gather.perm[: len(gather.tables)]
    lengths = known(shape, len(shape))
    out: list[int | None] = list(lengths)
    pairs: list[tuple[int, Sampling]] = []
    for k, (axis, table) in enumerate(zip(axes, gather.tables, strict=True)):
        n_in = lengths[axis]
        if n_in is None:
            return replace(base, output_shape=scope.shape(gather.node.output[0]))
        if not all(-n_in <= j < n_in for j in table):
            return None
        out[axis] = len(table)
        rows: tuple[Taps, ...] = tuple(((j % n_in, Fraction(1)),) for j in table)
        if blend is not None and blend[0].tables is not None:
            rows = _blended(rows, blend[0].tables[k], blend[1], n_in)
        pairs.append((axis, Sampling("half_pixel", Table(n_in, rows))))
    resize = Resize(tuple(sorted(pairs, key=lambda pair: pair[0])))
    sizes = tuple(out)
    found = claim(resize, None, lengths, sizes, frozenset(range(len(shape))))
    base = replace(base, torch_call=found.call, torch_where=found.where)
    return replace(base, operator=resize, output_shape=sizes, sizes=sizes)


def _blended(
    rows: tuple[Taps, ...], table: Sequence[int], weights: Sequence[float], n_in: int
) -> tuple[Taps, ...]:
    out: list[Taps] = []
    for row, j, weight in zip(rows, table, weights, strict=True):
        part = Fraction(weight).limit_denominator(BLEND)
        taps: dict[int, Fraction] = {row[0][0]: 1 - part}
        taps[j % n_in] = taps.get(j % n_in, Fraction(0)) + part
        out.append(tuple((k, w) for k, w in sorted(taps.items()) if w))
    return tuple(out)


class Blend(Struct, frozen=True):
    """A linear blend of two gathers.

    Attributes:
        second: the value that the second gather ends in.
        weights: its weights, one an output sample.
        output: the value that the blend ends in.
    """

    second: str
    weights: Sequence[float]
    output: str


def find_blends(
    scope: Scope, gathers: Mapping[str, Gather], aliases: Mapping[str, str]
) -> dict[str, Blend]:
    """Return, for the first gather of each linear blend, the blend.

    The pattern is ``a + (b - a) * w`` with `a` and `b` gathers of one tensor; an optimiser may
    have moved the Transpose behind the difference.

    Args:
        scope: the graph.
        gathers: gathers by the name of the value that they end in (after a Transpose).
        aliases: for each value of a gather, before a Transpose or after, the one it ends in.
    """
    blends: dict[str, Blend] = {}
    for node in scope.nodes:
        if node.op_type != "Add" or len(node.input) != 2 or not node.output:
            continue
        for first, scaled in (tuple(node.input), tuple(reversed(node.input))):
            if first in gathers:
                found = _blend_of(scope, first, scaled, gathers, aliases)
                if found is not None:
                    blends[first] = Blend(*found, node.output[0])
    return blends


def _blend_of(
    scope: Scope,
    first: str,
    scaled: str,
    gathers: Mapping[str, Gather],
    aliases: Mapping[str, str],
) -> tuple[str, Sequence[float]] | None:
    product = scope.producer(scaled)
    if product is None or product[1].op_type != "Mul" or len(product[1].input) != 2:
        return None
    for difference, weight in (tuple(product[1].input), tuple(reversed(product[1].input))):
        sub = scope.producer(difference)
        if sub is not None and sub[1].op_type == "Transpose" and sub[1].input:
            sub = scope.producer(sub[1].input[0])
        weights = scope.numbers(weight)
        if sub is None or sub[1].op_type != "Sub" or len(sub[1].input) != 2 or weights is None:
            continue
        second, other = (aliases.get(name, "") for name in sub[1].input)
        tables = gathers[second].tables if second in gathers else None
        if other != first or tables is None or len(tables) != 1:
            continue
        if len(weights) == len(tables[0]) and gathers[second].data == gathers[first].data:
            return second, tuple(float(w) for w in weights)
    return None


def gather_nd(data: "NDArray[np.generic]", gather: Gather) -> "NDArray[np.float64]":
    """Return what a GatherND with separable tables reads from its own data input."""
    import numpy as np

    y = data.astype(np.float64)
    for axis, table in enumerate(gather.tables or ()):
        y = np.take(y, np.asarray(table), axis=axis)
    return y


def after_transpose(scope: Scope, gathers: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield (value after the Transpose behind a gather, value of the gather itself)."""
    ended: set[str] = set()
    for node in scope.nodes:
        if node.op_type == "Transpose" and node.output and given_name(node, 0) in gathers:
            ended.add(node.input[0])
            yield node.output[0], node.input[0]
    for start in gathers:
        if start not in ended:
            yield start, start


def gather_compute(gather: Gather, blend: "tuple[Gather, Sequence[float]] | None") -> "Compute":
    """Return the function that evaluates a gather, or two and their blend."""

    def compute(inputs: "Sequence[NDArray[np.generic]]") -> "NDArray[np.float64]":
        y = gather_nd(inputs[0], gather)
        if blend is None:
            return y
        import numpy as np

        other, weights = blend
        part = np.asarray(weights).reshape((-1,) + (1,) * (y.ndim - 1))
        mixed: NDArray[np.float64] = y + (gather_nd(inputs[0], other) - y) * part
        return mixed

    return compute


def is_resize(operation: Operation) -> bool:
    """Whether a gather's tables look like a resize: they ascend over the image."""
    operator = operation.operator
    if not isinstance(operator, Resize):
        return False
    for _, sampling in operator.axes:
        rows = getattr(sampling.kernel, "rows", ())
        first = [row[0][0] for row in rows]
        if first != sorted(first) or len(first) < 2:
            return False
    return bool(operator.axes) and operation.input_shape is not None
