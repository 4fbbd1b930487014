"""How a resize differs from what was meant, and by which one of its properties.

Smooth kernels are compared exactly, by their weights. A nearest resize is compared by the
pixels that onnxruntime and PyTorch read in their own float32 arithmetic, which is what a
user will see; where the exact weights agree and the pixels do not, arithmetic is the cause.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal

from halfpixel.conventions.torch.call import View, on_view
from halfpixel.conventions.torch.faults import first_shortcut, shortcut
from halfpixel.conventions.torch.interpolate import LATEST, Interpolate, Version
from halfpixel.intents.cause import Cause, cause_of
from halfpixel.sampling import Cubic, Linear, Nearest, Resize, Sampling, compare
from halfpixel.sampling.coordinate import ONE
from halfpixel.sampling.pixels import runtime_pixels, torch_pixels
from halfpixel.site import Operation

Basis = Literal["fixed", "trial", "free"]

SELDOM: Final[frozenset[Cause]] = frozenset({"single pixel", "rounding", "copy", "arithmetic"})
"""Causes that show at a few lengths only."""

LONGEST: Final = 1 << 14
"""Longest axis whose pixels are simulated one by one."""

USUAL: Final = (16, 17, 31)
"""Lengths at which two nearest resizes are compared where none is known."""

Lengths = tuple[tuple[int | None, ...], tuple[int | None, ...]]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One axis on which a resize is not what was meant.

    Attributes:
        cause: the property that makes the difference.
        axis: axis of the site's input.
        n_in: input length at which it shows.
        n_out: output length at which it shows.
        displacement: worst distance of the sampling grids there, in input pixels.
        weight_difference: largest difference of weights there.
        basis: `fixed` where the file fixes these lengths, `trial` where its own arithmetic
            gives them for a trial input, `free` where the model may or may not take them.
        simulated: found in the runtimes' arithmetic rather than in exact weights.
        meant: what was meant, on the same axes.
        everywhere: of pixels that are picked by another rule: at every length that was tried.
    """

    cause: Cause
    axis: int
    n_in: int
    n_out: int
    displacement: Fraction
    weight_difference: Fraction
    basis: Basis
    simulated: bool
    meant: Resize
    everywhere: bool = False

    @property
    def certain(self) -> bool:
        """Whether the file fixes the lengths at which it shows."""
        return self.basis == "fixed"

    @property
    def remote(self) -> bool:
        """Whether it shows at a few lengths only, and nothing says that they occur."""
        return self.basis == "free" and self.cause in SELDOM and not self.everywhere

    @property
    def where(self) -> str:
        """The lengths in words.

        >>> Deviation("scale", 2, 5, 2, ONE, ONE, "fixed", False, Resize(())).where
        'at length 5 to 2 (axis 2)'
        """
        return f"at length {self.n_in} to {self.n_out} (axis {self.axis})"

    @property
    def amount(self) -> str:
        """How far off, in words."""
        pixels, weights = float(self.displacement), float(self.weight_difference)
        if pixels and not self.simulated:
            return f"samples are up to {pixels:.3g} input px off, weights up to {weights:.3g}"
        if pixels:
            return f"samples are up to {pixels:.3g} input px off"
        return f"weights are up to {weights:.3g} off" if weights else "the weights are others"


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


@lru_cache(maxsize=512)
def deviation_of(  # noqa: PLR0913, PLR0917 - what a comparison hangs on, and a cache key
    operator: Resize,
    meant: Resize,
    lengths: Lengths,
    by_scale: bool,  # noqa: FBT001 - a cache key
    version: Version = LATEST,
    simulated: bool = True,  # noqa: FBT001, FBT002 - likewise
) -> Deviation | None:
    """Return the worst deviation at lengths of which some may be None.

    Nearest resizes are compared by the pixels that onnxruntime and PyTorch read where
    `simulated`, and by their weights otherwise.
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
        deviation = _on_axis(axis, one_now, other_now, n_in, n_out, meant, simulated=simulated)
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
    found = deviation_of(operator, meant, lengths, by_scale, version, simulated)
    if found is not None or not (by_scale and len(meant.axes) == 2):
        return found
    for short in _shortcuts(meant, lengths):
        found = deviation_of(operator, meant, short, by_scale, version, simulated)
        if found is not None:
            return replace(found, basis="free")
    return None


def _shortcuts(meant: Resize, lengths: Lengths) -> Iterator[Lengths]:
    """Yield short lengths at which PyTorch's nearest over two axes copies what it should scale."""
    for axis, sampling in meant.axes:
        factor = sampling.scale
        if lengths[0][axis] is not None or factor is None or sampling.kernel != Nearest("floor"):
            continue
        length = first_shortcut(float(factor), 1)
        ins = [1 if n is None else n for n in lengths[0]]
        outs = [m if m is not None else ins[a] for a, m in enumerate(lengths[1])]
        for a, other in meant.axes:
            if lengths[0][a] is None and other.scale is not None:
                ins[a] = length if a == axis and length else math.ceil(1 / other.scale)
                outs[a] = math.floor(ins[a] * other.scale)
        if length is not None:
            yield tuple(ins), tuple(outs)


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


def _on_axis(  # noqa: PLR0913, PLR0917 - the two samplings and where they stand
    axis: int,
    one: Sampling,
    other: Sampling,
    n_in: int | None,
    n_out: int | None,
    meant: Resize,
    *,
    simulated: bool,
) -> Deviation | None:
    basis: Basis = "free" if n_in is None or n_out is None else "fixed"
    pixels = None
    if simulated and n_in is not None and n_out is not None and max(n_in, n_out) <= LONGEST:
        pixels = _pixels(one, other, n_in, n_out)
    verdict = compare(one, other, n_in, n_out)
    if pixels is not None and n_in is not None and n_out is not None:
        here, there = pixels
        if here == there:
            return None
        off = max(abs(a - b) for a, b in zip(here, there, strict=True))
        cause = "arithmetic" if verdict.equal else cause_of(one, other, n_in, n_out)
        simulated = verdict.equal
        return Deviation(
            cause, axis, n_in, n_out, Fraction(off), ONE, "fixed", simulated, meant
        )  # fmt: skip
    if verdict.negligible or verdict.witness is None:
        return None
    cause = cause_of(one, other, *verdict.witness)
    apart = verdict.displacement, verdict.weight_difference
    everywhere = cause == "rounding" and _everywhere(one, other)
    return Deviation(cause, axis, *verdict.witness, *apart, basis, False, meant, everywhere)  # noqa: FBT003


def _everywhere(one: Sampling, other: Sampling) -> bool:
    """Whether two nearest resizes read other pixels at each of a few ordinary lengths."""
    scale = one.scale or other.scale
    for n_in in USUAL:
        targets = [math.floor(n_in * scale)] if scale is not None else [2 * n_in, n_in // 2]
        for n_out in targets:
            pixels = _pixels(one, other, n_in, max(n_out, 1))
            if pixels is None or pixels[0] == pixels[1]:
                return False
    return True


def _pixels(
    one: Sampling, other: Sampling, n_in: int, n_out: int
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return the pixels that onnxruntime reads and those that PyTorch reads, if nearest."""
    if not isinstance(other.kernel, Nearest):
        return None
    here = runtime_pixels(one, n_in, n_out)
    there = torch_pixels(other, n_in, n_out)
    return None if here is None or there is None else (here, there)
