"""The lengths at which a site is run by itself."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from math import ceil, prod
from typing import Final

from halfpixel.sampling import Resize
from halfpixel.site import Site

LENGTHS: Final = ((7, 10), (8, 8), (1, 5))
"""Spatial lengths at which a site is run where the model leaves them free."""

CHANNELS: Final = 2

MANY: Final = 1 << 22
"""Values of an output from which on a site is run on some of its channels, which are all alike."""


def lengths_of(site: Site) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return (input lengths, output lengths) at which a site is run.

    Lengths that the model fixes are kept; free ones take `LENGTHS` in turn, and output lengths
    that the model computes come from its own shape arithmetic where that is known.
    """
    operation = site.operation
    ins, outs = operation.lengths
    if operation.op == "AffineGrid" and operation.input_shape is None:
        return []
    rank = len(ins)
    if None not in ins:
        shape = tuple(n for n in ins if n is not None)
        out = tuple(m if m is not None else 2 * n for n, m in zip(shape, outs, strict=False))
        return [(shape, out if len(outs) == rank else tuple(m or 1 for m in outs))]
    found: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    least = _least(site)
    for spatial in LENGTHS:
        kept = [m if axis < 2 and n is None else n for axis, (n, m) in enumerate(_both(ins, outs))]
        shape = tuple(_free(n, axis, spatial, least) for axis, n in enumerate(kept))
        out = tuple(m if m is not None else 2 * n + 1 for n, m in zip(shape, outs, strict=False))
        fixed = tuple(shape[axis] if axis < 2 and rank > 2 else m for axis, m in enumerate(out))
        found.append((shape, fixed))
    return found


def of_few_channels(
    site: Site, shape: tuple[int, ...], out: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the lengths with fewer images and channels, where a resize leaves both as they are.

    Each channel is resized by itself: what holds of some of 256 holds of all, and 256 of 512x512
    are a gigabyte in float64.
    """
    resized = {axis for axis, _ in site.operator.axes} if isinstance(site.operator, Resize) else {0}
    if resized & {0, 1} or min(len(shape), len(out)) <= 2 or prod(out) <= MANY:
        return shape, out
    channels = min(shape[1], max(1, MANY // max(1, prod(out[2:]))))
    return (1, channels, *shape[2:]), (1, channels, *out[2:])


def _both(
    ins: Sequence[int | None], outs: Sequence[int | None]
) -> Iterator[tuple[int | None, int | None]]:
    return zip_longest(ins, outs[: len(ins)])


def _least(site: Site) -> dict[int, int]:
    """Return the shortest input length along each axis of which a factor leaves anything."""
    axes = site.operator.axes if isinstance(site.operator, Resize) else ()
    return {axis: ceil(1 / one.scale) for axis, one in axes if one.scale is not None}


def _free(length: int | None, axis: int, spatial: tuple[int, int], least: Mapping[int, int]) -> int:
    if length is not None:
        return length
    return max((1, CHANNELS)[axis] if axis < 2 else spatial[axis % 2], least.get(axis, 1))
