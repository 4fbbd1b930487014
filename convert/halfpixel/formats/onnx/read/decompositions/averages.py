"""Windows along each axis of an image, and their mean: the rows that they are."""

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.formats.onnx.read.decompositions.pattern import Rows, Values
from halfpixel.work import spend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array

LONGEST: Final = 4096
"""Denominator that divisors are read with, and indices that are read for a step of work."""

Label = tuple[str, int]
"""What an axis between the gather and the end is: of the data, an output axis, or a window."""


class Averaged(Struct, frozen=True):
    """Windows along each axis, and their mean.

    Attributes:
        indices: the value that holds the pixels, of shape (out_1, window_1, out_2, ..., k).
        order: what the axes are where the masks are applied.
        masks: values that are true where a sample is left out.
        terms: the samples of each window that are added up; None where all are.
        divisor: the value that the sums are divided by; empty for a mean over the windows.
        lengths: of what the samples are picked from, in its order, where its declaration told
            which they are.
        times: the sums are multiplied by the divisor.
        summed: windows are added up, and divided by nothing.
    """

    indices: str
    order: tuple[Label, ...]
    masks: tuple[str, ...] = ()
    terms: tuple[tuple[int, ...], ...] | None = None
    divisor: str = ""
    lengths: tuple[int, ...] | None = None
    times: bool = False
    summed: bool = False

    @property
    def label(self) -> str:
        """The operators that it is written in."""
        if self.divisor:
            return f"GatherND, sums and {'Mul' if self.times else 'Div'}"
        return f"GatherND and {'ReduceSum' if self.summed else 'ReduceMean'}"

    @property
    def names(self) -> tuple[str, ...]:
        """The values that its rows follow from."""
        return (self.indices, *self.masks, *([self.divisor] if self.divisor else ()))

    def rows(self, values: Values) -> tuple[Rows, ...] | None:
        """Return the taps of every window along each axis."""
        indices = values(self.indices)
        tables = None if indices is None else window_tables(indices)
        if tables is None:
            return None
        kept = self._unmasked(values, [table.shape for table in tables])
        if kept is None or not self._is_as_declared(tables):
            return None
        first = [Fraction(int(used[0].sum())) for used in kept]
        for axis, terms in enumerate(self.terms or ()):
            if any(term >= kept[axis].shape[1] for term in terms):
                return None
            left_out = sorted(set(range(kept[axis].shape[1])) - set(terms))
            kept[axis][:, left_out] = False
        counts = [Fraction(table.shape[1]) for table in tables]
        divisors = [[count] * len(table) for count, table in zip(counts, tables, strict=True)]
        if self.summed:
            divisors = [[Fraction(1)] * len(table) for table in tables]
        if self.divisor:
            found = self._divisors(values(self.divisor), [len(table) for table in tables], first)
            if found is None:
                return None
            divisors = found
        return tuple(map(_averaged, tables, kept, divisors))

    def _is_as_declared(self, tables: "Sequence[NDArray[np.intp]]") -> bool:
        """Whether windows have the lengths that told which of their samples are added up."""
        if self.lengths is None:
            return True
        told = dict(zip(self.order, self.lengths, strict=True))
        return all(
            (told["out", k], told["window", k]) == table.shape for k, table in enumerate(tables)
        )

    def _unmasked(
        self, values: Values, shapes: Sequence[tuple[int, ...]]
    ) -> "list[NDArray[np.bool_]] | None":
        """Return, for each axis, which samples of each window no mask leaves out."""
        import numpy as np

        kept = [np.ones(shape, dtype=bool) for shape in shapes]
        for name in self.masks:
            mask = values(name)
            if mask is None or mask.ndim > len(self.order) or mask.dtype.kind not in "bui":
                return None
            full = mask.reshape((1,) * (len(self.order) - mask.ndim) + mask.shape)
            wide = {label for label, n in zip(self.order, full.shape, strict=True) if n > 1}
            axis = next((k for _, k in wide), 0)
            pair = (("out", axis), ("window", axis))
            if not wide <= set(pair):
                return None
            places = [self.order.index(label) for label in pair]
            ordered = np.moveaxis(full, places, (-2, -1)).reshape([full.shape[p] for p in places])
            kept[axis] &= ~np.broadcast_to(ordered.astype(bool), kept[axis].shape)
        return kept

    def _divisors(
        self, divisor: "Array | None", counts: Sequence[int], first: Sequence[Fraction]
    ) -> list[list[Fraction]] | None:
        """Return the divisor as a product of one factor an axis; None where it is none.

        Args:
            divisor: what the sums are divided by.
            counts: output samples along each axis.
            first: samples of the first window along each axis, which its first factor is.
        """
        import numpy as np

        order = [label for label in self.order if label[0] != "window"]
        if divisor is None or divisor.ndim > len(order) or not divisor.size or 0 in first:
            return None
        numbers: NDArray[np.float64] = divisor.astype(np.float64)
        if self.times:
            numbers = 1 / numbers if numbers.all() else np.zeros_like(numbers)
        full = numbers.reshape((1,) * (len(order) - divisor.ndim) + divisor.shape)
        wide = {label for label, n in zip(order, full.shape, strict=True) if n > 1}
        if any(kind != "out" for kind, _ in wide) or (full == 0).any():
            return None
        places = [order.index(("out", axis)) for axis in range(len(counts))]
        ends = [len(order) - len(places) + k for k in range(len(places))]
        array = np.moveaxis(full, places, ends).reshape([full.shape[place] for place in places])
        array = np.broadcast_to(array, tuple(counts))
        corner = float(array[(0,) * array.ndim])
        factors: list[NDArray[np.float64]] = []
        for axis, count in enumerate(first):
            where: list[int | slice] = [0] * array.ndim
            where[axis] = slice(None)
            others = prod(first) / count
            factors.append(array[tuple(where)] / (corner / float(count) if axis else float(others)))
        whole = factors[0]
        for factor in factors[1:]:
            whole = np.multiply.outer(whole, factor)
        if not np.allclose(whole, array, rtol=1e-6):
            return None
        return [
            [Fraction(float(v)).limit_denominator(LONGEST) for v in one.tolist()] for one in factors
        ]


