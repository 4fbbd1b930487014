"""The PyTorch call that steps along axes are, found by comparing their pixels and weights."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import Family, Interpolate
from halfpixel.dialect import LITERT
from halfpixel.formats.litert.graph import Graph
from halfpixel.formats.litert.read.contents import Contents
from halfpixel.formats.litert.read.resampling import FIRST
from halfpixel.formats.litert.read.separable import MOVED, Separable, Step, Steps
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

DIGITS: Final = 4
"""Decimal places of a factor that somebody would write."""

MOST: Final = 12
"""Factors that are tried."""

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
    for one in Steps(contents, graph).found():
        site = _site(graph, one, producer)
        if site is not None:
            yield one, site


def _site(graph: Graph, one: Separable, producer: Producer) -> Site | None:
    """Return what steps compute as a site; None where they are no resize."""
    shapes = [graph.values[place].shape or () for place in (one.data, one.node.outputs[0])]
    before, after = (tuple(shape[axis] for axis in FIRST) for shape in shapes)
    ends = [[shape[axis] for axis in MOVED] for shape in shapes]
    (height, width), (rows, columns) = ([n for n in end if isinstance(n, int)] for end in ends)
    operation = Operation(
        one.label, one.version, {}, None, input_shape=before, output_shape=after,
        dtype=graph.values[one.data].dtype.lower(), hidden=one.label, by="sizes",
        dialect=LITERT, origin=Origin(producer),
    )  # fmt: skip
    try:
        with one_node():
            spend(PLAIN)
            found = named(one, (height, width), (rows, columns))
    except TooMuchWork as error:
        operation = replace(operation, problem=str(error), unjudged=True)
        return Site(one.node.name, operation)
    if found is None:
        return None
    lengths = tuple(n if isinstance(n, int) else None for n in after)
    operation = replace(operation, operator=found.resize, torch_call=found.call, sizes=lengths)
    return Site(one.node.name, operation, compute=computed(one.steps))


def named(found: Separable, ins: Lengths, outs: Lengths) -> Named | None:
    """Return what steps compute; None where they are no resize.

    Args:
        found: the steps.
        ins: input height and width.
        outs: output height and width.
    """
    by_pixels = found.label == "GATHER"
    for family, corners, antialias in BY_PIXELS if by_pixels else BY_WEIGHTS:
        like = Interpolate(cast("Family", family), 2, outs, None, corners, antialias)
        call = like if _all(found, like, ins, outs) else None
        if call is None and not corners and family != "area":
            call = _by_factors(found, like, ins, outs)
        if call is not None:
            return Named(call.resize(4), call.text())
    return _table(found) if by_pixels and len(found.steps) > 1 else None


def _all(found: Separable, call: Interpolate, ins: Lengths, outs: Lengths) -> bool:
    """Whether every step is what a call makes along its axis."""
    return all(_is(found.steps.get(axis), call, axis, ins, outs) for axis in AXES)


def _by_factors(
    found: Separable, like: Interpolate, ins: Lengths, outs: Lengths
) -> Interpolate | None:
    """Return a call by factors that steps are, the shortest; one for both axes where one is."""
    fitting: list[list[float]] = []
    for axis in AXES:
        calls = [
            replace(like, size=None, scale_factor=(factor, factor))
            for factor in _factors(found, axis, ins, outs, exact=like.family == "nearest-exact")
        ]
        fitting.append(
            [
                call.scale_factor[0]
                for call in calls
                if call.scale_factor and _is(found.steps.get(axis), call, axis, ins, outs)
            ]
        )
    if not all(fitting):
        return None
    both = [factor for factor in fitting[0] if factor in fitting[1]]
    factors = (both[0], both[0]) if both else (fitting[0][0], fitting[1][0])
    return replace(like, size=None, scale_factor=factors)


def _is(step: Step | None, call: Interpolate, axis: int, ins: Lengths, outs: Lengths) -> bool:
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


def _factors(
    found: Separable, axis: int, ins: Lengths, outs: Lengths, *, exact: bool
) -> list[float]:
    """Return factors that a step may have come from, the shortest first; 1 where there is none.

    Those that every step may have come from are among them.
    """
    if axis not in found.steps:
        return [1.0]
    near: dict[int, tuple[Fraction, Fraction]] = {}
    for one, step in found.steps.items():
        n, m = ins[one - 1], outs[one - 1]
        low, high = _bounds(step, exact=exact)
        near[one] = max(low, Fraction(m, n)), min(high, Fraction(m + 1, n))
    every = max(low for low, _ in near.values()), min(high for _, high in near.values())
    return list(dict.fromkeys((*_between(*every), *_between(*near[axis]))))


def _between(low: Fraction, high: Fraction) -> Iterator[float]:
    """Yield decimals in a range, the shortest first.

    >>> list(_between(Fraction(8, 5), Fraction(17, 10)))[:3]
    [1.6, 1.61, 1.62]
    """
    seen = set[Fraction]()
    for digits in range(DIGITS + 1):
        places = int(10**digits)
        for number in range(ceil(low * places), floor(high * places) + 1):
            factor = Fraction(number, places)
            if len(seen) >= MOST:
                return
            if factor > 0 and factor < high and factor not in seen:
                seen.add(factor)
                yield float(factor)


def _bounds(step: Step, *, exact: bool) -> tuple[Fraction, Fraction]:
    """Return between which factors a step was made."""
    if step.weights.ndim == 1:
        return _of_pixels(step.weights.tolist(), step.n_in, Fraction(int(exact), 2))
    import numpy as np

    n_out = len(step.weights)
    first, last = n_out // 4, max(3 * n_out // 4, n_out // 4 + 1)
    centres = step.weights.astype(np.float64) @ np.arange(step.n_in)
    if last >= n_out:
        return Fraction(0), Fraction(1 << 20)
    slope = float(centres[last] - centres[first]) / (last - first)
    if not 1e-6 < slope < 1e6:
        return Fraction(0), Fraction(1 << 20)
    about = 0.01 + 2 / n_out  # a repeated border pulls what lies near it
    return Fraction((1 - about) / slope), Fraction((1 + about) / slope)


def _of_pixels(pixels: Sequence[int], n_in: int, shift: Fraction) -> tuple[Fraction, Fraction]:
    """Return between which factors output i reads pixel floor((i + shift) / factor).

    >>> [str(n) for n in _of_pixels([0, 0, 1, 1], 2, Fraction(0))]
    ['1', '2']
    """
    low, high = Fraction(0), Fraction(1 << 20)
    for i, pixel in enumerate(pixels):
        if pixel < n_in - 1:
            low = max(low, (i + shift) / (pixel + 1))
        if pixel:
            high = min(high, (i + shift) / pixel)
    return low, high + Fraction(1, 10**9)  # the upper end belongs to it


def _table(found: Separable) -> Named | None:
    """Return gathers that ascend over an image, and are no part of it, as the pixels they read."""
    tables = {axis: step.weights.tolist() for axis, step in found.steps.items()}
    ascends = all(len(one) > 1 and one == sorted(one) for one in tables.values())
    if not ascends or all(b - a == 1 for one in tables.values() for a, b in pairwise(one)):
        return None
    whole = Fraction(1)
    axes = tuple(
        (
            AXES[axis],
            Sampling(
                "half_pixel", Table(found.steps[axis].n_in, tuple(((j, whole),) for j in one))
            ),
        )
        for axis, one in sorted(tables.items())
    )
    return Named(Resize(axes), None)


def computed(steps: Mapping[int, Step]) -> "Compute":
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
