"""LiteRT's operators that resample, in ONNX's words: with the channels first, as PyTorch has them.

Source: TensorFlow 2.21 `lite/kernels/resize_bilinear.cc`, `resize_nearest_neighbor.cc`,
`transpose_conv.cc`, `depth_to_space.cc`, and `lite/kernels/padding.h`.
"""

import math
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.conventions.litert.resize import BILINEAR, NEAREST, Flags, onnx_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from halfpixel.formats.litert.graph import Node
    from halfpixel.formats.litert.read.writing import Writing
    from halfpixel.surroundings import Dim

FIRST: Final = (0, 3, 1, 2)
LAST: Final = (0, 2, 3, 1)
"""Orders of axes that put the channels first, and last."""

OPTIONS: Final = {BILINEAR: (15, 2), NEAREST: (74, 0)}
"""The kind of its options and the first of its two flags, by operator."""

LARGEST: Final = 1 << 20
"""Bytes of the weights of a transposed convolution that are looked at."""

SAME: Final = 0


def flags_of(node: "Node") -> Flags:
    """Return the flags of a resize; false each where its options are of another kind."""
    kind, first = OPTIONS[node.op]
    options = node.options(kind)
    if options is None:
        return Flags()
    return Flags(options.flag(first), options.flag(first + 1))


def resize_bilinear(writing: "Writing", node: "Node") -> bool:
    """Say RESIZE_BILINEAR."""
    return _resize(writing, node)


def resize_nearest(writing: "Writing", node: "Node") -> bool:
    """Say RESIZE_NEAREST_NEIGHBOR."""
    return _resize(writing, node)


def _resize(writing: "Writing", node: "Node") -> bool:
    words = onnx_words(node.op, flags_of(node))
    return resize_by_size(writing, node, words)


def resize_by_size(writing: "Writing", node: "Node", words: "Mapping[str, float | str]") -> bool:
    """Say a resize of an image to the height and width that its second input holds.

    Args:
        writing: where it is said.
        node: the operator.
        words: attributes of the ONNX Resize that it is.
    """
    image = writing.value(node, 0)
    size = writing.numbers(node, 1)
    if image is None or len(node.inputs) < 2:
        return False
    shape: tuple[Dim, ...] = (None,) * 4 if image.shape is None else image.shape
    ends = [shape[axis] if len(shape) == 4 else None for axis in (0, 3)]
    known = [n for n in ends if isinstance(n, int)]
    if size is not None and len(size) == 2 and len(known) == 2:
        sizes = writing.whole((*known, *size))
    else:
        sizes = _computed_sizes(writing, node, size)
    _channels_first(writing, node, node.inputs[0], "Resize", ["", "", sizes], **words)
    return True


def _computed_sizes(writing: "Writing", node: "Node", size: tuple[int, ...] | None) -> str:
    """Return the name of the four lengths: batch and channels as they are, then the size."""
    whole = writing.fresh()
    writing.add("Shape", [writing.name(node.inputs[0])], [whole])
    parts: list[str] = []
    for axis in (0, 3):
        part = writing.fresh()
        bounds = [writing.whole((n,)) for n in (axis, axis + 1)]
        writing.add("Slice", [whole, *bounds], [part])
        parts.append(part)
    if size is None:
        middle = writing.fresh()
        writing.add("Cast", [writing.name(node.inputs[1])], [middle], to=7)
    else:
        middle = writing.whole(size)
    sizes = writing.fresh()
    writing.add("Concat", [*parts, middle], [sizes], axis=0)
    return sizes


def depth_to_space(writing: "Writing", node: "Node") -> bool:
    """Say DEPTH_TO_SPACE, whose depth holds the block's rows, columns, then the channels."""
    options = node.options(94)
    block = 0 if options is None else options.number(0, "i")
    if block < 1:
        return False
    _channels_first(writing, node, node.inputs[0], "DepthToSpace", blocksize=block, mode="DCR")
    return True


def transpose_conv(writing: "Writing", node: "Node") -> bool:
    """Say TRANSPOSE_CONV, where lengths say how much of its result is cut off."""
    options, out = node.options(49), writing.numbers(node, 0)
    if options is None or out is None or options.number(3, "b"):
        return False
    strides = options.number(2, "i"), options.number(1, "i")
    image, bias = node.inputs[2:3], node.inputs[3:4]
    one = Transposed(image, bias, strides, out, options.number(0, "b") == SAME)
    return transposed(writing, node, one)


class Transposed(Struct, frozen=True):
    """A transposed convolution, whose weights are its second input.

    Attributes:
        image: the number of the tensor that is enlarged; empty where it has none.
        bias: likewise.
        strides: along the rows and the columns.
        lengths: of its output.
        same: what is too much is cut off on both sides, else behind alone.
    """

    image: tuple[int, ...]
    bias: tuple[int, ...]
    strides: tuple[int, int]
    lengths: tuple[int, ...]
    same: bool


def transposed(writing: "Writing", node: "Node", one: Transposed) -> bool:
    """Say a transposed convolution."""
    weights = writing.value(node, 1)
    image = None if not one.image or one.image[0] < 0 else writing.graph.values[one.image[0]]
    if image is None or weights is None or weights.data is None or len(one.lengths) != 4:
        return False
    if len(image.shape or ()) != 4 or len(weights.shape or ()) != 4:
        return False
    ends: list[tuple[int, int]] = []
    for axis, stride in zip((1, 2), one.strides, strict=True):
        n, kernel = (image.shape or ())[axis], (weights.shape or ())[axis]
        if not isinstance(n, int) or not isinstance(kernel, int) or stride < 1:
            return False
        over = (n - 1) * stride + kernel - one.lengths[axis]
        before = max(over, 0) // 2 if one.same else 0
        ends.append((before, over - before))
    name = _weights(writing, node)
    if name is None:
        return False
    inputs = [name, *(writing.name(place) for place in one.bias)]
    _channels_first(
        writing, node, one.image[0], "ConvTranspose", inputs, strides=one.strides,
        pads=(*(before for before, _ in ends), *(max(behind, 0) for _, behind in ends)),
        output_padding=tuple(max(-behind, 0) for _, behind in ends),
    )  # fmt: skip
    return True


def _weights(writing: "Writing", node: "Node") -> str | None:
    """Return the name of weights in ONNX's order; None where they are more than is looked at."""
    value = writing.value(node, 1)
    if value is None or value.data is None or value.dtype != "FLOAT32":
        return None
    shape = tuple(n for n in value.shape or () if isinstance(n, int))
    if isinstance(value.data, bytes) or not 0 < value.data.length <= LARGEST:
        return None
    if value.data.length != 4 * math.prod(shape):
        return None
    import numpy as np

    given = np.frombuffer(writing.contents.bytes_of(value.data), np.dtype("<f4")).reshape(shape)
    turned = np.ascontiguousarray(given.transpose(3, 0, 1, 2))
    name = writing.fresh()
    writing.model.graph.initializer.add(
        name=name, data_type=1, dims=turned.shape, raw_data=turned.tobytes()
    )
    return name


def _channels_first(
    writing: "Writing",
    node: "Node",
    data: int,
    op: str,
    others: "list[str] | None" = None,
    **attributes: "float | str | tuple[int, ...]",
) -> None:
    """Add a node between two that put the channels first and last again."""
    before, after = writing.turned(data, FIRST), writing.fresh()
    writing.add(op, [before, *(others or ())], [after], "", **attributes)
    writing.add("Transpose", [after], [writing.name(node.outputs[0])], perm=LAST)
