"""What a decomposition computes, as the operation of a site, and how it is evaluated."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from halfpixel.conventions.torch.text import Claim, claim
from halfpixel.errors import GraphError
from halfpixel.formats.onnx.read.decompositions.averages import Averaged
from halfpixel.formats.onnx.read.decompositions.combined import Combined
from halfpixel.formats.onnx.read.decompositions.gathers import follows_from_shapes
from halfpixel.formats.onnx.read.decompositions.pattern import (
    Decomposition,
    Rows,
    constants,
    is_constant,
    is_inside,
)
from halfpixel.formats.onnx.read.decompositions.tables import Blended, Gathered, is_resize
from halfpixel.origin import Origin, Producer
from halfpixel.sampling import Area, Cubic, Linear, Resize, Sampling, Table
from halfpixel.sampling.kernels.rows import Weights
from halfpixel.sampling.resize import along_axis, compare_resize
from halfpixel.site import Lengths, Operation, known
from halfpixel.surroundings import Shape
from halfpixel.work import spend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array
    from halfpixel.site import Compute

MOST: Final = 400
"""Nodes between shapes and indices that are followed."""

ROUNDED: Final = Fraction(1, 10_000)
"""Difference of weights up to which float32 coordinates may have rounded."""

WRITTEN_OUT: Final = tuple(
    Sampling(coordinate, kernel)
    for kernel in (Cubic(), Linear())
    for coordinate in ("half_pixel", "align_corners")
)
"""Resizes that are written out tap by tap."""

MANY: Final = 16
"""Values that are gathered from, whose shape arithmetic is remembered."""


def decomposed_operation(
    found: Decomposition, producer: Producer, *, recorded: bool
) -> Operation | None:
    """Return what a decomposition computes, on the tensor before any Transpose.

    Args:
        found: the decomposition.
        producer: which program wrote the model.
        recorded: the user's own line resamples, as the exporter kept it.

    Returns:
        The operation, without an operator where its lengths are not known; None where it is no
        resize.
    """
    scope = found.scope
    shape, declared = scope.shape(found.data), scope.shape(found.output)
    if shape is None:
        return None
    base = Operation(
        found.node.op_type,
        scope.opset(found.node.domain) or 0,
        {},
        None,
        input_shape=shape,
        origin=Origin(producer, resampling_line=recorded),
        dtype=scope.dtype(found.data),
        hidden=found.form.label,
        by="sizes",
    )
    is_fixed = all(is_constant(scope, name) for name in found.form.names)
    told = None if all(isinstance(n, int) for n in shape) else declared
    alike = (base.op, base.opset, base.dtype, recorded, shape, told, found.form, found.axes,
             found.layout, found.single)  # fmt: skip
    kept = cast("dict[object, Operation | None]", scope.memory.setdefault(decomposed_operation, {}))
    if is_fixed and alike in kept:
        return kept[alike]
    described = _described(found, base, declared, is_fixed=is_fixed)
    if is_fixed:
        kept[alike] = described
    return described


def _described(
    found: Decomposition, base: Operation, declared: Shape | None, *, is_fixed: bool
) -> Operation | None:
    """Return what a decomposition computes at the lengths of its data; None for no resize."""
    scope, recorded = found.scope, base.origin.resampling_line
    lengths = known(base.input_shape or (), len(base.input_shape or ()))
    rows = _rows(found, lengths, recorded=recorded)
    if rows is None and is_fixed:
        return replace(base, output_shape=declared) if recorded and None in lengths else None
    if rows is None:
        followed = recorded or all(follows_from_shapes(scope, n, MOST) for n in found.form.names)
        free = replace(base, constant_lengths=False, output_shape=declared)
        return free if followed else None
    is_plain = isinstance(found.form, Gathered) and not recorded
    if not is_inside(rows, lengths) or (is_plain and not is_resize([rows])):
        return None
    return _with_rows(base, found, rows, lengths)


def _rows(found: Decomposition, lengths: Lengths, *, recorded: bool) -> dict[int, Rows] | None:
    """Return the rows of a decomposition, as far as the file fixes them."""
    scope, names = found.scope, found.form.names
    if all(is_constant(scope, name) for name in names):
        return found.rows(constants(scope), lengths)
    fixed = tuple(n for n in lengths if n is not None)
    if len(fixed) < len(lengths):
        return None
    followed = recorded or all(follows_from_shapes(scope, name, MOST) for name in names)
    return rows_at(found, fixed) if followed else None


def _with_rows(
    base: Operation, found: Decomposition, rows: dict[int, Rows], lengths: Lengths
) -> Operation:
    sizes = tuple(len(rows[axis]) if axis in rows else n for axis, n in enumerate(lengths))
    pairs = tuple(
        (axis, _sampling(found, table, lengths[axis] or 0)) for axis, table in sorted(rows.items())
    )
    resize = Resize(pairs)
    said = _claim(found, resize, lengths, sizes)
    if found.is_turned:  # no rule compares its axes one by one
        call = None if said.call is None else permuted(said.call, found.layout)
        shape = tuple(sizes[axis] for axis in found.layout)
        return replace(base, torch_call=call, torch_where=said.where, output_shape=shape)
    out = tuple(
        n if n is not None else dim for n, dim in zip(sizes, base.input_shape or (), strict=True)
    )
    base = replace(base, operator=resize, output_shape=out, sizes=sizes)
    return replace(base, torch_call=said.call, torch_where=said.where)


def _claim(found: Decomposition, resize: Resize, ins: Lengths, outs: Lengths) -> Claim:
    """Return a resize in PyTorch's words; a blend that copies is the linear one that it is."""
    linear = tuple((axis, Sampling("half_pixel", Linear())) for axis, _ in resize.axes)
    if isinstance(found.form, Blended) and compare_resize(resize, Resize(linear), ins, outs).equal:
        resize = Resize(linear)
    return claim(resize, None, ins, outs, frozenset(range(len(outs))))


