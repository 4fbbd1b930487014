"""Resizes as other ONNX operators: the nodes of each lowering in `sampling.lowering`.

Weights are written in the input's own float type, from exact rationals. Operators are used
in forms that opset 9 already has, so that a lowering needs no later opset than its model's;
GridSample alone came with opset 16.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from halfpixel.conventions.torch.interpolate import NEAREST_COPIES_SINCE, NEAREST_COPIES_UP_TO
from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.write.builder import Ends, Nodes, float_type
from halfpixel.formats.onnx.write.grid import grid_sample
from halfpixel.formats.plan import Goal, gathers, known_steps, products
from halfpixel.sampling import Nearest, Sampling
from halfpixel.sampling.lowering import (
    Lowering,
    transposed,
    whole_factor,
)
from halfpixel.site import Operation

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_MATRIX: Final = 1 << 24
"""Numbers that the constant matrices of one resize may hold: 64 MB of float32."""


def lower(nodes: Nodes, ends: Ends, operation: Operation, goal: Goal, lowering: Lowering) -> None:
    """Add the nodes of a lowering.

    Args:
        nodes: where they are added.
        ends: the values between which they stand.
        operation: the site.
        goal: what it should compute.
        lowering: in which operators.

    Raises:
        ConventionError: these operators cannot say it, with the reason.
    """
    match lowering:
        case "matmul":
            _matmul(nodes, ends, operation, goal)
        case "gather":
            if known_steps(goal) is None:
                _gather_computed(nodes, ends, operation, goal)
            else:
                _gather(nodes, ends, goal)
        case "conv":
            _conv(nodes, ends, operation, goal)
        case "gridsample":
            grid_sample(nodes, ends, operation, goal)


def _matmul(nodes: Nodes, ends: Ends, operation: Operation, goal: Goal) -> None:
    """One product an axis with W, the axes that shrink first; others are moved to the end."""
    import numpy as np

    dtype = float_type(operation, "a matrix product")
    rank, x = len(goal.lengths[0]), ends.x
    steps = products(goal, LARGEST_MATRIX)
    for place, step in enumerate(steps):
        axis = step.axis
        matrix: NDArray[np.generic] = step.weights.matrix().astype(dtype)
        output = ends.y if place + 1 == len(steps) else ""
        if axis == rank - 2 and rank > 1:
            weights = nodes.constant(np.ascontiguousarray(matrix), f"weights_{axis}")
            x = nodes.add("MatMul", [weights, x], output=output)
            continue
        weights = nodes.constant(np.ascontiguousarray(matrix.T), f"weights_{axis}")
        if axis == rank - 1:
            x = nodes.add("MatMul", [x, weights], output=output)
            continue
        swap = list(range(rank))
        swap[axis], swap[-1] = swap[-1], swap[axis]
        product = nodes.add("MatMul", [nodes.add("Transpose", [x], perm=swap), weights])
        x = nodes.add("Transpose", [product], output=output, perm=swap)


def _gather(nodes: Nodes, ends: Ends, goal: Goal) -> None:
    x, tables = ends.x, gathers(goal)
    for place, (axis, pixels) in enumerate(tables):
        output = ends.y if place + 1 == len(tables) else ""
        indices = nodes.ints(pixels, f"pixels_{axis}")
        x = nodes.add("Gather", [x, indices], output=output, axis=axis)


def _gather_computed(nodes: Nodes, ends: Ends, operation: Operation, goal: Goal) -> None:
    """Compute PyTorch's own pixels in the graph: floor((i [+ 1/2]) * step) in float32."""
    x = ends.x
    policy = operation.attributes.get("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        raise ConventionError(f"a gather at unknown lengths does not keep_aspect_ratio ({policy})")
    if nodes.opset < 11:
        raise ConventionError("pixels are computed with Range, which opset 11 brought")
    sizes = [_size(nodes, ends, goal, axis, sampling) for axis, sampling in goal.resize.axes]
    copies = len(sizes) == 2 and goal.version >= NEAREST_COPIES_SINCE
    for place, (axis, sampling) in enumerate(goal.resize.axes):
        half = {"asymmetric": 0.0, "tf_half_pixel_for_nn": 0.5}.get(sampling.coordinate)
        if sampling.kernel != Nearest("floor") or half is None:
            raise ConventionError("a gather at unknown lengths is PyTorch's nearest only")
        length = nodes.add("Cast", [nodes.length(ends.x, axis)], "length", to=1)
        size = sizes[place]
        if sampling.scale is None:
            step = nodes.add("Div", [length, size], "step")
        else:
            factor = goal.factors.get(axis, float(sampling.scale))
            step = nodes.floats([1.0 / factor], "step")
            if copies and not half:
                step = _stepped(nodes, length, size, step, sizes)
        scalar = nodes.add_with(_squeeze_axes(nodes), "Squeeze", [size, *_squeezed(nodes)])
        zero, one = nodes.number(0, "zero", "float32"), nodes.number(1, "one", "float32")
        index = nodes.add("Range", [zero, scalar, one])
        if half:
            index = nodes.add("Add", [index, nodes.floats([half], "half")])
        pixel = nodes.add("Floor", [nodes.add("Mul", [index, step])])
        last = nodes.add("Sub", [length, nodes.floats([1], "one")], "last")
        whole = nodes.add("Cast", [nodes.add("Min", [pixel, last])], "pixels", to=7)
        output = ends.y if place + 1 == len(goal.resize.axes) else ""
        x = nodes.add("Gather", [x, whole], output=output, axis=axis)


def _stepped(nodes: Nodes, length: str, size: str, step: str, sizes: Sequence[str]) -> str:
    """Return the step of PyTorch's nearest over two axes.

    A length that stays is copied, one that doubles takes every pixel twice, whatever the factor,
    where the two sizes sum to no more than they may (`deviation.shortcut`).
    """
    total = nodes.add("Add", list(sizes))
    small = nodes.add("Less", [total, nodes.floats([NEAREST_COPIES_UP_TO + 0.5], "most")], "small")
    for factor in (1, 2):
        product = nodes.add("Mul", [length, nodes.floats([factor], "factor")])
        equal = nodes.add("And", [nodes.add("Equal", [size, product]), small])
        step = nodes.add("Where", [equal, nodes.floats([1 / factor], "step"), step], "step")
    return step


def _squeezed(nodes: Nodes) -> list[str]:
    return [nodes.ints([0], "axes")] if nodes.opset >= 13 else []


def _squeeze_axes(nodes: Nodes) -> dict[str, object]:
    return {} if nodes.opset >= 13 else {"axes": [0]}


def _size(nodes: Nodes, ends: Ends, goal: Goal, axis: int, sampling: Sampling) -> str:
    """Return the output length of an axis as float32 of shape (1,)."""
    if goal.lengths[1][axis] is not None:
        return nodes.floats([cast("int", goal.lengths[1][axis])], "size")
    if ends.sizes:
        picked = nodes.add("Gather", [ends.sizes, nodes.ints([axis], "axis")], "size")
        return nodes.add("Cast", [picked], "size", to=1)
    if sampling.scale is None:
        raise ConventionError("neither sizes nor scales are known")
    factor = goal.factors.get(axis, float(sampling.scale))
    return nodes.add("Cast", [computed_size(nodes, ends.x, axis, factor)], "size", to=1)


def computed_size(nodes: Nodes, x: str, axis: int, factor: float) -> str:
    """Return trunc(length * factor) in float64, as PyTorch has it; int64 of shape (1,)."""
    length = nodes.add("Cast", [nodes.length(x, axis)], "length", to=11)
    product = nodes.add("Mul", [length, nodes.floats([factor], "factor", "float64")])
    return nodes.add("Cast", [product], "size", to=7)  # a cast to integers truncates


def _conv(nodes: Nodes, ends: Ends, operation: Operation, goal: Goal) -> None:
    """Repeat edge samples, then a transposed convolution of each channel by itself."""
    import numpy as np

    dtype = float_type(operation, "a convolution")
    ins, outs = goal.lengths
    rank = len(ins)
    channels = ins[1] if rank > 2 else None
    if channels is None:
        raise ConventionError("a convolution needs to know the number of channels")
    if any(axis < 2 for axis, _ in goal.resize.axes):
        raise ConventionError("a convolution does not resample batch or channel")
    strides, pads, begins, finishes = ([1] * (rank - 2), [0] * rank, [0] * rank, [0] * rank)
    kernel = np.ones((1,) * rank)
    for axis, sampling in goal.resize.axes:
        factor = whole_factor(ins[axis], outs[axis], sampling.scale)
        if factor == 1 and outs[axis] == ins[axis] is not None:
            continue
        form = None if factor is None else transposed(sampling, factor)
        if form is None:
            reason = "enlarges by no whole factor" if factor is None else "is no convolution"
            raise ConventionError(f"axis {axis} {reason} with these coordinates and this kernel")
        strides[axis - 2], pads[axis] = form.factor, form.pad
        begins[axis], finishes[axis] = form.begin, form.end
        column = [1] * rank
        column[axis] = len(form.taps)
        kernel = kernel * np.array([float(t) for t in form.taps]).reshape(column)
    repeated = np.repeat(kernel, channels, axis=0).astype(dtype)
    weights = nodes.constant(np.ascontiguousarray(repeated), "kernel")
    if nodes.opset >= 11:
        padded = nodes.add("Pad", [ends.x, nodes.ints(pads * 2, "pads")], mode="edge")
    else:
        padded = nodes.add("Pad", [ends.x], mode="edge", pads=pads * 2)
    nodes.add(
        "ConvTranspose",
        [padded, weights],
        output=ends.y,
        group=channels,
        kernel_shape=list(repeated.shape[2:]),
        strides=strides,
        pads=[*begins[2:], *finishes[2:]],
    )
