"""A resize of N axes: the product of one `Sampling` an axis."""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.sampling.arithmetic import float32, simplest
from halfpixel.sampling.axis import Sampling
from halfpixel.sampling.canonical import at_free, canonical
from halfpixel.sampling.compare import SEARCH_TO, Verdict, compare
from halfpixel.sampling.dense import DenseTaps, dense, dense_taps
from halfpixel.sampling.difference import clearly_apart, rows_apart
from halfpixel.sampling.kernel import Table
from halfpixel.sampling.kernels.rows import Weights
from halfpixel.sampling.search import lengths_to_try, period_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Lengths = Sequence[int | None]

TRIED_FIRST: Final = 3
"""Lengths at which a few rows are looked at before all of them are."""

BLOCK: Final = 1 << 16
"""Values that are computed at once: what fits the processor's own memory is computed fastest."""


class Resize(Struct, frozen=True, cache_hash=True):
    """A separable resize: bilinear, bicubic, trilinear, nearest, area, over any axes.

    Attributes:
        axes: (axis, sampling) pairs, by ascending axis; every other axis is copied.
        extrapolation_value: what tf_crop_and_resize writes outside the image.
    """

    axes: tuple[tuple[int, Sampling], ...]
    extrapolation_value: float = 0.0

    def sampling(self, axis: int) -> Sampling | None:
        """Return the sampling along `axis`, or None where the axis is copied."""
        return dict(self.axes).get(axis)

    def evaluate(
        self, x: "NDArray[np.generic]", output_shape: Sequence[int]
    ) -> "NDArray[np.float64]":
        """Compute the resize in float64 from the exact weights.

        Args:
            x: the input, of any rank and numeric type.
            output_shape: lengths of the output, one an axis of `x`.

        Returns:
            The output, of shape `output_shape`.

        Raises:
            ValueError: the ranks differ, or a length is out of range.

        >>> import numpy as np
        >>> from halfpixel.sampling.kernel import Linear
        >>> up = Resize(((0, Sampling("half_pixel", Linear())),))
        >>> up.evaluate(np.array([0.0, 4.0]), (4,)).tolist()
        [0.0, 1.0, 3.0, 4.0]
        """
        import numpy as np

        if x.ndim != len(output_shape):
            raise ValueError(f"input has rank {x.ndim}, output shape {list(output_shape)}")
        y: NDArray[np.float64] = x.astype(np.float64)
        outside: list[tuple[int, list[int]]] = []
        for axis, sampling in self.axes:
            taps = dense_taps(sampling, x.shape[axis], output_shape[axis])
            if taps.outside.size:
                outside.append((axis, taps.outside.tolist()))
            if not taps.is_identity:
                y = along_axis(taps, y, axis)
        for axis, indices in outside:
            where: list[slice | list[int]] = [slice(None)] * y.ndim
            where[axis] = indices
            y[tuple(where)] = self.extrapolation_value
        return y


