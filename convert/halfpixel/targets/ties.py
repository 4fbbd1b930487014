"""Pixels that a target's own float32 arithmetic reads in the place of those that a node says."""

from halfpixel.intents.free_lengths import FIRST, Share, lengths_of, pairs_of
from halfpixel.sampling import Nearest, Resize, Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.nearest import Arithmetic
from halfpixel.sampling.pixels import LONGEST, differing, runtime_pixels, torch_pixels
from halfpixel.site import Operation


def tie(operation: Operation, arithmetic: Arithmetic) -> str:
    """Return where a target reads other pixels than a nearest resize says; empty where it does not.

    A pixel is another where it is neither the exact one nor the one that PyTorch reads, whose
    float32 rounds as well.

    Args:
        operation: the resize.
        arithmetic: whose steps the target takes.
    """
    operator = operation.operator
    if not isinstance(operator, Resize):
        return ""
    ins, outs = operation.lengths
    if operation.by == "scales" and None not in outs and ins == outs:
        return ""  # handed through, or another row's matter
    for axis, sampling in operator.axes:
        n_in, n_out = ins[axis], outs[axis]
        if not isinstance(sampling.kernel, Nearest):
            continue
        if n_in is None:
            taken = lengths_of(operation.surroundings.ranges, axis)
            found = _among(sampling, axis, taken, n_out, arithmetic)
        else:
            found = "" if n_out is None else _at(sampling, axis, n_in, n_out, arithmetic)
        if found:
            return found
    return ""


def _at(sampling: Sampling, axis: int, n_in: int, n_out: int, arithmetic: Arithmetic) -> str:
    """Return the first pixel that is another at known lengths."""
    if max(n_in, n_out) > LONGEST:
        return ""
    here = runtime_pixels(sampling, n_in, n_out, arithmetic)
    if here is None or here == torch_pixels(canonical(sampling), n_in, n_out):
        return ""
    exact = tuple([row[0][0] for row in sampling.weights(n_in, n_out).rows if row])
    if len(exact) != len(here):
        return ""
    place = f"at length {n_in} to {n_out} (axis {axis})"
    for i, (read, meant) in enumerate(zip(here, exact, strict=True)):
        if read != meant:
            return f"{place} output {i} reads pixel {read}, not {meant}"
    return ""


def _among(
    sampling: Sampling, axis: int, taken: range, n_out: int | None, arithmetic: Arithmetic
) -> str:
    """Return the smallest length of a free axis at which a pixel is another, and at how many."""
    pairs = pairs_of(sampling, sampling, taken, n_out, copied=False) or ()
    wanted = canonical(sampling)
    wrong = differing(sampling, wanted, pairs, arithmetic, equal=True) or ()
    wrong = differing(sampling, wanted, wrong, arithmetic, equal=True, rational=True) or ()
    every = len(taken) <= FIRST
    share = Share(len(wrong), len(taken) if every else FIRST, every)
    if not wrong or share.seldom:
        return ""
    found = _at(sampling, axis, *wrong[0], arithmetic)
    return f"at {share.text}, the smallest {wrong[0][0]}: {found}"
