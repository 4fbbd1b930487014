"""Depth-to-space: the operator, and PyTorch's pixel_shuffle as Reshape, Transpose, Reshape."""

from math import prod
from typing import TYPE_CHECKING, Final, Literal, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.torch.shuffle import pixel_shuffle_text
from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.read.evaluation import Described, arrays_of, guarded_compute
from halfpixel.formats.onnx.read.patterns.moves import reshaped, shape_of
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.sampling.shuffle import DepthToSpace
from halfpixel.site import Operation
from halfpixel.surroundings import Dim, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    from halfpixel.arrays import Array

MODE_SINCE: Final = 11
"""First opset whose DepthToSpace has a mode: those before lay out DCR."""


def describe_depth_to_space(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    """Return what a DepthToSpace node computes."""
    block = base.attributes.get("blocksize")
    if not isinstance(block, int) or block < 1:
        raise ConventionError(f"blocksize is {block}, expected at least 1")
    mode = base.attributes.get("mode", "DCR") if base.opset >= MODE_SINCE else "DCR"
    if mode not in {"DCR", "CRD"}:
        raise ConventionError(f"mode is {mode!r}, expected one of CRD, DCR")
    meant = DepthToSpace(block, cast("Literal['CRD', 'DCR']", mode))
    operation = settled(base, meant)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        return meant.evaluate(cast("Array", arrays_of(scope, node, inputs, 1)[0]))

    return Described(operation, guarded_compute(node, compute))


def settled(base: Operation, meant: DepthToSpace) -> Operation:
    """Return an operation with the depth-to-space that it is: its shape and its call.

    Raises:
        ConventionError: the input is no image, or its channels are not enough.
    """
    shape: Shape = base.input_shape or (None,) * 4
    if len(shape) != 4:
        raise ConventionError(f"the input has rank {len(shape)}, expected 4")
    channel, area = (3 if meant.last else 1), meant.block**2
    deep = shape[channel]
    if isinstance(deep, int) and deep % area:
        raise ConventionError(f"{deep} channels are no multiple of {area}")
    out: list[Dim] = [n * meant.block if isinstance(n, int) else None for n in shape]
    out[0] = shape[0]
    out[channel] = deep // area if isinstance(deep, int) else None
    declared = base.output_shape
    if declared is not None and len(declared) == 4:
        out = [told if n is None else n for n, told in zip(out, declared, strict=True)]
    text = pixel_shuffle_text(meant)
    return replace(base, operator=meant, output_shape=tuple(out), torch_call=text)


class _Layout(Struct, frozen=True):
    """One way to write a depth-to-space over six axes.

    Attributes:
        perm: what the Transpose does.
        parts: for each axis of the input, the axes of the six that it is taken apart into.
        ends: for each axis of the output, the axes of the six that it is put together from.
        blocks: the two axes of a block.
        meant: the order of the channels, and whether they are last.
    """

    perm: tuple[int, ...]
    parts: tuple[tuple[int, ...], ...]
    ends: tuple[tuple[int, ...], ...]
    blocks: tuple[int, int]
    meant: tuple[Literal["CRD", "DCR"], bool]


JOINED: Final = "where the second Reshape joins each axis with its block"

LAYOUTS: Final = (
    _Layout(
        (0, 1, 4, 2, 5, 3), ((0,), (1, 2, 3), (4,), (5,)), ((0,), (1,), (4, 2), (5, 3)), (2, 3),
        ("CRD", False),
    ),
    _Layout(
        (0, 3, 4, 1, 5, 2), ((0,), (1, 2, 3), (4,), (5,)), ((0,), (3,), (4, 1), (5, 2)), (1, 2),
        ("DCR", False),
    ),
    _Layout(
        (0, 1, 3, 2, 4, 5), ((0,), (1,), (2,), (3, 4, 5)), ((0,), (1, 3), (2, 4), (5,)), (3, 4),
        ("DCR", True),
    ),
    _Layout(
        (0, 1, 4, 2, 5, 3), ((0,), (1,), (2,), (3, 4, 5)), ((0,), (1, 4), (2, 5), (3,)), (4, 5),
        ("CRD", True),
    ),
)  # fmt: skip


class Shuffle(Struct, frozen=True):
    """A depth-to-space in three nodes.

    Attributes:
        data: the value that it reads.
        shape: its shape.
        out: the output's.
        meant: what it is.
        where: what has to hold of lengths that are not known; empty for nothing.
    """

    data: str
    shape: Shape
    out: Shape
    meant: DepthToSpace
    where: str = ""


def read_shuffle(scope: Scope, node: "NodeProto") -> Shuffle | None:
    """Return the depth-to-space that ends in a Reshape; None where there is none."""
    turn = _made_by(scope, given_name(node, 0), "Transpose")
    perm = None if turn is None else scope.attributes(turn).get("perm")
    fitting = [layout for layout in LAYOUTS if layout.perm == perm]
    first = (
        _made_by(scope, given_name(turn, 0), "Reshape") if turn is not None and fitting else None
    )
    if first is None or not node.output:
        return None
    data = given_name(first, 0)
    shape, six, out = shape_of(scope, data), reshaped(scope, first), reshaped(scope, node)
    if shape is None or six is None or out is None or len(shape) != 4 or len(six) != 6:
        return None
    for layout in fitting:
        rows, columns = (six[axis] for axis in layout.blocks)
        if not isinstance(rows, int) or rows != columns or rows < 2 or len(out) != 4:
            continue
        ours, theirs = (
            _open_ends(*one) for one in ((shape, six, layout.parts), (out, six, layout.ends))
        )
        meant = DepthToSpace(rows, *layout.meant)
        if ours is None or theirs is None or (meant.last and 3 in ours):
            continue  # windows that are put together look alike, but for their channels
        doubt = len(ours) > 1 or len(theirs) > 1
        return Shuffle(data, shape, out, meant, JOINED if doubt else "")
    return None


def _made_by(scope: Scope, name: str, op: str) -> "NodeProto | None":
    index = scope.producers.get(name)
    node = None if index is None else scope.nodes[index]
    return node if node is not None and node.op_type == op and node.input else None


def _open_ends(shape: Shape, six: Shape, parts: "Sequence[Sequence[int]]") -> frozenset[int] | None:
    """Return the axes of which it is not known that their lengths are products of those of six.

    None where they are known not to be.
    """
    found: set[int] = set()
    for axis, (length, axes) in enumerate(zip(shape, parts, strict=True)):
        known = [n for n in (six[one] for one in axes) if isinstance(n, int)]
        if isinstance(length, int) and len(known) == len(axes):
            if length != prod(known):
                return None
        elif len(axes) > 1 or length is None or length != six[axes[0]]:
            found.add(axis)
    return frozenset(found)


def shuffle_operation(shuffle: Shuffle, base: Operation) -> Described:
    """Return the operation that a shuffle is, and how it is evaluated."""
    written = "Reshape, Transpose and Reshape"
    base = replace(base, input_shape=shuffle.shape, output_shape=shuffle.out, hidden=written)
    operation = replace(settled(base, shuffle.meant), torch_where=shuffle.where)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        return shuffle.meant.evaluate(inputs[0])

    return Described(operation, compute)
