"""Layers of a neural network written anew: their parameters, in the layer's own place."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from halfpixel.conventions.coreml.names import LINEAR_MODES, METHODS, UPSAMPLE_MODES
from halfpixel.errors import ConventionError
from halfpixel.formats.coreml.edit import NewLayer
from halfpixel.formats.coreml.network_messages import Activation, ResizeBilinear, Upsample
from halfpixel.formats.coreml.schema import LAYER_NUMBERS
from halfpixel.formats.protobuf_schema import new, serialized

if TYPE_CHECKING:
    from halfpixel.formats.coreml.read.layer import NetworkLayer

COPY: Final = "activation"


def new_layer(kind: str, attributes: Mapping[str, object]) -> NewLayer:
    """Return a layer that resizes.

    Args:
        kind: upsample or resizeBilinear.
        attributes: its parameters, in the words of the walk.

    Raises:
        ConventionError: a parameter that such a layer does not have.
    """
    message = _upsample(attributes) if kind == "upsample" else _resize_bilinear(attributes)
    return NewLayer(kind, LAYER_NUMBERS[kind], serialized(message))


def _upsample(attributes: Mapping[str, object]) -> Upsample:
    message = new(Upsample)
    for name, value in attributes.items():
        match name:
            case "scalingFactor":
                message.scalingFactor.extend(cast("Sequence[int]", value))
            case "fractionalScalingFactor":
                message.fractionalScalingFactor.extend(cast("Sequence[float]", value))
            case "mode":
                message.mode = UPSAMPLE_MODES.index(str(value))
            case "linearUpsampleMode":
                message.linearUpsampleMode = list(LINEAR_MODES).index(str(value))
            case _:
                raise ConventionError(f"an upsample layer has no {name}")
    return message


def _resize_bilinear(attributes: Mapping[str, object]) -> ResizeBilinear:
    message = new(ResizeBilinear)
    for name, value in attributes.items():
        match name:
            case "targetSize":
                message.targetSize.extend(cast("Sequence[int]", value))
            case "samplingMethod":
                message.mode.samplingMethod = list(METHODS).index(str(value))
                message.mode.SetInParent()  # the first method is said too, by its being there
            case _:
                raise ConventionError(f"a resizeBilinear layer has no {name}")
    return message


def copying_layer() -> NewLayer:
    """Return a layer that changes nothing: an activation that is linear, of slope 1."""
    message = new(Activation)
    message.linear.alpha = 1.0
    return NewLayer(COPY, LAYER_NUMBERS[COPY], serialized(message))


def lines(layer: "NetworkLayer", attributes: Mapping[str, object]) -> tuple[str, ...]:
    """Return a layer as lines, for a diff."""
    head = f"{', '.join(layer.outputs)} = {layer.kind}"
    reads = [f"  input {place}: {name}" for place, name in enumerate(layer.inputs)]
    return (head, *reads, *(f"  {name} = {value}" for name, value in attributes.items()))


def new_lines(
    layer: "NetworkLayer", made: NewLayer, attributes: Mapping[str, object]
) -> tuple[str, ...]:
    """Return a new layer as lines."""
    outputs, inputs = (made.outputs, made.inputs) if made.name else (layer.outputs, layer.inputs)
    head = f"{', '.join(outputs)} = {made.kind}"
    reads = [f"  input {place}: {name}" for place, name in enumerate(inputs)]
    return (head, *reads, *(f"  {name} = {value}" for name, value in attributes.items()))
