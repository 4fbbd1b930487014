"""F.conv_transpose in plain operators: the full one of each group, dilated by zeros, and then cut.

A converter has fewer forms of a transposed convolution than PyTorch has options. What is left here
is a stride alone: dilated weights have zeros between them, groups are computed one by one, padding
cuts the full output, and output_padding cuts less of its end.

Source: PyTorch `aten/src/ATen/native/Convolution.cpp`.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from halfpixel.converting.plain.calls import each

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

NAME: Final = "conv_transpose"


def transposed(  # noqa: PLR0913, PLR0917 - torch's own signature
    input: "Tensor",  # noqa: A002 - likewise
    weight: "Tensor",
    bias: "Tensor | None" = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
    *,
    spatial: int,
) -> "Tensor":
    """Return F.conv_transpose over `spatial` axes in plain operators.

    Args:
        input: (N, C, ...), or (C, ...).
        weight: (C, C_out / groups, ...).
        bias: (C_out,).
        stride: as in the call, as all that follows.
        padding: what is cut on either side of the full output.
        output_padding: what is cut less at the end.
        groups: of channels.
        dilation: of the weights.
        spatial: 1, 2 or 3.

    Returns:
        (N, C_out, ...), or (C_out, ...).

    >>> import torch
    >>> x, w = torch.rand(2, 4, 5, 6), torch.rand(4, 3, 3, 2)
    >>> given = {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2, "dilation": (2, 1)}
    >>> here = transposed(x, w, torch.ones(6), **given, spatial=2)
    >>> there = torch.nn.functional.conv_transpose2d(x, w, torch.ones(6), **given)
    >>> here.shape == there.shape, bool((here - there).abs().max() < 1e-5)
    (True, True)
    """
    import torch

    full: Callable[..., Tensor] = getattr(torch, f"{NAME}{spatial}d")
    x = input if input.dim() > spatial + 1 else input[None]
    for axis, step in enumerate(each(dilation, spatial), 2):
        weight = _spread(weight, axis, step)
    size = weight.shape[0] // groups
    # no chunk: litert-torch 0.10.0 lowers it to a list
    parts = [
        full(x.narrow(1, k, size), weight.narrow(0, k, size), stride=stride)
        for k in range(0, size * groups, size)
        if groups > 1
    ]
    y = torch.cat(parts, 1) if parts else full(x, weight, stride=stride)
    cuts = zip(each(padding, spatial), each(output_padding, spatial), strict=True)
    for axis, (cut, more) in enumerate(cuts, 2):
        y = _cut(y, axis, cut, cut - more)
    if bias is not None:
        y = y + bias.reshape([-1, *([1] * spatial)])
    return y if input.dim() > spatial + 1 else y[0]


def _spread(x: "Tensor", axis: int, step: int) -> "Tensor":
    """Return a tensor with step - 1 zeros between its elements along an axis."""
    import torch

    if step == 1 or x.shape[axis] == 1:
        return x
    zeros = [torch.zeros_like(x)] * (step - 1)
    every = torch.stack([x, *zeros], axis + 1).flatten(axis, axis + 1)
    return every.narrow(axis, 0, (x.shape[axis] - 1) * step + 1)


def _cut(x: "Tensor", axis: int, begin: int, end: int) -> "Tensor":
    """Return a tensor without its first and last elements along an axis; zeros are added below 0.

    >>> import torch
    >>> [_cut(torch.ones(1, 5), 1, 1, end).tolist() for end in (2, -1)]
    [[[1.0, 1.0]], [[1.0, 1.0, 1.0, 1.0, 0.0]]]
    """
    import torch

    if end < 0:
        sides = [0, 0] * (x.dim() - 1 - axis) + [0, -end]
        x, end = torch.nn.functional.pad(x, sides), 0
    return x.narrow(axis, begin, x.shape[axis] - begin - end) if begin or end else x


def known() -> "dict[object, tuple[str, Callable[..., Any]]]":
    """Return what computes each of PyTorch's own calls, by the call."""
    import torch

    aten: Any = torch.ops.aten
    found: dict[object, tuple[str, Callable[..., Any]]] = {}
    for spatial, overload in ((1, "default"), (2, "input"), (3, "input")):
        name, ours = f"{NAME}{spatial}d", partial(transposed, spatial=spatial)
        found[getattr(torch, name)] = NAME, ours
        found[getattr(getattr(aten, name), overload)] = NAME, ours
    return found
