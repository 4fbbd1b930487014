"""F.grid_sample of images in plain operators: gathers at computed places.

An image (N, C, H, W) is read at a grid (N, H', W', 2) of x, y from -1 to 1. Each output pixel is a
sum of taps: 1 for nearest, 2 x 2 for bilinear, 4 x 4 for bicubic. Padding moves the place for the
first two, and each tap by itself for bicubic; what it leaves outside reads 0.

Source: PyTorch `aten/src/ATen/native/GridSampler.h` and `GridSampler.cpp`.
"""

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from halfpixel.conventions.torch.grid import ATEN_MODES, PADDINGS
from halfpixel.converting.plain.axis import keys
from halfpixel.converting.plain.lengths import count_of

if TYPE_CHECKING:
    from torch import Tensor

Taps = Sequence[tuple["Tensor", "Tensor"]]
"""Places along one axis and their weights, of shape (N, H', W') each."""


def sampled(
    input: "Tensor",  # noqa: A002 - torch's own signature, as all that follows
    grid: "Tensor",
    mode: str | int = "bilinear",
    padding_mode: str | int = "zeros",
    align_corners: bool | None = None,  # noqa: FBT001
) -> "Tensor":
    """Return F.grid_sample of an image in plain operators.

    Args:
        input: (N, C, H, W).
        grid: (N, H', W', 2), numbers alone: NaN, which PyTorch reads as a place, is none here.
        mode: as in the call, or ATen's number for it.
        padding_mode: likewise.
        align_corners: as in the call.

    Returns:
        (N, C, H', W').

    >>> import torch
    >>> x, grid = torch.rand(1, 2, 4, 5), torch.rand(1, 3, 3, 2) * 3 - 1.5
    >>> here = sampled(x, grid, "bicubic", "reflection", False)
    >>> there = torch.nn.functional.grid_sample(x, grid, "bicubic", "reflection", False)
    >>> bool((here - there).abs().max() < 1e-5)
    True
    """
    import torch

    mode = ATEN_MODES[mode] if isinstance(mode, int) else mode
    padding = PADDINGS[padding_mode] if isinstance(padding_mode, int) else padding_mode
    height, width = (
        count_of(torch.arange(n, dtype=grid.dtype, device=grid.device)) for n in input.shape[2:]
    )
    corners = bool(align_corners)
    columns = _taps(grid[..., 0], width, mode, padding, corners=corners)
    rows = _taps(grid[..., 1], height, mode, padding, corners=corners)
    flat = input.reshape([input.shape[0], input.shape[1], -1])
    shape: list[Any] = [input.shape[0], input.shape[1], *grid.shape[1:3]]
    parts: list[Tensor] = []
    for y, down in rows:
        for x, along in columns:
            index = (y * width + x).long().reshape([grid.shape[0], 1, -1])
            read = torch.gather(flat, 2, index.expand([-1, input.shape[1], -1])).reshape(shape)
            parts.append(read * (down * along)[:, None].to(input.dtype))
    return reduce(torch.add, parts)


def _taps(at: "Tensor", n: "Tensor", mode: str, padding: str, *, corners: bool) -> Taps:
    """Return what is read along one axis, places within the image and weights.

    Args:
        at: coordinates from -1 to 1.
        n: the length of the axis, of shape (1,).
        mode: bilinear, nearest or bicubic.
        padding: zeros, border or reflection.
        corners: whether -1 and 1 are the centres of the outermost pixels, or their edges.

    >>> import torch
    >>> at, n = torch.tensor([[[-0.5]]]), torch.tensor([4.0])
    >>> [(x.item(), w.item()) for x, w in _taps(at, n, "bilinear", "zeros", corners=False)]
    [(0.0, 0.5), (1.0, 0.5)]
    """
    import torch

    place = (at + 1) / 2 * (n - 1) if corners else ((at + 1) * n - 1) / 2
    if mode == "bicubic":
        low = torch.floor(place)
        apart = place - low
        return [
            _inside(_padded(low + k, n, padding, corners=corners), n, keys(abs(apart - k), -0.75))
            for k in (-1, 0, 1, 2)
        ]
    place = _padded(place, n, padding, corners=corners)
    if mode == "nearest":
        nearest = torch.round(place)
        return [_inside(nearest, n, torch.ones_like(nearest))]
    low = torch.floor(place)
    return [_inside(low, n, low + 1 - place), _inside(low + 1, n, place - low)]


def _inside(place: "Tensor", n: "Tensor", weight: "Tensor") -> "tuple[Tensor, Tensor]":
    """Return a tap whose weight is 0 outside of the image, and whose place is in it."""
    import torch

    held = torch.minimum(torch.clamp(place, min=0), n - 1)
    return held, weight * (held == place).to(weight.dtype)


def _padded(place: "Tensor", n: "Tensor", padding: str, *, corners: bool) -> "Tensor":
    """Return where a place outside of the image is read."""
    import torch

    if padding == "zeros":
        return place
    if padding == "reflection":
        # about the centres of the outermost pixels, or about their edges
        first, span = (0.0, n - 1) if corners else (-0.5, n)
        apart = torch.abs(place - first)
        span = torch.clamp(span, min=1e-6)  # of one pixel: every place is that pixel
        turns = torch.floor(apart / span)
        left = apart - turns * span
        odd = turns - 2 * torch.floor(turns / 2)
        place = first + torch.where(odd > 0.5, span - left, left)
    return torch.minimum(torch.clamp(place, min=0), n - 1)
