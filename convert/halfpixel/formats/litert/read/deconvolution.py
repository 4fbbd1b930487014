"""LiteRT's transposed convolutions in ONNX's words, with weights of any type.

Weights are floats, whole numbers with a scale (one for all, or one a channel), or either behind a
DEQUANTIZE. Those that are linear interpolation as near as their whole numbers come are written
as what they were rounded from, and the site says so.

Source: TensorFlow 2.21 `lite/kernels/transpose_conv.cc`, `lite/kernels/padding.h`; MediaPipe
`util/tflite/operations/transpose_conv_bias.cc`.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.formats.litert.read.resampling import FIRST, LAST, channels_first
from halfpixel.formats.litert.read.writing import DOMAIN
from halfpixel.formats.litert.schema import ACTIVATIONS, Quantization
from halfpixel.sampling.deconvolution import linear_taps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.formats.litert.graph import Node, Value
    from halfpixel.formats.litert.read.writing import Writing
    from halfpixel.surroundings import Dim

LARGEST: Final = 1 << 20
"""Bytes of the weights of a transposed convolution that are looked at."""

FINEST: Final = 16
"""Steps of the whole numbers in the largest weight, below which they tell no kernel."""

FLOATS: Final = {"FLOAT32": ("<f4", 1), "FLOAT16": ("<f2", 10)}
"""How floats lie in a file, and ONNX's number of their type."""

WHOLE: Final = {"INT8": "|i1", "UINT8": "|u1", "INT16": "<i2"}
"""How whole numbers lie there."""

SAME: Final = 0
UNKNOWN: Final = "TFL_TRANSPOSE_CONV"
"""What the walk calls one whose lengths are not known."""

LENGTHS: Final = "how much is cut off hangs on lengths that are not known"


class Transposed(Struct, frozen=True):
    """A transposed convolution, whose weights are its second input.

    Attributes:
        image: the number of the tensor that is enlarged; empty where it has none.
        bias: likewise.
        strides: along the rows and the columns.
        lengths: of its output along these; None each where unknown.
        same: what is too much is cut off on both sides, else behind alone.
        fused: the activation that its output goes through, by number.
    """

    image: tuple[int, ...]
    bias: tuple[int, ...]
    strides: tuple[int, int]
    lengths: "tuple[Dim, Dim]"
    same: bool
    fused: int = 0


def transpose_conv(writing: "Writing", node: "Node") -> bool:
    """Say TRANSPOSE_CONV, where lengths say how much of its result is cut off."""
    options, out = node.options(49), writing.numbers(node, 0)
    if options is None:
        return False
    strides = options.number(2, "i"), options.number(1, "i")
    shape = out if out is not None and len(out) == 4 else writing.shape(node.outputs[0])
    lengths = (shape[1], shape[2]) if len(shape) == 4 else (None, None)
    one = Transposed(
        node.inputs[2:3],
        node.inputs[3:4],
        strides,
        lengths,
        options.number(0, "b") == SAME,
        options.number(3, "b"),
    )
    return transposed(writing, node, one)


def transposed(writing: "Writing", node: "Node", one: Transposed) -> bool:
    """Say a transposed convolution; one of lengths that are not known as a site without a call."""
    if len(node.inputs) < 2 or not one.image or min(*node.inputs[:2], *one.image) < 0:
        return False
    ends = _cut(writing, node, one)
    if ends is None:
        if max(one.strides) > 1:
            writing.untold[node.name] = LENGTHS
            names = [writing.name(place) for place in (*one.image, node.inputs[1])]
            writing.add(UNKNOWN, names, [writing.name(node.outputs[0])])
        return max(one.strides) > 1
    if one.fused:
        writing.uncomputed[node.name] = "an activation is part of it"
    if writing.graph.values[one.image[0]].quantization is not None:
        writing.uncomputed[node.name] = "its whole numbers stand for others"
    end = writing.name(node.outputs[0])
    inputs = [_weights(writing, node, one.strides), *(_bias(writing, place) for place in one.bias)]
    made = channels_first(
        writing, one.image[0], "ConvTranspose", inputs, strides=one.strides,
        pads=(*(before for before, _ in ends), *(max(behind, 0) for _, behind in ends)),
        output_padding=tuple(max(-behind, 0) for _, behind in ends),
    )  # fmt: skip
    writing.declare_turned(made, node.outputs[0], FIRST)
    if one.fused:
        last = writing.fresh()
        writing.add("Transpose", [made], [last], perm=LAST)
        writing.add(ACTIVATIONS.get(one.fused, "ACTIVATION"), [last], [end], domain=DOMAIN)
    else:
        writing.add("Transpose", [made], [end], perm=LAST)
    return True


def _cut(writing: "Writing", node: "Node", one: Transposed) -> list[tuple[int, int]] | None:
    """Return the samples that are cut off before and behind, an axis; None where not known."""
    image, weights = writing.shape(one.image[0]), writing.shape(node.inputs[1])
    if len(image) != 4 or len(weights) != 4:
        return None
    ends: list[tuple[int, int]] = []
    for axis, stride, out in zip((1, 2), one.strides, one.lengths, strict=True):
        n, kernel = image[axis], weights[axis]
        if not isinstance(n, int) or not isinstance(kernel, int) or not isinstance(out, int):
            return None
        if stride < 1:
            return None
        over = (n - 1) * stride + kernel - out
        before = max(over, 0) // 2 if one.same else 0
        ends.append((before, over - before))
    return ends


