"""Planned products as nodes: matrix products, and transposed convolutions.

Weights are written in the input's own float type, from exact rationals. Operators are used in
forms that opset 9 already has, so that a product needs no later opset than its model's.
"""

from typing import TYPE_CHECKING

from halfpixel.formats.onnx.write.builder import Ends, Nodes
from halfpixel.formats.plan import Conv, Matrix, Product

if TYPE_CHECKING:
    from numpy.typing import NDArray


def product(nodes: Nodes, ends: Ends, plan: Product) -> None:
    """Add a product or a gather an axis; axes before the last two are moved to the end.

    Args:
        nodes: where they are added.
        ends: the values between which they stand.
        plan: the axes.
    """
    x = ends.x
    for place, step in enumerate(plan.steps):
        output = ends.y if place + 1 == len(plan.steps) else ""
        if isinstance(step, Matrix):
            x = _matmul(nodes, (x, output), step, plan)
        else:
            indices = nodes.ints(step.pixels, f"pixels_{step.axis}")
            x = nodes.add("Gather", [x, indices], output=output, axis=step.axis)


def _matmul(nodes: Nodes, ends: tuple[str, str], step: Matrix, plan: Product) -> str:
    """Multiply an axis, between a value and the next; return that."""
    import numpy as np

    (x, output), axis, rank = ends, step.axis, plan.rank
    matrix: NDArray[np.generic] = step.weights.matrix().astype(plan.dtype)
    if axis == rank - 2 and rank > 1:
        weights = nodes.constant(np.ascontiguousarray(matrix), f"weights_{axis}")
        return nodes.add("MatMul", [weights, x], output=output)
    weights = nodes.constant(np.ascontiguousarray(matrix.T), f"weights_{axis}")
    if axis == rank - 1:
        return nodes.add("MatMul", [x, weights], output=output)
    swap = list(range(rank))
    swap[axis], swap[-1] = swap[-1], swap[axis]
    made = nodes.add("MatMul", [nodes.add("Transpose", [x], perm=swap), weights])
    return nodes.add("Transpose", [made], output=output, perm=swap)


def convolution(nodes: Nodes, ends: Ends, plan: Conv) -> None:
    """Repeat edge samples, then add a transposed convolution of each channel by itself."""
    import numpy as np

    rank = plan.rank
    strides, pads, begins, finishes = ([1] * (rank - 2), [0] * rank, [0] * rank, [0] * rank)
    kernel = np.ones((1,) * rank)
    for axis, form in plan.axes.items():
        strides[axis - 2], pads[axis] = form.factor, form.pad
        begins[axis], finishes[axis] = form.begin, form.end
        column = [1] * rank
        column[axis] = len(form.taps)
        kernel = kernel * np.array([float(t) for t in form.taps]).reshape(column)
    repeated = np.repeat(kernel, plan.channels, axis=0).astype(plan.dtype)
    weights = nodes.constant(np.ascontiguousarray(repeated), "kernel")
    if nodes.opset >= 11:
        padded = nodes.add("Pad", [ends.x, nodes.ints(pads * 2, "pads")], mode="edge")
    else:
        padded = nodes.add("Pad", [ends.x], mode="edge", pads=pads * 2)
    nodes.add(
        "ConvTranspose",
        [padded, weights],
        output=ends.y,
        group=plan.channels,
        kernel_shape=list(repeated.shape[2:]),
        strides=strides,
        pads=[*begins[2:], *finishes[2:]],
    )