def along_axis(
    weights: Weights | DenseTaps, x: "NDArray[np.float64]", axis: int
) -> "NDArray[np.float64]":
    """Return W applied along one axis, one gather and one product for each tap.

    A block of some rows at a time, so that what is made on the way stays small.
    """
    import numpy as np

    taps = dense(weights) if isinstance(weights, Weights) else weights
    rows = len(taps.index)
    before, behind = x.shape[:axis], x.shape[axis + 1 :]
    images, inner = math.prod(before), math.prod(behind)
    out = np.zeros((images, rows, inner))
    whole = x.reshape(images, x.shape[axis], inner)
    high = max(1, min(rows, BLOCK // max(inner, 1)))
    deep = max(1, BLOCK // max(high * inner, 1))
    for row in range(0, rows, high):
        some = slice(row, row + high)
        for image in range(0, images, deep):
            _add_taps(taps.index[some], taps.weight[some], whole[image : image + deep],
                      out[image : image + deep, some])  # fmt: skip
    return out.reshape(*before, rows, *behind)


def _add_taps(
    index: "NDArray[np.intp]",
    weight: "NDArray[np.float64]",
    x: "NDArray[np.float64]",
    out: "NDArray[np.float64]",
) -> None:
    """Add what each tap takes, of x of shape (images, n_in, inner), to out."""
    import numpy as np

    for k in range(index.shape[1]):
        taken = np.take(x, index[:, k], axis=1)
        used = weight[:, k] != 0
        if not used.all():  # a tap that is not used must not spread NaN or infinity
            taken[:, ~used] = 0.0
        taken *= weight[:, k, None]
        out += taken


class AxisVerdict(Struct, frozen=True):
    """The verdict on one axis of an operator."""

    axis: int
    verdict: Verdict


class ResizeVerdict(Struct, frozen=True):
    """The verdicts of all axes of a separable resize.

    Attributes:
        axes: one verdict an axis that either side resamples.
    """

    axes: tuple[AxisVerdict, ...]

    @property
    def equal(self) -> bool:
        """Whether every axis is proven to be equal."""
        return all(axis.verdict.equal for axis in self.axes)

    @property
    def different(self) -> bool:
        """Whether an axis shows a difference: one that is neither equal nor different is open."""
        return any(axis.verdict.witness is not None for axis in self.axes)

    @property
    def words(self) -> str:
        """What was found, in words: of the axis that is least known, or differs most."""
        if self.different or self.equal:
            return "different" if self.different else "equal"
        open_ones = [axis.verdict for axis in self.axes if not axis.verdict.equal]
        return min(open_ones, key=lambda verdict: verdict.searched_to or 0).words

    @property
    def negligible(self) -> bool:
        """Whether no axis is known to differ by more than the float32 rounding of a scale."""
        return all(axis.verdict.negligible for axis in self.axes)

    @property
    def worst(self) -> AxisVerdict:
        """The axis with the largest displacement (then the largest weight difference)."""
        return max(
            self.axes,
            key=lambda a: (a.verdict.displacement, a.verdict.weight_difference),
        )


def compare_resize(
    a: Resize, b: Resize, input_shape: Lengths, output_shape: Lengths
) -> ResizeVerdict:
    """Compare two resizes axis by axis.

    Args:
        a: one resize.
        b: the other, over the same rank.
        input_shape: known lengths; None where a length is free.
        output_shape: likewise.

    Returns:
        A verdict for each axis that either of them resamples.
    """
    first, second = dict(a.axes), dict(b.axes)
    verdicts: list[AxisVerdict] = []
    for axis in sorted(first.keys() | second.keys()):
        n_in, n_out = input_shape[axis], output_shape[axis]
        one, other = first.get(axis), second.get(axis)
        if one is None or other is None:
            verdicts.append(AxisVerdict(axis, _against_copy(one or other, n_in, n_out)))
        else:
            verdicts.append(AxisVerdict(axis, compare(one, other, n_in, n_out)))
    return ResizeVerdict(tuple(verdicts))


def surely_differ(a: Resize, b: Resize, input_shape: Lengths, output_shape: Lengths) -> bool:
    """Whether some rows already show that two resizes differ, at lengths that are known or tried.

    >>> from halfpixel.sampling.kernel import Linear
    >>> rules = ("half_pixel", "align_corners")
    >>> half, corners = (Resize(((0, Sampling(rule, Linear())),)) for rule in rules)
    >>> surely_differ(half, corners, (40_000,), (30_000,)), surely_differ(half, half, (4,), (3,))
    (True, False)
    """
    others = dict(b.axes)
    for axis, one in a.axes:
        other, n_in, n_out = others.get(axis), input_shape[axis], output_shape[axis]
        if other is None:
            continue
        if not n_in or not n_out:
            if _apart_somewhere(one, other, n_in, n_out):
                return True
        elif isinstance(one.kernel, Table) or isinstance(other.kernel, Table):
            if clearly_apart(one, other, n_in, n_out):
                return True
        elif rows_apart(one, other, n_in, n_out):
            return True
    return False


def _apart_somewhere(a: Sampling, b: Sampling, n_in: int | None, n_out: int | None) -> bool:
    """Whether a few rows show that `compare` finds two samplings different at free lengths."""
    if isinstance(a.kernel, Table) or isinstance(b.kernel, Table):
        return False
    if at_free(canonical(a), n_out) == at_free(canonical(b), n_out):
        return False
    bound = period_of(a, b) or SEARCH_TO
    pairs = islice(lengths_to_try(a, b, n_in, n_out, bound), TRIED_FIRST)
    return any(rows_apart(a, b, *pair) for pair in pairs)


def _against_copy(sampling: Sampling | None, n_in: int | None, n_out: int | None) -> Verdict:
    """Compare a sampling with an axis that the other side copies."""
    if sampling is None:
        return Verdict(equal=True, proof="closed form")
    if n_in is not None and n_out not in {None, n_in}:
        return Verdict(
            equal=False,
            proof="sizes",
            witness=(n_in, n_out or n_in),
            displacement=Fraction(abs(n_in - (n_out or n_in))),
            weight_difference=Fraction(1),
        )
    copy = Sampling("asymmetric", sampling.kernel, scale=Fraction(1))
    return compare(sampling, copy, n_in, n_in if n_out is None else n_out)


@lru_cache(maxsize=4096)
def given_scale(value: float) -> Fraction | None:
    """Return a scale as a rational, the simplest that is the same float32.

    None where it is not a positive finite number.

    >>> given_scale(0.5), given_scale(float("nan"))
    (Fraction(1, 2), None)
    """
    if not math.isfinite(value) or float32(value) in {0.0, math.inf} or value < 0:
        return None
    return simplest(value)
