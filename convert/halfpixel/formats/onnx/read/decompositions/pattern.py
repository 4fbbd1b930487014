"""A resize that is written in other operators, as it is read back: where it stands, and its rows.

What a decomposition reads is asked for by name, so that one description serves the constants of
a file, the lengths that are tried, and the lengths of an input that is evaluated.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.sampling.kernel import Taps
from halfpixel.work import spend

if TYPE_CHECKING:
    from onnx import NodeProto

    from halfpixel.arrays import Array

Rows = tuple[Taps, ...]
"""The taps of each output sample along one axis; an index may lie outside the image."""

Values = Callable[[str], "Array | None"]
"""Returns the array that a value of the graph is; None where it is not at hand."""

NUMBERS_A_STEP: Final = 32
"""Numbers of an index table that are read for a step of work."""


class Form(Protocol):
    """How the samples that are gathered become a resize."""

    @property
    def label(self) -> str:
        """The operators that it is written in."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The values that its rows follow from."""
        ...

    def rows(self, values: Values) -> tuple[Rows, ...] | None:
        """Return the rows along each gathered axis; None where they are no product of axes.

        Args:
            values: gives the arrays of `names`.
        """
        ...


class Decomposition(Struct, frozen=True, eq=False):
    """A resize written in a gather and what stands behind it.

    Attributes:
        scope: the graph that it stands in.
        node: the GatherND.
        index: the place of that node.
        data: the value that is resampled, before a Transpose in front of the gather.
        output: the value that it ends in.
        axes: the axes of `data` that the gather indexes, in the order of its index.
        layout: which axis of `data` each axis of `output` is.
        form: how it is written.
        single: an axis of length 1 that was put in before the gather, and taken out behind it;
            `axes` and `layout` count it, the shapes of `data` and `output` do not.
    """

    scope: Scope
    node: "NodeProto"
    index: int
    data: str
    output: str
    axes: tuple[int, ...]
    layout: tuple[int, ...]
    form: Form
    single: int | None = None

    @property
    def is_turned(self) -> bool:
        """Whether the output has its axes in another order than the data."""
        return self.layout != tuple(range(len(self.layout)))

    def rows(self, values: Values, lengths: Sequence[int | None]) -> dict[int, Rows] | None:
        """Return the rows along each axis that is resampled.

        Args:
            values: gives the arrays that the rows follow from.
            lengths: of the axes of `data`; an index from the end needs them.

        Returns:
            Rows by the axis of `data`, indices counted from the start; None where the arrays are
            not at hand, or are none of a resize.
        """
        found = self.form.rows(values)
        if found is None or len(found) != len(self.axes):
            return None
        out: dict[int, Rows] = {}
        for axis, rows in zip(self.axes, found, strict=True):
            if axis == self.single:
                if rows != (((0, Fraction(1)),),):
                    return None
                continue
            place = axis if self.single is None or axis < self.single else axis - 1
            n_in = lengths[place]
            if n_in is None:
                return None
            out[place] = tuple([_from_start(row, n_in) for row in rows])
        return out


def _from_start(row: Taps, n_in: int) -> Taps:
    if all(j >= 0 for j, _ in row):
        return row
    taps: dict[int, Fraction] = {}
    for j, weight in row:
        place = j + n_in if j < 0 else j
        taps[place] = taps.get(place, Fraction(0)) + weight
    return tuple(sorted(taps.items()))


def is_inside(rows: Mapping[int, Rows], lengths: Sequence[int | None]) -> bool:
    """Whether no tap lies outside the image."""
    return all(
        0 <= j < (lengths[axis] or 0)
        for axis, table in rows.items()
        for row in table
        for j, _ in row
    )


def constants(scope: Scope) -> Values:
    """Return what gives the constants of a graph as arrays, its work counted."""

    def value(name: str) -> "Array | None":
        import numpy as np

        tensor = scope.constant(name)
        spend(1 if tensor is None else 1 + prod(tensor.dims) // NUMBERS_A_STEP)
        found = scope.numbers(name)
        if found is None:
            return None
        flat = np.asarray(found)
        return flat if tensor is None else flat.reshape(tuple(tensor.dims))

    return value


def is_constant(scope: Scope, name: str) -> bool:
    """Whether a value is a constant of the file."""
    if scope.constant(name) is not None:
        return True
    node = scope.origin(name)[2]
    return node is not None and node.op_type == "Constant"
