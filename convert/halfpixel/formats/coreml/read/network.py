"""A neural network: the lengths of its values, and what each layer that resamples computes.

A network says little of lengths: they are declared for its inputs, for some files at every layer,
and otherwise follow from the layers before. Rank 5 is (sequence, batch, channel, height, width);
only the last three are declared then, and they are taken as (channel, height, width) of one image.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from halfpixel.conventions.coreml import neuralnetwork as coreml_neuralnetwork
from halfpixel.conventions.coreml import neuralnetwork_grid as coreml_neuralnetwork_grid
from halfpixel.conventions.meaning import Meaning
from halfpixel.conventions.torch import resample as torch_resample
from halfpixel.conventions.torch.conv_transpose import conv_transpose_text
from halfpixel.dialect import NEURAL_NETWORK
from halfpixel.errors import ConventionError
from halfpixel.format import Port, Value
from halfpixel.formats.coreml.edit import LayerAt, NewLayer
from halfpixel.formats.coreml.read.layer import (
    CONVOLUTION_WEIGHTS,
    RESAMPLING,
    NetworkLayer,
    attributes_of,
    is_exact,
    layers,
)
from halfpixel.formats.coreml.read.lengths import lengths_after
from halfpixel.formats.coreml.read.operation import crop
from halfpixel.formats.coreml.read.package import Package
from halfpixel.formats.coreml.read.place import (
    CoremlPlace,
    Reading,
    guarded,
    refusing,
    resize_compute,
    settle,
    site_of,
)
from halfpixel.formats.coreml.read.specification import Leaf, Spec, specification
from halfpixel.intents.kept_name import kept_name
from halfpixel.origin import Origin, Producer
from halfpixel.site import Attribute, Operation
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array


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
        shared: values that several layers make.
    """

    spec: Spec
    leaf: Leaf
    producer: Producer
    source: str
    changed: Mapping[LayerAt, tuple[NewLayer, ...]] = field(
        default_factory=dict["LayerAt", "tuple[NewLayer, ...]"]
    )
    shapes: dict[str, Shape] = field(default_factory=dict[str, Shape])
    shared: set[str] = field(default_factory=set[str])

    def enter(self, ports: Sequence[Port]) -> None:
        """Take the lengths of the network's inputs.

        A value that several layers make, in branches or a loop, has no lengths of its own.
        """
        counts = Counter(name for one in layers(self.spec, self.leaf) for name in one.outputs)
        self.shared = {name for name, count in counts.items() if count > 1}
        self.shared |= {port.name for port in ports if port.name in counts}
        exact = is_exact(self.spec, self.leaf)
        for port in ports:
            shape = port.shape
            if shape is None or port.name in self.shared:
                continue
            if not exact and len(shape) in {1, 3}:  # channel, or channel, height and width
                shape = (1, *shape, *[1] * (3 - len(shape)))
            self.shapes[port.name] = shape

    def places(self) -> list[CoremlPlace]:
        """Return the sites of the network, in order.

        Raises:
            Malformed: a layer is no message.
        """
        found: list[CoremlPlace] = []
        for old in layers(self.spec, self.leaf):
            self._declared(old)
            if old.spans not in self.changed:
                found += self._layer(old, None)
            for new in self.changed.get(old.spans, ()):
                layer = replace(old, kind=new.kind)
                if new.name:
                    layer = replace(layer, name=new.name, inputs=new.inputs, outputs=new.outputs)
                found += self._layer(layer, new)
        return found

    def _layer(self, layer: NetworkLayer, new: NewLayer | None) -> list[CoremlPlace]:
        """Return the site that a layer is, if it is one, and go on behind it."""
        attributes: dict[str, Attribute] = {}
        places: list[CoremlPlace] = []
        problem = ""
        if layer.kind in RESAMPLING:
            try:
                attributes = attributes_of(layer.kind, self._parameters(layer, new))
            except ConventionError as error:
                problem = str(error)
            except (TypeError, ValueError, IndexError, ArithmeticError) as error:
                problem = f"a parameter is of the wrong kind: {error}"
            if layer.kind != "convolution" or attributes.get("isDeconvolution"):
                places.append(self._place(layer, attributes, problem))
        self._after(layer, attributes, places[0] if places else None)
        return places

    def _parameters(self, layer: NetworkLayer, new: NewLayer | None) -> bytes:
        if new is not None:
            return new.parameters
        weights = CONVOLUTION_WEIGHTS if layer.kind == "convolution" else frozenset[int]()
        return self.spec.without(layer.spans[-1], weights)

    def _declared(self, layer: NetworkLayer) -> None:
        for names, shapes in ((layer.inputs, layer.in_shapes), (layer.outputs, layer.out_shapes)):
            for name, shape in zip(names, shapes, strict=False):
                if name in self.shared:
                    continue
                self.shapes.setdefault(name, tuple(n if n > 0 else None for n in shape))

    def _after(
        self, layer: NetworkLayer, attributes: Mapping[str, Attribute], place: CoremlPlace | None
    ) -> None:
        """Work out the lengths of what a layer makes."""
        if not layer.outputs or layer.outputs[0] in {*self.shapes, *self.shared}:
            return
        if place is not None:
            shape = place.site.operation.output_shape
        else:
            shapes = [self.shapes.get(name) for name in layer.inputs]
            shape = lengths_after(self.spec, layer, attributes, shapes)
        if shape is not None:
            for name in layer.outputs:
                self.shapes[name] = shape

    def _place(
        self, layer: NetworkLayer, attributes: dict[str, Attribute], problem: str
    ) -> CoremlPlace:
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
            origin=Origin(self.producer, self.source, kept=kept_name([layer.name, *layer.outputs])),
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
        return CoremlPlace(site, self.leaf, data, output, layer.inputs, layer)


