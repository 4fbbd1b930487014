"""Layers with weights, norms, pools and paddings of images.

======================================= ===================================================
layer                                   operator
======================================= ===================================================
convolution                             conv; one with isDeconvolution is a site
innerProduct, batchedMatmul             linear, matmul
pooling                                 max_pool, avg_pool, l2_pool; global: a reduction
batchnorm                               batch_norm, instance_norm
mvn, l2normalize, lrn,                  the formula, l2_norm, local_response_norm,
layerNormalization                      layer_norm
softmax, softmaxND                      softmax over the third last axis, or the one named
padding, constantPad, crop              pad, Pad, Slice
======================================= ===================================================

includeLastPixel is taken for PyTorch's ceil_mode, whose lengths are the document's own.

Source: apple/coremltools `mlmodel/format/NeuralNetwork.proto`.
"""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from halfpixel.formats.coreml.layer_messages import (
    Axis,
    Batchnorm,
    Borders,
    ConstantPad,
    CropBorders,
    InnerProduct,
    Kernel,
    LayerNorm,
    Matmul,
    MeanVariance,
    PadBorders,
    Pool,
    ResponseNorm,
    Same,
    Slopes,
)
from halfpixel.formats.coreml.network_messages import Convolution
from halfpixel.formats.coreml.read.layer import attributes_of
from halfpixel.runtimes.network_as_onnx.elementwise import SMALL, Lower
from halfpixel.runtimes.network_as_onnx.layer import Layer, Value
from halfpixel.runtimes.network_as_onnx.weights import array

POOLS: Final = ("max_pool", "avg_pool", "l2_pool")
GLOBAL: Final = ("reduce_max", "reduce_mean", "reduce_l2_norm")
HEAVY: Final = ("same", "same_lower")
"""Which end the larger half of the padding stands at, by asymmetryMode."""


def borders(layer: Layer, told: Borders) -> list[int]:
    """Return (top, bottom, left, right)."""
    pairs = [(int(e.startEdgeSize), int(e.endEdgeSize)) for e in told.borderAmounts]
    if len(pairs) not in {0, 2}:
        raise layer.refuse(f"{len(pairs)} border amounts, expected 2")
    return [n for pair in pairs or [(0, 0), (0, 0)] for n in pair]


def _same(layer: Layer, told: Same) -> str:
    if not 0 <= told.asymmetryMode < len(HEAVY):
        raise layer.refuse(f"asymmetryMode {told.asymmetryMode}")
    return HEAVY[told.asymmetryMode]


def _convolution(layer: Layer) -> None:
    layer.image()
    told = attributes_of("convolution", layer.parameters)
    kernel, groups, outputs = (told[name] for name in ("kernelSize", "nGroups", "outputChannels"))
    given: dict[str, object] = {
        "x": layer.x(),
        "strides": told["stride"],
        "dilations": told["dilationFactor"],
        "groups": groups,
    }
    if told["padding"] == "same":
        given["pad_type"] = HEAVY[told.get("asymmetryMode") == "TOP_LEFT_HEAVY"]
    else:
        given["pad_type"] = "custom"
        given["pad"] = told.get("borderAmounts", (0, 0, 0, 0))
    weights = layer.message(Kernel)
    if len(layer.inputs) > 1:
        given["weight"] = layer.x(1)
    else:
        depth = int(layer.message(Convolution).kernelChannels)
        shape = [int(cast("int", outputs)), depth, *cast("tuple[int, int]", kernel)]
        given["weight"] = array(weights.weights, shape)
    if told["hasBias"]:
        given["bias"] = array(weights.bias, [int(cast("int", outputs))])
    layer.mil_result("conv", **given)