def _weights(writing: "Writing", node: "Node", strides: tuple[int, int]) -> str:
    """Return the name of weights in ONNX's order, with their numbers where those are at hand."""
    value = _constant(writing, node.inputs[1])
    data = None if value is None else floats_of(writing, value)
    if value is None or data is None:
        return writing.turned(node.inputs[1], ORDER)
    number = FLOATS.get(value.dtype, FLOATS["FLOAT32"])[1]
    if isinstance(data, Rounded):
        kernel = data.interpolating(strides)
        if kernel is not None:
            writing.nearly[node.name] = f"as near as {value.dtype.lower()} weights come"
            writing.uncomputed[node.name] = "its weights are rounded"
        data = data.values if kernel is None else kernel
    return writing.floats(data.transpose(ORDER), number)


ORDER: Final = (3, 0, 1, 2)
"""From LiteRT's axes of weights (out, rows, columns, in) to ONNX's."""


def _bias(writing: "Writing", place: int) -> str:
    """Return the name of a bias, with its numbers where they are floats behind a DEQUANTIZE."""
    value = None if place < 0 else _constant(writing, place)
    if value is None or value.dtype not in FLOATS:
        return writing.name(place)
    data = floats_of(writing, value)
    if data is None or isinstance(data, Rounded):
        return writing.name(place)
    return writing.floats(data, FLOATS[value.dtype][1])


def _constant(writing: "Writing", place: int) -> "Value | None":
    """Return the constant that a tensor is, or is dequantised from; None where it is neither."""
    value = writing.graph.values[place]
    maker = writing.maker(place) if value.data is None else None
    if maker is not None and maker.op == "DEQUANTIZE" and maker.inputs and maker.inputs[0] >= 0:
        value = writing.graph.values[maker.inputs[0]]
    return None if value.data is None else value


class Rounded(Struct, frozen=True):
    """Weights that are whole numbers.

    Attributes:
        values: what they stand for.
        steps: by how much the next whole number is more, of the same rank.
    """

    values: "NDArray[np.float32]"
    steps: "NDArray[np.float64]"

    def interpolating(self, strides: Sequence[int]) -> "NDArray[np.float32] | None":
        """Return the linear interpolation that weights were rounded from; None where it was none.

        Args:
            strides: by which rows and columns are enlarged.
        """
        import numpy as np

        out, rows, columns, inside = self.values.shape
        taps = [linear_taps(*pair) for pair in zip((rows, columns), strides, strict=True)]
        if out != inside or None in taps:
            return None
        plane = np.outer(*[np.array([float(tap) for tap in one or ()]) for one in taps])
        if plane.max() < FINEST * self.steps.max():
            return None
        wanted = np.zeros(self.values.shape, np.float32)
        wanted[range(out), :, :, range(out)] = plane
        near = np.abs(self.values - wanted) <= self.steps * (0.5 + 1e-4)
        return wanted if near.all() else None


def floats_of(writing: "Writing", value: "Value") -> "NDArray[np.generic] | Rounded | None":
    """Return what a constant stands for; None where that is much, or numbers that are not read.

    Args:
        writing: where it is said.
        value: the constant.
    """
    import numpy as np

    kind = FLOATS.get(value.dtype, ("", 0))[0] or WHOLE.get(value.dtype)
    shape = tuple(n for n in value.shape or () if isinstance(n, int))
    size = 0 if kind is None else np.dtype(kind).itemsize * math.prod(shape)
    if value.data is None or isinstance(value.data, bytes) or not 0 < size <= LARGEST:
        return None
    if value.data.length != size or len(shape) != len(value.shape or ()):
        return None
    writing.room -= 4 * math.prod(shape)
    if writing.room < 0:
        return None
    found = np.frombuffer(writing.contents.bytes_of(value.data), kind).reshape(shape)
    return found if value.dtype in FLOATS else _scaled(value, found)


def _scaled(value: "Value", found: "NDArray[np.generic]") -> "Rounded | None":
    """Return what whole numbers stand for: scale (q - zero), by channel where there are several."""
    import numpy as np

    table = value.quantization
    if table is None:
        return None
    scales = np.frombuffer(table.vector(Quantization.SCALE).data, "<f4")
    zeros = np.frombuffer(table.vector(Quantization.ZERO_POINT, 8).data, "<i8")
    zeros = zeros if zeros.size else np.zeros(1, np.int64)
    axis = table.number(Quantization.AXIS, "i")
    if not np.isfinite(scales).all() or not (scales > 0).all():
        return None
    steps = scales.astype(np.float64)
    if not (_fits(found, axis, steps.size) and _fits(found, axis, zeros.size)):
        return None
    lengths = [
        [size if k == axis else 1 for k in range(found.ndim)] for size in (steps.size, zeros.size)
    ]
    scale = steps.reshape(lengths[0])
    whole = found.astype(np.int64) - zeros.reshape(lengths[1])
    with np.errstate(over="ignore"):
        values = (scale * whole).astype(np.float32)
    return Rounded(values, scale) if np.isfinite(values).all() else None


def _fits(found: "NDArray[np.generic]", axis: int, count: int) -> bool:
    """Whether there is one number for all, or one each along an axis."""
    return 0 <= axis < found.ndim and count in {1, found.shape[axis]}
