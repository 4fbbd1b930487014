"""The lengths at which a site is run by itself."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from math import ceil
from typing import Final

from halfpixel.sampling import Resize
from halfpixel.site import Site

LENGTHS: Final = ((7, 10), (8, 8), (1, 5))
"""Spatial lengths at which a site is run where the model leaves them free."""

CHANNELS: Final = 2


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
