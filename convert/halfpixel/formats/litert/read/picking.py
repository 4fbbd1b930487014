"""LiteRT's operators that pick parts of a tensor, in ONNX's words: slices and gathers.

Source: TensorFlow 2.21 `lite/kernels/gather.cc`, `slice.cc`, `strided_slice.cc`.
"""

from typing import TYPE_CHECKING

from halfpixel.formats.litert.read.writing import LARGEST, length_of

if TYPE_CHECKING:
    from halfpixel.formats.litert.graph import Node
    from halfpixel.formats.litert.read.writing import Writing


def data_of(writing: "Writing", node: "Node") -> list[str]:
    """Return the name of an operator's first input."""
    return [writing.name(node.inputs[0])]


def out_of(writing: "Writing", node: "Node") -> list[str]:
    """Return the name of its first output."""
    return [writing.name(node.outputs[0])]


def gather(writing: "Writing", node: "Node") -> bool:
    """Say GATHER; one of pixels of an image as the table of pixels that it reads."""
    options = node.options(23)
    axis = 0 if options is None else options.number(0, "i")
    if options is not None and options.number(1, "i"):
        return False
    if _pixels(writing, node, axis):
        return True
    names = [writing.name(place) for place in node.inputs]
    writing.add("Gather", names, out_of(writing, node), axis=axis)
    return True


def _pixels(writing: "Writing", node: "Node", axis: int) -> bool:
    """Say a gather of pixels along one axis of an image, as a table of pixels is read."""
    image, table = writing.value(node, 0), writing.value(node, 1)
    rank = 0 if image is None or image.shape is None else len(image.shape)
    if table is None or table.data is None or len(table.shape or ()) != 1:
        return False
    if not 0 < length_of(table.data) <= LARGEST or table.dtype not in {"INT32", "INT64"}:
        return False
    (count,) = table.shape or (0,)
    axis += rank if axis < 0 else 0
    if rank < 3 or not 0 < axis < rank or not isinstance(count, int) or count < 2:
        return False
    rest = [k for k in range(rank) if k != axis]
    turned = writing.turned(node.inputs[0], (axis, *rest))
    picked, indices = writing.fresh(), writing.column(table)
    writing.add("GatherND", [turned, indices], [picked])
    back = tuple(0 if k == axis else 1 + rest.index(k) for k in range(rank))
    writing.add("Transpose", [picked], out_of(writing, node), perm=back)
    return True


def strided_slice(writing: "Writing", node: "Node") -> bool:
    """Say a slice of some axes; single elements lose their axes, no axis is added."""
    options = node.options(32)
    begin, end, steps = (writing.numbers(node, place) for place in (1, 2, 3))
    if options is None or begin is None or end is None or steps is None:
        return False
    first, last, dots, new, shrink = (options.number(field, "i") for field in range(5))
    if dots or new or not len(begin) == len(end) == len(steps):
        return False
    begins, ends = list(begin), list(end)
    for axis, step in enumerate(steps):
        bit = 1 << axis
        if shrink & bit:
            ends[axis] = begins[axis] + 1 if begins[axis] != -1 else 1 << 31
            continue
        if first & bit:
            begins[axis] = 0 if step > 0 else 1 << 31
        if last & bit:
            ends[axis] = 1 << 31 if step > 0 else -(1 << 31)
    lost = tuple(axis for axis in range(len(steps)) if shrink & (1 << axis))
    cut = writing.fresh() if lost else out_of(writing, node)[0]
    parts = [writing.whole(part) for part in (begins, ends, range(len(steps)), steps)]
    writing.add("Slice", [*data_of(writing, node), *parts], [cut])
    if lost:
        writing.add("Squeeze", [cut], out_of(writing, node), axes=lost)
    return True


def slice_(writing: "Writing", node: "Node") -> bool:
    """Say SLICE, where its bounds are constants."""
    begin, size = writing.numbers(node, 1), writing.numbers(node, 2)
    if begin is None or size is None or len(begin) != len(size):
        return False
    ends = [1 << 31 if n < 0 else first + n for first, n in zip(begin, size, strict=True)]
    parts = [writing.whole(part) for part in (begin, ends)]
    writing.add("Slice", [*data_of(writing, node), *parts], out_of(writing, node))
    return True
