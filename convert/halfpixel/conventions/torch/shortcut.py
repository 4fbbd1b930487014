"""What PyTorch's nearest over two axes computes where the output is small."""

from dataclasses import replace
from fractions import Fraction

from halfpixel.conventions.torch.interpolate import (
    NEAREST_COPIES_SINCE,
    NEAREST_COPIES_UP_TO,
    Version,
)
from halfpixel.sampling import Nearest, Resize, Sampling

Lengths = tuple[tuple[int | None, ...], tuple[int | None, ...]]


def shortcut(meant: Resize, lengths: Lengths, version: Version) -> Resize:
    """Return what PyTorch's nearest over two axes computes at these lengths.

    Where the output lengths sum to 128 at most, a length that stays is copied and one that
    doubles takes every pixel twice, whatever the factor; a length that is not known counts as 1.
    Source: PyTorch `cpu/UpSampleKernel.cpp`, nearest_idx and _use_vectorized_kernel_cond_2d.

    >>> from halfpixel.conventions.torch.interpolate import LATEST
    >>> axis = Sampling("asymmetric", Nearest("floor"), Fraction(11, 10))
    >>> up = Resize(((2, axis), (3, axis)))
    >>> def scales(n):
    ...     found = shortcut(up, ((1, 1, n, 9), (1, 1, n * 11 // 10, 9)), LATEST)
    ...     return [str(sampling.scale) for _, sampling in found.axes]
    >>> scales(20), scales(150)
    (['11/10', '1'], ['11/10', '11/10'])
    """
    ins, outs = lengths
    least = sum(outs[axis] or 1 for axis, _ in meant.axes)
    if len(meant.axes) != 2 or version < NEAREST_COPIES_SINCE or least > NEAREST_COPIES_UP_TO:
        return meant
    return Resize(tuple((axis, _copied(s, ins[axis], outs[axis])) for axis, s in meant.axes))


def _copied(meant: Sampling, n_in: int | None, n_out: int | None) -> Sampling:
    if meant.kernel != Nearest("floor") or meant.coordinate != "asymmetric" or n_in is None:
        return meant
    for factor in (1, 2):
        if n_out == factor * n_in:
            return replace(meant, scale=Fraction(factor))
    return meant
