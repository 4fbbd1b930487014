"""What Core ML's resampling operators compute, in numpy, from their documented formulas.

The names are those of MIL. The texts are the docstrings of coremltools' operators and the
comments of NeuralNetwork.proto. They describe one axis; both axes follow the same rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Array = np.ndarray[Any, np.dtype[Any]]


def strict_align_corners(size: float, count: int) -> Array:
    """Return points from the first pixel to the last; the first alone."""
    return np.linspace(0, size - 1, count)


def align_corners(size: float, count: int) -> Array:
    """Return points from the first pixel to the last; the middle alone."""
    return np.array([(size - 1) / 2]) if count == 1 else strict_align_corners(size, count)


def default(size: float, count: int) -> Array:
    """Return points from the first pixel on, the ratio of the sizes apart."""
    return np.minimum(size - 1, np.linspace(0, size - size / count, count))


def offset_corners(size: float, count: int) -> Array:
    """Return the middles of ``count`` equal parts of the way from first to last pixel."""
    part = max(1, size - 1) / count
    start = 0.5 * part
    return np.minimum(size - 1, np.linspace(start, start + (count - 1) * part, count))


def unalign_corners(size: float, count: int) -> Array:
    """Return the middles of ``count`` equal parts of the image, pixels being areas."""
    spacing = size / count
    return np.clip(np.arange(count) * spacing + 0.5 * spacing - 0.5, 0, size - 1)


RULES: Mapping[str, Callable[[float, int], Array]] = {
    "STRICT_ALIGN_CORNERS": strict_align_corners,
    "ALIGN_CORNERS": align_corners,
    "DEFAULT": default,
    "OFFSET_CORNERS": offset_corners,
    "UNALIGN_CORNERS": unalign_corners,
}


def spaced(rule: str, size: int, count: int) -> Array:
    """Return the points of a rule as MIL's text has them, which divides by ``count - 1``."""
    if rule == "UNALIGN_CORNERS":
        return unalign_corners(size, count)
    if rule in {"STRICT_ALIGN_CORNERS", "ALIGN_CORNERS"}:
        start, spacing = 0.0, (size - 1) / (count - 1)
    elif rule == "DEFAULT":
        start, spacing = 0.0, (size - size / count) / (count - 1)
    else:
        delta = max(1, size - 1) / count
        start, spacing = 0.5 * delta, (count - 1) * delta / (count - 1)
    return np.clip(start + np.arange(count) * spacing, 0, size - 1)


def along(x: Array, axis: int, points: Array) -> Array:
    """Interpolate linearly at points of an axis."""
    low = np.floor(points).astype(int)
    high = np.minimum(low + 1, x.shape[axis] - 1)
    share = (points - low).reshape([-1 if a == axis else 1 for a in range(x.ndim)])
    return x.take(low, axis) * (1 - share) + x.take(high, axis) * share


def linear(x: Array, rule: str, height: int, width: int) -> Array:
    """Resize the last two axes linearly."""
    rows, columns = RULES[rule](x.shape[-2], height), RULES[rule](x.shape[-1], width)
    return along(along(x, x.ndim - 2, rows), x.ndim - 1, columns)


def nearest_floor(x: Array, height: int, width: int) -> Array:
    """Take pixel ``floor(i * size / count)`` of the last two axes."""
    rows = np.arange(height) * x.shape[-2] // height
    columns = np.arange(width) * x.shape[-1] // width
    return x[..., rows, :][..., columns]


def nearest_centre(x: Array, height: int, width: int) -> Array:
    """Take the pixel under the middle of each output pixel; the higher one at a tie."""
    rows = (2 * np.arange(height) + 1) * x.shape[-2] // (2 * height)
    columns = (2 * np.arange(width) + 1) * x.shape[-1] // (2 * width)
    return x[..., rows, :][..., columns]


def corners(box: Array, mode: str) -> tuple[float, float, float, float]:
    """Return first row, first column, last row and last column of a box of corners."""
    a, b, c, d = (float(value) for value in box)
    return (a, b, c, d) if mode == "CORNERS_HEIGHT_FIRST" else (b, a, d, c)


def crop(x: Array, box: Array, about: Mapping[str, Any]) -> Array:
    """Resize a box of one image of C, H and W.

    The box is the interval that the sampling rule speaks of. Points outside the image
    give ``pad_value``.
    """
    height, width = x.shape[-2:]
    top, left, bottom, right = corners(box, about["box_coordinate_mode"])
    if about["normalized_coordinates"]:
        top, bottom = top * (height - 1), bottom * (height - 1)
        left, right = left * (width - 1), right * (width - 1)
    scale = about["spatial_scale"]
    rule = RULES[about["sampling_mode"]]
    rows = placed(rule, top * scale, bottom * scale, about["target_height"])
    columns = placed(rule, left * scale, right * scale, about["target_width"])
    inside = np.outer(
        (rows >= -1e-9) & (rows <= height - 1 + 1e-9),
        (columns >= -1e-9) & (columns <= width - 1 + 1e-9),
    )
    y = along(along(x, 1, np.clip(rows, 0, height - 1)), 2, np.clip(columns, 0, width - 1))
    return np.where(inside, y, about.get("pad_value", 0.0))


def placed(rule: Callable[[float, int], Array], start: float, end: float, count: int) -> Array:
    """Return the points of a rule on an interval, backwards where it ends before it starts."""
    points = start + np.sign(end - start) * rule(abs(end - start) + 1, count)
    return np.asarray(points)


def crop_resize(x: Array, roi: Array, about: Mapping[str, Any]) -> Array:
    """Resize boxes of N, 1, 4 or 5, 1 and 1, giving N, B, C, H and W."""
    boxes = roi.reshape(roi.shape[0], roi.shape[2])
    if boxes.shape[1] == 5:
        return np.stack([crop(x[int(box[0])], box[1:], about)[None] for box in boxes])
    return np.stack([np.stack([crop(image, box, about) for image in x]) for box in boxes])


