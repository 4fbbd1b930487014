"""F.interpolate and F.affine_grid in plain operators: products with weight matrices, and gathers.

An axis at a time (`axis.py`), so that an image of shape (..., n) becomes (..., m) by a matrix
of shape (m, n), or by m indices.

Source: PyTorch `aten/src/ATen/native/UpSample.h`, `cpu/UpSampleKernel.cpp`,
`AffineGridGenerator.cpp`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from halfpixel.conventions.torch.interpolate import NEAREST_COPIES_UP_TO
from halfpixel.converting.plain.axis import Interpolation, TensorAxis
from halfpixel.converting.plain.lengths import count_of, output_length

if TYPE_CHECKING:
    from torch import Tensor


def each(value: Any, spatial: int) -> Sequence[Any]:  # noqa: ANN401 - numbers or symbols
    """Return one value an axis."""
    if isinstance(value, list | tuple):
        return cast("Sequence[Any]", value)
    return [value] * spatial


def pooled(input: "Tensor", output_size: Any, *, spatial: int) -> "Tensor":  # noqa: A002, ANN401 - torch's names
    """Return F.adaptive_avg_pool of that many axes in plain operators.

    >>> import torch
    >>> pooled(torch.rand(1, 2, 8, 6), 2, spatial=2).shape
    torch.Size([1, 2, 2, 2])
    """
    x = input
    lengths = each(output_size, spatial)
    kept = [x.shape[k - spatial] if n is None else n for k, n in enumerate(lengths)]
    return resized(x, Interpolation("area", kept, None))


def resized(x: "Tensor", wanted: Interpolation) -> "Tensor":
    """Return F.interpolate of a tensor in plain operators.

    >>> import torch
    >>> x = torch.rand(1, 1, 4, 5)
    >>> y = resized(x, Interpolation("linear", None, (1.5, 2.0)))
    >>> there = torch.nn.functional.interpolate(x, scale_factor=(1.5, 2.0), mode="bilinear")
    >>> bool((y - there).abs().max() < 1e-6)
    True
    """
    import torch

    spatial = len(wanted.size or wanted.factors or ())
    first = x.dim() - spatial
    ins = [x.shape[first + k] for k in range(spatial)]
    outs = [
        wanted.size[k]
        if wanted.size is not None
        else output_length(ins[k], (wanted.factors or ())[k])
        for k in range(spatial)
    ]
    axes = [TensorAxis(ins[k], outs[k], _factor(wanted, k), x) for k in range(spatial)]
    short = _short_path(x, axes) if wanted.family.startswith("nearest") else False
    y = x
    for k, axis in enumerate(axes):
        place = first + k
        if wanted.family.startswith("nearest"):
            index = axis.nearest(short, exact=wanted.family == "nearest-exact")
            y = torch.index_select(y, place, index)
        elif not (axis.stays_fixed and wanted.family != "area" and _copies(wanted)):
            weights = axis.weights(wanted)
            if axis.may_stay and _copies(wanted):
                same = (axis.i.long()[:, None] == axis.j.long()).to(weights.dtype)
                weights = torch.where(axis.stays, same, weights)
            y = product(y, weights.to(x.dtype), place)
    return x.clone() if y is x else y


def _short_path(x: "Tensor", axes: Sequence[TensorAxis]) -> "Tensor | bool":
    """Whether PyTorch's nearest takes the kernel that copies whole pixels.

    Two axes take it where their output lengths sum to 128 at most; two or three take it where more
    than three channels lie last in memory. Where the lengths are free it is a tensor of shape (1,).

    Source: PyTorch `cpu/UpSampleKernel.cpp`, _use_vectorized_kernel_cond_2d and _3d.

    >>> import torch
    >>> def short(n):
    ...     x = torch.rand(1, 1, n, 9)
    ...     return bool(_short_path(x, [TensorAxis(k, k, None, x) for k in (n, 9)]))
    >>> short(119), short(120)
    (True, False)
    """
    import torch

    layout = {2: torch.channels_last, 3: torch.channels_last_3d}.get(len(axes))
    if layout is None:
        return False
    channels = cast("object", x.shape[1])  # a symbol where it is free
    many = isinstance(channels, int | torch.Tensor) and int(channels) > 3
    if many and x.is_contiguous(memory_format=layout):
        return True
    if len(axes) == 3:
        return False
    return axes[0].n_out + axes[1].n_out <= NEAREST_COPIES_UP_TO


def _copies(wanted: Interpolation) -> bool:
    """Whether PyTorch copies an axis whose length stays."""
    return wanted.antialias or wanted.family == "linear"


def _factor(wanted: Interpolation, axis: int) -> float | None:
    given = None if wanted.recomputed or wanted.factors is None else wanted.factors[axis]
    return given if given is not None and given > 0 else None


def product(x: "Tensor", weights: "Tensor", axis: int) -> "Tensor":
    """Return the product of an image (..., n, ...) with weights (m, n): (..., m, ...).

    >>> import torch
    >>> [product(torch.ones(2, 3, 4, 5), torch.ones(7, n), axis).shape[axis] for axis, n in
    ...  ((2, 4), (3, 5))]
    [7, 7]
    """
    import torch

    if axis == x.dim() - 2:
        return torch.matmul(weights, x)
    if axis == x.dim() - 1:
        return torch.matmul(x, weights.t())
    return torch.matmul(x.transpose(axis, -1), weights.t()).transpose(axis, -1)


def affine_grid(
    theta: "Tensor",
    size: Sequence[Any],
    align_corners: bool | None = None,  # noqa: FBT001 - torch's own signature
) -> "Tensor":
    """Return F.affine_grid in plain operators: an axis of length 1 has base coordinate 0.

    Args:
        theta: (N, 2, 3) or (N, 3, 4).
        size: (N, C, H, W) or (N, C, D, H, W).
        align_corners: as in the call.

    Returns:
        Where each output pixel reads: (N, H, W, 2) as x, y, or (N, D, H, W, 3) as x, y, z.

    >>> import torch
    >>> grid = affine_grid(torch.eye(2, 3)[None], (1, 1, 2, 4), align_corners=False)
    >>> grid[0, 0, :, 0].tolist(), grid[0, :, 0, 1].tolist()
    ([-0.75, -0.25, 0.25, 0.75], [-0.5, 0.5])
    """
    import torch

    lengths = list(size)[2:]
    bases: list[Tensor] = []
    for n in lengths:
        i = torch.arange(n, dtype=theta.dtype, device=theta.device)
        count = count_of(i)
        if align_corners:
            span = torch.clamp(count - 1, min=1)
            bases.append((2 * i - (count - 1)) / span)
        else:
            bases.append((2 * i + 1 - count) / count)
    rank = len(lengths)
    spread = [
        bases[rank - 1 - k].reshape([-1 if axis == rank - 1 - k else 1 for axis in range(rank)])
        for k in range(rank)
    ]
    planes = [plane.expand(lengths) for plane in spread]
    base = torch.stack([*planes, torch.ones_like(planes[0])], dim=-1)
    flat = torch.matmul(base.reshape(1, -1, rank + 1), theta.transpose(1, 2))
    return flat.reshape([theta.shape[0], *lengths, rank])
