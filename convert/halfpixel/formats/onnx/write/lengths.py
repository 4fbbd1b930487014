"""Ways to give a Resize its lengths: what stands there, new scales or sizes, computed sizes."""

import math
from collections.abc import Iterator
from typing import Final, Literal

from halfpixel.formats.plan import Goal
from halfpixel.sampling import Sampling
from halfpixel.sampling.arithmetic import float32, output_length_float32, output_length_float64
from halfpixel.site import Operation

By = Literal["kept", "scales", "sizes", "computed"]

NEIGHBOURS: Final = 4
"""float32 numbers on either side of a scale that are tried for a length that is off by one."""

LONGEST: Final = 1024
"""Input lengths at which the output length of a scale is tried where none is known."""


Choice = tuple[By, tuple[float | None, ...], tuple[float | None, ...] | None]
"""How lengths are given, the new values, and the scales that the node then computes with."""


def ways(operation: Operation, goal: Goal, sampling: Sampling) -> Iterator[Choice]:
    """Yield ways to give the lengths of a resize, from what stands there to what is new."""
    ins, outs = goal.lengths
    rank = len(ins)
    by_ratio = all(s.scale is None for _, s in goal.resize.axes)
    independent = sampling.coordinate == "align_corners"
    sized = all(
        outs[axis] is not None and (operation.by == "sizes" or ins[axis] is not None)
        for axis, _ in goal.resize.axes
    )
    if by_ratio and sized and operation.by == "scales" and not independent:
        yield "sizes", outs, None
    written = operation.op in {"Resize", "Upsample"} and not operation.problem
    plain = operation.attributes.get("keep_aspect_ratio_policy", "stretch") == "stretch"
    if written and plain and _gives(operation, goal):
        if operation.by == "sizes":
            yield "kept", (), None
        elif operation.scales is None:
            yield "kept", (), (None,) * rank
        else:
            yield "kept", (), operation.scales
    scales = _scales(operation, goal)
    if sized:
        yield "sizes", outs, None
    if scales is not None:
        yield "scales", scales, scales
    if goal.factors or (operation.by == "scales" and operation.scales and not independent):
        yield "computed", tuple(_factor(operation, goal, axis) for axis in range(rank)), None


def _factor(operation: Operation, goal: Goal, axis: int) -> float | None:
    if axis in goal.factors:
        return goal.factors[axis]
    moved = any(a == axis for a, _ in goal.resize.axes)
    return operation.scales[axis] if moved and operation.scales else None


def _gives(operation: Operation, goal: Goal) -> bool:
    """Whether the node's own scales or sizes give the lengths that are wanted."""
    ins, outs = goal.lengths
    for axis, _ in goal.resize.axes:
        n_in, n_out = ins[axis], outs[axis]
        if operation.by == "sizes":
            size = operation.sizes[axis] if operation.sizes else None
            if n_out is not None and size is not None and size != n_out:
                return False
            if size is None and axis in goal.factors:
                return False
        elif operation.scales is not None:
            scale = operation.scales[axis]
            if n_in is not None and n_out is not None:
                if output_length_float32(n_in, scale) != n_out:
                    return False
            elif axis in goal.factors and _misses(scale, goal.factors[axis]):
                return False
    return True


def _misses(scale: float, factor: float) -> bool:
    """Whether a float32 scale gives another length than a factor, at some length."""
    return any(
        output_length_float32(n, scale) != output_length_float64(n, factor)
        for n in range(1, LONGEST + 1)
    )


def _scales(operation: Operation, goal: Goal) -> tuple[float, ...] | None:
    """Return float32 scales that give the steps and the lengths that are wanted."""
    ins, outs = goal.lengths
    scales = [1.0] * len(ins)
    for axis, sampling in goal.resize.axes:
        n_in, n_out = ins[axis], outs[axis]
        stays = n_in is not None and n_in == n_out
        if stays and sampling.copies_same_length:
            continue
        if sampling.scale is None:
            if n_in is None or n_out is None:
                return None
            exact = n_out / n_in
        else:
            exact = goal.factors.get(axis, float(sampling.scale))
        found = _neighbour(exact, n_in, n_out, goal.factors.get(axis))
        if found is None:
            return None
        scales[axis] = found
    given = operation.scales
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
