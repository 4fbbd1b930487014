"""How a resize differs from what was meant, and by which one of its properties.

Smooth kernels are compared exactly, by their weights. A nearest resize is compared by the
pixels that onnxruntime and PyTorch read in their own float32 arithmetic, which is what a
user will see; where the exact weights agree and the pixels do not, arithmetic is the cause.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from halfpixel.conventions.torch.call import View, on_view
from halfpixel.conventions.torch.faults import shortcut
from halfpixel.conventions.torch.interpolate import (
    LATEST,
    NEAREST_COPIES_SINCE,
    Interpolate,
    Version,
)
from halfpixel.intents.axis_deviation import Deviation, FreeAxis, on_axis, on_free_axis
from halfpixel.intents.free_lengths import Ranges, lengths_of
from halfpixel.sampling import Cubic, Linear, Resize, Sampling
from halfpixel.sampling.coordinate import ONE
from halfpixel.site import Operation
from halfpixel.work import remembered

Lengths = tuple[tuple[int | None, ...], tuple[int | None, ...]]


def meant_resize(operation: Operation) -> Resize | None:
    """Return the resize that was meant, over the axes that the operation resamples."""
    intent, operator = operation.intent, operation.operator
    if intent is None or intent.call is None or not isinstance(operator, Resize):
        return None
    spatial = intent.call.spatial
    rank = operation.rank
    axes = tuple(axis for axis, _ in operator.axes)
    last = tuple(range(rank - spatial, rank))
    if spatial >= rank:
        return None
    if not set(axes) <= set(last):
        if len(axes) != spatial:
            return None
        last = axes
    return _over(intent.call, last)


@lru_cache(maxsize=512)
def _over(call: Interpolate, axes: tuple[int, ...]) -> Resize:
    """Return what a call computes over some axes: every rule asks it of the same site."""
    return on_view(call, View(axes))


@remembered(512)
def deviation_of(  # noqa: PLR0913, PLR0917 - what a comparison hangs on, and a cache key
    operator: Resize,
    meant: Resize,
    lengths: Lengths,
    by_scale: bool,  # noqa: FBT001 - a cache key
    version: Version = LATEST,
    simulated: bool = True,  # noqa: FBT001, FBT002 - likewise
    ranges: Ranges = (),
) -> Deviation | None:
    """Return the worst deviation at lengths of which some may be None.

    Nearest resizes are compared by the pixels that onnxruntime and PyTorch read where
    `simulated`, and by their weights otherwise. `ranges` are the input lengths that the file says
    that the model takes.
    """
    is_, wanted = dict(operator.axes), dict(shortcut(meant, lengths, version).axes)
    ins, outs = lengths
    copied_at_some = wanted != dict(meant.axes) and None in [outs[axis] for axis in wanted]
    certain = None not in ins and None not in outs
    unchanged = by_scale and certain and ins == outs
    found: list[Deviation] = []
    for axis in sorted(is_.keys() | wanted.keys()):
        one, other = is_.get(axis), wanted.get(axis)
        n_in, n_out = ins[axis], outs[axis]
        if one is None and other is None:
            continue
        copied = Sampling("asymmetric", (other or one or _COPY).kernel, ONE)
        smooth = isinstance(one.kernel, Linear | Cubic) and one.kernel.antialias if one else False
        stays = smooth and n_in is not None and n_in == n_out  # onnxruntime copies such an axis
        one_now = copied if one is None or unchanged or stays else one
        other_now = copied if other is None else other
        if n_in is None:
            small = version >= NEAREST_COPIES_SINCE and len(wanted) == 2
            lone = by_scale and len(is_) == 1 and not small
            free = FreeAxis(lengths_of(ranges, axis), lone, small)
            deviation = on_free_axis(axis, one_now, other_now, n_out, meant, free, simulated)
        else:
            deviation = on_axis(axis, one_now, other_now, n_in, n_out, meant, simulated)
        if deviation is not None:
            if one is not None and one_now is not one:
                deviation = replace(deviation, cause="copy", simulated=True)
            if copied_at_some:
                deviation = replace(deviation, basis="free")
            found.append(deviation)
    return max(found, key=lambda d: (d.certain, d.displacement, d.weight_difference), default=None)


_COPY: Final = Sampling("asymmetric", Linear(), ONE)


def deviation(operation: Operation) -> Deviation | None:
    """Return how an operation differs from what was meant; None where it does not.

    Lengths that the file fixes are looked at first; then those that its own shape
    arithmetic gives for trial inputs; then all lengths.
    """
    operator, meant = operation.operator, meant_resize(operation)
    if meant is None or not isinstance(operator, Resize):
        return None
    simulated = operation.dialect.simulated
    by_scale = operation.by == "scales" and simulated
    intent = operation.intent
    version = LATEST if intent is None or intent.call is None else intent.call.version
    lengths = operation.lengths
    if None not in lengths[0] and None not in lengths[1]:
        return deviation_of(operator, meant, lengths, by_scale, version, simulated)
    for trial in _trials(operation, meant):
        found = deviation_of(operator, meant, trial, by_scale, version, simulated)
        if found is not None:
            return replace(found, basis="trial")
    ranges = operation.surroundings.ranges
    found = deviation_of(operator, meant, lengths, by_scale, version, simulated, ranges)
    if found is not None or not (by_scale and len(meant.axes) == 2):
        return found
    return _on_free_images(operation, operator, meant, version)


def _on_free_images(
    operation: Operation, operator: Resize, meant: Resize, version: Version
) -> Deviation | None:
    """Return the difference at the smallest image at which a copy parts the two."""
    from halfpixel.intents.free_images import wrong_images

    ins, outs = operation.lengths
    axes = [axis for axis, _ in meant.axes]
    taken: list[range] = []
    for axis in axes:
        n = ins[axis]
        ranges = operation.surroundings.ranges
        taken.append(lengths_of(ranges, axis) if n is None else range(n, n + 1))
    found = wrong_images(operator, meant, (taken[0], taken[1]), version)
    if found is None:
        return None
    before, after = ([1 if n is None else n for n in lengths] for lengths in (ins, outs))
    for axis, (n_in, n_out) in zip(axes, found.smallest, strict=True):
        before[axis], after[axis] = n_in, n_out
    for axis, n in enumerate(ins):
        if axis not in axes and n is None:
            after[axis] = before[axis]
    image = tuple(before), tuple(after)
    shown = deviation_of(operator, meant, image, by_scale=True, version=version)
    return None if shown is None else replace(shown, basis="free", share=found.share)


def _trials(operation: Operation, meant: Resize) -> Iterator[Lengths]:
    """Yield the lengths that the graph gives for trial inputs, over every axis."""
    axes = [axis for axis, _ in meant.axes]
    for ins, outs in operation.surroundings.free_lengths.trials:
        if len(ins) != len(axes):
            continue
        before, after = [1] * operation.rank, [1] * operation.rank
        for axis, n_in, n_out in zip(axes, ins, outs, strict=True):
            before[axis], after[axis] = n_in, n_out
        yield tuple(before), tuple(after)
