"""The lengths of what a neural network's layer makes, for the layers that vision networks use."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from halfpixel.formats.coreml.network_messages import (
    BorderAmounts,
    Concat,
    Crop,
    LoadConstant,
    Padding,
    Permute,
    Pooling,
    Reshape,
    Transpose,
)
from halfpixel.formats.coreml.read.specification import parse
from halfpixel.site import Attribute
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    from halfpixel.formats.coreml.read.layer import NetworkLayer
    from halfpixel.formats.coreml.read.specification import Spec

CONSTANTS: Final = frozenset({"loadConstant", "loadConstantND"})
WEIGHTS: Final = frozenset({2})
"""The field of a constant that is not read."""

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
    if layer.kind in CONSTANTS:
        told = parse(LoadConstant, spec.without(layer.spans[-1], WEIGHTS))
        return _given(told.shape, layer.kind)
    if first is None or len(first) < 3:
        return None
    if layer.kind == "convolution":
        return _convolved(attributes, first)
    if len(shapes) > 1 or layer.kind == "concat":
        return _of_several(spec, layer, first, shapes)
    after = _AFTER.get(layer.kind)
    return None if after is None else after(spec, layer, first)


def _of_several(
    spec: "Spec", layer: "NetworkLayer", first: Shape, shapes: Sequence[Shape | None]
) -> Shape | None:
    if layer.kind == "concat" and not spec.message(Concat, layer.spans[-1]).sequenceConcat:
        return _joined(shapes)
    if layer.kind == "crop" and shapes[1] is not None:  # to the lengths of the second input
        return (*first[:-2], *shapes[1][-2:])
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
    if not {"kernelSize", "stride", "dilationFactor", "outputChannels"} <= set(attributes):
        return None  # its parameters were not read
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
    if any(n is not None and n < 1 for n in spatial):
        return None
    return (*shape[:-3], cast("int", attributes["outputChannels"]), *spatial)


def _joined(shapes: Sequence[Shape | None]) -> Shape | None:
    known = [shape for shape in shapes if shape is not None]
    if len(known) != len(shapes) or len({len(s) for s in known}) != 1:
        return None
    channels = [shape[-3] for shape in known]
    total = sum(n for n in channels if isinstance(n, int))
    every = all(isinstance(n, int) for n in channels)
    return (*known[0][:-3], total if every else None, *known[0][-2:])


def _given(lengths: Iterable[int], kind: str) -> Shape | None:
    """Return lengths that a layer gives; before ND and Static those of an image, or a sequence."""
    shape = tuple(map(int, lengths))
    if min(shape, default=0) < 1:
        return None
    if kind.endswith(("ND", "Static")):
        return shape
    return (1, *shape) if len(shape) == 3 else shape if len(shape) == 4 else None


def _turned(shape: Shape, axes: Iterable[int]) -> Shape | None:
    places = list(map(int, axes))
    return tuple(shape[a] for a in places) if sorted(places) == [*range(len(shape))] else None


def _borders(amounts: BorderAmounts) -> list[tuple[int, int]] | None:
    """Return what stands around height and width, at the start and at the end."""
    pairs = [(int(one.startEdgeSize), int(one.endEdgeSize)) for one in amounts.borderAmounts]
    return pairs if len(pairs) == 2 else None if pairs else [(0, 0), (0, 0)]


def _bordered(shape: Shape, amounts: BorderAmounts, sign: int) -> Shape | None:
    """Return lengths with a border around them, or without it."""
    borders = _borders(amounts)
    if borders is None:
        return None
    pairs = zip(shape[-2:], borders, strict=True)
    spatial = [n + sign * (a + b) if isinstance(n, int) else None for n, (a, b) in pairs]
    return (*shape[:-2], *spatial) if all(n is None or n > 0 for n in spatial) else None


def _pooled(pooling: Pooling, shape: Shape) -> Shape | None:
    if pooling.globalPooling:
        return (*shape[:-2], 1, 1)
    stride, kernel = list(pooling.stride) or [1, 1], list(pooling.kernelSize) or [3, 3]
    borders = _borders(pooling.valid.paddingAmounts)
    last = list(map(int, pooling.includeLastPixel.paddingAmounts)) or [0, 0]
    if borders is None or {len(stride), len(kernel), len(last)} != {2} or min(stride) < 1:
        return None
    spatial: list[int | None] = []
    for axis, n in enumerate(shape[-2:]):
        step, window = int(stride[axis]), int(kernel[axis])
        if not isinstance(n, int):
            spatial.append(None)
            continue
        match pooling.WhichOneof("padding"):
            case "same":
                spatial.append(-(-n // step))
            case "includeLastPixel":
                length = -(-(n + 2 * last[axis] - window) // step) + 1
                # a window that starts beyond the image is dropped, as Caffe does
                spatial.append(length - (any(last) and (length - 1) * step >= n + last[axis]))
            case _:
                spatial.append((n + sum(borders[axis]) - window) // step + 1)
    return (*shape[:-2], *spatial) if all(n is None or n > 0 for n in spatial) else None


_After = Callable[["Spec", "NetworkLayer", Shape], Shape | None]
_AFTER: Final[Mapping[str, _After]] = {
    "pooling": lambda spec, layer, shape: _pooled(spec.message(Pooling, layer.spans[-1]), shape),
    "transpose": lambda spec, layer, shape: _turned(
        shape, spec.message(Transpose, layer.spans[-1]).axes
    ),
    "permute": lambda spec, layer, shape: _turned(
        shape, spec.message(Permute, layer.spans[-1]).axis
    ),
    "padding": lambda spec, layer, shape: _bordered(
        shape, spec.message(Padding, layer.spans[-1]).paddingAmounts, 1
    ),
    "crop": lambda spec, layer, shape: _bordered(
        shape, spec.message(Crop, layer.spans[-1]).cropAmounts, -1
    ),
    "reshape": lambda spec, layer, _: _given(
        spec.message(Reshape, layer.spans[-1]).targetShape, layer.kind
    ),
    "reshapeStatic": lambda spec, layer, _: _given(
        spec.message(Reshape, layer.spans[-1]).targetShape, layer.kind
    ),
}
"""The lengths of what a layer with one input makes, by the layer."""
