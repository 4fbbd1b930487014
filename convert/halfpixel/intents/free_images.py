"""At which image sizes of two free axes a nearest resize by factors copies, and should not.

Where no length changes onnxruntime copies the image, whatever the factors. PyTorch's nearest
over two axes copies or doubles an axis by itself, where the output is small; nearest-exact never
does. So whether an axis differs hangs on the other axis too.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from msgspec import Struct

from halfpixel.conventions.torch.faults import shortcut
from halfpixel.conventions.torch.interpolate import (
    NEAREST_COPIES_SINCE,
    NEAREST_COPIES_UP_TO,
    Version,
)
from halfpixel.intents.free_lengths import FIRST, Share
from halfpixel.sampling import Nearest, Resize, Sampling
from halfpixel.sampling.arithmetic import output_length_float32, output_length_float64
from halfpixel.sampling.coordinate import ONE
from halfpixel.sampling.pixels import runtime_pixels, torch_pixels

Pair = tuple[int, int]

COPIED: Final = frozenset({1, 2})
"""How many times as long an output is, where PyTorch passes over the factor."""


class WrongImages(Struct, frozen=True):
    """The image sizes that go wrong.

    Attributes:
        smallest: input and output length of each axis at the smallest of them.
        share: how many go wrong.
    """

    smallest: tuple[Pair, Pair]
    share: Share


class _Length(Struct, frozen=True):
    """One input length of an axis, and whether other pixels are read than PyTorch's.

    Attributes:
        pair: it, and the output length.
        resampled: by the factor, where the output is large, and where it is small.
        copied: by a copy, likewise.
    """

    pair: Pair
    resampled: tuple[bool, bool] = (False, False)
    copied: tuple[bool, bool] = (False, False)

    @property
    def stays(self) -> bool:
        return self.pair[0] == self.pair[1]

    @property
    def counts(self) -> bool:
        return any(self.resampled) or any(self.copied)


@lru_cache(maxsize=256)
def wrong_images(
    one: Resize, meant: Resize, taken: tuple[range, range], version: Version
) -> WrongImages | None:
    """Return the image sizes at which a copy parts onnxruntime from PyTorch; None where none does.

    Lengths at which float32 and float64 give two output lengths are left out: another rule is
    about each.

    Args:
        one: what the file computes, a nearest resize by factors over two axes or one of them.
        meant: what was meant, over two axes.
        taken: the input lengths that each axis takes.
        version: of PyTorch.
    """
    if len(meant.axes) != len(taken):
        return None
    copies = version >= NEAREST_COPIES_SINCE
    here = dict(one.axes)
    axes: list[tuple[_Length, ...]] = []
    for (axis, other), lengths in zip(meant.axes, taken, strict=True):
        is_ = here.get(axis, Sampling("asymmetric", Nearest("floor"), ONE))
        if other.scale is None or is_.scale != other.scale:
            return None
        if not isinstance(is_.kernel, Nearest) or not isinstance(other.kernel, Nearest):
            return None
        axes.append(tuple(_lengths(is_, other, lengths, version if copies else None)))
    wrong = sorted(_wrong(axes[0], axes[1]), key=lambda pairs: (sum(n for n, _ in pairs), pairs))
    if not wrong:
        return None
    counts = [min(len(lengths), FIRST) for lengths in taken]
    every = all(len(lengths) <= FIRST for lengths in taken)
    sizes = f"{counts[0]}x{counts[1]} image sizes"
    smallest = "x".join(str(n) for n, _ in wrong[0])
    share = Share(len(wrong), counts[0] * counts[1], every, sizes, smallest)
    return WrongImages(wrong[0], share)


def _lengths(
    is_: Sampling, other: Sampling, taken: range, version: Version | None
) -> Iterator[_Length]:
    """Yield the first lengths of an axis; those that are neither kept nor doubled are right."""
    scale = float(other.scale or ONE)
    for n in taken[:FIRST]:
        out = output_length_float32(n, scale)
        if out < 1 or out != output_length_float64(n, scale):
            continue
        if n == 1 or scale in COPIED or out not in {n * times for times in COPIED}:
            yield _Length((n, out))
            continue
        read, large = runtime_pixels(is_, n, out), torch_pixels(other, n, out)
        small = large if version is None else torch_pixels(_small(other, n, out, version), n, out)
        copy = tuple(range(n)) if out == n else read
        kernels = large, small
        resampled, copied = ((px != kernels[0], px != kernels[1]) for px in (read, copy))
        yield _Length((n, out), resampled, copied)


def _small(meant: Sampling, n_in: int, n_out: int, version: Version) -> Sampling:
    """Return what PyTorch computes along an axis where the output is small."""
    lone = Resize(((0, meant), (1, meant)))
    return shortcut(lone, ((n_in, n_in), (n_out, None)), version).axes[0][1]


def _wrong(first: tuple[_Length, ...], second: tuple[_Length, ...]) -> Iterator[tuple[Pair, Pair]]:
    """Yield the lengths of both axes where one of them differs."""
    if not any(one.counts for one in (*first, *second)):
        return
    for one in first:
        for other in second:
            if not (one.counts or other.counts):
                continue
            is_small = one.pair[1] + other.pair[1] <= NEAREST_COPIES_UP_TO
            copied = one.stays and other.stays
            apart = (each.copied if copied else each.resampled for each in (one, other))
            if any(each[is_small] for each in apart):
                yield one.pair, other.pair