def _resized(name: str, base: Operation) -> Reading:
    by = "scales" if base.op == "upsample" else "sizes"
    base = replace(base, by=by)

    def meant(shape: Sequence[int | None] | None) -> Meaning:
        lengths = None if shape is None else tuple(shape)
        return coreml_neuralnetwork.read(base.op, base.attributes, lengths)

    lengths = None if base.input_shape is None else base.lengths[0]
    found = settle(base, meant(lengths))
    return found, resize_compute(name, meant, found.lengths)


def _cropped(name: str, base: Operation) -> Reading:
    meant = coreml_neuralnetwork_grid.crop_resize(base.attributes)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        return crop(meant, {"x": inputs[0], "roi": inputs[1]})

    text = torch_resample.crop_resize_text(meant)
    return replace(base, operator=meant, torch_call=text), guarded(name, compute)


def _deconvolved(name: str, base: Operation) -> Reading:
    meant = coreml_neuralnetwork_grid.deconvolution(base.attributes)
    shape = base.input_shape
    out = base.output_shape
    if out is None and shape is not None and len(shape) >= 2:
        spatial = [
            meant.output_length(axis, n) if isinstance(n, int) else None
            for axis, n in enumerate(shape[-2:])
        ]
        out = (*shape[:-3], cast("int", base.attributes["outputChannels"]), *spatial)
    text = conv_transpose_text(meant, bias=bool(base.attributes.get("hasBias")))
    found = replace(base, operator=meant, torch_call=text, output_shape=out)
    return found, refusing(name, "its kernel lies among the weights, which are not read")


_DESCRIBE: Final[dict[str, Callable[[str, Operation], Reading]]] = {
    "upsample": _resized,
    "resizeBilinear": _resized,
    "cropResize": _cropped,
    "deconvolution": _deconvolved,
}


def described_at(place: CoremlPlace, shape: Shape) -> Operation:
    """Return what a site of a network computes at lengths that its file does not declare.

    Raises:
        ConventionError: its parameters do not fit these lengths, or each other.
    """
    operation = place.site.operation
    if operation.operator is None:
        raise ConventionError(operation.problem)
    base = replace(operation, input_shape=shape, output_shape=None)
    return _DESCRIBE[operation.op](place.site.name, base)[0]


def network_values(package: Package, leaf: Leaf) -> tuple[Value, ...]:
    """Return the values of a network in order; the last layer that makes a name has it."""
    with specification(package) as spec:
        made = {
            out: Value(out, layer.name, layer.kind, layer.inputs)
            for layer in layers(spec, leaf)
            for out in layer.outputs
        }
    return tuple(made.values())
