"""A decomposition whose rows the graph computes, tried at concrete lengths."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.torch.call import Match, closest_nearest, view_of
from halfpixel.conventions.torch.interpolate import Interpolate
from halfpixel.formats.onnx.read.decompositions.averages import Averaged
from halfpixel.formats.onnx.read.decompositions.describe import ROUNDED, is_area, permuted
from halfpixel.formats.onnx.read.decompositions.pattern import Decomposition, Rows
from halfpixel.formats.onnx.read.decompositions.tables import Blended, Gathered, is_resize
from halfpixel.formats.onnx.read.lengths.shape_arithmetic import factors
from halfpixel.formats.onnx.read.lengths.trial import Trial
from halfpixel.sampling import Sampling
from halfpixel.sampling.arithmetic import likeliest
from halfpixel.site import Operation
from halfpixel.surroundings import FreeLengths

if TYPE_CHECKING:
    from halfpixel.sampling.kernel import Taps


class Tried(Struct, frozen=True):
    """The rows of a decomposition at the lengths of one trial.

    Attributes:
        lengths: input lengths one an axis.
        rows: rows by axis.
    """

    lengths: tuple[int, ...]
    rows: Mapping[int, Rows]

    @property
    def pair(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The input and output lengths of the axes that are resampled."""
        return (
            tuple(self.lengths[axis] for axis in self.rows),
            tuple(len(table) for table in self.rows.values()),
        )


def tried_operation(
    found: Decomposition, operation: Operation, attempts: Sequence[Trial]
) -> Operation | None:
    """Return an operation completed with what the graph computes at trial lengths.

    Args:
        found: a decomposition whose rows are computed.
        operation: what is known of it.
        attempts: trials of the free dimensions.

    Returns:
        The operation; None where what is gathered is no resize.
    """
    recorded = operation.origin.resampling_line
    tried = list(_tried(found, attempts))
    if not tried and not recorded:
        return None
    is_plain = isinstance(found.form, Gathered) and not recorded
    if is_plain and not is_resize([one.rows for one in tried]):
        return None
    free = _free(found, tried)
    around = replace(operation.surroundings, free_lengths=free)
    operation = replace(operation, surroundings=around)
    call, where = None, f"at the {len(tried)} lengths that were tried"
    if isinstance(found.form, Averaged) and tried:
        call = None if free.windows else Interpolate("area", 1, (None,))
    elif isinstance(found.form, Blended):
        call = _linear(tried, free.factors)
    else:
        closest = closest_nearest(free.trials, free.tables, free.factors)
        if closest is not None and not closest.off:
            call, where = closest.call, f"at the {closest.samples} samples that were tried"
            if closest.length is not None:
                where += ", but length {} gives {}, not {}".format(*closest.length)
    if call is None or not tried:
        return operation
    text = _text(call, found, tried)
    return operation if text is None else replace(operation, torch_call=text, torch_where=where)


def _free(found: Decomposition, tried: Sequence[Tried]) -> FreeLengths:
    """Return what was tried, as far as rules ask."""
    trials = tuple(one.pair for one in tried)
    names = found.form.names
    constants = tuple(sorted({f for name in names for f in factors(found.scope, name)}))
    if isinstance(found.form, Averaged):
        wrong = dict.fromkeys(pair for one in tried for pair in _wrong_windows(one))
        return FreeLengths(trials, (), constants, tuple(wrong))
    if isinstance(found.form, Blended):
        return FreeLengths(trials, (), constants)
    tables = (
        tuple(tuple(row[0][0] for row in table) for table in one.rows.values()) for one in tried
    )
    return FreeLengths(trials, tuple(tables), constants)


def _text(call: Interpolate, found: Decomposition, tried: Sequence[Tried]) -> str | None:
    """Return a call over one axis, or as many as are gathered, on the axes of the data."""
    first = tried[0]
    view = view_of(tuple(first.rows), len(first.lengths))
    if view is None:
        return None
    axes, size, factor = view.axes, call.size, call.scale_factor
    if factor is not None:
        factor = tuple(factor[0] if axis in first.rows else 1.0 for axis in axes)
    else:
        size = tuple(_only_length(tried, axis) for axis in axes)
    call = replace(call, spatial=len(axes), size=size, scale_factor=factor)
    return permuted(Match(call, view).text, found.layout)


def _only_length(tried: Sequence[Tried], axis: int) -> int | None:
    """Return the output length of an axis, where it was the same at more than one trial."""
    outs = {len(one.rows[axis]) for one in tried if axis in one.rows}
    return outs.pop() if len(outs) == 1 < len(tried) else None


def _tried(found: Decomposition, attempts: Sequence[Trial]) -> Iterator[Tried]:
    name = found.scope.resolve(found.data)[1]
    for trial in attempts:
        lengths = trial.lengths(name)
        value = trial.within(found.scope).value
        rows = None if lengths is None else found.rows(value, lengths)
        if lengths is not None and rows is not None:
            yield Tried(lengths, dict(sorted(rows.items())))


def _wrong_windows(one: Tried) -> Iterator[tuple[int, int, int]]:
    """Yield (axis, input, output length) where the windows are not PyTorch's."""
    for axis, table in one.rows.items():
        if not is_area(table, one.lengths[axis]):
            yield axis, one.lengths[axis], len(table)


def _linear(tried: Sequence[Tried], factors: Sequence[float]) -> Interpolate | None:
    """Return the linear call that every trial is, as far as float32 coordinates can tell."""
    by_size = [Interpolate("linear", 1, (None,), None, corners) for corners in (False, True)]
    scaled = [Interpolate("linear", 1, None, (likeliest(factor),)) for factor in factors]
    for call in [*by_size, *scaled]:
        if tried and all(_is_linear(one, call.sampling(0)) for one in tried):
            return call
    return None


def _is_linear(one: Tried, sampling: Sampling) -> bool:
    return all(
        _near(row, there)
        for axis, table in one.rows.items()
        for row, there in zip(
            table, sampling.weights(one.lengths[axis], len(table)).rows, strict=True
        )
    )


def _near(one: "Taps", other: "Taps") -> bool:
    first, second = dict(one), dict(other)
    zero = Fraction(0)
    apart = (abs(first.get(j, zero) - second.get(j, zero)) for j in {*first, *second})
    return max(apart, default=zero) <= ROUNDED
