"""A planned gather as nodes: constant pixels, or pixels that the graph computes.

Operators are used in forms that opset 9 already has, so that a gather of constants needs no later
opset than its model's; pixels are computed with Range, which opset 11 brought.
"""

from collections.abc import Sequence
from typing import Final

from halfpixel.conventions.torch.interpolate import NEAREST_COPIES_UP_TO
from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.write.builder import Ends, Nodes
from halfpixel.formats.plan import Floor, Gather, Pixels

RANGE_SINCE: Final = 11
"""First opset that has Range."""


def gather(nodes: Nodes, ends: Ends, plan: Gather) -> None:
    """Add a gather an axis.

    Args:
        nodes: where they are added.
        ends: the values between which they stand.
        plan: the axes.
    """
    x, axes = ends.x, plan.steps
    sizes = [_size(nodes, ends, step) for step in axes if isinstance(step, Floor)]
    for place, step in enumerate(axes):
        if isinstance(step, Pixels):
            indices = nodes.ints(step.pixels, f"pixels_{step.axis}")
        else:
            indices = _computed(nodes, ends, step, sizes[place], sizes)
        output = ends.y if place + 1 == len(axes) else ""
        x = nodes.add("Gather", [x, indices], output=output, axis=step.axis)


def _computed(nodes: Nodes, ends: Ends, step: Floor, size: str, sizes: Sequence[str]) -> str:
    """Compute PyTorch's own pixels in the graph: floor((i [+ 1/2]) * step) in float32."""
    length = nodes.add("Cast", [nodes.length(ends.x, step.axis)], "length", to=1)
    if step.factor is None:
        width = nodes.add("Div", [length, size], "step")
    else:
        width = nodes.floats([1.0 / step.factor], "step")
        if step.doubles:
            width = _stepped(nodes, length, size, width, sizes)
    scalar = nodes.add_with(_squeeze_axes(nodes), "Squeeze", [size, *_squeezed(nodes)])
    zero, one = nodes.number(0, "zero", "float32"), nodes.number(1, "one", "float32")
    index = nodes.add("Range", [zero, scalar, one])
    if step.half:
        index = nodes.add("Add", [index, nodes.floats([0.5], "half")])
    pixel = nodes.add("Floor", [nodes.add("Mul", [index, width])])
    last = nodes.add("Sub", [length, nodes.floats([1], "one")], "last")
    return nodes.add("Cast", [nodes.add("Min", [pixel, last])], "pixels", to=7)


def _stepped(nodes: Nodes, length: str, size: str, step: str, sizes: Sequence[str]) -> str:
    """Return the step of PyTorch's nearest over two axes.

    A length that stays is copied, one that doubles takes every pixel twice, whatever the factor,
    where the two sizes sum to no more than they may (`shortcut.shortcut`).
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


def _size(nodes: Nodes, ends: Ends, step: Floor) -> str:
    """Return the output length of an axis as float32 of shape (1,)."""
    if step.n_out is not None:
        return nodes.floats([step.n_out], "size")
    if step.sized:
        picked = nodes.add("Gather", [ends.sizes, nodes.ints([step.axis], "axis")], "size")
        return nodes.add("Cast", [picked], "size", to=1)
    if step.factor is None:
        raise ConventionError("neither sizes nor scales are known")
    return nodes.add("Cast", [computed_size(nodes, ends.x, step.axis, step.factor)], "size", to=1)


def computed_size(nodes: Nodes, x: str, axis: int, factor: float) -> str:
    """Return trunc(length * factor) in float64, as PyTorch has it; int64 of shape (1,)."""
    length = nodes.add("Cast", [nodes.length(x, axis)], "length", to=11)
    product = nodes.add("Mul", [length, nodes.floats([factor], "factor", "float64")])
    return nodes.add("Cast", [product], "size", to=7)  # a cast to integers truncates
