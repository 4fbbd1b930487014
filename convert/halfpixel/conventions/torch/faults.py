"""Faults of PyTorch's own kernels: where what eager PyTorch shows is not what its call says."""

from collections.abc import Sequence


def repeats_first_row(ins: Sequence[object], outs: Sequence[object]) -> bool:
    """Whether the CPU kernel of an antialiased resize gives its first row again and again.

    From a contiguous tensor to one column it does, where the height changes, too. Measured with
    PyTorch 2.13: `[[1..7], [10..70]]` to (3, 1) gives three times 4 instead of 4, 22, 40;
    channels_last tensors, and two calls, one an axis, give the right answer.

    Args:
        ins: input lengths, batch and channels first; a length that is no number is unknown.
        outs: output lengths, likewise.

    >>> repeats_first_row((1, 1, 2, 7), (1, 1, 3, 1)), repeats_first_row((1, 1, 2, 7), (1, 1, 2, 1))
    (True, False)
    """
    if len(outs) != 4 or outs[3] != 1:
        return False
    return not isinstance(ins[2], int) or ins[2] != outs[2]
