"""PyTorch's words for Core ML's resample, affine and crop_resize.

F.grid_sample takes units of -1 to 1 alone, turns a reflection where align_corners says, and has
no constant but 0. The grid is rescaled around the call, and a constant is taken off the images
and added to the samples.

Source: PyTorch `torch/nn/functional.py` (grid_sample, affine_grid); torchvision
`ops/roi_align.py`.
"""

from typing import Final

from halfpixel.conventions.torch.grid import MODE_NAMES, roi_align_text
from halfpixel.sampling import AffineSample, CropResize, Resample

LENGTHS = "torch.tensor([x.shape[3], x.shape[2]]).to(grid)"
"""Width and height, in the order of a grid's last axis."""


def resample_text(meant: Resample) -> str:
    """Return a call of F.grid_sample as Python, for images `x` and coordinates `grid`.

    >>> resample_text(Resample("nearest", "border", coordinates="normalized_zero_to_one"))
    'F.grid_sample(x, 2 * grid - 1, mode="nearest", padding_mode="border", align_corners=True)'
    >>> resample_text(Resample("linear", "constant", 1.5)).partition(", mode")[0]
    'F.grid_sample(x - 1.5, grid'
    """
    corners = {"reflection": True, "symmetric": False}.get(meant.padding, meant.align_corners)
    grid = "2 * grid - 1" if meant.coordinates == "normalized_zero_to_one" else "grid"
    if meant.coordinates == "unnormalized":
        corners = meant.padding == "reflection"
        centres = f"2 * grid / ({LENGTHS} - 1).clamp(min=1) - 1"
        grid = centres if corners else f"(2 * grid + 1) / {LENGTHS} - 1"
    elif corners != meant.align_corners:
        inner = f"({grid})" if " " in grid else grid
        wider = f"{inner} * n / (n - 1).clamp(min=1)"
        grid = wider if corners else f"{inner} * (n - 1) / n"
        grid = f"(lambda n: {grid})({LENGTHS})"
    return _call(meant, grid, align_corners=corners)


def _call(meant: Resample, grid: str, *, align_corners: bool) -> str:
    names = {"constant": "zeros", "border": "border"}
    padding = names.get(meant.padding, "reflection")
    rest = f'padding_mode="{padding}", align_corners={align_corners}'
    value = meant.value if meant.padding == "constant" else 0.0
    off, on = (f" - {value:.9g}", f" + {value:.9g}") if value else ("", "")
    return f'F.grid_sample(x{off}, {grid}, mode="{MODE_NAMES[meant.mode]}", {rest}){on}'


def affine_text(meant: AffineSample) -> str | None:
    """Return the two calls as Python; None where PyTorch's base coordinates are others.

    >>> from halfpixel.sampling import AffineGrid
    >>> read = Resample("linear", "constant")
    >>> meant = AffineSample(AffineGrid(align_corners=True, single=0.0), read, (3, 5))
    >>> affine_text(meant).partition("F.affine_grid")[2].partition(", mode")[0]
    '(theta, (*x.shape[:2], 3, 5), align_corners=True)'
    """
    sample = meant.sample
    alike = sample.as_grid_sample()
    single = meant.grid.align_corners and 1 in meant.output and meant.grid.single != 0
    if alike is None or single:
        return None
    theta = "transform_matrix.reshape(-1, 2, 3).expand(x.shape[0], 2, 3)"
    height, width = meant.output
    size = f"(*x.shape[:2], {height}, {width})"
    grid = f"F.affine_grid(theta, {size}, align_corners={meant.grid.align_corners})"
    call = _call(sample, grid, align_corners=alike.align_corners)
    return f"(lambda theta: {call})({theta})"


INSIDE: Final = "where every box lies in the image"
NO_MIDDLE: Final = f"{INSIDE} and no sample half way between two pixels"


def crop_and_resize_text(meant: CropResize) -> tuple[str, str]:
    """Return TensorFlow's crop_and_resize as a call of F.grid_sample, and where it is that.

    Args:
        meant: boxes (y1, x1, y2, x2) in units of the image, the corners aligned.

    >>> text, where = crop_and_resize_text(CropResize("tf_crop_and_resize", (1, 3), True))
    >>> text.partition("(torch.lerp")[2]
    '(boxes[:, :1], boxes[:, 2:3], torch.tensor([0.5])), torch.lerp(boxes[:, 1:2], boxes[:, 3:], torch.linspace(0, 1, 3)))'
    >>> where
    'where every box lies in the image'
    """  # noqa: E501 - the text is one line
    parts = [
        "torch.tensor([0.5])" if count == 1 else f"torch.linspace(0, 1, {count})"
        for count in meant.output
    ]
    rows = f"torch.lerp(boxes[:, :1], boxes[:, 2:3], {parts[0]})"
    columns = f"torch.lerp(boxes[:, 1:2], boxes[:, 3:], {parts[1]})"
    pairs = "torch.broadcast_tensors(columns[:, None], rows[..., None])"
    call = (
        f"F.grid_sample(x[box_indices.long()], 2 * torch.stack({pairs}, -1) - 1, "
        f'mode="{MODE_NAMES[meant.mode]}", padding_mode="border", align_corners=True)'
    )
    text = f"(lambda rows, columns: {call})({rows}, {columns})"
    return text, NO_MIDDLE if meant.mode == "nearest" else INSIDE


def crop_resize_text(meant: CropResize) -> str | None:
    """Return the torchvision call that reads the same samples, or None where there is none.

    The same for boxes that lie in the image and are at least one pixel large, as
    `CropResize.as_roi_align` says.

    >>> crop_resize_text(CropResize("half_pixel")) is None
    True
    >>> crop_resize_text(CropResize("coreml_offset_corners", (7, 7))).rpartition(", ")[2]
    'aligned=False)'
    """
    same = meant.as_roi_align()
    text = None if same is None or meant.pad_value else roi_align_text(same)
    if text is None:
        return None
    boxes = "boxes" if meant.order.endswith("WIDTH_FIRST") else "boxes[:, [1, 0, 3, 2]]"
    if meant.order.startswith("CENTER"):
        boxes = f'torchvision.ops.box_convert({boxes}, "cxcywh", "xyxy")'
    return text.replace(
        "torch.cat([batch_indices[:, None].to(rois), rois], dim=1)",
        f"torch.cat([box_indices[:, None].to(boxes), {boxes}], dim=1)",
    )
