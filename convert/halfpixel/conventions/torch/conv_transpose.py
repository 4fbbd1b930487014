"""PyTorch's F.conv_transpose, and what is cut off behind it.

F.conv_transpose pads both ends alike and adds samples at the end; another padding is the call with
the lesser of the two, of whose output the rest is cut off.

Source: PyTorch `torch/nn/functional.py` (conv_transpose1d) and
`aten/src/ATen/native/ConvolutionMM*.cpp`, which refuse an output_padding that is not below the
stride or the dilation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from halfpixel.sampling import ConvTranspose


@dataclass(frozen=True, slots=True)
class _Axis:
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
