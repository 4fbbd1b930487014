"""How one axis of a resize differs from what was meant, at known lengths or at free ones."""

import math
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.intents.cause import Cause, cause_of
from halfpixel.intents.free_lengths import (
    FIRST,
    Pairs,
    Share,
    kept_lengths,
    pairs_of,
    wrong_lengths,
)
from halfpixel.sampling import Nearest, Resize, Sampling, compare
from halfpixel.sampling.coordinate import ONE
from halfpixel.sampling.pixels import LONGEST, runtime_pixels, torch_pixels

Basis = Literal["fixed", "trial", "free"]

SELDOM: Final[frozenset[Cause]] = frozenset({"single pixel", "rounding", "copy", "arithmetic"})
"""Causes that show at a few lengths only, where it cannot be told at which."""

USUAL: Final = (16, 17, 31)
"""Lengths at which two nearest resizes are compared where none is known."""


class FreeAxis(Struct, frozen=True):
    """An axis whose input length is free.

    Attributes:
        taken: the lengths that it takes.
        lone: it alone has a factor, so that onnxruntime copies where the length stays.
        small: PyTorch copies where the length stays or doubles and the output is small.
    """

    taken: range
    lone: bool
    small: bool


class Deviation(Struct, frozen=True):
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
        share: of how many lengths that the model takes it shows at, where the input's is free
            and gives the output's; the smallest is `n_in`.
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
    share: Share | None = None

    @property
    def certain(self) -> bool:
        """Whether the file fixes the lengths at which it shows."""
        return self.basis == "fixed"

    @property
    def remote(self) -> bool:
        """Whether it shows at a few lengths only, and nothing says that they occur."""
        if self.share is not None:
            return self.share.seldom
        return self.basis == "free" and self.cause in SELDOM and not self.everywhere

    @property
    def where(self) -> str:
        """The lengths in words.

        >>> Deviation("scale", 2, 5, 2, ONE, ONE, "fixed", False, Resize(())).where
        'at length 5 to 2 (axis 2)'
        """
        at = f"length {self.n_in} to {self.n_out} (axis {self.axis})"
        if self.share is None:
            return f"at {at}"
        return f"at {self.share.text}, the smallest {self.share.smallest or self.n_in}: at {at}"

    @property
    def amount(self) -> str:
        """How far off, in words."""
        pixels, weights = float(self.displacement), float(self.weight_difference)
        if pixels and not self.simulated:
            away = f"samples are up to {pixels:.3g} input px off"
            return f"{away}, interpolation weights up to {weights:.3g}"
        if pixels:
            return f"samples are up to {pixels:.3g} input px off"
        if not weights:
            return "the interpolation weights are others"
        return f"interpolation weights are up to {weights:.3g} off"


def on_axis(  # noqa: PLR0913, PLR0917 - the two samplings and where they stand
    axis: int,
    one: Sampling,
    other: Sampling,
    n_in: int | None,
    n_out: int | None,
    meant: Resize,
    simulated: bool,  # noqa: FBT001 - passed on
) -> Deviation | None:
    """Return how two samplings of an axis differ, at its lengths or where they are not known.

    Args:
        axis: the axis.
        one: what the file computes.
        other: what was meant along the axis.
        n_in: its input length, where it is known.
        n_out: its output length, likewise.
        meant: what was meant along every axis.
        simulated: nearest resizes are judged by the pixels that onnxruntime and PyTorch read.
    """
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


def on_free_axis(  # noqa: PLR0913, PLR0917 - likewise
    axis: int,
    one: Sampling,
    other: Sampling,
    n_out: int | None,
    meant: Resize,
    free: FreeAxis,
    simulated: bool,  # noqa: FBT001 - passed on
) -> Deviation | None:
    """Return how two samplings differ at the lengths that a free axis takes; as `on_axis`."""
    taken = free.taken
    pairs = pairs_of(one, other, taken, n_out, copied=free.small)
    if pairs is None:
        return on_axis(axis, one, other, None, n_out, meant, simulated)
    found = [_among(pairs, axis, one, other, meant, taken, simulated=simulated)]
    if free.lone:
        copied = Sampling("asymmetric", one.kernel, ONE)
        kept = kept_lengths(other, taken)
        copy = _among(kept, axis, copied, other, meant, taken, simulated=simulated)
        found.append(copy and replace(copy, cause="copy", simulated=True))
    elif found == [None]:
        anywhere = on_axis(axis, one, other, None, n_out, meant, simulated)
        return anywhere if anywhere is not None and anywhere.cause == "copy" else None
    known = [one for one in found if one is not None]
    return max(known, key=lambda one: one.share.wrong if one.share else 0, default=None)


def _among(  # noqa: PLR0913, PLR0917 - likewise
    pairs: Pairs,
    axis: int,
    one: Sampling,
    other: Sampling,
    meant: Resize,
    taken: range,
    *,
    simulated: bool,
) -> Deviation | None:
    """Return the difference at the smallest lengths that go wrong, with how many do."""
    wrong, tried = wrong_lengths(one, other, pairs, simulated=simulated)
    for pair in wrong:
        found = on_axis(axis, one, other, *pair, meant, simulated)
        if found is not None:
            every = len(taken) <= min(tried, FIRST)
            share = Share(len(wrong), len(taken) if every else tried, every)
            return replace(found, basis="free", share=share)
    return None


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
