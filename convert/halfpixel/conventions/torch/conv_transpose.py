"""PyTorch's F.conv_transpose, and what is cut off behind it.

F.conv_transpose pads both ends alike and adds samples at the end; another padding is the call with
the lesser of the two, of whose output the rest is cut off.

Source: PyTorch `torch/nn/functional.py` (conv_transpose1d) and
`aten/src/ATen/native/ConvolutionMM*.cpp`, which refuse an output_padding that is not below the
stride or the dilation.
"""

from collections.abc import Sequence

from msgspec import Struct

from halfpixel.sampling import ConvTranspose


class _Axis(Struct, frozen=True):
    """One axis of the call: padding, output_padding, samples cut at the start and at the end."""

    padding: int
    added: int
    start: int = 0
    end: int = 0


def conv_transpose_text(
    meant: ConvTranspose, *, bias: bool, lengths: Sequence[int | None] = ()
) -> str | None:
    """Return a transposed convolution as Python; None where there is no such call.

    Args:
        meant: what is computed.
        bias: whether a bias is added.
        lengths: input lengths one a spatial axis, None each where unknown: paddings that follow
            from an output shape are known at known lengths alone.

    >>> conv_transpose_text(ConvTranspose((4,), (2,), (1,), (1,), (0,), (1,)), bias=False)
    'F.conv_transpose1d(x, weight, stride=(2,), padding=(1,))'
    >>> conv_transpose_text(ConvTranspose((3,), (2,), (0,), (1,), (0,), (1,)), bias=False)
    'F.conv_transpose1d(x, weight, stride=(2,))[..., :-1]'
    """
    rank = len(meant.kernel)
    if not 1 <= rank <= 3:
        return None
    axes: list[_Axis] = []
    for axis in range(rank):
        found = _axis(meant, axis, lengths[axis] if axis < len(lengths) else None)
        if found is None:
            return None
        axes.append(found)
    padding, added = tuple(a.padding for a in axes), tuple(a.added for a in axes)
    words = ["x", "weight"] + ["bias"] * bias + [f"stride={meant.strides}"]
    words += [f"padding={padding}"] * any(padding)
    words += [f"output_padding={added}"] * any(added)
    words += [f"groups={meant.groups}"] * (meant.groups != 1)
    words += [f"dilation={meant.dilations}"] * (set(meant.dilations) != {1})
    return f"F.conv_transpose{rank}d({', '.join(words)}){_cut(axes)}"


def _axis(meant: ConvTranspose, axis: int, length: int | None) -> _Axis | None:
    """Return how one axis is said; None where no call says it."""
    if length is None and meant.output_shape is not None:
        return None
    known = 1 if length is None else length  # without an output shape the cuts are alike at all
    out, start, _ = meant.cut(axis, known)
    end = meant.strides[axis] * (known - 1) + meant.reach(axis) - start - out
    if start < 0 or out < 0:
        return None
    limit = max(meant.strides[axis], meant.dilations[axis])
    if 0 <= start - end < limit:
        return _Axis(start, start - end)
    padding = min(start, end) if end >= 0 else limit - 1 + end
    if padding < 0:
        return None
    return _Axis(padding, max(padding - end, 0), start - padding, max(end - padding, 0))


def _cut(axes: Sequence[_Axis]) -> str:
    """Return what is cut off, as an index behind the call; empty where nothing is."""
    slices = [f"{a.start or ''}:{-a.end or ''}" for a in axes]
    return "" if set(slices) == {":"} else f"[..., {', '.join(slices)}]"


class _Interpolated(Struct, frozen=True):
    """One axis of the call: what is padded, how long that gets, and what is cut off.

    `length` is where corners are aligned: (factor, summand) of the axis' own length.
    """

    padding: int
    start: int
    end: int
    length: tuple[int, int]


def interpolate_text(meant: ConvTranspose, lengths: Sequence[int | None] = ()) -> str | None:
    """Return a transposed convolution of linear weights as F.interpolate; None where it is none.

    Beyond the border such a convolution reads zeros, where F.interpolate repeats the last sample:
    zeros are padded before, unless what reads them is cut off.

    Args:
        meant: a convolution that is `linear`.
        lengths: as for `conv_transpose_text`.

    >>> kernel = ConvTranspose((4,), (2,), (1,), (1,), (0,), (1,), linear=True)
    >>> interpolate_text(kernel).partition(", mode")[0]
    'F.interpolate(F.pad(x, (1, 1)), scale_factor=2'
    """
    rank = len(meant.kernel)
    known = not meant.output_shape or (None not in lengths[:rank] and len(lengths) >= rank)
    if not meant.linear or not 1 <= rank <= 3 or not known:
        return None
    odd = {k == 2 * s - 1 for k, s in zip(meant.kernel, meant.strides, strict=True)}
    corners = odd == {True} and any(s % 2 == 0 for s in meant.strides)
    axes: list[_Interpolated] = []
    for axis in range(rank):
        found = _interpolated(
            meant, axis, (lengths[axis] if lengths else None) or 1, corners=corners
        )
        if found is None:
            return None
        axes.append(found)
    pads = [n for axis in reversed(axes) for n in (axis.padding, axis.padding)]
    x = f"F.pad(x, {tuple(pads)})" if any(pads) else "x"
    mode = ("linear", "bilinear", "trilinear")[rank - 1]
    if corners:
        parts = [f"{a.length[0]} * x.shape[{k + 2}] + {a.length[1]}" for k, a in enumerate(axes)]
        by = f"size=[{', '.join(parts).replace('+ -', '- ')}]"
    else:
        same = len(set(meant.strides)) == 1
        by = f"scale_factor={meant.strides[0] if same else meant.strides}"
    call = f'F.interpolate({x}, {by}, mode="{mode}", align_corners={corners})'
    return call + _cut([_Axis(0, 0, axis.start, axis.end) for axis in axes])


def _interpolated(
    meant: ConvTranspose, axis: int, length: int, *, corners: bool
) -> _Interpolated | None:
    """Return one axis of the call; None where its samples lie between those of the call.

    Output o reads (o + start - centre) / stride; the call reads (o + 1/2) / stride - 1/2, or
    o / stride where corners are aligned.
    """
    stride, kernel = meant.strides[axis], meant.kernel[axis]
    out, start, _ = meant.cut(axis, length)
    end = stride * (length - 1) + meant.reach(axis) - start - out
    padding = int(2 * start < kernel - 1 or 2 * end < kernel - 1)
    twice = 2 * start - (kernel - 1) + 2 * stride * padding + (0 if corners else stride - 1)
    whole = stride * (length - 1 + 2 * padding) + 1 if corners else stride * (length + 2 * padding)
    first = twice // 2
    if twice % 2 or first < 0 or whole - first - out < 0:
        return None
    summand = 1 + stride * (2 * padding - 1)
    return _Interpolated(padding, first, whole - first - out, (stride, summand))
