"""The specification of a Core ML model, stepped over: which models it holds, and where they lie.

A pipeline holds further models, and a neural network may hold gigabytes of weights. So nothing is
parsed whole: messages are stepped over by their lengths, and what is asked for is parsed.

Source: apple/coremltools `mlmodel/format/Model.proto`.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

from msgspec import Struct

from halfpixel.errors import GraphError, ModelFileError
from halfpixel.formats.coreml.messages import ModelDescription
from halfpixel.formats.coreml.read.package import KIND, Package
from halfpixel.formats.coreml.schema import MODEL_KINDS, OTHER_KINDS
from halfpixel.formats.mapping import View, mapped
from halfpixel.formats.protobuf_schema import Message, parsed
from halfpixel.formats.protobuf_wire import BYTES, VARINT, Malformed, Span, WireReader

M = TypeVar("M", bound=Message)

DEEPEST: Final = 32
"""Levels of pipelines, branches and loops."""

MOST_MODELS: Final = 1_000
"""Models of a pipeline that are read: far more than a pipeline has."""

NEWEST: Final = 99
"""Far above what exists: a later specification is read with the newest meaning that is known."""

VERSION, DESCRIPTION = 1, 2
PIPELINE_MODELS, PIPELINE_NAMES, OF_PIPELINE = 1, 2, 1
SERIALIZED: Final = 2


class Leaf(Struct, frozen=True):
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
    description: ModelDescription
    spans: tuple[Span, ...]


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
    description: ModelDescription = field(init=False)
    leaves: list[Leaf] = field(default_factory=list[Leaf])

    def __post_init__(self) -> None:
        """Find the models.

        Raises:
            Malformed: the bytes are no Core ML model.
        """
        self.reader = WireReader(self.view)
        self.version, self.description = self._model((), "", 0)

    def _model(
        self, spans: tuple[Span, ...], label: str, depth: int
    ) -> tuple[int, ModelDescription]:
        """Find the models in a Model message; return its version and what it declares."""
        start, stop = (spans[-1].start, spans[-1].stop) if spans else (0, len(self.view))
        if depth > DEEPEST:
            raise Malformed(f"models nested deeper than {DEEPEST} at byte {start}")
        version, kinds = 0, list[tuple[int, Span]]()
        described = b""
        for number, kind, span in self.reader.fields(start, stop):
            if number == VERSION and kind == VARINT:
                version = self.reader.varint(span.start, span.stop)[0]
            elif number == DESCRIPTION and kind == BYTES:
                described += self.view[span.start : span.stop]
            elif kind == BYTES and (number in MODEL_KINDS or number in OTHER_KINDS):
                kinds.append((number, span))
        _check_model(version, len(kinds))
        description = parse(ModelDescription, described)
        number, span = kinds[0]
        name = MODEL_KINDS.get(number, "")
        if name == "mlProgram" or name.startswith("neuralNetwork"):
            if len(self.leaves) >= MOST_MODELS:
                raise GraphError("", label, f"a pipeline of more than {MOST_MODELS} models")
            self.leaves.append(Leaf(name, label, version, description, (*spans, span)))
        elif name:
            self._inside(name, (*spans, span), label, depth)
        return version, description

    def _inside(self, name: str, spans: tuple[Span, ...], label: str, depth: int) -> None:
        """Find the models in a model that holds others."""
        if name == "pipeline":
            self._pipeline(spans, label, depth)
            return
        for number, kind, part in self.reader.fields(spans[-1].start, spans[-1].stop):
            if kind != BYTES:
                continue
            if name == "serializedModel" and number == SERIALIZED:
                self._model((*spans, part), label, depth + 1)
            elif name != "serializedModel" and number == OF_PIPELINE:
                self._pipeline((*spans, part), label, depth)

    def _pipeline(self, spans: tuple[Span, ...], label: str, depth: int) -> None:
        names: list[str] = []
        models: list[Span] = []
        for number, kind, span in self.reader.fields(spans[-1].start, spans[-1].stop):
            if number == PIPELINE_MODELS and kind == BYTES:
                models.append(span)
            elif number == PIPELINE_NAMES and kind == BYTES:
                names.append(self.text(span))
        for place, span in enumerate(models):
            name = names[place] if place < len(names) else str(place)
            path = f"{label}/{name}" if label else name
            self._model((*spans, span), path, depth + 1)

    def text(self, span: Span) -> str:
        """Return a field that is a text."""
        try:
            return self.view[span.start : span.stop].decode()
        except UnicodeDecodeError as error:
            raise Malformed(f"a text at byte {span.start} is not UTF-8") from error

    def message(self, kind: type[M], span: Span) -> M:
        """Return the message that stands at a place; raises as `parse`."""
        return parse(kind, self.view[span.start : span.stop])

    def without(self, span: Span, numbers: frozenset[int]) -> bytes:
        """Return the bytes of a message without the fields of some numbers.

        Raises:
            Malformed: it is none.
        """
        if not numbers:
            return self.view[span.start : span.stop]
        kept = [
            self.view[part.at : part.stop]
            for number, _, part in self.reader.fields(span.start, span.stop)
            if number not in numbers
        ]
        return b"".join(kept)


def parse(kind: type[M], data: bytes) -> M:
    """Return the message that bytes spell.

    Raises:
        Malformed: they are none.
    """
    from google.protobuf.message import DecodeError

    try:
        return parsed(kind, data)
    except (DecodeError, RecursionError) as error:
        reason = f"a {kind.message_name} of {len(data)} bytes cannot be parsed"
        raise Malformed(reason) from error


def _check_model(version: int, count: int) -> None:
    """Refuse a message that is no model, or more than one."""
    if not count or version < 1:
        raise Malformed("it has no specificationVersion or holds no model")
    if version > NEWEST:
        raise Malformed(f"specificationVersion is {version}, expected 1 to {NEWEST}")
    if count > 1:
        raise Malformed("it holds two models where one is allowed")


@contextmanager
def specification(package: Package) -> Generator[Spec]:
    """Open the specification of a model, and say of which file what goes wrong in it.

    Raises:
        ModelFileError: the file is no Core ML model, or is truncated.
        GraphError: a program is impossible.
    """
    path = package.path
    try:
        with mapped(package.spec, KIND, package.spec_descriptor) as view:
            yield Spec(view)
    except Malformed as error:
        raise ModelFileError(path, f"not {KIND}, or truncated: {error}") from error
    except GraphError as error:
        raise GraphError(str(path), error.node, error.reason) from error
    except RecursionError as error:
        raise ModelFileError(path, "blocks or networks are nested too deep") from error
