"""PyTorch's words for depth-to-space: F.pixel_shuffle, and the F.conv_transpose2d that it equals.

Source: PyTorch `torch/nn/functional.py` (pixel_shuffle).
"""

from halfpixel.sampling.shuffle import DepthToSpace


def pixel_shuffle_text(meant: DepthToSpace) -> str:
    """Return a depth-to-space as a call of F.pixel_shuffle.

    >>> pixel_shuffle_text(DepthToSpace(2))
    'F.pixel_shuffle(x, 2)'
    >>> pixel_shuffle_text(DepthToSpace(2, "DCR"))
    'F.pixel_shuffle(x.unflatten(1, (4, -1)).transpose(1, 2).flatten(1, 2), 2)'
    """
    x = "x.permute(0, 3, 1, 2)" if meant.last else "x"
    if meant.mode == "DCR":
        x += f".unflatten(1, ({meant.block**2}, -1)).transpose(1, 2).flatten(1, 2)"
    call = f"F.pixel_shuffle({x}, {meant.block})"
    return f"{call}.permute(0, 2, 3, 1)" if meant.last else call


def as_conv_transpose_text(meant: DepthToSpace) -> str:
    """Return which transposed convolution a depth-to-space equals, in words.

    >>> as_conv_transpose_text(DepthToSpace(2)).partition(", where ")[0]
    'F.conv_transpose2d(x, weight, stride=(2, 2), groups=C)'
    """
    size = meant.block
    if meant.mode == "CRD":
        groups, shape = ", groups=C", f"(C * {size**2}, 1, {size}, {size})"
        place, to = f"weight[{size**2} * c + {size} * i + j, 0, i, j]", "channel c"
    else:
        groups, shape = "", f"(C * {size**2}, C, {size}, {size})"
        place, to = f"weight[({size} * i + j) * C + c, c, i, j]", "channel c"
    call = f"F.conv_transpose2d(x, weight, stride=({size}, {size}){groups})"
    told = f"{place} is 1 for place (i, j) of {to}, and all else 0"
    return f"{call}, where weight has the shape {shape}, {told}"
