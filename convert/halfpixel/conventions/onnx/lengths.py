"""Ways to give a Resize its lengths: what stands there, new scales or sizes, computed sizes."""

import math
from collections.abc import Iterator, Mapping
from typing import Final, Literal

from msgspec import field

from halfpixel.conventions.vocabulary import Wanted
from halfpixel.sampling import Sampling
from halfpixel.sampling.arithmetic import float32, output_length_float32, output_length_float64

By = Literal["kept", "scales", "sizes", "computed"]

NEIGHBOURS: Final = 4
"""float32 numbers on either side of a scale that are tried for a length that is off by one."""

LONGEST: Final = 1024
"""Input lengths at which the output length of a scale is tried where none is known."""


Choice = tuple[By, tuple[float | None, ...], tuple[float | None, ...] | None]
"""How lengths are given, the new values, and the scales that the node then computes with."""


class NodeWanted(Wanted, frozen=True):
    """A resize that is to be said by a Resize node, in the place of what stands there.

    Attributes:
        attributes: of the node that stands there, defaults left out.
        by: which of scales and sizes that node is given; empty where neither.
        sizes: its sizes, None each where unknown.
        keeps: its own scales or sizes may stay.
        factors: PyTorch's scale factors by axis, where they give the output lengths.
    """

    attributes: Mapping[str, object] = field(default_factory=dict[str, object])
    by: str = ""
    sizes: tuple[int | None, ...] | None = None
    keeps: bool = False
    factors: Mapping[int, float] = field(default_factory=dict[int, float])


def ways(wanted: NodeWanted, sampling: Sampling) -> Iterator[Choice]:
    """Yield ways to give the lengths of a resize, from what stands there to what is new.

    Args:
        wanted: what is to be said, and what stands there.
        sampling: what is to be said of every axis.
    """
    ins, outs, moved = wanted.ins, wanted.outs, wanted.resize.axes
    by_ratio = all(s.scale is None for _, s in moved)
    independent = sampling.coordinate == "align_corners"
    sized = all(
        outs[axis] is not None and (wanted.by == "sizes" or ins[axis] is not None)
        for axis, _ in moved
    )
    if by_ratio and sized and wanted.by == "scales" and not independent:
        yield "sizes", outs, None
    if wanted.keeps and _gives(wanted):
        if wanted.by == "sizes":
            yield "kept", (), None
        elif wanted.scales is None:
            yield "kept", (), (None,) * wanted.rank
        else:
            yield "kept", (), wanted.scales
    if sized:
        yield "sizes", outs, None
    scales = _scales(wanted)
    if scales is not None:
        yield "scales", scales, scales
    if wanted.factors or (wanted.by == "scales" and wanted.scales and not independent):
        yield "computed", tuple(_factor(wanted, axis) for axis in range(wanted.rank)), None


def _factor(wanted: NodeWanted, axis: int) -> float | None:
    if axis in wanted.factors:
        return wanted.factors[axis]
    moved = any(a == axis for a, _ in wanted.resize.axes)
    return wanted.scales[axis] if moved and wanted.scales else None


def _gives(wanted: NodeWanted) -> bool:
    """Whether the node's own scales or sizes give the lengths that are wanted."""
    free = wanted.ins[0] is None and wanted.outs[0] is None  # a batch that is kept has no number
    if free and wanted.by == "sizes" and wanted.sizes and wanted.sizes[0] is not None:
        return False
    for axis, _ in wanted.resize.axes:
        n_in, n_out, factor = wanted.ins[axis], wanted.outs[axis], wanted.factors.get(axis)
        if wanted.by == "sizes":
            size = wanted.sizes[axis] if wanted.sizes else None
            if n_out is not None and size is not None and size != n_out:
                return False
            if size is None and factor is not None:
                return False
        elif wanted.scales is not None:
            scale = wanted.scales[axis]
            if n_in is not None and n_out is not None:
                if output_length_float32(n_in, scale) != n_out:
                    return False
            elif factor is not None and _misses(scale, factor):
                return False
    return True


def _misses(scale: float, factor: float) -> bool:
    """Whether a float32 scale gives another length than a factor, at some length."""
    return any(
        output_length_float32(n, scale) != output_length_float64(n, factor)
        for n in range(1, LONGEST + 1)
    )


def _scales(wanted: NodeWanted) -> tuple[float, ...] | None:
    """Return float32 scales that give the steps and the lengths that are wanted."""
    scales = [1.0] * wanted.rank
    for axis, sampling in wanted.resize.axes:
        n_in, n_out, factor = wanted.ins[axis], wanted.outs[axis], wanted.factors.get(axis)
        stays = n_in is not None and n_in == n_out
        if stays and sampling.copies_same_length:
            continue
        if sampling.scale is None:
            if n_in is None or n_out is None:
                return None
            exact = n_out / n_in
        else:
            exact = float(sampling.scale) if factor is None else factor
        found = _neighbour(exact, n_in, n_out, factor)
        if found is None:
            return None
        scales[axis] = found
    given = wanted.scales
    if given is not None and all(
        float32(a) == float32(b) for a, b in zip(scales, given, strict=True)
    ):
        return given
    return tuple(scales)


def _neighbour(
    exact: float, n_in: int | None, n_out: int | None, factor: float | None
) -> float | None:
    """Return the float32 nearest to a scale that gives the right length."""
    low = high = float32(exact)
    tried = [low]
    for _ in range(NEIGHBOURS):
        low, high = _next(low, -1), _next(high, 1)
        tried += [low, high]
    for scale in tried:
        if n_in is not None and n_out is not None:
            if output_length_float32(n_in, scale) == n_out:
                return scale
        elif factor is None or not _misses(scale, factor):
            return scale
    return None


def _next(value: float, way: int) -> float:
    """Return the next float32 below (-1) or above (1) a positive one.

    >>> _next(1.0, 1)
    1.0000001192092896
    """
    mantissa, exponent = math.frexp(value)
    step = 2.0 ** (exponent - 24)
    if way < 0 and mantissa == 0.5:
        step /= 2
    return float32(value + way * step)
