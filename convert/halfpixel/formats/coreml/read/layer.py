"""One layer of a neural network as the file says it: its names, and the parameters of resampling.

Source: apple/coremltools `mlmodel/format/NeuralNetwork.proto`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from halfpixel.conventions.coreml.names import (
    BOX_MODES,
    LINEAR_MODES,
    METHODS,
    SAME_MODES,
    UPSAMPLE_MODES,
)
from halfpixel.errors import ConventionError, GraphError
from halfpixel.formats.coreml.network_messages import (
    Convolution,
    CropResize,
    ResizeBilinear,
    Tensor,
    Upsample,
)
from halfpixel.formats.coreml.read.parameters import check_fields
from halfpixel.formats.coreml.read.specification import DEEPEST, Leaf, Spec, parse
from halfpixel.formats.coreml.schema import layer_name
from halfpixel.formats.protobuf_schema import M
from halfpixel.formats.protobuf_wire import BYTES, VARINT, Malformed, Span
from halfpixel.site import Attribute

NETWORK_LAYER: Final = 1
ARRAY_MAPPING, IMAGE_MAPPING = 5, 6
IN_TENSOR: Final = 4
FIRST_PARAMETERS: Final = 100
CONVOLUTION_WEIGHTS: Final = frozenset({90, 91})
MOST_LAYERS: Final = 30_000
"""Layers of a network that are read: far more than a network has, and some seconds of work."""

NESTED: Final[Mapping[int, Mapping[int, str]]] = {
    605: {1: "ifBranch", 2: "elseBranch"},
    615: {3: "conditionNetwork", 4: "bodyNetwork"},
}
"""Layers that hold networks: the fields in which they do, and how these are called."""

RESAMPLING: Final = frozenset({"upsample", "resizeBilinear", "cropResize", "convolution"})
"""Layers that may resample."""


class NetworkLayer(Struct, frozen=True):
    """One layer of a neural network.

    Attributes:
        name: its name.
        kind: such as upsample.
        inputs: names of the values that it reads.
        outputs: names of those that it makes.
        path: the branches and loops around it; empty at the top.
        spans: the messages around its parameters, outermost first; the last are these.
        in_shapes: declared lengths of its inputs, where they are declared.
        out_shapes: likewise of its outputs.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    path: str
    spans: tuple[Span, ...]
    in_shapes: tuple[tuple[int, ...], ...] = ()
    out_shapes: tuple[tuple[int, ...], ...] = ()


def layers(spec: Spec, leaf: Leaf) -> Iterator[NetworkLayer]:
    """Yield the layers of a neural network, those of branches and loops after their own.

    Raises:
        Malformed: it is none.
        GraphError: it has more layers than are read.
    """
    for count, layer in enumerate(_layers(spec, leaf.spans, "", 0)):
        if count >= MOST_LAYERS:
            raise GraphError("", layer.name, f"a network of more than {MOST_LAYERS} layers")
        yield layer


def _layers(spec: Spec, spans: tuple[Span, ...], path: str, depth: int) -> Iterator[NetworkLayer]:
    if depth > DEEPEST:
        raise Malformed(f"networks nested deeper than {DEEPEST} at byte {spans[-1].at}")
    around = spans[-1]
    for number, kind, span in spec.reader.fields(around.start, around.stop):
        if number == NETWORK_LAYER and kind == BYTES:
            yield from _layer(spec, (*spans, span), path, depth)


def _layer(spec: Spec, spans: tuple[Span, ...], path: str, depth: int) -> Iterator[NetworkLayer]:
    name, found = "", 0
    inputs, outputs = list[str](), list[str]()
    tensors: tuple[list[Span], list[Span]] = ([], [])
    parameters = spans[-1]
    for number, kind, span in spec.reader.fields(spans[-1].start, spans[-1].stop):
        if kind != BYTES:
            continue
        match number:
            case 1:
                name = spec.text(span)
            case 2:
                inputs.append(spec.text(span))
            case 3:
                outputs.append(spec.text(span))
            case 4 | 5:
                tensors[number - IN_TENSOR].append(span)
            case _:
                if number >= FIRST_PARAMETERS:
                    found, parameters = number, span
    layer = NetworkLayer(
        name or (outputs[0] if outputs else ""),
        layer_name(found) if found else "layer",
        tuple(inputs),
        tuple(outputs),
        path,
        (*spans, parameters),
        tuple(_lengths(spec, one) for one in tensors[0]),
        tuple(_lengths(spec, one) for one in tensors[1]),
    )
    yield layer
    for part, span in _networks(spec, found, parameters):
        inner = f"{path}/{layer.name}.{part}" if path else f"{layer.name}.{part}"
        yield from _layers(spec, (*spans, parameters, span), inner, depth + 1)


