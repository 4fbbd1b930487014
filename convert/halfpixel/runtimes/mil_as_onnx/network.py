"""MIL operators with weights, norms and pools, as ONNX.

===================================== =====================================================
operator                              ONNX
===================================== =====================================================
conv                                  Conv, its padding written out where lengths are known
linear, matmul, einsum                MatMul and Add, MatMul, Einsum
scaled_dot_product_attention          softmax(q k' / sqrt(E) + mask) v
batch_norm, instance_norm             BatchNormalization, InstanceNormalization
layer_norm                            LayerNormalization over the last axes, else its formula
l2_norm, local_response_norm          the formula over the last three axes, LRN
softmax, log_softmax                  Softmax, LogSoftmax
max_pool, avg_pool, l2_pool           MaxPool and AveragePool; see `_ceiled`
===================================== =====================================================

pad_type same places max(0, (ceil(n / stride) - 1) stride + reach - n) samples, the larger half at
the end (same_lower: at the start), as TensorFlow does and coremltools' own shape inference; the
text of conv's docstring gives that of stride 1 alone.

Source: coremltools `converters/mil/mil/ops/defs/iOS15/conv.py`, `linear.py`, `normalization.py`,
`pool.py` and `_utils.py`; `iOS18/transformers.py`.
"""

import math
from collections.abc import Sequence
from typing import Final

from halfpixel.runtimes.mil_as_onnx.elementwise import Lower
from halfpixel.runtimes.mil_as_onnx.step import Step

Ints = Sequence[int]


