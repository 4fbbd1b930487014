"""Resizes whose steps along an axis have few fractional bits, as whole-number kernels have."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.sampling import Resize, Sampling

if TYPE_CHECKING:
    from halfpixel.sampling.resize import ResizeVerdict

LEAST: Final = Fraction(1, 512)
"""Displacement that moves a byte by half a grey level, at the steepest edge that there is."""


def stepped(
    resize: Resize, ins: Sequence[int | None], outs: Sequence[int | None], bits: int
) -> Resize | None:
    """Return a resize by size as a kernel computes it whose steps have few fractional bits.

    Args:
        resize: what its flags say.
        ins: input lengths of every axis.
        outs: output lengths likewise.
        bits: fractional bits of a step, which is rounded to the nearest.

    Returns:
        The resize; None where a length is not known.

    >>> from halfpixel.sampling import Linear
    >>> made = stepped(Resize(((0, Sampling("asymmetric", Linear())),)), (2,), (3,), 10)
    >>> dict(made.axes)[0].scale
    Fraction(1024, 683)
    """
    one = 1 << bits
    axes: list[tuple[int, Sampling]] = []
    for axis, sampling in resize.axes:
        n_in, n_out = ins[axis], outs[axis]
        if not n_in or not n_out:
            return None
        aligned = sampling.coordinate == "align_corners" and n_out > 1
        above, below = (n_in - 1, n_out - 1) if aligned else (n_in, n_out)
        step = (one * above + below // 2) // below
        if step:
            coordinate = "asymmetric" if aligned else sampling.coordinate
            made = replace(sampling, coordinate=coordinate, scale=Fraction(one, step))
            axes.append((axis, made))
        else:
            axes.append((axis, sampling))
    return Resize(tuple(axes), resize.extrapolation_value)


def passed(
    resize: Resize, ins: Sequence[int | None], outs: Sequence[int | None], bits: int
) -> int | None:
    """Return the first axis whose last sample lies behind the image; None where none does.

    A kernel that holds the pixel behind a sample inside the image, and not the sample itself, reads
    memory behind the image there.

    Args:
        resize: what its flags say.
        ins: input lengths of every axis.
        outs: output lengths likewise.
        bits: fractional bits of a step, which is rounded to the nearest.

    >>> from halfpixel.sampling import Linear
    >>> grown = Resize(((0, Sampling("asymmetric", Linear())),))
    >>> passed(grown, (1,), (55,), 10), passed(grown, (1,), (54,), 10)
    (0, None)
    """
    made = stepped(resize, ins, outs, bits)
    for axis, sampling in () if made is None else made.axes:
        n_in, n_out = ins[axis], outs[axis]
        if n_in and n_out and sampling.line(n_in, n_out).at(n_out - 1) >= n_in:
            return axis
    return None


def behind(
    operator: object, ins: Sequence[int | None], outs: Sequence[int | None], bits: int
) -> str:
    """Return that the last samples lie behind the image, in words; empty where none does.

    Args:
        operator: a resize as its flags say it; any other operator has no such samples.
        ins: input lengths of every axis.
        outs: output lengths likewise.
        bits: fractional bits of a step, which is rounded to the nearest.
    """
    axis = passed(operator, ins, outs, bits) if isinstance(operator, Resize) else None
    if axis is None:
        return ""
    lengths = f"length {ins[axis]} to {outs[axis]} (axis {axis})"
    return f"the last samples from {lengths} read memory behind the image"


def slight(compared: "ResizeVerdict") -> bool:
    """Whether steps are off by less than a byte can show."""
    return compared.worst.verdict.displacement < LEAST
