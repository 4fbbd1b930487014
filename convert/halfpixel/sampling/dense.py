"""W as arrays: which input samples each output sample takes, and with which weights.

Of a long axis whose coordinates repeat, the borders and one period are computed, and the rest is
the period, moved; of another, some rows at a time: memory goes with the arrays alone.
"""

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.sampling.axis import Sampling, weights_at
from halfpixel.sampling.kernel import Table
from halfpixel.sampling.kernels.rows import Weights
from halfpixel.sampling.search import repetition
from halfpixel.work import remembered

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONG: Final = 1 << 14
"""Output samples from which on rows are not all written out as fractions."""


class DenseTaps(Struct, frozen=True, eq=False):
    """W of one axis.

    Attributes:
        index: input samples, of shape (n_out, taps); those that are not used have weight 0.
        weight: their weights, in float64, of the same shape.
        outside: output samples that take the extrapolation constant instead, ascending.
        is_identity: the axis is copied.
    """

    index: "NDArray[np.intp]"
    weight: "NDArray[np.float64]"
    outside: "NDArray[np.intp]"
    is_identity: bool = False


def dense(weights: Weights) -> DenseTaps:
    """Return rows that are written out as arrays."""
    import numpy as np

    widest = max((len(row) for row in weights.rows), default=0)
    index = np.zeros((weights.n_out, max(widest, 1)), dtype=np.intp)
    value = np.zeros(index.shape)
    for i, row in enumerate(weights.rows):
        for k, (j, weight) in enumerate(row):
            index[i, k] = j
            value[i, k] = float(weight)
    outside = np.array(sorted(weights.outside), dtype=np.intp)
    return DenseTaps(index, value, outside, weights.is_identity)


@remembered(2)
def dense_taps(sampling: Sampling, n_in: int, n_out: int) -> DenseTaps:
    """Return W of one axis as arrays.

    Raises:
        ValueError: a length is below 1, or a table was made for another length.

    >>> from halfpixel.sampling import Linear
    >>> dense_taps(Sampling("half_pixel", Linear()), 2, 4).weight.tolist()[1]
    [0.75, 0.25]
    """
    if n_out <= LONG or n_in < 1 or isinstance(sampling.kernel, Table):
        return dense(sampling.weights(n_in, n_out))
    import numpy as np

    found = repetition(sampling, sampling, n_in, n_out)
    if found is None:
        chunks = [range(i, min(i + LONG, n_out)) for i in range(0, n_out, LONG)]
        parts = [dense(weights_at(sampling, n_in, n_out, chunk)) for chunk in chunks]
        return _joined(parts, [chunk.start for chunk in chunks])
    start = dense(weights_at(sampling, n_in, n_out, range(found.first + found.rows)))
    end = dense(weights_at(sampling, n_in, n_out, range(found.last, n_out)))
    index = np.zeros((n_out, max(start.index.shape[1], end.index.shape[1])), dtype=np.intp)
    weight = np.zeros(index.shape)
    for part, row in ((start, 0), (end, found.last)):
        rows = slice(row, row + len(part.index)), slice(part.index.shape[1])
        index[rows], weight[rows] = part.index, part.weight
    period = slice(found.first, found.first + found.rows)
    turns, rest = divmod(found.last - found.first, found.rows)
    behind = found.last - rest
    whole = (turns, found.rows, index.shape[1])
    moved = (np.arange(turns) * found.pixels)[:, None, None]
    np.add(index[period].copy(), moved, out=index[found.first : behind].reshape(whole))
    weight[found.first : behind].reshape(whole)[:] = weight[period].copy()
    part_of_it = slice(found.first, found.first + rest)
    index[behind : found.last] = index[part_of_it] + turns * found.pixels
    weight[behind : found.last] = weight[part_of_it]
    return DenseTaps(index, weight, np.concatenate([start.outside, end.outside + found.last]))


def _joined(parts: list[DenseTaps], places: list[int]) -> DenseTaps:
    """Return rows one below the other; `places` are the first rows of the parts."""
    import numpy as np

    widest = max(part.index.shape[1] for part in parts)
    sides = [((0, 0), (0, widest - part.index.shape[1])) for part in parts]
    index = [np.pad(part.index, side) for part, side in zip(parts, sides, strict=True)]
    weight = [np.pad(part.weight, side) for part, side in zip(parts, sides, strict=True)]
    outside = [part.outside + place for part, place in zip(parts, places, strict=True)]
    return DenseTaps(np.concatenate(index), np.concatenate(weight), np.concatenate(outside))
