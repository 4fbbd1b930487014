"""LiteRT's operators that resample, in ONNX's words: with the channels first, as PyTorch has them.

Source: TensorFlow 2.21 `lite/kernels/resize_bilinear.cc`, `resize_nearest_neighbor.cc`,
`depth_to_space.cc`.
"""

from typing import TYPE_CHECKING, Final

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


def _channels_first(
    writing: "Writing",
    node: "Node",
    data: int,
    op: str,
    others: "list[str] | None" = None,
    **attributes: "float | str | tuple[int, ...]",
) -> None:
    """Add a node between two that put the channels first and last again."""
    made = channels_first(writing, data, op, others, **attributes)
    writing.add("Transpose", [made], [writing.name(node.outputs[0])], perm=LAST)


def channels_first(
    writing: "Writing",
    data: int,
    op: str,
    others: "list[str] | None" = None,
    **attributes: "float | str | tuple[int, ...]",
) -> str:
    """Add a node behind one that puts the channels first; return what it makes.

    Args:
        writing: where it is said.
        data: the number of the image's tensor.
        op: the node's type.
        others: its inputs behind the image.
        attributes: of the node.
    """
    before, after = writing.turned(data, FIRST), writing.fresh()
    writing.add(op, [before, *(others or ())], [after], "", **attributes)
    return after
