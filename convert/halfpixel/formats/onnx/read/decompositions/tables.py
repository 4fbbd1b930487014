"""Tables of pixels that gathers read, as rows: nearest, and linear as a blend of two."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct

from halfpixel.formats.onnx.read.decompositions.pattern import Rows, Values
from halfpixel.sampling.kernel import Taps
from halfpixel.work import spend

if TYPE_CHECKING:
    from halfpixel.arrays import Array

BLEND: Final = 1_000_000
"""Blend weights are float32 of small fractions: the denominator that they are read with."""


ROWS_A_STEP: Final = 4
"""Rows of one tap that are made for a step of work."""


class Gathered(Struct, frozen=True):
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
        spend(sum(map(len, tables)) // ROWS_A_STEP)
        whole = Fraction(1)
        return tuple(tuple(((j, whole),) for j in table) for table in tables)


class Blended(Struct, frozen=True):
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


def is_resize(tried: Sequence[Mapping[int, Rows]]) -> bool:
    """Whether tables look like a resize: they ascend over the image, and are no part of it.

    Args:
        tried: the tables by axis, one set for each length that was tried.

    >>> one = Fraction(1)
    >>> [is_resize([{2: tuple(((j, one),) for j in table)}]) for table in ((0, 0, 1), (1, 2))]
    [True, False]
    """
    tables = [[row[0][0] for row in table if row] for rows in tried for table in rows.values()]
    ascends = all(len(table) > 1 and table == sorted(table) for table in tables)
    return ascends and any(b - a != 1 for table in tables for a, b in pairwise(table))