def _averaged(
    table: "NDArray[np.intp]", kept: "NDArray[np.bool_]", divisors: Sequence[Fraction]
) -> Rows:
    rows: Rows = ()
    for pixels, used, divisor in zip(table.tolist(), kept.tolist(), divisors, strict=True):
        taps: dict[int, Fraction] = {}
        for pixel, counts in zip(pixels, used, strict=True):
            if counts:
                taps[pixel] = taps.get(pixel, Fraction(0)) + 1 / divisor
        rows += (tuple(sorted(taps.items())),)
    return rows


def window_tables(indices: "Array") -> "list[NDArray[np.intp]] | None":
    """Return the pixels of each window along each axis, of shape (out, window) each.

    Args:
        indices: of shape (out_1, window_1, ..., out_k, window_k, k), where index k depends on
            its own two axes alone.

    >>> import numpy as np
    >>> down = np.array([[0, 1], [1, 2]])
    >>> [table.tolist() for table in window_tables(down[..., None]) or ()]
    [[[0, 1], [1, 2]]]
    """
    import numpy as np

    dims = indices.shape
    if (
        len(dims) < 3
        or len(dims) - 1 != 2 * dims[-1]
        or 0 in dims
        or indices.dtype.kind not in "iu"
    ):
        return None
    spend(1 + indices.size // LONGEST)
    tables: list[NDArray[np.intp]] = []
    for axis in range(dims[-1]):
        part = np.moveaxis(indices[..., axis], (2 * axis, 2 * axis + 1), (0, 1))
        part = part.reshape(*part.shape[:2], -1)
        if (part != part[:, :, :1]).any():
            return None
        tables.append(part[:, :, 0].astype(np.intp))
    return tables