def crop_resize_indexed(
    x: Array, boxes: Array, box_indices: Array, about: Mapping[str, Any]
) -> Array:
    """Resize boxes of N and 4, each of its own image, giving N, C, H and W."""
    chosen = zip(boxes, box_indices, strict=True)
    return np.stack([crop(x[int(index)], box, about) for box, index in chosen])


def inside(index: Array, size: int, padding: str) -> Array:
    """Return the pixels that a padded axis repeats at any whole number; -1 for the constant."""
    if padding == "constant":
        return np.where((index >= 0) & (index < size), index, -1)
    if padding == "border":
        return np.clip(index, 0, size - 1)
    if padding == "reflection":  # without the last pixel
        period = max(1, 2 * (size - 1))
        index %= period
        return np.minimum(index, period - index) if size > 1 else index * 0
    index %= 2 * size
    return np.minimum(index, 2 * size - 1 - index)


def pixels(coordinates: Array, size: int, about: Mapping[str, Any]) -> Array:
    """Return the pixel positions that coordinates of one axis mean."""
    mode = about["coordinates_mode"]
    if mode == "unnormalized":
        return coordinates
    unit = coordinates if mode == "normalized_zero_to_one" else (coordinates + 1) / 2
    return unit * (size - 1) if about["align_corners"] else unit * size - 0.5


def resample(x: Array, coordinates: Array, about: Mapping[str, Any]) -> Array:
    """Sample images at coordinates of B, H, W and 2, which hold x and then y."""
    columns = pixels(coordinates[..., 0], x.shape[3], about)
    rows = pixels(coordinates[..., 1], x.shape[2], about)
    if about["sampling_mode"] == "nearest":
        return taken(x, np.rint(rows).astype(int), np.rint(columns).astype(int), about)
    y = np.zeros((*x.shape[:2], *rows.shape[1:]))
    low, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        share = (1 - abs(rows - low - i)) * (1 - abs(columns - left - j))
        y += share[:, None] * taken(x, low + i, left + j, about)
    return y


def taken(x: Array, rows: Array, columns: Array, about: Mapping[str, Any]) -> Array:
    """Return the pixels at whole positions of the padded images."""
    row = inside(rows.copy(), x.shape[2], about["padding_mode"])
    column = inside(columns.copy(), x.shape[3], about["padding_mode"])
    y = np.stack([image[:, r, c] for image, r, c in zip(x, row, column, strict=True)])
    outside = ((row < 0) | (column < 0))[:, None]
    return np.where(outside, about.get("padding_value", 0.0), y)


def affine(x: Array, transform_matrix: Array, about: Mapping[str, Any]) -> Array:
    """Sample images where six numbers send each output position."""
    height, width = about["output_height"], about["output_width"]
    if about["align_corners"]:
        ys, xs = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    else:
        ys = (2 * np.arange(height) + 1) / height - 1
        xs = (2 * np.arange(width) + 1) / width - 1
    down, right = np.meshgrid(ys, xs, indexing="ij")
    plane = np.stack([right, down, np.ones_like(down)])
    grids = np.einsum("bij,jhw->bhwi", transform_matrix.reshape(-1, 2, 3), plane)
    grids = np.broadcast_to(grids, (x.shape[0], *grids.shape[1:]))
    return resample(x, grids, {**about, "sampling_mode": "bilinear"})


def conv_transpose(x: Array, weight: Array, about: Mapping[str, Any]) -> Array:
    """Add up the kernel at every input pixel and cut off the padding."""
    batch, channels, height, width = x.shape
    stride, groups = about["strides"], about["groups"]
    per, (kernel_h, kernel_w) = weight.shape[1], weight.shape[2:]
    full = ((height - 1) * stride[0] + kernel_h, (width - 1) * stride[1] + kernel_w)
    y = np.zeros((batch, per * groups, *full))
    for c in range(channels):
        first = c // (channels // groups) * per
        for i in range(height):
            for j in range(width):
                part = y[:, first : first + per, i * stride[0] :, j * stride[1] :]
                part[:, :, :kernel_h, :kernel_w] += x[:, c, i, j, None, None, None] * weight[c]
    top, bottom, left, right = cut(about, full, (height, width))
    return y[:, :, top : full[0] - bottom, left : full[1] - right]


def cut(about: Mapping[str, Any], full: tuple[int, int], size: tuple[int, int]) -> tuple[int, ...]:
    """Return the rows and columns that each kind of padding takes away."""
    if about["pad_type"] == "custom":
        return tuple(about["pad"])
    if about["pad_type"] == "valid":
        return (0, 0, 0, 0)
    total = [f - n * s for f, n, s in zip(full, size, about["strides"], strict=True)]
    return tuple(part for t in total for part in (t // 2, t - t // 2))


def depth_to_space(x: Array, block: int) -> Array:
    """Move channels into blocks of pixels, the channels of one pixel lying apart."""
    channels, height, width = x.shape[-3:]
    y = x.reshape(-1, block, block, channels // block**2, height, width)
    y = y.transpose(0, 3, 4, 1, 5, 2)
    return y.reshape(*x.shape[:-3], channels // block**2, height * block, width * block)


def pixel_shuffle(x: Array, block: int) -> Array:
    """Move channels into blocks of pixels, the channels of one pixel lying together."""
    channels, height, width = x.shape[-3:]
    y = x.reshape(-1, channels // block**2, block, block, height, width)
    y = y.transpose(0, 1, 4, 2, 5, 3)
    return y.reshape(*x.shape[:-3], channels // block**2, height * block, width * block)
