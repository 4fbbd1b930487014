"""The lengths of what a neural network's layer makes, for the layers that vision networks use."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from halfpixel.formats.coreml.network_messages import Concat, Pooling
from halfpixel.site import Attribute, Shape

if TYPE_CHECKING:
    from halfpixel.formats.coreml.read.layer import NetworkLayer
    from halfpixel.formats.coreml.read.specification import Spec

SAME: Final = frozenset({
    "activation", "batchnorm", "mvn", "softmax", "lrn", "unary", "add", "multiply", "average",
    "scale", "bias", "max", "min", "copy", "clip", "gelu", "softmaxND", "layerNormalization",
    "clampedReLU", "addBroadcastable", "multiplyBroadcastable", "subtractBroadcastable",
    "divideBroadcastable", "maxBroadcastable", "powBroadcastable",
})  # fmt: skip
"""Layers whose output has the lengths of their inputs, or those broadcast."""


def lengths_after(
    spec: "Spec",
    layer: "NetworkLayer",
    attributes: Mapping[str, Attribute],
    shapes: Sequence[Shape | None],
) -> Shape | None:
    """Return the lengths of a layer's output; None where they do not follow."""
    first = shapes[0] if shapes else None
    if layer.kind in SAME:
        return _broadcast(shapes)
    if first is None or len(first) < 3:
        return None
    match layer.kind:
        case "convolution":
            return _convolved(attributes, first)
        case "concat":
            concat = spec.message(Concat, layer.spans[-1])
            return None if concat.sequenceConcat else _joined(shapes)
        case "pooling":
            return _pooled(spec.message(Pooling, layer.spans[-1]), first)
        case _:
            return None


def _broadcast(shapes: Sequence[Shape | None]) -> Shape | None:
    known = [shape for shape in shapes if shape is not None]
    if len(known) != len(shapes) or not known or len({len(s) for s in known}) != 1:
        return None
    out = list(known[0])
    for shape in known[1:]:
        for axis, n in enumerate(shape):
            if out[axis] == 1:
                out[axis] = n
    return tuple(out)


def _convolved(attributes: Mapping[str, Attribute], shape: Shape) -> Shape | None:
    kernel, stride, dilation = (
        cast("tuple[int, ...]", attributes[name])
        for name in ("kernelSize", "stride", "dilationFactor")
    )
    borders = cast("tuple[int, ...]", attributes.get("borderAmounts", (0, 0, 0, 0)))
    if {len(kernel), len(stride), len(dilation)} != {2} or len(borders) != 4 or min(stride) < 1:
        return None
    spatial: list[int | None] = []
    for axis, n in enumerate(shape[-2:]):
        if not isinstance(n, int):
            spatial.append(None)
        elif attributes.get("padding") == "same":
            spatial.append(-(-n // stride[axis]))
        else:
            reach = dilation[axis] * (kernel[axis] - 1) + 1
            around = borders[2 * axis] + borders[2 * axis + 1]
            spatial.append((n + around - reach) // stride[axis] + 1)
    return (*shape[:-3], cast("int", attributes["outputChannels"]), *spatial)


def _joined(shapes: Sequence[Shape | None]) -> Shape | None:
    known = [shape for shape in shapes if shape is not None]
    if len(known) != len(shapes) or len({len(s) for s in known}) != 1:
        return None
    channels = [shape[-3] for shape in known]
    total = sum(n for n in channels if isinstance(n, int))
    every = all(isinstance(n, int) for n in channels)
    return (*known[0][:-3], total if every else None, *known[0][-2:])


def _pooled(pooling: Pooling, shape: Shape) -> Shape | None:
    if pooling.globalPooling:
        return (*shape[:-2], 1, 1)
    if pooling.WhichOneof("padding") != "same":
        return None
    stride = list(pooling.stride) or [1, 1]
    if len(stride) != 2 or min(stride) < 1:
        return None
    spatial = [
        -(-n // int(s)) if isinstance(n, int) else None
        for n, s in zip(shape[-2:], stride, strict=True)
    ]
    return (*shape[:-2], *spatial)