def _pooling(layer: Layer) -> None:
    layer.image()
    told = layer.message(Pool)
    if not 0 <= told.type < len(POOLS):
        raise layer.refuse(f"type {told.type}")
    if told.globalPooling:
        layer.mil_result(GLOBAL[told.type], x=layer.x(), axes=[-2, -1], keep_dims=True)
        return
    given: dict[str, object] = {
        "x": layer.x(),
        "kernel_sizes": [int(n) for n in told.kernelSize] or [3, 3],
        "strides": [int(n) for n in told.stride] or [1, 1],
    }
    match told.WhichOneof("padding"):
        case "same":
            given["pad_type"] = _same(layer, told.same)
        case "includeLastPixel":
            around = [int(n) for n in told.includeLastPixel.paddingAmounts] or [0, 0]
            given |= {"pad_type": "custom", "pad": [around[0]] * 2 + [around[1]] * 2}
            given["ceil_mode"] = True
        case _:
            pad = borders(layer, told.valid.paddingAmounts)
            given |= {"pad_type": "custom", "pad": pad}
    if told.type == 1:
        given["exclude_padding_from_average"] = told.avgPoolExcludePadding
    layer.mil_result(POOLS[told.type], **given)


def _inner_product(layer: Layer) -> None:
    told, rank = layer.message(InnerProduct), len(layer.lengths())
    if told.int8DynamicQuantize:
        raise layer.refuse("int8DynamicQuantize")
    if rank > 4:
        raise layer.refuse(f"its input has {rank} axes, expected up to 4")
    outputs = int(told.outputChannels)
    weight = array(told.weights, [outputs, int(told.inputChannels)])
    given: dict[str, object] = {"x": layer.x(), "weight": weight}
    if told.hasBias:
        given["bias"] = array(told.bias, [outputs])
    if rank < 4:
        layer.mil_result("linear", **given)
        return
    given["x"] = layer.add("Flatten", [layer.x()], axis=1)
    made = layer.mil("linear", "", **given)
    layer.result("Unsqueeze", [made, layer.ints([2, 3], "axes")])


def _batched_matmul(layer: Layer) -> None:
    told = layer.message(Matmul)
    if told.int8DynamicQuantize:
        raise layer.refuse("int8DynamicQuantize")
    if len(layer.inputs) > 1:
        layer.mil_result("matmul", x=layer.x(), y=layer.x(1), transpose_x=told.transposeA,
                         transpose_y=told.transposeB)  # fmt: skip
        return
    ins, outs = int(told.weightMatrixFirstDimension), int(told.weightMatrixSecondDimension)
    weight = array(told.weights, [outs, ins])  # by columns
    more = {"bias": array(told.bias, [outs])} if told.hasBias else {}
    layer.mil_result("linear", x=layer.x(), weight=weight, **more)


def _batchnorm(layer: Layer) -> None:
    layer.image()
    told = layer.message(Batchnorm)
    count = int(told.channels)
    epsilon = told.epsilon or 1e-5
    given = {name: array(getattr(told, name), [count]) for name in ("gamma", "beta")}
    if told.computeMeanVar:
        if not told.instanceNormalization:
            raise layer.refuse("the mean and variance of a batch")
        layer.mil_result("instance_norm", x=layer.x(), epsilon=epsilon, **given)
        return
    given |= {name: array(getattr(told, name), [count]) for name in ("mean", "variance")}
    layer.mil_result("batch_norm", x=layer.x(), epsilon=epsilon, **given)


def _mvn(layer: Layer) -> None:
    told = layer.message(MeanVariance)
    over = layer.ints([-3, -2, -1] if told.acrossChannels else [-2, -1], "axes")
    mean = layer.add("ReduceMean", [layer.x(), over], keepdims=1)
    if not told.normalizeVariance:
        layer.result("Sub", [layer.x(), mean])
        return
    away = layer.add("Sub", [layer.x(), mean])
    power = layer.add("ReduceMean", [layer.add("Mul", [away, away]), over], keepdims=1)
    shifted = layer.add("Add", [power, layer.constant(told.epsilon or SMALL, "epsilon")])
    layer.result("Div", [away, layer.add("Sqrt", [shifted])])


