"""Lengths at which a site is run by itself: its own ones, or several where they are free."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Final

from halfpixel.sampling import Resize
from halfpixel.site import Site

LENGTHS: Final = ((7, 10), (8, 8), (1, 5))
"""Spatial lengths at which a site is run where the model leaves them free."""

CHANNELS: Final = 2

LONG: Final = 4096
"""Input length from which a free output length is twice as long: its rows repeat each other."""

ENOUGH: Final = 1 << 20
"""Values of input and output up to which all images and channels of a site are run."""


def lengths_of(site: Site) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return (input lengths, output lengths) at which a site is run.

    Lengths that the model fixes are kept, but those of large images, as `smaller` says; free ones
    take `LENGTHS` in turn, and output lengths that the model computes come from its own shape
    arithmetic where that is known.
    """
    operation = site.operation
    ins, outs = operation.lengths
    if operation.op == "AffineGrid" and operation.input_shape is None:
        return []
    rank = len(ins)
    if None not in ins:
        shape = tuple(n for n in ins if n is not None)
        if len(outs) != rank:
            return [(shape, tuple(m or 1 for m in outs))]
        out = tuple(
            m if m is not None else n if axis < 2 < rank else 2 * n
            for axis, (n, m) in enumerate(zip(shape, outs, strict=True))
        )
        return [smaller(site, shape, out)]
    found: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    least = _least(site)
    for spatial in LENGTHS:
        kept = [m if axis < 2 and n is None else n for axis, (n, m) in enumerate(_both(ins, outs))]
        shape = tuple(_free(n, axis, spatial, least) for axis, n in enumerate(kept))
        out = tuple(m if m is not None else _odd(n) for n, m in zip(shape, outs, strict=False))
        fixed = tuple(shape[axis] if axis < 2 and rank > 2 else m for axis, m in enumerate(out))
        found.append((shape, fixed))
    return found


def _odd(n: int) -> int:
    """Return an output length: none of its rows is like another, but on a very long axis."""
    return 2 * n + (n < LONG)


def smaller(
    site: Site, shape: tuple[int, ...], outs: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return lengths with no more images and channels than `ENOUGH` values take.

    A resize computes each of them alike and by itself; the axes that it resamples stay as long as
    they are.
    """
    operator = site.operator
    if not isinstance(operator, Resize):
        return shape, outs
    resampled = dict(operator.axes)
    ins, made = list(shape), list(outs)
    for axis, (n, m) in enumerate(zip(shape, outs, strict=True)):
        values = math.prod(ins) + math.prod(made)
        if axis not in resampled and n == m and values > ENOUGH:
            ins[axis] = made[axis] = max(1, ENOUGH * n // values)
    return tuple(ins), tuple(made)


def _both(
    ins: Sequence[int | None], outs: Sequence[int | None]
) -> Iterator[tuple[int | None, int | None]]:
    return zip_longest(ins, outs[: len(ins)])


def _least(site: Site) -> dict[int, int]:
    """Return the shortest input length along each axis of which a factor leaves anything."""
    axes = site.operator.axes if isinstance(site.operator, Resize) else ()
    return {axis: math.ceil(1 / one.scale) for axis, one in axes if one.scale is not None}


def _free(length: int | None, axis: int, spatial: tuple[int, int], least: Mapping[int, int]) -> int:
    if length is not None:
        return length
    return max((1, CHANNELS)[axis] if axis < 2 else spatial[axis % 2], least.get(axis, 1))
