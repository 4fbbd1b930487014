"""ConvTranspose as an upsampler: shapes, coverage of the output, and its values.

Source: ONNX operator ConvTranspose-22; V. Dumoulin and F. Visin, "A guide to convolution
arithmetic for deep learning", 2016; A. Odena et al., "Deconvolution and checkerboard
artifacts", Distill, 2016.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from types import EllipsisType

    import numpy as np
    from numpy.typing import NDArray

Ints = tuple[int, ...]


class ConvTranspose(Struct, frozen=True):
    """What a ConvTranspose computes, one entry a spatial axis.

    Attributes:
        kernel: kernel lengths.
        strides: upsampling factors.
        begin: samples cut from the start of the output.
        end: samples cut from its end.
        output_padding: samples added at its end.
        dilations: distance of kernel taps.
        groups: number of channel groups.
        output_shape: output lengths where they were asked for; `begin` and `end` then
            follow from them by `auto_pad`.
        auto_pad: NOTSET, VALID, SAME_UPPER or SAME_LOWER.
        linear: its weights are those of linear interpolation by its strides, each channel by
            itself, as Caffe's bilinear filler makes them.
    """

    kernel: Ints
    strides: Ints
    begin: Ints
    end: Ints
    output_padding: Ints
    dilations: Ints
    groups: int = 1
    output_shape: Ints | None = None
    auto_pad: str = "NOTSET"
    linear: bool = False

    def reach(self, axis: int) -> int:
        """Return the extent of the dilated kernel along an axis, in output samples."""
        return (self.kernel[axis] - 1) * self.dilations[axis] + 1

    def is_even(self, axis: int) -> bool:
        """Whether as many kernel taps reach each of the `stride` phases of the output.

        Uneven numbers are what shows as a checkerboard.
        """
        stride = self.strides[axis]
        return math.gcd(self.dilations[axis], stride) == 1 and self.kernel[axis] % stride == 0

    def coverage(self, axis: int, most: int = 16) -> Ints:
        """Return how many kernel taps reach each of the first phases of the output.

        >>> three = ConvTranspose((3,), (2,), (0,), (0,), (0,), (1,))
        >>> three.coverage(0)
        (2, 1)
        """
        taps, stride, dilation = self.kernel[axis], self.strides[axis], self.dilations[axis]
        common = math.gcd(dilation, stride)
        period = stride // common
        turned = pow(dilation // common, -1, period)
        phases: list[int] = []
        for phase in range(min(stride, most)):
            first = phase // common * turned % period  # the first tap that reaches the phase
            reached = phase % common == 0 and first < taps
            phases.append((taps - 1 - first) // period + 1 if reached else 0)
        return tuple(phases)

    def cut(self, axis: int, length: int) -> tuple[int, int, int]:
        """Return (output length, samples cut at the start, samples cut at the end)."""
        stride, added = self.strides[axis], self.output_padding[axis]
        full = stride * (length - 1) + added + self.reach(axis)
        if self.output_shape is None and not self.auto_pad.startswith("SAME"):
            begin, end = self.begin[axis], self.end[axis]
            return full - begin - end, begin, end
        wanted = length * stride if self.output_shape is None else self.output_shape[axis]
        total = max(full - wanted, 0)
        small, large = total // 2, total - total // 2
        begin, end = (small, large) if self.auto_pad == "SAME_UPPER" else (large, small)
        return wanted, begin, end

    def output_length(self, axis: int, length: int) -> int:
        """Return the output length for an input length, in samples.

        >>> ConvTranspose((3,), (2,), (1,), (1,), (1,), (1,)).output_length(0, 48)
        96
        """
        return self.cut(axis, length)[0]

    def evaluate(
        self,
        x: "NDArray[np.generic]",
        weight: "NDArray[np.generic]",
        bias: "NDArray[np.generic] | None" = None,
    ) -> "NDArray[np.float64]":
        """Compute the transposed convolution in float64.

        Args:
            x: input of shape (N, C, *lengths).
            weight: kernel of shape (C, M / groups, *kernel).
            bias: added per output channel, shape (M,).

        Returns:
            Output of shape (N, M, *output lengths).

        Raises:
            ValueError: the shapes do not belong together.
        """
        import numpy as np

        lengths = x.shape[2:]
        if weight.ndim != x.ndim or weight.shape[0] != x.shape[1]:
            raise ValueError(f"weight of shape {weight.shape} does not fit input {x.shape}")
        image, taps = x.astype(np.float64), weight.astype(np.float64)
        batch, channels = x.shape[:2]
        grouped = image.reshape(batch, self.groups, channels // self.groups, *lengths)
        split = taps.reshape(self.groups, channels // self.groups, *taps.shape[1:])
        outputs = taps.shape[1] * self.groups
        cuts = [self.cut(axis, n) for axis, n in enumerate(lengths)]
        size = [
            max(out + begin, self.strides[a] * (lengths[a] - 1) + self.reach(a))
            for a, (out, begin, _) in enumerate(cuts)
        ]
        full = np.zeros((batch, self.groups, taps.shape[1], *size))
        for tap in product(*(range(k) for k in self.kernel)):
            at: tuple[EllipsisType | int, ...] = (..., *tap)
            into: tuple[EllipsisType | slice, ...] = (..., *self._places(tap, lengths))
            kernel: NDArray[np.float64] = split[at]
            part: NDArray[np.float64] = np.einsum("bgc...,gcm->bgm...", grouped, kernel)
            full[into] += part
        crop: tuple[EllipsisType | slice, ...] = (
            ...,
            *(slice(begin, begin + out) for out, begin, _ in cuts),
        )
        y: NDArray[np.float64] = full.reshape(batch, outputs, *size)[crop]
        if bias is not None:
            y = y + bias.astype(np.float64).reshape(1, -1, *[1] * len(lengths))
        return y

    def _places(self, tap: Sequence[int], lengths: Sequence[int]) -> tuple[slice, ...]:
        places: list[slice] = []
        for axis, n in enumerate(lengths):
            first = tap[axis] * self.dilations[axis]
            stride = self.strides[axis]
            places.append(slice(first, first + stride * (n - 1) + 1, stride))
        return tuple(places)


def linear_taps(length: int, stride: int) -> tuple[Fraction, ...] | None:
    """Return the kernel of linear interpolation by a stride, whose taps of a phase add up to 1.

    None where a kernel of this length is none: it has 2 stride taps, or 2 stride - 1.

    >>> [str(tap) for tap in linear_taps(4, 2)], [str(tap) for tap in linear_taps(3, 2)]
    (['1/4', '3/4', '3/4', '1/4'], ['1/2', '1', '1/2'])
    """
    if stride < 2 or length not in {2 * stride - 1, 2 * stride}:
        return None
    centre = Fraction(length - 1, 2)
    return tuple(1 - abs(tap - centre) / stride for tap in range(length))
