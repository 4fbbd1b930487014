"""Whether factors in a file are somebody's own, or lengths that were written as factors."""

from typing import TYPE_CHECKING, Final

from halfpixel.sampling.arithmetic import float32
from halfpixel.site import Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDED: Final = 1e-6
"""How much a ratio of lengths that was rounded to float32 may be off, relatively."""

NUDGE: Final = 1e-4
"""What coremltools adds to an output length before it divides it by the input's."""


def neat(scales: "Sequence[float]") -> bool:
    """Whether scales read like a user's factors: before opset 11 sizes became scales too.

    >>> neat((1.0, 1.5)), neat((1.4285714285714286,))
    (True, False)
    """
    return all(float(f"{scale:.4g}") == float(f"{scale:.7g}") for scale in scales)


def nudged(factor: float, n_in: int, n_out: int) -> bool:
    """Whether a factor is a length that coremltools wrote as one.

    Source: coremltools `converters/mil/frontend/torch/ops.py`, _get_scales_from_output_size.

    >>> nudged(1.5000166893005371, 6, 9), nudged(1.5, 6, 9), nudged(2.0, 6, 12)
    (True, False, False)
    """
    return n_out % n_in != 0 and abs(float32((n_out + NUDGE) / n_in) / factor - 1) < 1e-7


def plain_factors(operation: Operation, *, nudges: bool) -> bool:
    """Whether an operator's factors are constants that are, or read like, somebody's own.

    A factor that makes no whole length of a known one was no length, and a constant one of a free
    length was none either: the graph would divide by that length.

    Args:
        operation: the resize.
        nudges: whether the program that wrote it writes lengths as nudged factors.
    """
    scales = operation.scales
    if scales is None or not operation.constant_lengths:
        return False
    pairs = list(zip(scales, *operation.lengths, strict=True))
    if nudges and any(n and m and nudged(scale, n, m) for scale, n, m in pairs):
        return False
    if neat(scales) or any(n and not whole(scale * n) for scale, n, _ in pairs):
        return True
    dims = operation.input_shape or ()
    return any(isinstance(dim, str) and s != 1 for dim, s in zip(dims, scales, strict=False))


def whole(length: float) -> bool:
    """Whether a length in float32 is a whole number, as far as float32 tells.

    >>> whole(37 * 1.3333333730697632), whole(37 * 1.324324369430542)
    (False, True)
    """
    return abs(length - round(length)) <= max(length, 1.0) * ROUNDED