def _l2_normalize(layer: Layer) -> None:
    layer.mil_result("l2_norm", x=layer.x(), epsilon=layer.message(Slopes).alpha or SMALL)


def _lrn(layer: Layer) -> None:
    told = layer.message(ResponseNorm)
    layer.image()
    layer.mil_result("local_response_norm", x=layer.x(), size=int(told.localSize),
                     alpha=told.alpha, beta=told.beta, k=told.k or 1.0)  # fmt: skip


def _layer_norm(layer: Layer) -> None:
    layer.need_exact()
    told = layer.message(LayerNorm)
    shape = [int(n) for n in told.normalizedShape]
    axes = list(range(-len(shape), 0))
    gamma, beta = (array(one, shape) for one in (told.gamma, told.beta))
    layer.mil_result("layer_norm", x=layer.x(), axes=axes, gamma=gamma, beta=beta,
                     epsilon=told.eps)  # fmt: skip


def _softmax(layer: Layer) -> None:
    layer.mil_result("softmax", x=layer.x(), axis=-3)


def _softmax_nd(layer: Layer) -> None:
    axis = layer.axis(int(layer.message(Axis).axis))
    layer.mil_result("softmax", x=layer.x(), axis=axis)


def _padding(layer: Layer) -> None:
    told = layer.message(PadBorders)
    kind = told.WhichOneof("kind") or "constant"
    mode = {"constant": "constant", "reflection": "reflect", "replication": "replicate"}[kind]
    value = told.constant.alpha if kind == "constant" else 0.0
    amounts = borders(layer, told.paddingAmounts)
    layer.mil_result("pad", x=layer.x(), pad=amounts, mode=mode, constant_val=value)


def _constant_pad(layer: Layer) -> None:
    layer.need_exact()
    told, lengths = layer.message(ConstantPad), layer.lengths()
    amounts = [int(n) for n in told.padAmounts]
    if len(layer.inputs) > 1 or len(amounts) != 2 * len(lengths):
        raise layer.refuse(f"{len(amounts)} amounts for {len(lengths)} axes")
    if told.padToGivenOutputSizeMode:
        amounts = _to_size(layer, amounts, lengths)
    layer.mil_result("pad", x=layer.x(), pad=amounts, mode="constant", constant_val=told.value)


def _to_size(layer: Layer, sizes: list[int], lengths: Sequence[int | None]) -> list[int]:
    """Return amounts that lead to the lengths that are asked for."""
    if None in lengths:
        raise layer.refuse("the lengths of its input are not known")
    ends = [n or 0 for n in lengths for _ in range(2)]
    return [max(0, size - n) for size, n in zip(sizes, ends, strict=True)]


def _crop(layer: Layer) -> None:
    told = layer.message(CropBorders)
    if len(layer.inputs) == 1:
        top, bottom, left, right = borders(layer, told.cropAmounts)
        layer.mil_result("crop", x=layer.x(), crop_height=[top, bottom], crop_width=[left, right])
        return
    size = layer.lengths(1)[-2:]
    if None in size:
        raise layer.refuse("the lengths that it crops to are not known")
    first = [int(n) for n in told.offset] or [0, 0]
    last = [a + (n or 0) for a, n in zip(first, size, strict=True)]
    bounds: list[Value] = [layer.ints(v, "crop") for v in (first, last, [-2, -1])]
    layer.result("Slice", [layer.x(), *bounds])


LAYERS: Final[Mapping[str, Lower]] = {
    "convolution": _convolution,
    "pooling": _pooling,
    "innerProduct": _inner_product,
    "batchedMatmul": _batched_matmul,
    "batchnorm": _batchnorm,
    "mvn": _mvn,
    "l2normalize": _l2_normalize,
    "lrn": _lrn,
    "layerNormalization": _layer_norm,
    "softmax": _softmax,
    "softmaxND": _softmax_nd,
    "padding": _padding,
    "constantPad": _constant_pad,
    "crop": _crop,
}
"""How each of these layers is lowered."""
