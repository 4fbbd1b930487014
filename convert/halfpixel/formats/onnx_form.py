"""How a Resize node says a resize: its attributes, and scales or sizes beside them.

Many nodes compute the same W. Here the one is chosen that changes least of what is written,
among those that compute what is meant at the lengths that the site has: exactly for smooth
kernels, pixel by pixel in onnxruntime's own arithmetic for nearest.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, Literal

from halfpixel.conventions.onnx_resize import attributes_of
from halfpixel.conventions.torch_interpolate import LATEST, Version
from halfpixel.deviation import Lengths, deviation_of
from halfpixel.sampling import Cubic, Linear, Nearest, Resize, Sampling
from halfpixel.sampling.arithmetic import float32, output_length_float32, output_length_float64
from halfpixel.sampling.coordinate import ONE, Coordinate
from halfpixel.sampling.kernel import Rounding
from halfpixel.sampling.lowering import meant_weights
from halfpixel.sampling.pixels import runtime_pixels, torch_pixels
from halfpixel.site import Operation

By = Literal["kept", "scales", "sizes", "computed"]

SMOOTH: Final[tuple[Coordinate, ...]] = (
    "half_pixel",
    "asymmetric",
    "align_corners",
    "pytorch_half_pixel",
    "half_pixel_symmetric",
)
NEAREST: Final[tuple[tuple[Coordinate, Rounding], ...]] = (
    ("asymmetric", "floor"),
    ("half_pixel", "round_prefer_ceil"),
    ("asymmetric", "round_prefer_floor"),
    ("half_pixel", "round_prefer_floor"),
    ("asymmetric", "round_prefer_ceil"),
    ("asymmetric", "ceil"),
    ("half_pixel", "floor"),
    ("half_pixel", "ceil"),
)
NEIGHBOURS: Final = 4
"""float32 numbers on either side of a scale that are tried for a length that is off by one."""

TRIED: Final = 256
"""Input lengths at which a nearest resize by scale is simulated where none is known."""

LONGEST: Final = 1024
"""Input lengths at which the output length of a scale is tried where none is known."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a resize as a Resize node.

    Attributes:
        attributes: the attributes that it needs, others at their defaults.
        by: `kept` where the node's own scales or sizes stay, `scales` and `sizes` where new
            constants come in their place, `computed` where the graph computes sizes.
        values: the new scales or sizes, one an axis; None each where unknown.
        opset: first opset that has these attributes.
    """

    attributes: dict[str, object]
    by: By
    values: tuple[float | None, ...] = ()
    opset: int = 11


@dataclass(frozen=True, slots=True)
class Goal:
    """What a site should compute.

    Attributes:
        resize: the resize that is wanted.
        lengths: known input and wanted output lengths, None each where unknown.
        factors: PyTorch's scale factors by axis, where they give the output lengths.
        version: PyTorch release whose meaning is wanted.
    """

    resize: Resize
    lengths: Lengths
    factors: dict[int, float]
    version: Version = LATEST


def goal_of(operation: Operation, wanted: Resize, factors: Sequence[float] | None = None) -> Goal:
    """Return what a site should compute, with the lengths that it should have."""
    ins, outs = operation.lengths()
    by_axis: dict[int, float] = {}
    if factors is not None:
        by_axis = {axis: f for (axis, _), f in zip(wanted.axes, factors, strict=True)}
    lengths = list(outs)
    call = operation.intent.call if operation.intent is not None else None
    told = () if call is None or operation.by != "scales" else call.scale_factor or ()
    if operation.joined:
        told = ()  # another operand says the length
    if not by_axis and len(told) == len(wanted.axes):
        for (axis, _), factor in zip(wanted.axes, told, strict=True):
            n_in, n_out = ins[axis], outs[axis]
            length = 0 if n_in is None else output_length_float64(n_in, factor)
            if n_out is not None and length > 0 and abs(length - n_out) == 1:
                lengths[axis] = length
    for axis, factor in by_axis.items():
        n_in = ins[axis]
        lengths[axis] = None if n_in is None else output_length_float64(n_in, factor)
    version = LATEST if call is None else call.version
    return Goal(wanted, (ins, tuple(lengths)), by_axis, version)


def is_copy(goal: Goal) -> bool:
    """Whether every axis is copied at the lengths that are known."""
    ins, outs = goal.lengths
    for axis, sampling in goal.resize.axes:
        n_in, n_out = ins[axis], outs[axis]
        if n_in is None or n_out is None or n_in != n_out:
            return False
        if not meant_weights(sampling, n_in, n_out).is_identity:
            return False
    return True


def form_of(operation: Operation, goal: Goal, opset: int, *, exact: bool = False) -> Form | None:
    """Return the form that changes least and computes what is wanted, or None.

    Args:
        operation: the site as it is.
        goal: what it should compute.
        opset: newest opset that may be used.
        exact: a nearest resize must read PyTorch's pixels in onnxruntime's arithmetic at all
            trial lengths too, not only at those that are known.
    """
    second: Form | None = None
    for attributes, sampling in _attributes(goal, opset):
        for by, values, scales in _lengths(operation, goal, sampling):
            axes = tuple((a, _with(sampling, scales, a)) for a, _ in goal.resize.axes)
            candidate = Resize(axes, goal.resize.extrapolation_value)
            if not _computes(candidate, goal, by_scale=scales is not None):
                continue
            form = Form(attributes, by, values, _first_opset(attributes))
            if _agrees(candidate, goal):
                return form
            second = second or form
    return None if exact else second


def _first_opset(attributes: dict[str, object]) -> int:
    if attributes["coordinate_transformation_mode"] == "half_pixel_symmetric":
        return 19
    return 18 if "antialias" in attributes else 11


def _with(sampling: Sampling, scales: Sequence[float | None] | None, axis: int) -> Sampling:
    scale = None if scales is None else scales[axis]
    if scale is None:
        return replace(sampling, scale=None)
    return replace(sampling, scale=_rational(scale))


def _rational(scale: float) -> Fraction:
    from halfpixel.sampling.resize import given_scale

    return given_scale(scale) or ONE


def _attributes(goal: Goal, opset: int) -> Iterator[tuple[dict[str, object], Sampling]]:
    """Yield attributes and the sampling that they say, those that are meant first."""
    seen: list[dict[str, object]] = []
    for sampling in _samplings(goal):
        plain = replace(sampling, scale=None, copies_same_length=False)
        attributes = attributes_of(plain, opset)
        if attributes is not None and attributes not in seen:
            seen.append(attributes)
            yield attributes, plain


def _samplings(goal: Goal) -> Iterator[Sampling]:
    moved = [sampling for _, sampling in goal.resize.axes]
    for sampling in moved:
        kernel = sampling.kernel
        if isinstance(kernel, Linear) and not kernel.antialias:
            sampling = replace(sampling, exclude_outside=False)  # noqa: PLW2901 - the same weights
        yield sampling
    first = moved[0]
    if isinstance(first.kernel, Nearest):
        for coordinate, rounding in NEAREST:
            yield Sampling(coordinate, Nearest(rounding))
        return
    if not isinstance(first.kernel, Linear | Cubic):
        for axis, sampling in goal.resize.axes:
            yield from _of_table(sampling, goal, axis)
        return
    for kernel in (first.kernel, replace(first.kernel, antialias=False)):
        for coordinate in SMOOTH:
            excluded = first.exclude_outside and (kernel.antialias or isinstance(kernel, Cubic))
            yield Sampling(coordinate, kernel, exclude_outside=excluded)


def _of_table(sampling: Sampling, goal: Goal, axis: int) -> Iterator[Sampling]:
    """Yield what weights that were found written out may be."""
    n_in, n_out = goal.lengths[0][axis], goal.lengths[1][axis]
    if n_in is None or n_out is None:
        return
    single = all(len(row) == 1 for row in sampling.weights(n_in, n_out).rows)
    if single:
        for coordinate, rounding in NEAREST:
            yield Sampling(coordinate, Nearest(rounding))
    for coordinate in SMOOTH:
        yield Sampling(coordinate, Linear())


Choice = tuple[By, tuple[float | None, ...], tuple[float | None, ...] | None]
"""How lengths are given, the new values, and the scales that the node then computes with."""


def _lengths(operation: Operation, goal: Goal, sampling: Sampling) -> Iterator[Choice]:
    """Yield ways to give the lengths, from what stands there to what is new."""
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


def _computes(candidate: Resize, goal: Goal, *, by_scale: bool) -> bool:
    """Whether a candidate is what is wanted, at the lengths that the site can have.

    No attribute says that an axis whose length stays is copied: where lengths are not known,
    that alone may be apart.
    """
    ins, outs = goal.lengths
    axes = tuple(
        (a, s if ins[a] is not None and outs[a] is not None else _plain(s))
        for a, s in goal.resize.axes
    )
    wanted = replace(goal.resize, axes=axes)
    return deviation_of(candidate, wanted, goal.lengths, by_scale, goal.version) is None


def _plain(sampling: Sampling) -> Sampling:
    return replace(sampling, copies_same_length=False)


def _agrees(candidate: Resize, goal: Goal) -> bool:
    """Whether a nearest resize reads the pixels that are wanted, at trial lengths too."""
    for (axis, one), (_, other) in zip(candidate.axes, goal.resize.axes, strict=True):
        if not isinstance(other.kernel, Nearest) or goal.lengths[0][axis] is not None:
            continue
        for n_in, n_out in _trial_lengths(one, other):
            here = runtime_pixels(one, n_in, n_out)
            there = torch_pixels(other, n_in, n_out) or runtime_pixels(other, n_in, n_out)
            if here != there:
                return False
    return True


def _trial_lengths(one: Sampling, other: Sampling) -> Iterator[tuple[int, int]]:
    """Yield input and output lengths that a resize can have, by scale or by sizes."""
    if one.scale is not None and other.scale is not None:
        for n_in in range(1, TRIED + 1):
            n_out = output_length_float32(n_in, float(one.scale))
            if n_out >= 1:
                yield n_in, n_out
        return
    for n_in in range(1, TRIED // 4 + 1):
        for n_out in range(1, TRIED // 4 + 1):
            yield n_in, n_out


def words_of(form: Form) -> str:
    """Return a form in words, as a fix is announced.

    >>> words_of(Form({"mode": "linear"}, "sizes", (1, 3, 8, 8)))
    'mode=linear, sizes 1, 3, 8, 8'
    """
    said = [f"{name}={_shown(value)}" for name, value in form.attributes.items()]
    if form.by in {"scales", "sizes"}:
        listed = ", ".join("?" if v is None else f"{v:.9g}" for v in form.values)
        said.append(f"{form.by} {listed}")
    elif form.by == "computed":
        said.append("sizes computed from the input's")
    return ", ".join(said)


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