def _networks(spec: Spec, number: int, parameters: Span) -> Iterator[tuple[str, Span]]:
    """Yield the networks in a branch or loop."""
    names = NESTED.get(number)
    if names is None:
        return
    for inner, kind, span in spec.reader.fields(parameters.start, parameters.stop):
        if inner in names and kind == BYTES:
            yield names[inner], span


def _lengths(spec: Spec, span: Span) -> tuple[int, ...]:
    return tuple(spec.message(Tensor, span).dimValue)


def is_exact(spec: Spec, leaf: Leaf) -> bool:
    """Whether the arrays of a network have the rank that they are given with, not always 5.

    Raises:
        Malformed: it is no network.
    """
    around = leaf.spans[-1]
    said = {
        number: spec.reader.varint(span.start, span.stop)[0]
        for number, kind, span in spec.reader.fields(around.start, around.stop)
        if number in {ARRAY_MAPPING, IMAGE_MAPPING} and kind == VARINT
    }
    kinds = {one.type.WhichOneof("type") for one in leaf.description.input}
    arrays = "multiArrayType" not in kinds or said.get(ARRAY_MAPPING) == 1
    return arrays and ("imageType" not in kinds or said.get(IMAGE_MAPPING) == 1)


def attributes_of(kind: str, parameters: bytes) -> dict[str, Attribute]:
    """Return the parameters of a layer that may resample, in words.

    Args:
        kind: one of `RESAMPLING`.
        parameters: its message, weights left out.

    Raises:
        ConventionError: an enumeration has no such value.
        Malformed: the bytes are no such message.
    """
    match kind:
        case "upsample":
            return _upsample(_checked(Upsample, parameters))
        case "resizeBilinear":
            return _resize_bilinear(_checked(ResizeBilinear, parameters))
        case "cropResize":
            return _crop_resize(_checked(CropResize, parameters))
        case _:
            return _convolution(_checked(Convolution, parameters))


def _checked(kind: type[M], parameters: bytes) -> M:
    message = parse(kind, parameters)
    check_fields(message)
    return message


def _upsample(message: Upsample) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {"mode": chosen("mode", message.mode, UPSAMPLE_MODES)}
    if len(message.fractionalScalingFactor):
        found["fractionalScalingFactor"] = tuple(float(v) for v in message.fractionalScalingFactor)
    if len(message.scalingFactor) or "fractionalScalingFactor" not in found:
        found["scalingFactor"] = tuple(int(v) for v in message.scalingFactor)
    if message.linearUpsampleMode or found["mode"] == "BILINEAR":
        mode = chosen("linearUpsampleMode", message.linearUpsampleMode, tuple(LINEAR_MODES))
        found["linearUpsampleMode"] = mode
    return found


def _resize_bilinear(message: ResizeBilinear | CropResize) -> dict[str, Attribute]:
    method = chosen("samplingMethod", message.mode.samplingMethod, tuple(METHODS))
    return {"targetSize": tuple(int(v) for v in message.targetSize), "samplingMethod": method}


def _crop_resize(message: CropResize) -> dict[str, Attribute]:
    return {
        **_resize_bilinear(message),
        "normalizedCoordinates": message.normalizedCoordinates,
        "boxMode": chosen("boxMode", message.boxIndicesMode.boxMode, BOX_MODES),
        "spatialScale": message.spatialScale,
    }


def _convolution(message: Convolution) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {
        "kernelSize": tuple(int(v) for v in message.kernelSize) or (3, 3),
        "stride": tuple(int(v) for v in message.stride) or (1, 1),
        "dilationFactor": tuple(int(v) for v in message.dilationFactor) or (1, 1),
        "nGroups": int(message.nGroups) or 1,
        "outputChannels": int(message.outputChannels),
        "isDeconvolution": bool(message.isDeconvolution),
        "hasBias": bool(message.hasBias),
    }
    if len(message.outputShape):
        found["outputShape"] = tuple(int(v) for v in message.outputShape)
    if message.WhichOneof("padding") == "same":
        found["padding"] = "same"
        found["asymmetryMode"] = chosen("asymmetryMode", message.same.asymmetryMode, SAME_MODES)
        return found
    edges = [(int(e.startEdgeSize), int(e.endEdgeSize))
             for e in message.valid.paddingAmounts.borderAmounts]  # fmt: skip
    found["padding"] = "valid"
    if edges:
        found["borderAmounts"] = tuple(n for pair in edges for n in pair)
    return found


def chosen(name: str, value: int, names: Sequence[str]) -> str:
    """Return the name of an enumeration's value.

    Raises:
        ConventionError: there is none of that number.
    """
    if not 0 <= value < len(names):
        raise ConventionError(f"{name} is {value}, expected 0 to {len(names) - 1}")
    return names[value]
