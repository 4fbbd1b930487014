"""MIL's pools, as ONNX.

=================== =======================================================================
max_pool            MaxPool
avg_pool            AveragePool; exclude_padding_from_average is count_include_pad 0
l2_pool             the root of kernel size times AveragePool of the squares
=================== =======================================================================

Under ceil_mode the last window may hang over the padding: the output is one longer, unless that
window would begin behind the padding, and an average divides by the samples within the padding
(PyTorch's rule, which the document names). ONNX says the same from opset 19 on, and runtimes
differ; so the samples that hang over are written out, and the divisors are constants.

Source: coremltools `converters/mil/mil/ops/defs/iOS15/pool.py` and `_utils.py`
(spatial_dimensions_out_shape); PyTorch `aten/src/ATen/native/Pool.h`.
"""

import math
from typing import TYPE_CHECKING, Final

from halfpixel.runtimes.mil_as_onnx.elementwise import Lower
from halfpixel.runtimes.mil_as_onnx.network import paddings
from halfpixel.runtimes.mil_as_onnx.step import Step

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOWEST: Final = {"float16": -65504.0, "float32": -3.4028234663852886e38}


def _window(step: Step) -> tuple[list[int], list[int], list[int] | None, dict[str, object]]:
    """Return kernel lengths, strides and padding, and them all as attributes."""
    kernel = step.ints("kernel_sizes") or []
    ones = [1] * len(kernel)
    strides = step.ints("strides", ones) or ones
    pads = paddings(step, kernel, strides, ones)
    window: dict[str, object] = {"kernel_shape": kernel, "strides": strides}
    if isinstance(pads, str):
        return kernel, strides, None, {**window, "auto_pad": pads}
    both = pads[0] + pads[1]
    return kernel, strides, both, {**window, "pads": both}


def _hanging(
    step: Step, kernel: list[int], strides: list[int], pads: list[int]
) -> list[tuple[int, int]] | None:
    """Return (output length, samples that hang over the padding) of each axis."""
    found: list[tuple[int, int]] = []
    axes = len(kernel)
    for axis, n in enumerate(step.lengths()[2:]):
        if n is None:
            return None
        begin, end = pads[axis], pads[axis + axes]
        k, s = kernel[axis], strides[axis]
        count = -(-(n + begin + end - k) // s) + 1
        if (count - 1) * s >= n + begin:
            count -= 1
        found.append((count, max(0, (count - 1) * s + k - (n + begin + end))))
    return found


def _pool(step: Step, op: str, x: str, **more: object) -> str:
    """Add a pool and return what it makes."""
    kernel, strides, pads, window = _window(step)
    if not step.flag("ceil_mode") or pads is None:
        return step.add(op, [x], **window, **more)
    hanging = _hanging(step, kernel, strides, pads)
    if hanging is None:
        return step.add(op, [x], **window, **more, ceil_mode=1)
    return _ceiled(step, op, x, (kernel, strides, pads), hanging, **more)


def _ceiled(
    step: Step,
    op: str,
    x: str,
    window: tuple[list[int], list[int], list[int]],
    hanging: list[tuple[int, int]],
    **more: object,
) -> str:
    """Pool over samples that are padded beforehand, and divide by those that count."""
    kernel, strides, pads = window
    axes = len(kernel)
    over = [pads[axes + axis] + extra for axis, (_, extra) in enumerate(hanging)]
    amounts = step.nodes.ints([0, 0, *pads[:axes], 0, 0, *over], "pads")
    dtype = step.dtype()
    value = step.scalar(LOWEST[dtype] if op == "MaxPool" else 0.0, "outside", dtype)
    padded = step.add("Pad", [x, amounts, value])
    pooled = step.add(op, [padded], kernel_shape=kernel, strides=strides)
    if op == "MaxPool":
        return pooled
    counts = _counts(step, window, hanging, included=bool(more.get("count_include_pad")))
    factor = (math.prod(kernel) / counts).astype(dtype)
    return step.add("Mul", [pooled, step.nodes.constant(factor, "divisor")])


def _counts(
    step: Step,
    window: tuple[list[int], list[int], list[int]],
    hanging: list[tuple[int, int]],
    *,
    included: bool,
) -> "NDArray[np.float64]":
    """Return how many samples each average divides by."""
    import numpy as np

    kernel, strides, pads = window
    axes = len(kernel)
    total = np.ones((1, 1, *[count for count, _ in hanging]))
    for axis, n in enumerate(step.lengths()[2:]):
        first = np.arange(hanging[axis][0]) * strides[axis] - pads[axis]
        last = np.minimum(first + kernel[axis], (n or 0) + (pads[axes + axis] if included else 0))
        count = last - (first if included else np.maximum(first, 0))
        total = total * count.reshape([-1 if a == axis else 1 for a in range(-2, axes)])
    return total


def _max_pool(step: Step) -> None:
    step.result("Identity", [_pool(step, "MaxPool", step.tensor())])


def _avg_pool(step: Step) -> None:
    included = int(not step.flag("exclude_padding_from_average"))
    made = _pool(step, "AveragePool", step.tensor(), count_include_pad=included)
    step.result("Identity", [made])


def _l2_pool(step: Step) -> None:
    kernel = step.ints("kernel_sizes") or []
    squares = step.add("Mul", [step.tensor(), step.tensor()])
    mean = _pool(step, "AveragePool", squares, count_include_pad=1)
    total = step.add("Mul", [mean, step.scalar(math.prod(kernel), "size")])
    step.result("Sqrt", [total])


OPS: Final[dict[str, Lower]] = {
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "l2_pool": _l2_pool,
}
