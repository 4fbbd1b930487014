"""The PyTorch call that steps along axes are, found by comparing their pixels and weights."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import Family, Interpolate
from halfpixel.dialect import LITERT
from halfpixel.formats.litert.graph import Graph
from halfpixel.formats.litert.read.contents import Contents
from halfpixel.formats.litert.read.factors import factors_of
from halfpixel.formats.litert.read.resampling import FIRST
from halfpixel.formats.litert.read.separable import Axes, Read, Separable, Steps
from halfpixel.formats.litert.read.sought import PRODUCT
from halfpixel.origin import Origin, Producer, version_of
from halfpixel.sampling import Resize, Sampling, Table
from halfpixel.sampling.lowering import meant_weights, single_taps
from halfpixel.site import Operation, Site
from halfpixel.work import PLAIN, TooMuchWork, one_node, spend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array
    from halfpixel.site import Compute

NEAR: Final = 2e-6
"""By how much a float32 weight may be off."""

AXES: Final = {1: 2, 2: 3}
"""Axes with the channels first, by where they are with the channels last."""

Lengths = tuple[int, int]

BY_PIXELS: Final = (("nearest", None, False), ("nearest-exact", None, False))
BY_WEIGHTS: Final = (
    ("linear", False, False), ("linear", True, False), ("cubic", False, False),
    ("cubic", True, False), ("linear", False, True), ("cubic", False, True), ("area", None, False),
)  # fmt: skip
"""Calls: the family, align_corners, and antialias."""


class Named(Struct, frozen=True):
    """What steps compute.

    Attributes:
        resize: over the axes with the channels first.
        call: the PyTorch call that it is; None where none was found.
    """

    resize: Resize
    call: str | None


def in_steps(contents: Contents, graph: Graph) -> Iterator[tuple[Separable, Site]]:
    """Yield the resizes of a graph that are written as a step an axis, the last first.

    A site is described, and evaluated, with the channels first.

    Args:
        contents: the model.
        graph: one of its graphs, or one with changes.
    """
    if not any(node.op in {"GATHER", PRODUCT} for node in graph.nodes):
        return
    producer = Producer(contents.writer, version_of(contents.writer_version))
    steps = Steps(contents, graph)
    for one in steps.found():
        site = _site(steps, one, producer)
        if site is not None:
            yield one, site


def _site(steps: Steps, one: Separable, producer: Producer) -> Site | None:
    """Return what steps compute as a site; None where they are no resize."""
    value = steps.graph.values[one.data]
    shape = tuple(n for n in value.shape or () if isinstance(n, int))
    if len(shape) != len(FIRST) or any(step.n_in != shape[k] for k, step in one.steps.items()):
        return None
    outs = tuple(one.steps[k].n_out if k in one.steps else n for k, n in enumerate(shape))
    before, after = (tuple(lengths[axis] for axis in FIRST) for lengths in (shape, outs))
    operation = Operation(
        one.label, one.version, {}, None, input_shape=before, output_shape=after, sizes=after,
        dtype=value.dtype.lower(), hidden=one.label, by="sizes",
        dialect=LITERT, origin=Origin(producer),
    )  # fmt: skip
    try:
        with one_node():
            spend(PLAIN)
            read: dict[int, Read] = {}
            for axis, step in one.steps.items():
                weights = steps.weights(step)
                if weights is None:
                    return None
                read[axis] = Read(step.n_in, weights)
            found = named(read, (shape[1], shape[2]), (outs[1], outs[2]))
    except TooMuchWork as error:
        if one.label != PRODUCT:
            return None  # the walk judges gathers
        operation = replace(operation, problem=str(error), unjudged=True)
        return Site(one.node.name, operation)
    if found is None:
        return None
    operation = replace(operation, operator=found.resize, torch_call=found.call)
    return Site(one.node.name, operation, compute=computed(read))


def as_pixels(found: Axes) -> Axes | None:
    """Return products whose rows are a single 1 as the pixels that they pick; None for others.

    Args:
        found: what is moved.
    """
    pixels: dict[int, Read] = {}
    for axis, step in found.items():
        weights = step.weights
        if weights.ndim != 2:
            return None
        spend(weights.size // 64)
        picked = weights.argmax(axis=1)
        if not ((weights != 0).sum(axis=1) == 1).all() or not (weights.max(axis=1) == 1).all():
            return None
        pixels[axis] = Read(step.n_in, picked)
    return pixels


def named(found: Axes, ins: Lengths, outs: Lengths) -> Named | None:
    """Return what steps compute; None where they are no resize.

    Args:
        found: what is moved.
        ins: input height and width.
        outs: output height and width.
    """
    by_pixels = all(step.weights.ndim == 1 for step in found.values())
    if by_pixels and not any(map(_moves, found.values())):
        return None
    return _called(found, by_pixels=by_pixels, ins=ins, outs=outs) or (
        _table(found) if by_pixels and len(found) > 1 else None
    )


def _called(found: Axes, *, by_pixels: bool, ins: Lengths, outs: Lengths) -> Named | None:
    """Return the call that steps are; None where they are none."""
    for family, corners, antialias in BY_PIXELS if by_pixels else BY_WEIGHTS:
        picked = as_pixels(found) if family == "area" else None
        by_picking = None if picked is None else _called(picked, by_pixels=True, ins=ins, outs=outs)
        if by_picking is not None:
            return by_picking
        like = Interpolate(cast("Family", family), 2, outs, None, corners, antialias)
        call = like if _all(found, like, ins, outs) else None
        if call is None and not corners and family != "area":
            call = _by_factors(found, like, ins, outs)
        if call is not None:
            return Named(call.resize(4), call.text())
    return None


def _moves(step: Read) -> bool:
    """Whether a gather makes several pixels, and others than are there: no choice, and no copy."""
    pixels = step.weights.tolist()
    return len(pixels) > 1 and pixels != list(range(step.n_in))


def _all(found: Axes, call: Interpolate, ins: Lengths, outs: Lengths) -> bool:
    """Whether every step is what a call makes along its axis."""
    return all(_is(found.get(axis), call, axis, ins, outs) for axis in AXES)


def _by_factors(found: Axes, like: Interpolate, ins: Lengths, outs: Lengths) -> Interpolate | None:
    """Return a call by factors that steps are, the shortest; one for both axes where one is."""
    fitting: list[list[float]] = []
    for axis in AXES:
        calls = [
            replace(like, size=None, scale_factor=(factor, factor))
            for factor in factors_of(found, axis, exact=like.family == "nearest-exact")
        ]
        fitting.append(
            [
                call.scale_factor[0]
                for call in calls
                if call.scale_factor and _is(found.get(axis), call, axis, ins, outs)
            ]
        )
    if not all(fitting):
        return None
    both = [factor for factor in fitting[0] if factor in fitting[1]]
    factors = (both[0], both[0]) if both else (fitting[0][0], fitting[1][0])
    return replace(like, size=None, scale_factor=factors)


def _is(step: Read | None, call: Interpolate, axis: int, ins: Lengths, outs: Lengths) -> bool:
    """Whether a step along an axis is what a call makes there; none is a copy."""
    n_in, n_out = ins[axis - 1], outs[axis - 1]
    spend(n_out)
    meant = meant_weights(call.sampling(axis - 1), n_in, n_out)
    if step is None:
        return n_in == n_out and meant.is_identity
    if step.weights.ndim == 1:
        return single_taps(meant) == tuple(step.weights.tolist())
    import numpy as np

    spend(step.weights.size // 64)
    return bool(np.abs(meant.matrix() - step.weights.astype(np.float64)).max() <= NEAR)


def _table(found: Axes) -> Named | None:
    """Return gathers that ascend over an image, and are no part of it, as the pixels they read."""
    tables = {axis: step.weights.tolist() for axis, step in found.items()}
    ascends = all(len(one) > 1 and one == sorted(one) for one in tables.values())
    if not ascends or all(b - a == 1 for one in tables.values() for a, b in pairwise(one)):
        return None
    whole = Fraction(1)
    axes = tuple(
        (
            AXES[axis],
            Sampling("half_pixel", Table(found[axis].n_in, tuple(((j, whole),) for j in one))),
        )
        for axis, one in sorted(tables.items())
    )
    return Named(Resize(axes), None)


def computed(steps: Axes) -> "Compute":
    """Return what evaluates steps on images with the channels first."""

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        import numpy as np

        (x,) = inputs
        y: NDArray[np.float64] = x.astype(np.float64)
        for axis, step in steps.items():
            if step.weights.ndim == 1:
                y = np.take(y, step.weights.astype(np.int64), AXES[axis])
            else:
                moved: NDArray[np.float64] = np.moveaxis(y, AXES[axis], -1)
                made: NDArray[np.float64] = moved @ step.weights.astype(np.float64).T
                y = np.moveaxis(made, -1, AXES[axis])
        return y

    return compute