def paddings(
    step: Step, kernel: Ints, strides: Ints, dilations: Ints
) -> tuple[list[int], list[int]] | str:
    """Return padding at the starts and ends, or the name of a rule that needs lengths."""
    kind = step.text("pad_type", "valid").lower()
    axes = len(kernel)
    if kind == "valid":
        return [0] * axes, [0] * axes
    if kind == "custom":
        flat = step.ints("pad", [0] * (2 * axes)) or [0] * (2 * axes)
        return flat[::2], flat[1::2]
    if kind not in {"same", "same_lower"}:
        raise step.refuse(f"unknown pad_type {kind!r}")
    lengths = step.lengths()[2:]
    begin, end = list[int](), list[int]()
    for n, k, s, d in zip(lengths, kernel, strides, dilations, strict=True):
        if n is None:
            return "SAME_LOWER" if kind == "same_lower" else "SAME_UPPER"
        total = max(0, (-(-n // s) - 1) * s + (k - 1) * d + 1 - n)
        small, large = total // 2, total - total // 2
        begin.append(large if kind == "same_lower" else small)
        end.append(small if kind == "same_lower" else large)
    return begin, end


def _conv(step: Step) -> None:
    kernel = [n or 0 for n in step.lengths("weight")[2:]]
    ones = [1] * len(kernel)
    strides, dilations = (step.ints(name, ones) or ones for name in ("strides", "dilations"))
    pads = paddings(step, kernel, strides, dilations)
    padding = {"auto_pad": pads} if isinstance(pads, str) else {"pads": pads[0] + pads[1]}
    inputs = [step.tensor(), step.tensor("weight")]
    if step.has("bias"):
        inputs.append(step.tensor("bias"))
    groups = int(step.number("groups", 1))
    step.result("Conv", inputs, kernel_shape=kernel, strides=strides, dilations=dilations,
                group=groups, **padding)  # fmt: skip


def _linear(step: Step) -> None:
    turned = step.add("Transpose", [step.tensor("weight")], perm=[1, 0])
    product = [step.tensor(), turned]
    if step.has("bias"):
        step.result("Add", [step.add("MatMul", product), step.tensor("bias")])
    else:
        step.result("MatMul", product)


def _turned(step: Step, parameter: str) -> str:
    """Return a matrix with its last two axes swapped."""
    rank = step.rank(parameter)
    if rank < 2:
        return step.tensor(parameter)
    perm = [*range(rank - 2), rank - 1, rank - 2]
    return step.add("Transpose", [step.tensor(parameter)], perm=perm)


def _matmul(step: Step) -> None:
    given = [
        _turned(step, name) if step.flag(f"transpose_{name}") else step.tensor(name)
        for name in ("x", "y")
    ]
    step.result("MatMul", given)


def _einsum(step: Step) -> None:
    step.result("Einsum", step.tensors("values"), equation=step.text("equation"))


def _attention(step: Step) -> None:
    depth = step.lengths("query")[-1]
    if depth is None:
        raise step.refuse("the depth of its query is not known")
    dtype = step.dtype("query")
    scale = step.scalar(1 / math.sqrt(depth), "scale", dtype)
    query = step.add("Mul", [step.tensor("query"), scale])
    scores = step.add("MatMul", [query, _turned(step, "key")])
    if step.has("attn_mask"):
        mask = step.tensor("attn_mask")
        if step.dtype("attn_mask") == "bool":
            far = step.scalar(-math.inf, "masked", dtype)
            scores = step.add("Where", [mask, scores, far])
        else:
            scores = step.add("Add", [scores, mask])
    step.result("MatMul", [step.add("Softmax", [scores], axis=-1), step.tensor("value")])


def _filled(step: Step, parameter: str, value: float, shape: Ints) -> str:
    """Return a parameter, or a constant where it is not given."""
    import numpy as np

    if step.has(parameter):
        return step.tensor(parameter)
    return step.nodes.constant(np.full(shape, value, step.dtype()), parameter)


def _batch_norm(step: Step) -> None:
    channels = [step.known("mean").size]
    scale = [_filled(step, name, v, channels) for name, v in (("gamma", 1.0), ("beta", 0.0))]
    inputs = [step.tensor(), *scale, step.tensor("mean"), step.tensor("variance")]
    step.result("BatchNormalization", inputs, epsilon=step.number("epsilon", 1e-5))


def _instance_norm(step: Step) -> None:
    channels = step.lengths()[1]
    if channels is None:
        raise step.refuse("the number of channels is not known")
    scale = [_filled(step, name, v, [channels]) for name, v in (("gamma", 1.0), ("beta", 0.0))]
    inputs = [step.tensor(), *scale]
    step.result("InstanceNormalization", inputs, epsilon=step.number("epsilon", 1e-5))


def _layer_norm(step: Step) -> None:
    rank, lengths = step.rank(), step.lengths()
    axes = sorted(a % rank for a in step.ints("axes", range(rank)) or range(rank))
    epsilon = step.number("epsilon", 1e-5)
    normalised = [lengths[a] for a in axes]
    if axes == list(range(axes[0], rank)) and None not in normalised:
        scale = _filled(step, "gamma", 1.0, [n or 1 for n in normalised])
        inputs = [step.tensor(), scale, *([step.tensor("beta")] if step.has("beta") else [])]
        step.result("LayerNormalization", inputs, axis=axes[0], epsilon=epsilon)
        return
    over = step.nodes.ints(axes, "axes")
    mean = step.add("ReduceMean", [step.tensor(), over], keepdims=1)
    away = step.add("Sub", [step.tensor(), mean])
    power = step.add("ReduceMean", [step.add("Mul", [away, away]), over], keepdims=1)
    shifted = step.add("Add", [power, step.scalar(epsilon, "epsilon")])
    made = step.add("Div", [away, step.add("Sqrt", [shifted])])
    spread = [lengths[a] if a in axes else 1 for a in range(rank)]
    for parameter, op in (("gamma", "Mul"), ("beta", "Add")):
        if step.has(parameter):
            shape = step.nodes.ints([n or -1 for n in spread], "spread")
            made = step.add(op, [made, step.add("Reshape", [step.tensor(parameter), shape])])
    step.result("Identity", [made])


def _l2_norm(step: Step) -> None:
    over = step.nodes.ints([-3, -2, -1], "axes")
    squares = step.add("Mul", [step.tensor(), step.tensor()])
    total = step.add("ReduceSum", [squares, over], keepdims=1)
    shifted = step.add("Add", [total, step.scalar(step.number("epsilon", 1e-6), "epsilon")])
    step.result("Div", [step.tensor(), step.add("Sqrt", [shifted])])


def _local_response_norm(step: Step) -> None:
    step.result("LRN", [step.tensor()], size=int(step.number("size")),
                alpha=step.number("alpha", 1e-4), beta=step.number("beta", 0.75),
                bias=step.number("k", 1.0))  # fmt: skip


def _softmax(step: Step) -> None:
    step.result("Softmax", [step.tensor()], axis=int(step.number("axis", -1)))


def _log_softmax(step: Step) -> None:
    step.result("LogSoftmax", [step.tensor()], axis=int(step.number("axis", -1)))


OPS: Final[dict[str, Lower]] = {
    "conv": _conv,
    "linear": _linear,
    "matmul": _matmul,
    "einsum": _einsum,
    "scaled_dot_product_attention": _attention,
    "batch_norm": _batch_norm,
    "instance_norm": _instance_norm,
    "layer_norm": _layer_norm,
    "l2_norm": _l2_norm,
    "local_response_norm": _local_response_norm,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
}
