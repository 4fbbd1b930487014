"""Faults of PyTorch's own kernels: where what eager PyTorch shows is not what its call says."""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import (
    NEAREST_COPIES_SINCE,
    NEAREST_COPIES_UP_TO,
    Version,
)
from halfpixel.sampling import Nearest, Resize, Sampling
from halfpixel.sampling.arithmetic import output_length_float64

Lengths = tuple[tuple[int | None, ...], tuple[int | None, ...]]


def repeats_first_row(ins: Sequence[object], outs: Sequence[object]) -> bool:
    """Whether the CPU kernel of an antialiased resize gives its first row again and again.

    From a contiguous tensor to one column it does, where the height changes, too. Measured with
    PyTorch 2.13: `[[1..7], [10..70]]` to (3, 1) gives three times 4 instead of 4, 22, 40;
    channels_last tensors, and the transposed image, give the right answer.

    Args:
        ins: input lengths, batch and channels first; a length that is no number is unknown.
        outs: output lengths, likewise.

    >>> repeats_first_row((1, 1, 2, 7), (1, 1, 3, 1)), repeats_first_row((1, 1, 2, 7), (1, 1, 2, 1))
    (True, False)
    """
    if len(outs) != 4 or outs[3] != 1:
        return False
    return not isinstance(ins[2], int) or ins[2] != outs[2]


def shortcut(meant: Resize, lengths: Lengths, version: Version) -> Resize:
    """Return what PyTorch's nearest over two axes computes at these lengths.

    Where the output lengths sum to 128 at most, a length that stays is copied and one that
    doubles takes every pixel twice, whatever the factor; a length that is not known counts as 1.
    Source: PyTorch `cpu/UpSampleKernel.cpp`, nearest_idx and _use_vectorized_kernel_cond_2d.

    >>> axis = Sampling("asymmetric", Nearest("floor"), Fraction(11, 10))
    >>> up = Resize(((2, axis), (3, axis)))
    >>> def scales(n):
    ...     found = shortcut(up, ((1, 1, n, 9), (1, 1, n * 11 // 10, 9)), (2, 13))
    ...     return [str(sampling.scale) for _, sampling in found.axes]
    >>> scales(20), scales(150)
    (['11/10', '1'], ['11/10', '11/10'])
    """
    ins, outs = lengths
    least = sum(outs[axis] or 1 for axis, _ in meant.axes)
    if len(meant.axes) != 2 or version < NEAREST_COPIES_SINCE or least > NEAREST_COPIES_UP_TO:
        return meant
    return Resize(tuple((axis, _copied(s, ins[axis], outs[axis])) for axis, s in meant.axes))


@lru_cache(maxsize=256)
def first_shortcut(factor: float, other: int) -> int | None:
    """Return the first input length that nearest over two axes copies or doubles, and should not.

    Args:
        factor: the factor along an axis.
        other: the least output length along the other axis.

    >>> first_shortcut(1.1, 1), first_shortcut(2.04, 1), first_shortcut(1.5, 1)
    (2, 2, None)
    """
    if factor in {1, 2}:
        return None
    for n in range(2, NEAREST_COPIES_UP_TO):
        out = output_length_float64(n, factor)
        if out + other > NEAREST_COPIES_UP_TO:
            break
        if out in {n, 2 * n}:
            return n
    return None


def _copied(meant: Sampling, n_in: int | None, n_out: int | None) -> Sampling:
    if meant.kernel != Nearest("floor") or meant.coordinate != "asymmetric" or n_in is None:
        return meant
    for factor in (1, 2):
        if n_out == factor * n_in:
            return replace(meant, scale=Fraction(factor))
    return meant
