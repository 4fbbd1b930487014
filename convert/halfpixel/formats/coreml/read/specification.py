"""The specification of a Core ML model, stepped over: which models it holds, and where they lie.

A pipeline holds further models, and a neural network may hold gigabytes of weights. So nothing is
parsed whole: messages are stepped over by their lengths, and what is asked for is parsed.

Source: apple/coremltools `mlmodel/format/Model.proto` and `NeuralNetwork.proto`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from halfpixel.formats.coreml.messages import Description, Lengths
from halfpixel.formats.coreml.schema import MODEL_KINDS, OTHER_KINDS, classes, layer_name
from halfpixel.formats.protobuf_wire import BYTES, VARINT, Malformed, View, WireReader

DEEPEST: Final = 32
"""Levels of pipelines, branches and loops."""

NEWEST: Final = 99
"""Far above what exists: a later specification is read with the newest meaning that is known."""

VERSION, DESCRIPTION = 1, 2
PIPELINE_MODELS, PIPELINE_NAMES, OF_PIPELINE = 1, 2, 1
SERIALIZED: Final = 2
NETWORK_LAYER: Final = 1
ARRAY_MAPPING, IMAGE_MAPPING = 5, 6
IN_TENSOR: Final = 4
FIRST_PARAMETERS: Final = 100
CONVOLUTION_WEIGHTS: Final = frozenset({90, 91})
NESTED: Final[Mapping[int, Mapping[int, str]]] = {
    605: {1: "ifBranch", 2: "elseBranch"},
    615: {3: "conditionNetwork", 4: "bodyNetwork"},
}
"""Layers that hold networks: the fields in which they do, and how these are called."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a message stands in the file.

    Attributes:
        at: its tag.
        start: its first byte.
        stop: the byte behind its last.
    """

    at: int
    start: int
    stop: int


@dataclass(frozen=True)
class Leaf:
    """A model that is no pipeline.

    Attributes:
        kind: such as mlProgram or neuralNetwork.
        label: its path in the pipelines around it; empty for a model that stands alone.
        version: its specification version.
        description: what it declares.
        spans: the messages around it, outermost first; the last holds the program or network.
    """

    kind: str
    label: str
    version: int
    description: Description
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Layer:
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


@dataclass
class Spec:
    """A specification in a file.

    Attributes:
        view: the file's bytes.
        version: specification version of the whole.
        description: what the whole declares.
        leaves: the models that it holds.
    """

    view: View
    version: int = 0
    description: Description = field(init=False)
    leaves: list[Leaf] = field(default_factory=list[Leaf])

    def __post_init__(self) -> None:
        """Find the models.

        Raises:
            Malformed: the bytes are no Core ML model.
        """
        self.reader = WireReader(self.view)
        self.version, self.description = self._model((), "", 0)

    def _model(self, spans: tuple[Span, ...], label: str, depth: int) -> tuple[int, Description]:
        """Find the models in a Model message; return its version and what it declares."""
        start, stop = (spans[-1].start, spans[-1].stop) if spans else (0, len(self.view))
        if depth > DEEPEST:
            raise Malformed(f"models nested deeper than {DEEPEST} at byte {start}")
        version, kinds = 0, list[tuple[int, Span]]()
        described = b""
        for number, kind, span in self.fields(start, stop):
            if number == VERSION and kind == VARINT:
                version = self.reader.varint(span.start, span.stop)[0]
            elif number == DESCRIPTION and kind == BYTES:
                described += self.view[span.start : span.stop]
            elif kind == BYTES and (number in MODEL_KINDS or number in OTHER_KINDS):
                kinds.append((number, span))
        _check_model(version, len(kinds))
        description = cast("Description", self.parsed("ModelDescription", described))
        number, span = kinds[0]
        name = MODEL_KINDS.get(number, "")
        if name == "mlProgram" or name.startswith("neuralNetwork"):
            self.leaves.append(Leaf(name, label, version, description, (*spans, span)))
        elif name:
            self._inside(name, (*spans, span), label, depth)
        return version, description

    def _inside(self, name: str, spans: tuple[Span, ...], label: str, depth: int) -> None:
        """Find the models in a model that holds others."""
        if name == "pipeline":
            self._pipeline(spans, label, depth)
            return
        for number, kind, part in self.fields(spans[-1].start, spans[-1].stop):
            if kind != BYTES:
                continue
            if name == "serializedModel" and number == SERIALIZED:
                self._model((*spans, part), label, depth + 1)
            elif name != "serializedModel" and number == OF_PIPELINE:
                self._pipeline((*spans, part), label, depth)

    def _pipeline(self, spans: tuple[Span, ...], label: str, depth: int) -> None:
        names: list[str] = []
        models: list[Span] = []
        for number, kind, span in self.fields(spans[-1].start, spans[-1].stop):
            if number == PIPELINE_MODELS and kind == BYTES:
                models.append(span)
            elif number == PIPELINE_NAMES and kind == BYTES:
                names.append(self.text(span))
        for place, span in enumerate(models):
            name = names[place] if place < len(names) else str(place)
            path = f"{label}/{name}" if label else name
            self._model((*spans, span), path, depth + 1)

    def fields(self, at: int, stop: int) -> Iterator[tuple[int, int, Span]]:
        """Yield number, wire type and place of the fields of a message.

        Raises:
            Malformed: it is none.
        """
        while at < stop:
            tag, kind, start, end = self.reader.field(at, stop)
            yield tag >> 3, kind, Span(at, start, end)
            at = end

    def text(self, span: Span) -> str:
        """Return a field that is a text."""
        try:
            return self.view[span.start : span.stop].decode()
        except UnicodeDecodeError as error:
            raise Malformed(f"a text at byte {span.start} is not UTF-8") from error

    def parsed(self, name: str, data: bytes) -> object:
        """Return the message that bytes spell.

        Raises:
            Malformed: they are none.
        """
        from google.protobuf.message import DecodeError

        try:
            return classes()[name].FromString(data)
        except (DecodeError, RecursionError) as error:
            raise Malformed(f"a {name} of {len(data)} bytes cannot be parsed") from error

    def message(self, name: str, span: Span, leaving: frozenset[int] = frozenset()) -> object:
        """Return the message that stands at a place, without the fields that are left out."""
        if not leaving:
            return self.parsed(name, self.view[span.start : span.stop])
        kept = [
            self.view[part.at : part.stop]
            for number, _, part in self.fields(span.start, span.stop)
            if number not in leaving
        ]
        return self.parsed(name, b"".join(kept))

    def layers(self, leaf: Leaf) -> Iterator[Layer]:
        """Yield the layers of a neural network, those of branches and loops after their own.

        Raises:
            Malformed: it is none.
        """
        yield from self._layers(leaf.spans, "", 0)

    def _layers(self, spans: tuple[Span, ...], path: str, depth: int) -> Iterator[Layer]:
        if depth > DEEPEST:
            raise Malformed(f"networks nested deeper than {DEEPEST} at byte {spans[-1].at}")
        around = spans[-1]
        for number, kind, span in self.fields(around.start, around.stop):
            if number == NETWORK_LAYER and kind == BYTES:
                yield from self._layer((*spans, span), path, depth)

    def _layer(self, spans: tuple[Span, ...], path: str, depth: int) -> Iterator[Layer]:
        name, found = "", 0
        inputs, outputs = list[str](), list[str]()
        tensors: tuple[list[Span], list[Span]] = ([], [])
        parameters = spans[-1]
        for number, kind, span in self.fields(spans[-1].start, spans[-1].stop):
            if kind != BYTES:
                continue
            match number:
                case 1:
                    name = self.text(span)
                case 2:
                    inputs.append(self.text(span))
                case 3:
                    outputs.append(self.text(span))
                case 4 | 5:
                    tensors[number - IN_TENSOR].append(span)
                case _:
                    if number >= FIRST_PARAMETERS:
                        found, parameters = number, span
        layer = Layer(
            name or (outputs[0] if outputs else ""),
            layer_name(found) if found else "layer",
            tuple(inputs),
            tuple(outputs),
            path,
            (*spans, parameters),
            tuple(map(self._lengths, tensors[0])),
            tuple(map(self._lengths, tensors[1])),
        )
        yield layer
        for part, span in self._networks(found, parameters):
            inner = f"{path}/{layer.name}.{part}" if path else f"{layer.name}.{part}"
            yield from self._layers((*spans, parameters, span), inner, depth + 1)

    def _networks(self, number: int, parameters: Span) -> Iterator[tuple[str, Span]]:
        """Yield the networks in a branch or loop."""
        names = NESTED.get(number)
        if names is None:
            return
        for inner, kind, span in self.fields(parameters.start, parameters.stop):
            if inner in names and kind == BYTES:
                yield names[inner], span

    def _lengths(self, span: Span) -> tuple[int, ...]:
        return tuple(cast("Lengths", self.message("Tensor", span)).dimValue)


def _check_model(version: int, count: int) -> None:
    """Refuse a message that is no model, or more than one."""
    if not count or version < 1:
        raise Malformed("it has no specificationVersion or holds no model")
    if version > NEWEST:
        raise Malformed(f"specificationVersion is {version}, expected 1 to {NEWEST}")
    if count > 1:
        raise Malformed("it holds two models where one is allowed")


def is_exact(spec: Spec, leaf: Leaf) -> bool:
    """Whether the arrays of a network have the rank that they are given with, not always 5.

    Raises:
        Malformed: it is no network.
    """
    around = leaf.spans[-1]
    said = {
        number: spec.reader.varint(span.start, span.stop)[0]
        for number, kind, span in spec.fields(around.start, around.stop)
        if number in {ARRAY_MAPPING, IMAGE_MAPPING} and kind == VARINT
    }
    kinds = {one.type.WhichOneof("type") for one in leaf.description.input}
    arrays = "multiArrayType" not in kinds or said.get(ARRAY_MAPPING) == 1
    return arrays and ("imageType" not in kinds or said.get(IMAGE_MAPPING) == 1)
