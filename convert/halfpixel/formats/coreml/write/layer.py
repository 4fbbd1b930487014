"""Layers of a neural network written anew: their parameters, in the layer's own place."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol, cast

from halfpixel.conventions.coreml.names import BOX_MODES, LINEAR_MODES, METHODS, UPSAMPLE_MODES
from halfpixel.errors import ConventionError
from halfpixel.formats.coreml.edit import NewLayer, serialized
from halfpixel.formats.coreml.read.layer import MESSAGES
from halfpixel.formats.coreml.schema import NETWORK_LAYERS, classes

if TYPE_CHECKING:
    from halfpixel.formats.coreml.read.specification import Layer

NUMBERS: Final = {name: number for number, name in NETWORK_LAYERS.items()}
COPY: Final = "activation"
LINEAR_ACTIVATION: Final = bytes([5 << 3 | 2, 5, 1 << 3 | 5, 0, 0, 0x80, 0x3F])
"""ActivationParams with linear (5) of alpha (1) 1.0: what the format has for a copy."""


class _Growing(Protocol):
    def extend(self, values: Sequence[object], /) -> None: ...


class _Method(Protocol):
    samplingMethod: int  # noqa: N815


class _Box(Protocol):
    boxMode: int  # noqa: N815


class _Parameters(Protocol):
    scalingFactor: _Growing  # noqa: N815
    fractionalScalingFactor: _Growing  # noqa: N815
    targetSize: _Growing  # noqa: N815
    linearUpsampleMode: int  # noqa: N815
    normalizedCoordinates: bool  # noqa: N815
    spatialScale: float  # noqa: N815
    boxIndicesMode: _Box  # noqa: N815


def new_layer(kind: str, attributes: Mapping[str, object]) -> NewLayer:
    """Return a layer that resamples.

    Args:
        kind: upsample, resizeBilinear or cropResize.
        attributes: its parameters, in the words of the walk.

    Raises:
        ConventionError: a parameter that such a layer does not have.
    """
    message = cast("_Parameters", classes()[MESSAGES[kind]]())
    for name, value in attributes.items():
        match name:
            case "scalingFactor" | "fractionalScalingFactor" | "targetSize":
                values = cast("Sequence[object]", value)
                cast("_Growing", getattr(message, name)).extend(list(values))
            case "mode":
                setattr(message, name, UPSAMPLE_MODES.index(str(value)))
            case "linearUpsampleMode":
                message.linearUpsampleMode = list(LINEAR_MODES).index(str(value))
            case "samplingMethod":
                method = list(METHODS).index(str(value))
                cast("_Method", getattr(message, "mode")).samplingMethod = method  # noqa: B009
                mode = getattr(message, "mode")  # noqa: B009
                mode.SetInParent()
            case "boxMode":
                message.boxIndicesMode.boxMode = BOX_MODES.index(str(value))
            case "normalizedCoordinates" | "spatialScale":
                setattr(message, name, value)
            case _:
                raise ConventionError(f"a {kind} layer has no {name}")
    return NewLayer(kind, NUMBERS[kind], serialized(message))


def copying_layer() -> NewLayer:
    """Return a layer that changes nothing."""
    return NewLayer(COPY, NUMBERS[COPY], LINEAR_ACTIVATION)


def lines(layer: "Layer", attributes: Mapping[str, object]) -> tuple[str, ...]:
    """Return a layer as lines, for a diff."""
    head = f"{', '.join(layer.outputs)} = {layer.kind}"
    reads = [f"  input {place}: {name}" for place, name in enumerate(layer.inputs)]
    return (head, *reads, *(f"  {name} = {value}" for name, value in attributes.items()))


def new_lines(layer: "Layer", new: NewLayer, attributes: Mapping[str, object]) -> tuple[str, ...]:
    """Return a new layer as lines."""
    outputs, inputs = (new.outputs, new.inputs) if new.name else (layer.outputs, layer.inputs)
    head = f"{', '.join(outputs)} = {new.kind}"
    reads = [f"  input {place}: {name}" for place, name in enumerate(inputs)]
    return (head, *reads, *(f"  {name} = {value}" for name, value in attributes.items()))