def permuted(call: str, layout: Sequence[int]) -> str:
    """Return a call whose result has its axes in another order.

    >>> permuted("f(x.permute(0, 2, 1)).permute(0, 2, 1)", (0, 2, 1))
    'f(x.permute(0, 2, 1))'
    """
    head, _, tail = call.rpartition(".permute(")
    numbers = tail.removesuffix(")").split(", ")
    if head and all(number.isdecimal() for number in numbers):
        layout = [int(numbers[place]) for place in layout]
        call = head
    if list(layout) == sorted(layout):
        return call
    return f"{call}.permute({', '.join(map(str, layout))})"


def _sampling(found: Decomposition, rows: Rows, n_in: int) -> Sampling:
    """Return the rows of an axis, by their name where they are PyTorch's windows."""
    if isinstance(found.form, Averaged) and is_area(rows, n_in):
        return Sampling("half_pixel", Area())
    if isinstance(found.form, Combined):
        for named in WRITTEN_OUT:
            if _are_near(rows, named.weights(n_in, len(rows)).rows):
                return named
    return Sampling("half_pixel", Table(n_in, rows))


def _are_near(rows: Rows, named: Rows) -> bool:
    """Whether rows are those of a resize that has a name, as float32 coordinates round."""
    spend(len(rows))
    for row, other in zip(rows, named, strict=True):
        taps, wanted = dict(row), dict(other)
        for j in taps.keys() | wanted.keys():
            if abs(taps.get(j, Fraction(0)) - wanted.get(j, Fraction(0))) > ROUNDED:
                return False
    return True


def is_area(rows: Rows, n_in: int) -> bool:
    """Whether rows are the means over the windows that PyTorch has at these lengths.

    >>> from fractions import Fraction
    >>> is_area((((0, Fraction(1, 2)), (1, Fraction(1, 2))),), 2)
    True
    """
    return rows == Sampling("half_pixel", Area()).weights(n_in, len(rows)).rows


def decomposed_compute(found: Decomposition) -> "Compute":
    """Return the function that evaluates a decomposition at the lengths of its input."""

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        import numpy as np

        if len(inputs) != 1:
            reason = f"{len(inputs)} inputs given, expected the tensor that is resampled"
            raise GraphError("", found.node.name, reason)
        x = inputs[0]
        rank = len(found.layout) - (found.single is not None)
        if x.ndim != rank:
            raise GraphError("", found.node.name, f"input has rank {x.ndim}, expected {rank}")
        rows = rows_at(found, x.shape)
        if rows is None or not is_inside(rows, x.shape):
            reason = f"at the lengths {x.shape} its indices are not at hand, or lie outside"
            raise GraphError("", found.node.name, f"cannot be evaluated: {reason}")
        y: NDArray[np.float64] = x.astype(np.float64)
        for axis, table in rows.items():
            y = along_axis(Weights(x.shape[axis], table, frozenset(), ()), y, axis)
        return y if found.single is not None else y.transpose(found.layout)

    return compute


def rows_at(found: Decomposition, shape: Sequence[int]) -> dict[int, Rows] | None:
    """Return the rows at the lengths of an input: from constants, or computed from its shape."""
    if all(is_constant(found.scope, name) for name in found.form.names):
        return found.rows(constants(found.scope), shape)
    from halfpixel.formats.onnx.read.lengths.trial import Trial

    data = found.scope.resolve(found.data)[1]
    known = cast("dict[object, Trial]", found.scope.memory.setdefault(rows_at, {}))
    key = data, tuple(shape)
    if key not in known:
        if len(known) >= MANY:
            known.clear()
        known[key] = Trial(found.scope, {data: tuple(shape)})
    return found.rows(known[key].value, shape)
