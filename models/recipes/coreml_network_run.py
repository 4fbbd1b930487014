"""Run the few layers of a neural network that rearrange and multiply, in numpy.

For tests and benchmarks, which have no Core ML at hand: what a network computes is taken from the
documents alone (apple/coremltools `mlmodel/format/NeuralNetwork.proto`): LoadConstantND, Gather,
Transpose, BatchedMatMul with weights of its own, stored transposed, a linear activation, and layers
that cut, join and average. Layers that resample are handed to a function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Array = np.ndarray[Any, np.dtype[Any]]


def layers(path: Path) -> list[Any]:
    """Return the layers of a network, as coremltools has them."""
    from coremltools.proto import Model_pb2

    spec = Model_pb2.Model.FromString(path.read_bytes())
    return list(getattr(spec, spec.WhichOneof("Type")).layers)


def rearranged(  # noqa: PLR0911 - one a layer
    kind: str,
    of: Any,  # noqa: ANN401 - any message
    given: list[Array],
) -> Array:
    """Return what a layer makes that cuts, joins or averages.

    Raises:
        NotImplementedError: a layer that does something else.
    """
    x = given[0]
    match kind:
        case "expandDims":
            return np.expand_dims(x, tuple(of.axes))
        case "squeeze":
            return np.squeeze(x, None if of.squeezeAll else tuple(of.axes))
        case "reshapeStatic":
            return x.reshape(tuple(of.targetShape))
        case "concatND":
            return np.concatenate(given, axis=of.axis)
        case "reduceMean":
            axes = tuple(range(x.ndim)) if of.reduceAll else tuple(of.axes)
            return x.mean(axis=axes, keepdims=of.keepDims)
        case "sliceStatic":
            ends = zip(of.beginIds, of.beginMasks, of.endIds, of.endMasks, of.strides, strict=True)
            cut = tuple(
                slice(None if open_start else start, None if open_end else end, step)
                for start, open_start, end, open_end, step in ends
            )
            return x[cut]
        case "pooling" if of.type == 1:  # average
            if of.globalPooling:
                return x.mean(axis=(-2, -1), keepdims=True)
            edges = of.valid.paddingAmounts.borderAmounts
            if any(edge.startEdgeSize or edge.endEdgeSize for edge in edges):
                raise NotImplementedError(kind)
            windows = np.lib.stride_tricks.sliding_window_view(
                x, tuple(of.kernelSize), axis=(-2, -1)
            )
            (down, right) = of.stride
            return windows[..., ::down, ::right, :, :].mean(axis=(-2, -1))
        case _:
            raise NotImplementedError(kind)


def run(
    path: Path, inputs: dict[str, Array], resample: Callable[[Any, Array], Array]
) -> dict[str, Array]:
    """Return every value of a network.

    Args:
        path: a .mlmodel.
        inputs: arrays by name.
        resample: computes a layer that resamples, of what it reads.

    Raises:
        NotImplementedError: a layer that is none of these.
    """
    values = dict(inputs)
    for layer in layers(path):
        kind = layer.WhichOneof("layer")
        given = [values[name] for name in layer.input]
        match kind:
            case "loadConstantND":
                shape = tuple(layer.loadConstantND.shape)
                data = np.array(layer.loadConstantND.data.floatValue, np.float32)
                made = data.reshape(shape)
            case "gather":
                made = np.take(given[0], given[1].astype(int), axis=layer.gather.axis)
            case "transpose":
                made = given[0].transpose(tuple(layer.transpose.axes))
            case "batchedMatmul":
                of = layer.batchedMatmul
                lengths = (of.weightMatrixSecondDimension, of.weightMatrixFirstDimension)
                stored = np.array(of.weights.floatValue, np.float32).reshape(lengths)
                made = given[0] @ stored.T
            case "activation" if layer.activation.HasField("linear"):
                made = layer.activation.linear.alpha * given[0] + layer.activation.linear.beta
            case "upsample" | "resizeBilinear":
                made = resample(layer, given[0])
            case _:
                made = rearranged(kind, getattr(layer, kind), given)
        values[layer.output[0]] = made
    return values
