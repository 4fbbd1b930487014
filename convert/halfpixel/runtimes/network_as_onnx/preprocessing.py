"""What a neural network does to an image before its first layer: a scale, biases, a mean image.

Source: apple/coremltools `mlmodel/format/NeuralNetwork.proto` (NeuralNetworkPreprocessing).
"""

from collections.abc import Sequence
from typing import Final

from halfpixel.errors import GraphError
from halfpixel.formats.coreml.layer_messages import ImageScaler, Preprocessing
from halfpixel.formats.coreml.read.specification import Leaf
from halfpixel.runtimes.network_as_onnx.layer import Layer

RGB, BGR = 20, 30
"""Colour spaces of three channels; the others have one."""

BIASES: Final = {
    RGB: ("redBias", "greenBias", "blueBias"),
    BGR: ("blueBias", "greenBias", "redBias"),
}


def prepared(step: Layer, x: str, name: str, told: Sequence[Preprocessing], leaf: Leaf) -> str:
    """Return an image as the layers read it.

    Args:
        step: where nodes are added.
        x: the image.
        name: the input that it is.
        told: what the network says of all its images.
        leaf: the network, with its colour spaces.
    """
    images = {one.name: one.type.imageType.colorSpace for one in leaf.description.input
              if one.type.WhichOneof("type") == "imageType"}  # fmt: skip
    for one in told:
        if one.featureName != name and (one.featureName or len(images) > 1):
            continue
        if one.WhichOneof("preprocessor") == "scaler":
            x = _scaled(step, x, one.scaler, images[name])
        else:
            x = _less_mean(step, x, list(one.meanImage.meanImage))
    return x


def _scaled(step: Layer, x: str, scaler: ImageScaler, space: int) -> str:
    if not scaler.channelScale:
        raise GraphError("", step.name, "its preprocessing has a channelScale of 0")
    if scaler.channelScale != 1:
        x = step.add("Mul", [x, step.constant(scaler.channelScale, "scale")])
    biases = [float(getattr(scaler, one)) for one in BIASES.get(space, ("grayBias",))]
    if not any(biases):
        return x
    import numpy as np

    return step.add("Add", [x, step.constant(np.reshape(biases, (-1, 1, 1)), "bias")])


def _less_mean(step: Layer, x: str, numbers: list[float]) -> str:
    import numpy as np

    shape = [n for n in (step.values.shape(x) or ())[1:] if isinstance(n, int)]
    if len(shape) != 3 or len(numbers) != shape[0] * shape[1] * shape[2]:
        raise GraphError("", step.name, "its mean image has other lengths than the image")
    return step.add("Sub", [x, step.constant(np.reshape(numbers, shape), "mean")])
