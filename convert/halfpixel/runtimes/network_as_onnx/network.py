"""A neural network of Core ML as one ONNX model, to be run where Core ML is not.

Every value keeps its name; inputs and outputs are those that the model declares. Where arrays are
mapped to 5 axes (sequence, batch, channel, height, width), they are computed as (batch, channel,
height, width), and what a sequence would do is refused. An image is (1, channel, height, width),
of pixels as the network is given them, before its own preprocessing. Of a classifier the
probabilities are the output, under the name of the value that holds them.

Which layer becomes what is told by the tables in `elementwise`, `image` and `moves`; those that
resample are lowered by what they compute, as in a program. Not known are recurrent layers,
branches and loops, custom layers, embeddings, 3-D layers, sorting and non-maximum suppression,
random numbers, and layers whose lengths are computed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from halfpixel.errors import ConventionError, GraphError
from halfpixel.format import Port
from halfpixel.formats.coreml.layer_messages import Kernel, Preprocessing
from halfpixel.formats.coreml.model import CoremlModel
from halfpixel.formats.coreml.read.layer import NetworkLayer, is_exact, layers
from halfpixel.formats.coreml.read.network import described_at
from halfpixel.formats.coreml.read.place import CoremlPlace
from halfpixel.formats.coreml.read.specification import Leaf, Spec, specification
from halfpixel.formats.onnx.write.builder import Nodes
from halfpixel.formats.protobuf_wire import BYTES
from halfpixel.runtimes.mil_as_onnx.graph import OPSET, Graph, code_of
from halfpixel.runtimes.mil_as_onnx.program import IR_VERSION, MISFITS, unique_names
from halfpixel.runtimes.mil_as_onnx.resize import Wires
from halfpixel.runtimes.mil_as_onnx.site import site_nodes
from halfpixel.runtimes.network_as_onnx import elementwise, image, moves
from halfpixel.runtimes.network_as_onnx.elementwise import Lower
from halfpixel.runtimes.network_as_onnx.layer import Layer, Values
from halfpixel.runtimes.network_as_onnx.preprocessing import prepared
from halfpixel.runtimes.network_as_onnx.weights import array

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

    from halfpixel.formats.coreml.messages import FeatureDescription

LAYERS: Final[Mapping[str, Lower]] = {**elementwise.LAYERS, **image.LAYERS, **moves.LAYERS}
"""How each layer that does not resample is lowered."""

PREPROCESSING, PROBABILITIES = 2, 200
"""Fields of a network, and of a classifier."""

PARAMETERS: Final = {"cropResize": ("x", "roi"), "deconvolution": ("x", "weight", "bias")}


def lowered(model: CoremlModel, leaf: Leaf) -> "ModelProto":
    """Return a network as an ONNX model.

    Raises:
        GraphError: it has a layer that is not lowered; its sites can still be verified one by one.
        ModelFileError: it is truncated.
    """
    with specification(model.package) as spec:
        return _Lowering(model, spec, leaf).result()


class _Lowering:
    """One network on its way."""

    def __init__(self, model: CoremlModel, spec: Spec, leaf: Leaf) -> None:
        self.model, self.spec, self.leaf = model, spec, leaf
        self.exact = is_exact(spec, leaf)
        self.layers = list(self._layers())
        made = Counter(name for own, _ in self.layers for name in own.outputs)
        self.left = dict(made)  # a name that several layers make is the last one's
        self.values = Values()
        taken = {name for own, _ in self.layers for name in (*own.inputs, *own.outputs)}
        taken |= {port.name for port in model.inputs}
        self.graph = Graph(self.values, Nodes("", taken, OPSET))
        self.current: dict[str, str] = {}
        self.narrow = {one.name: one for one in self._outputs() if self._is_narrow(one)}
        self.sites = {(p.node.spans, p.node.name): p for p in model.places
                      if isinstance(p.node, NetworkLayer)}  # fmt: skip

    def _layers(self) -> Iterator[tuple[NetworkLayer, bytes]]:
        """Yield the layers with their parameters, as an edit has them."""
        changed = self.model.edit.layers
        for old in layers(self.spec, self.leaf):
            if old.path:
                continue  # whose branch or loop is refused
            if old.spans not in changed:
                yield old, self.spec.without(old.spans[-1], frozenset())
            for new in changed.get(old.spans, ()):
                layer = replace(old, kind=new.kind)
                if new.name:
                    layer = replace(layer, name=new.name, inputs=new.inputs, outputs=new.outputs)
                yield layer, new.parameters

    def result(self) -> "ModelProto":
        """Return the model."""
        from onnx import helper

        inputs = [self._input(port) for port in self.model.inputs]
        for own, parameters in self.layers:
            self._layer(own, parameters)
        outputs = [self._output(name) for name in self._output_names()]
        unique_names(self.graph.nodes.made)
        graph = helper.make_graph(self.graph.nodes.made, "main", inputs, outputs)
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )

    def _input(self, port: Port) -> "ValueInfoProto":
        """Declare an input, and bring it into the form that layers read."""
        from onnx import helper

        if port.shape is None or not port.dtype:
            raise GraphError("", port.name, "an input of lengths that are not known")
        dims = [n if isinstance(n, int) else f"{port.name}_{a}" for a, n in enumerate(port.shape)]
        declared = helper.make_tensor_value_info(port.name, code_of(port.dtype), dims)
        self.values.found[port.name] = declared.type
        step = self._step(port.name)
        name: str = port.name
        if port.dtype != "float32":
            name = step.cast(name, "float32")
        is_image = port.name in self.model.contents.images
        if not is_image and not self.exact and len(port.shape) != 4:
            axes = {1: [0, 2, 3], 3: [0]}.get(len(port.shape))
            if axes is None:
                raise GraphError("", port.name, f"an array of {len(port.shape)} axes as a sequence")
            name = step.add("Unsqueeze", [name, step.ints(axes, "axes")])
        if is_image:
            name = prepared(step, name, port.name, self._preprocessing(), self.leaf)
        self.current[port.name] = name
        return declared

    def _step(self, name: str) -> Layer:
        """Return what adds nodes around an input or an output."""
        own = NetworkLayer(name, "input", (), (), "", ())
        return Layer(self.graph, self.values, own, b"", [], [name], self.exact)

    def _preprocessing(self) -> list[Preprocessing]:
        around = self.leaf.spans[-1]
        return [
            self.spec.message(Preprocessing, span)
            for number, kind, span in self.spec.reader.fields(around.start, around.stop)
            if number == PREPROCESSING and kind == BYTES
        ]

    def _layer(self, own: NetworkLayer, parameters: bytes) -> None:
        missing = next((name for name in own.inputs if name not in self.current), None)
        if missing is not None:
            raise GraphError("", own.name, f"it reads {missing!r}, which nothing makes before")
        if not own.outputs:
            raise GraphError("", own.name, f"layer {own.kind} makes nothing")
        place = self.sites.get((own.spans, own.name))
        if place is None and own.kind not in LAYERS:
            reason = f"layer {own.kind} is not lowered to ONNX"
            raise GraphError("", own.name, f"{reason}; verification goes site by site")
        inputs = [self.current[name] for name in own.inputs]
        outs = [self._new(name) for name in own.outputs]
        layer = Layer(self.graph, self.values, own, parameters, inputs, outs, self.exact)
        try:
            if place is not None:
                self._site(layer, place)
            else:
                LAYERS[own.kind](layer)
        except (*MISFITS, ConventionError) as error:
            raise layer.refuse(f"its parameters do not fit: {error}") from error
        self.current.update(zip(own.outputs, outs, strict=True))

    def _new(self, name: str) -> str:
        """Return what a value is called: its own name, where no other value has it."""
        self.left[name] -= 1
        given = name in self.values.found or name in self.narrow
        return self.graph.nodes.name(f"{name}_value") if self.left[name] or given else name

    def _site(self, layer: Layer, place: CoremlPlace) -> None:
        op, x = place.site.op, layer.x()
        if op == "cropResize":
            layer.need_exact()
        operation = described_at(place, layer.lengths())
        names = PARAMETERS.get(op, ("x",))
        tensors: dict[str, str] = dict(zip(names, layer.inputs, strict=False))
        if op == "deconvolution":
            self._kernel(layer, tensors, place)
        known = {name: self.values.shape(value) for name, value in tensors.items()}
        shapes = {name: tuple(n if isinstance(n, int) else None for n in shape)
                  for name, shape in known.items() if shape is not None}  # fmt: skip
        dtypes = dict.fromkeys(tensors, "float32")
        wires = Wires(layer.nodes, {**tensors, "x": x}, layer.outs[0], shapes, "float32", dtypes)
        first = len(layer.nodes.made)
        site_nodes(layer.name, wires, operation)
        layer.nodes.made[-1].name = layer.name
        self.values.infer(self.graph, first)

    def _kernel(self, layer: Layer, tensors: dict[str, str], place: CoremlPlace) -> None:
        """Add the kernel and the bias of a deconvolution."""
        told = place.site.operation.attributes
        kernel = layer.message(Kernel)
        depth, outputs = layer.lengths()[-3], int(str(told["outputChannels"]))
        if depth is None:
            raise layer.refuse("the number of its channels is not known")
        size = told["kernelSize"]
        shape = [depth, outputs // int(str(told["nGroups"])), *cast("tuple[int, int]", size)]
        tensors["weight"] = layer.constant(array(kernel.weights, shape), "weight")
        if told["hasBias"]:
            tensors["bias"] = layer.constant(array(kernel.bias, [outputs]), "bias")

    def _outputs(self) -> "Iterator[FeatureDescription]":
        yield from self.leaf.description.output

    def _output_names(self) -> list[str]:
        """Return the names of the outputs; of a classifier the value of its probabilities."""
        if self.leaf.kind != "neuralNetworkClassifier":
            return [one.name for one in self._outputs()]
        around = self.leaf.spans[-1]
        told = [
            self.spec.text(span)
            for number, kind, span in self.spec.reader.fields(around.start, around.stop)
            if number == PROBABILITIES and kind == BYTES
        ]
        last = self.layers[-1][0].outputs[-1] if self.layers else ""
        return [told[-1] if told and told[-1] else last]

    def _is_narrow(self, one: "FeatureDescription") -> bool:
        """Whether an output has fewer axes than what the network computes."""
        is_array = one.type.WhichOneof("type") == "multiArrayType"
        return is_array and not self.exact and len(one.type.multiArrayType.shape) != 4

    def _output(self, name: str) -> "ValueInfoProto":
        from onnx import helper

        if name not in self.current:
            raise GraphError("", name, "an output that nothing makes")
        made, step = self.current[name], self._step(name)
        if name in self.narrow:
            rank = len(self.narrow[name].type.multiArrayType.shape)
            axes = step.ints([0, 2, 3] if rank == 1 else [0], "axes")
            made = step.add("Squeeze", [made, axes], name)
        elif made != name:
            name = made
        shape = self.values.shape(made)
        dims = None if shape is None else [
            n if isinstance(n, int) else f"{name}_{a}" for a, n in enumerate(shape)
        ]  # fmt: skip
        return helper.make_tensor_value_info(name, code_of("float32"), dims)
