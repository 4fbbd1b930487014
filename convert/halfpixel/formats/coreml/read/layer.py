"""From one layer of a neural network to what it computes.

A network says little of lengths: they are declared for its inputs, for some files at every layer,
and otherwise follow from the layers before. Rank 5 is (sequence, batch, channel, height, width);
only the last three are declared then, and they are taken as (channel, height, width) of one image.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol, cast

from halfpixel.conventions.coreml import neuralnetwork as coreml_neuralnetwork
from halfpixel.conventions.onnx.resize import Meaning
from halfpixel.conventions.torch import grid as torch_grid
from halfpixel.conventions.torch import resample as torch_resample
from halfpixel.dialect import NEURAL_NETWORK
from halfpixel.errors import ConventionError
from halfpixel.format import Port
from halfpixel.formats.coreml.edit import LayerAt, NewLayer
from halfpixel.formats.coreml.read.lengths import lengths_after
from halfpixel.formats.coreml.read.operation import crop
from halfpixel.formats.coreml.read.place import (
    Described,
    Place,
    guarded,
    refusing,
    resize_compute,
    settled,
    site_of,
)
from halfpixel.formats.coreml.read.specification import (
    CONVOLUTION_WEIGHTS,
    Layer,
    Leaf,
    Spec,
    is_exact,
)
from halfpixel.site import Attribute, Operation, Origin, Producer, Shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

MESSAGES: Final = {
    "upsample": "Upsample",
    "resizeBilinear": "ResizeBilinear",
    "cropResize": "CropResize",
    "convolution": "Convolution",
}
"""Layers that may resample, and the message of their parameters."""

UPSAMPLE_MODES: Final = ("NN", "BILINEAR")
LINEAR_MODES: Final = ("DEFAULT", "ALIGN_CORNERS_TRUE", "ALIGN_CORNERS_FALSE")
SAMPLING_METHODS: Final = (
    "STRICT_ALIGN_ENDPOINTS_MODE", "ALIGN_ENDPOINTS_MODE", "UPSAMPLE_MODE", "ROI_ALIGN_MODE",
)  # fmt: skip
BOX_MODES: Final = (
    "CORNERS_HEIGHT_FIRST", "CORNERS_WIDTH_FIRST", "CENTER_SIZE_HEIGHT_FIRST",
    "CENTER_SIZE_WIDTH_FIRST",
)  # fmt: skip
SAME_MODES: Final = ("BOTTOM_RIGHT_HEAVY", "TOP_LEFT_HEAVY")


@dataclass
class NetworkScope:
    """One neural network: the lengths of its values, as far as they follow.

    Attributes:
        spec: the file.
        leaf: the network.
        producer: which converter wrote it.
        source: framework that it was converted from.
        changed: layers that are others than in the file.
        shapes: lengths of values, by name.
        written: values that are made more than once.
    """

    spec: Spec
    leaf: Leaf
    producer: Producer
    source: str
    changed: Mapping[LayerAt, tuple[NewLayer, ...]] = field(
        default_factory=dict["LayerAt", "tuple[NewLayer, ...]"]
    )
    shapes: dict[str, Shape] = field(default_factory=dict[str, Shape])
    written: set[str] = field(default_factory=set[str])

    def enter(self, ports: Sequence[Port]) -> None:
        """Take the lengths of the network's inputs.

        A value that several layers make, in branches or a loop, has no lengths of its own.
        """
        counts = Counter(name for one in self.spec.layers(self.leaf) for name in one.outputs)
        self.written = {name for name, count in counts.items() if count > 1}
        self.written |= {port.name for port in ports if port.name in counts}
        exact = is_exact(self.spec, self.leaf)
        for port in ports:
            shape = port.shape
            if shape is None or port.name in self.written:
                continue
            if not exact and len(shape) in {1, 3}:  # channel, or channel, height and width
                shape = (1, *shape, *[1] * (3 - len(shape)))
            self.shapes[port.name] = shape

    def places(self) -> list[Place]:
        """Return the sites of the network, in order.

        Raises:
            Malformed: a layer is no message.
        """
        found: list[Place] = []
        for old in self.spec.layers(self.leaf):
            self._declared(old)
            if old.spans not in self.changed:
                found += self._layer(old, None)
            for new in self.changed.get(old.spans, ()):
                layer = replace(old, kind=new.kind)
                if new.name:
                    layer = replace(layer, name=new.name, inputs=new.inputs, outputs=new.outputs)
                found += self._layer(layer, new)
        return found

    def _layer(self, layer: Layer, new: NewLayer | None) -> list[Place]:
        """Return the site that a layer is, if it is one, and go on behind it."""
        message = MESSAGES.get(layer.kind)
        attributes: dict[str, Attribute] = {}
        places: list[Place] = []
        problem = ""
        if message is not None:
            try:
                attributes = _ATTRIBUTES[layer.kind](self._parameters(message, layer, new))
            except ConventionError as error:
                problem = str(error)
            except (TypeError, ValueError, IndexError, ArithmeticError) as error:
                problem = f"a parameter is of the wrong kind: {error}"
            if layer.kind != "convolution" or attributes.get("isDeconvolution"):
                places.append(self._place(layer, attributes, problem))
        self._after(layer, attributes, places[0] if places else None)
        return places

    def _parameters(self, message: str, layer: Layer, new: NewLayer | None) -> object:
        if new is not None:
            return self.spec.parsed(message, new.parameters)
        left = CONVOLUTION_WEIGHTS if layer.kind == "convolution" else frozenset[int]()
        return self.spec.message(message, layer.spans[-1], left)

    def _declared(self, layer: Layer) -> None:
        for names, shapes in ((layer.inputs, layer.in_shapes), (layer.outputs, layer.out_shapes)):
            for name, shape in zip(names, shapes, strict=False):
                if name in self.written:
                    continue
                self.shapes.setdefault(name, tuple(n if n > 0 else None for n in shape))

    def _after(
        self, layer: Layer, attributes: Mapping[str, Attribute], place: Place | None
    ) -> None:
        """Work out the lengths of what a layer makes."""
        if not layer.outputs or layer.outputs[0] in {*self.shapes, *self.written}:
            return
        if place is not None:
            shape = place.site.operation.output_shape
        else:
            shapes = [self.shapes.get(name) for name in layer.inputs]
            shape = lengths_after(self.spec, layer, attributes, shapes)
        if shape is not None:
            for name in layer.outputs:
                self.shapes[name] = shape

    def _place(self, layer: Layer, attributes: dict[str, Attribute], problem: str) -> Place:
        data = layer.inputs[0] if layer.inputs else ""
        output = layer.outputs[0] if layer.outputs else ""
        op = "deconvolution" if layer.kind == "convolution" else layer.kind
        base = Operation(
            op,
            self.leaf.version,
            attributes,
            None,
            input_shape=self.shapes.get(data),
            output_shape=self.shapes.get(output),
            origin=Origin(self.producer, self.source),
            dtype="float32",
            dialect=NEURAL_NETWORK,
        )
        problem = problem or ("" if data else "it reads nothing")
        site = site_of(
            layer.name,
            (self.leaf.label, layer.path),
            base,
            problem,
            lambda: _DESCRIBE[op](layer.name, base),
            coreml_neuralnetwork.open_question,
        )
        return Place(site, self.leaf, data, output, layer.inputs, layer)


class _Upsample(Protocol):
    scalingFactor: Sequence[int]  # noqa: N815
    fractionalScalingFactor: Sequence[float]  # noqa: N815
    mode: int
    linearUpsampleMode: int  # noqa: N815


def _upsample(parameters: object) -> dict[str, Attribute]:

    given = cast("_Upsample", parameters)
    found: dict[str, Attribute] = {"mode": chosen("mode", given.mode, UPSAMPLE_MODES)}
    if len(given.fractionalScalingFactor):
        found["fractionalScalingFactor"] = tuple(float(v) for v in given.fractionalScalingFactor)
    if len(given.scalingFactor) or "fractionalScalingFactor" not in found:
        found["scalingFactor"] = tuple(int(v) for v in given.scalingFactor)
    if given.linearUpsampleMode or found["mode"] == "BILINEAR":
        mode = chosen("linearUpsampleMode", given.linearUpsampleMode, LINEAR_MODES)
        found["linearUpsampleMode"] = mode
    return found


class _Sampling(Protocol):
    samplingMethod: int  # noqa: N815


class _Box(Protocol):
    boxMode: int  # noqa: N815


class _Resize(Protocol):
    """ResizeBilinearLayerParams and CropResizeLayerParams, as far as they are read."""

    targetSize: Sequence[int]  # noqa: N815
    mode: _Sampling
    normalizedCoordinates: bool  # noqa: N815
    boxIndicesMode: _Box  # noqa: N815
    spatialScale: float  # noqa: N815


def _resize_bilinear(parameters: object) -> dict[str, Attribute]:
    given = cast("_Resize", parameters)
    method = chosen("samplingMethod", given.mode.samplingMethod, SAMPLING_METHODS)
    return {"targetSize": tuple(int(v) for v in given.targetSize), "samplingMethod": method}


def _crop_resize(parameters: object) -> dict[str, Attribute]:
    given = cast("_Resize", parameters)
    return {
        **_resize_bilinear(parameters),
        "normalizedCoordinates": given.normalizedCoordinates,
        "boxMode": chosen("boxMode", given.boxIndicesMode.boxMode, BOX_MODES),
        "spatialScale": given.spatialScale,
    }


class _Edge(Protocol):
    startEdgeSize: int  # noqa: N815
    endEdgeSize: int  # noqa: N815


class _Borders(Protocol):
    borderAmounts: Sequence[_Edge]  # noqa: N815


class _Valid(Protocol):
    paddingAmounts: _Borders  # noqa: N815


class _Same(Protocol):
    asymmetryMode: int  # noqa: N815


class _Convolution(Protocol):
    """ConvolutionLayerParams without weights, as far as they are read."""

    nGroups: int  # noqa: N815
    outputChannels: int  # noqa: N815
    kernelSize: Sequence[int]  # noqa: N815
    stride: Sequence[int]
    dilationFactor: Sequence[int]  # noqa: N815
    isDeconvolution: bool  # noqa: N815
    hasBias: bool  # noqa: N815
    outputShape: Sequence[int]  # noqa: N815
    valid: _Valid
    same: _Same

    def WhichOneof(self, group: str) -> str | None: ...  # noqa: N802


def _convolution(parameters: object) -> dict[str, Attribute]:
    given = cast("_Convolution", parameters)
    found: dict[str, Attribute] = {
        "kernelSize": tuple(int(v) for v in given.kernelSize) or (3, 3),
        "stride": tuple(int(v) for v in given.stride) or (1, 1),
        "dilationFactor": tuple(int(v) for v in given.dilationFactor) or (1, 1),
        "nGroups": int(given.nGroups) or 1,
        "outputChannels": int(given.outputChannels),
        "isDeconvolution": bool(given.isDeconvolution),
        "hasBias": bool(given.hasBias),
    }
    if len(given.outputShape):
        found["outputShape"] = tuple(int(v) for v in given.outputShape)
    if given.WhichOneof("padding") == "same":
        found["padding"] = "same"
        found["asymmetryMode"] = chosen("asymmetryMode", given.same.asymmetryMode, SAME_MODES)
        return found
    edges = [(int(e.startEdgeSize), int(e.endEdgeSize))
             for e in given.valid.paddingAmounts.borderAmounts]  # fmt: skip
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


_ATTRIBUTES: Final[dict[str, Callable[[object], dict[str, Attribute]]]] = {
    "upsample": _upsample,
    "resizeBilinear": _resize_bilinear,
    "cropResize": _crop_resize,
    "convolution": _convolution,
}


def _resized(name: str, base: Operation) -> Described:
    by = "scales" if base.op == "upsample" else "sizes"
    base = replace(base, by=by)

    def meant(shape: Sequence[int | None] | None) -> Meaning:
        lengths = None if shape is None else tuple(shape)
        return coreml_neuralnetwork.read(base.op, base.attributes, lengths)

    lengths = None if base.input_shape is None else base.lengths()[0]
    found = settled(base, meant(lengths))
    return found, resize_compute(name, meant, found.lengths())


def _cropped(name: str, base: Operation) -> Described:
    meant = coreml_neuralnetwork.crop_resize(base.attributes)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        return crop(meant, {"x": inputs[0], "roi": inputs[1]})

    text = torch_resample.crop_resize_text(meant)
    return replace(base, operator=meant, torch_call=text), guarded(name, compute)


def _deconvolved(name: str, base: Operation) -> Described:
    meant = coreml_neuralnetwork.deconvolution(base.attributes)
    shape = base.input_shape
    out = base.output_shape
    if out is None and shape is not None and len(shape) >= 2:
        spatial = [
            meant.output_length(axis, n) if isinstance(n, int) else None
            for axis, n in enumerate(shape[-2:])
        ]
        out = (*shape[:-3], cast("int", base.attributes["outputChannels"]), *spatial)
    text = torch_grid.conv_transpose_text(meant, bias=bool(base.attributes.get("hasBias")))
    found = replace(base, operator=meant, torch_call=text, output_shape=out)
    return found, refusing(name, "its kernel lies among the weights, which are not read")


_DESCRIBE: Final[dict[str, Callable[[str, Operation], Described]]] = {
    "upsample": _resized,
    "resizeBilinear": _resized,
    "cropResize": _cropped,
    "deconvolution": _deconvolved,
}
