"""A resize in PyTorch's words: the call that it is, or an expression around one."""

from collections.abc import Sequence

from msgspec import Struct

from halfpixel.conventions.torch.call import matching_call
from halfpixel.conventions.torch.interpolate import Family, Interpolate
from halfpixel.conventions.torch.proviso import Lengths, Place, stays
from halfpixel.sampling import Cubic, Linear, Resize, Sampling


class Claim(Struct, frozen=True):
    """What a resize is in PyTorch's words.

    Attributes:
        call: Python that computes it from `x`; None where there is none.
        where: at which lengths it does, in words; empty for every length that the node can take.
    """

    call: str | None
    where: str = ""


def claim(
    resize: Resize,
    scales: tuple[float, ...] | None,
    ins: Lengths,
    outs: Lengths,
    kept: frozenset[int] = frozenset(),
) -> Claim:
    """Return a resize in PyTorch's words: one call, or an expression.

    Args:
        resize: what is computed.
        scales: as for `matching_call`.
        ins: known input lengths one an axis, None each where unknown.
        outs: output lengths, likewise.
        kept: axes that are known to stay, whatever their length is.
    """
    match = matching_call(resize, scales, ins, outs, kept)
    if match is not None:
        return Claim(match.text, _where(match.where))
    left = stays(Place(resize, ins, outs, kept))
    text = None if left is None else asymmetric_text(resize, ins, outs)
    return Claim(text, _where((left,)) if text and left else "")


def _where(provisos: Sequence[str]) -> str:
    return f"where {' and '.join(provisos)}" if provisos else ""


def asymmetric_text(resize: Resize, ins: Lengths, outs: Lengths) -> str | None:
    """Return an expression for asymmetric coordinates, which F.interpolate alone does not have.

    One repeated sample at the end turns n pixels into n + 1; aligning the corners of m + 1
    samples with them has a step of n / m from 0 on, which is asymmetric; the last one is cut.
    None where a length is not known, or the kernel or the axes are others.

    >>> linear = Resize(((2, Sampling("asymmetric", Linear())),))
    >>> asymmetric_text(linear, (1, 1, 3), (1, 1, 6)).partition("size")[2]
    '=(7,), mode="linear", align_corners=True)[..., :6]'
    """
    rank = len(ins)
    spatial = tuple(range(2, rank))
    if not 3 <= rank <= 5 or not resize.axes or any(axis < 2 for axis, _ in resize.axes):
        return None
    kernels = {sampling.kernel for _, sampling in resize.axes}
    families: dict[object, Family] = {Linear(): "linear", Cubic(): "cubic"}
    family = families.get(kernels.pop()) if len(kernels) == 1 else None
    if family is None or (family == "cubic" and rank != 4):
        return None
    pads: list[int] = []
    size: list[int] = []
    ends: list[str] = []
    along = dict(resize.axes)
    for axis in spatial:
        sampling, n_in, n_out = along.get(axis), ins[axis], outs[axis]
        if n_in is None or n_out is None:
            return None
        moved = sampling is not None
        if sampling is not None and not _is_ratio(sampling, n_in, n_out):
            return None
        pads = [0, int(moved), *pads]
        size.append(n_out + moved)
        ends.append(f":{n_out}" if moved else ":")
    call = Interpolate(family, len(spatial), tuple(size), None, align_corners=True)
    padded = f'F.pad(x, {tuple(pads)}, mode="replicate")'
    return f"{call.text(padded)}[..., {', '.join(ends)}]"


def _is_ratio(sampling: Sampling, n_in: int, n_out: int) -> bool:
    """Whether a sampling is asymmetric with the step that its two lengths have.

    A cubic that leaves out what is beyond the border weighs otherwise there; a linear one does not.
    """
    if sampling.extrapolate or (sampling.exclude_outside and isinstance(sampling.kernel, Cubic)):
        return False
    by_ratio = sampling.scale is None or sampling.scale * n_in == n_out
    return sampling.coordinate == "asymmetric" and by_ratio
