"""PyTorch's names: F.grid_sample, F.affine_grid and torchvision's roi_align.

Source: PyTorch `torch/nn/functional.py` and `aten/src/ATen/native/GridSampler.h` (numbers of
the interpolation and padding modes); torchvision `ops/roi_align.py`.
"""

from collections.abc import Sequence
from typing import Final

from halfpixel.sampling import AffineGrid, GridSample, RoiAlign
from halfpixel.sampling.grid import GridMode, Padding

_MODES: Final[tuple[GridMode, ...]] = ("linear", "nearest", "cubic")
"""aten's numbers for interpolation_mode."""

PADDINGS: Final[tuple[Padding, ...]] = ("zeros", "border", "reflection")
"""aten's numbers for padding_mode."""

MODE_NAMES: Final[dict[GridMode, str]] = {
    "linear": "bilinear",
    "nearest": "nearest",
    "cubic": "bicubic",
}
"""What the mode argument of F.grid_sample calls them, in two and three dimensions alike."""

ATEN_MODES: Final = tuple(MODE_NAMES[mode] for mode in _MODES)
"""These names by aten's numbers."""


def grid_sample_from_aten(
    mode: int, padding: int, *, align_corners: bool, spatial: int
) -> GridSample | None:
    """Return the call that aten.grid_sampler was given by numbers; None for an unknown one.

    >>> grid_sample_from_aten(0, 1, align_corners=True, spatial=2).padding
    'border'
    """
    if mode not in range(len(_MODES)) or padding not in range(len(PADDINGS)):
        return None
    return GridSample(_MODES[mode], PADDINGS[padding], align_corners, spatial)


def grid_sample_text(meant: GridSample) -> str | None:
    """Return the call as Python; None where PyTorch has none (cubic beyond two dimensions).

    >>> grid_sample_text(GridSample("linear", "zeros", align_corners=False, spatial=2))
    'F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)'
    """
    if meant.spatial not in {None, 2, 3} or (meant.mode == "cubic" and meant.spatial == 3):
        return None
    rest = f'padding_mode="{meant.padding}", align_corners={meant.align_corners}'
    return f'F.grid_sample(x, grid, mode="{MODE_NAMES[meant.mode]}", {rest})'


def affine_grid_text(meant: AffineGrid, size: Sequence[int] | None) -> str | None:
    """Return the call as Python; None where PyTorch's base coordinates are others.

    Under align_corners an axis of length 1 has base coordinate 0 in PyTorch.
    """
    if size is None:
        return f"F.affine_grid(theta, size, align_corners={meant.align_corners})"
    if meant.align_corners and 1 in size[2:] and meant.single != 0:
        return None
    return f"F.affine_grid(theta, {list(size)}, align_corners={meant.align_corners})"


def roi_align_text(meant: RoiAlign) -> str | None:
    """Return the call as Python; None for maximum pooling, which torchvision does not have.

    >>> roi_align_text(RoiAlign(aligned=True, output=(7, 7))).rpartition(", ")[2]
    'aligned=True)'
    """
    if meant.mode != "avg":
        return None
    boxes = "torch.cat([batch_indices[:, None].to(rois), rois], dim=1)"
    return (
        f"torchvision.ops.roi_align(x, {boxes}, output_size={meant.output}, "
        f"spatial_scale={meant.spatial_scale:.9g}, "
        f"sampling_ratio={meant.sampling_ratio or -1}, aligned={meant.aligned})"
    )
