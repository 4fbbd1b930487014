"""Whether a factor in a file is one that somebody wrote, or a length that became a factor."""

from collections.abc import Sequence
from typing import Final

from halfpixel.sampling.arithmetic import float32
from halfpixel.site import Operation

NUDGE: Final = 1e-4
"""What coremltools adds to an output length before it divides it by the input's."""


def neat(scales: Sequence[float]) -> bool:
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
    """Whether an operator's factors are constants that read like somebody's own.

    Args:
        operation: the resize.
        nudges: whether the program that wrote it writes lengths as nudged factors.
    """
    scales = operation.scales
    if scales is None or not operation.constant_lengths:
        return False
    pairs = zip(scales, *operation.lengths, strict=True)
    if nudges and any(n and m and nudged(scale, n, m) for scale, n, m in pairs):
        return False
    return neat(scales)
