"""LiteRT's operators in ONNX's words, as far as a resize can hang on them.

Each function adds the nodes of one operator, and returns false where it has no words for it.

Source: TensorFlow `lite/kernels` (the names of files are those of operators), release 2.21, and
`compiler/mlir/lite/schema/schema.fbs` for the options; ONNX operators at opset 12.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from halfpixel.formats.litert.read.custom import say_composite
from halfpixel.formats.litert.read.deconvolution import transpose_conv
from halfpixel.formats.litert.read.picking import data_of, gather, out_of, slice_, strided_slice
from halfpixel.formats.litert.read.resampling import (
    depth_to_space,
    resize_bilinear,
    resize_nearest,
)
from halfpixel.formats.litert.read.sought import COMPOSITE
from halfpixel.formats.litert.read.writing import DTYPES, Writing

if TYPE_CHECKING:
    from halfpixel.formats.litert.graph import Node
    from halfpixel.surroundings import Shape

Say = Callable[[Writing, "Node"], bool]

ACTIVATED: Final = {1: "Relu", 4: "Tanh"}
"""Fused activations by number, as far as ONNX has one operator for each."""

NO_ACTIVATION: Final = 0


def _plain(op: str) -> Say:
    """Return what says an operator whose inputs and outputs are those of an ONNX one."""

    def say(writing: Writing, node: "Node") -> bool:
        names = [writing.name(place) for place in node.inputs]
        writing.add(op, names, [writing.name(place) for place in node.outputs])
        return True

    return say


def _arithmetic(op: str, kind: int) -> Say:
    """Return what says an operator that may end in an activation."""

    def say(writing: Writing, node: "Node") -> bool:
        options = node.options(kind)
        fused = 0 if options is None else options.number(0, "b")
        names = [writing.name(place) for place in node.inputs]
        outputs = [writing.name(place) for place in node.outputs]
        if fused == NO_ACTIVATION:
            writing.add(op, names, outputs)
            return True
        if fused not in ACTIVATED:
            return False
        between = writing.fresh()
        writing.add(op, names, [between])
        writing.add(ACTIVATED[fused], [between], outputs)
        return True

    return say


def _transpose(writing: Writing, node: "Node") -> bool:
    order = writing.numbers(node, 1)
    if order is None or sorted(order) != list(range(len(order))):
        return False
    writing.add("Transpose", data_of(writing, node), out_of(writing, node), perm=order)
    return True


def _reshape(writing: Writing, node: "Node") -> bool:
    """Say a reshape; one that only moves axes of length 1 is a transpose."""
    before, after = writing.value(node, 0), writing.graph.values[node.outputs[0]]
    order = _moved(None if before is None else before.shape, after.shape)
    if order is not None:
        writing.add("Transpose", data_of(writing, node), out_of(writing, node), perm=order)
        return True
    shape = writing.numbers(node, 1)
    if shape is None and len(node.inputs) > 1:
        long = writing.fresh()
        writing.add("Cast", [writing.name(node.inputs[1])], [long], to=7)
    else:
        options = node.options(17)
        if shape is None and options is not None:
            shape = options.numbers(0)
        if not shape:
            return False
        long = writing.whole(shape)
    writing.add("Reshape", [*data_of(writing, node), long], out_of(writing, node))
    return True


def _moved(before: "Shape | None", after: "Shape | None") -> tuple[int, ...] | None:
    """Return the order of axes by which a reshape is a transpose; None where it is none.

    >>> _moved((1, 7, 10, 3), (7, 10, 1, 3))
    (1, 2, 0, 3)
    """
    if before is None or after is None or before == after:
        return None
    if len(before) != len(after) or not all(isinstance(n, int) for n in (*before, *after)):
        return None
    long = [axis for axis, n in enumerate(before) if n != 1]
    if [before[axis] for axis in long] != [n for n in after if n != 1]:
        return None
    short = iter([axis for axis, n in enumerate(before) if n == 1])
    rest = iter(long)
    return tuple(next(short) if n == 1 else next(rest) for n in after)


def _shaped(op: str) -> Say:
    """Return what says an operator whose second input is a list of whole numbers."""

    def say(writing: Writing, node: "Node") -> bool:
        given = writing.numbers(node, 1)
        if given is None:
            second = writing.fresh()
            writing.add("Cast", [writing.name(node.inputs[1])], [second], to=7)
        else:
            second = writing.whole(given)
        writing.add(op, [*data_of(writing, node), second], out_of(writing, node))
        return True

    return say


def _concat(writing: Writing, node: "Node") -> bool:
    options = node.options(10)
    if options is None or options.number(1, "b") != NO_ACTIVATION:
        return False
    names = [writing.name(place) for place in node.inputs]
    writing.add("Concat", names, out_of(writing, node), axis=options.number(0, "i"))
    return True


def _reduce(op: str) -> Say:
    def say(writing: Writing, node: "Node") -> bool:
        axes, options = writing.numbers(node, 1), node.options(27)
        if axes is None:
            return False
        keep = 0 if options is None else options.number(0, "B")
        writing.add(op, data_of(writing, node), out_of(writing, node), axes=axes, keepdims=keep)
        return True

    return say


def _cast(writing: Writing, node: "Node") -> bool:
    to = DTYPES.get(writing.graph.values[node.outputs[0]].dtype)
    if to is None:
        return False
    writing.add("Cast", data_of(writing, node), out_of(writing, node), to=to)
    return True


def _shape(writing: Writing, node: "Node") -> bool:
    long = writing.fresh()
    writing.add("Shape", data_of(writing, node), [long])
    writing.add("Cast", [long], out_of(writing, node), to=6)
    return True


def _pack(writing: Writing, node: "Node") -> bool:
    options = node.options(59)
    axis = 0 if options is None else options.number(1, "i")
    parts = [writing.fresh() for _ in node.inputs]
    for place, part in zip(node.inputs, parts, strict=True):
        writing.add("Unsqueeze", [writing.name(place)], [part], axes=(axis,))
    writing.add("Concat", parts, out_of(writing, node), axis=axis)
    return True


def _select(writing: Writing, node: "Node") -> bool:
    """Say a choice by a mask: a mask that is repeated as it is, zeros as one zero."""
    mask, chosen = writing.value(node, 0), writing.value(node, 1)
    if mask is None or chosen is None:
        return False
    names = [writing.name(place) for place in node.inputs]
    maker = writing.maker(node.inputs[0])
    wide = maker is not None and maker.op == "BROADCAST_TO" and maker.inputs[0] >= 0
    if maker is not None and wide and mask.shape == _shape_of(writing, node):
        names[0] = writing.name(maker.inputs[0])
    if chosen.shape == _shape_of(writing, node) and writing.is_zero(chosen):
        names[1] = writing.zero(chosen)
    writing.add("Where", names, out_of(writing, node))
    return True


def _shape_of(writing: Writing, node: "Node") -> object:
    other = writing.value(node, 2)
    return None if other is None else other.shape


def _squeezed(op: str) -> Say:
    def say(writing: Writing, node: "Node") -> bool:
        if op == "Unsqueeze":
            axes = writing.numbers(node, 1)
        else:
            options = node.options(30)
            axes = () if options is None else options.numbers(0)
        if not axes:
            return False
        writing.add(op, data_of(writing, node), out_of(writing, node), axes=axes)
        return True

    return say


_SAY: Final[dict[str, Say]] = {
    "ADD": _arithmetic("Add", 11),
    "BROADCAST_TO": _shaped("Expand"),
    "CAST": _cast,
    "CONCATENATION": _concat,
    "DEPTH_TO_SPACE": depth_to_space,
    "DIV": _arithmetic("Div", 29),
    "EXPAND_DIMS": _squeezed("Unsqueeze"),
    "GATHER": gather,
    "GATHER_ND": _plain("GatherND"),
    "MEAN": _reduce("ReduceMean"),
    "MUL": _arithmetic("Mul", 21),
    "PACK": _pack,
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": resize_nearest,
    "SELECT": _select,
    "SELECT_V2": _select,
    "SHAPE": _shape,
    "SLICE": slice_,
    "SQUEEZE": _squeezed("Squeeze"),
    COMPOSITE: say_composite,
    "STRIDED_SLICE": strided_slice,
    "SUB": _arithmetic("Sub", 28),
    "SUM": _reduce("ReduceSum"),
    "TILE": _shaped("Tile"),
    "TRANSPOSE": _transpose,
    "TRANSPOSE_CONV": transpose_conv,
} | {
    name: _plain(op)
    for name, op in {
        "ABS": "Abs", "CEIL": "Ceil", "EXP": "Exp", "FLOOR": "Floor", "LOGISTIC": "Sigmoid",
        "MAXIMUM": "Max", "MINIMUM": "Min", "NEG": "Neg", "RELU": "Relu", "ROUND": "Round",
        "SQRT": "Sqrt", "TANH": "Tanh",
    }.items()
}  # fmt: skip

NEEDED: Final = {"TRANSPOSE": 1, "RESHAPE": 1, "BROADCAST_TO": 2, "GATHER_ND": 2, "TILE": 2}
"""Inputs that an operator must have to be said."""


def _sound(op: str, say: Say) -> Say:
    """Return what says an operator only where it has the inputs and the output that it needs."""

    def checked(writing: Writing, node: "Node") -> bool:
        needed = NEEDED.get(op, 1)
        there = len(node.inputs) >= needed and all(place >= 0 for place in node.inputs[:needed])
        if not there or not node.outputs or node.outputs[0] < 0:
            return False
        return say(writing, node)

    return checked


TRANSLATED: Final[dict[str, Say]] = {op: _sound(op, say) for op, say in _SAY.items()}
"""What says an operator, by its name."""
