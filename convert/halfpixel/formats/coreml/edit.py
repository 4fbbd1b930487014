"""A change of a Core ML model, and the file that has it.

Source: Protocol Buffers documentation, "Encoding"; field numbers from apple/coremltools
`mlmodel/format/Model.proto` and `NeuralNetwork.proto`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from halfpixel.formats.coreml.messages import MilProgram, ModelDescription
from halfpixel.formats.coreml.network_messages import NeuralNetworkLayer
from halfpixel.formats.coreml.read.layer import NETWORK_LAYER
from halfpixel.formats.coreml.read.specification import DESCRIPTION, Spec
from halfpixel.formats.pieces import Piece
from halfpixel.formats.protobuf_schema import new, serialized
from halfpixel.formats.protobuf_wire import BYTES, Malformed, Pieces, Span, bytes_field

RECORD: Final = "halfpixel.fix"
"""Key of the user-defined metadata under which changes are recorded."""

LARGEST_CONSTANTS: Final = 1 << 22
"""Numbers that the constants of one site may hold in the model itself."""

LayerAt = tuple[Span, ...]
"""A layer of a network, by the messages around its parameters, as `NetworkLayer.spans`."""


class NewLayer(Struct, frozen=True):
    """What a layer is instead.

    Attributes:
        kind: such as resizeBilinear.
        number: the field that says so.
        parameters: its message, serialized.
        name: its name; empty where that, its inputs and its outputs are the old layer's.
        inputs: names of the values that it reads.
        outputs: names of those that it makes.
    """

    kind: str
    number: int
    parameters: bytes
    name: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def message(self) -> bytes:
        """Return the whole layer, as a field of its network."""
        names = new(NeuralNetworkLayer)
        names.name = self.name
        names.input.extend(self.inputs)
        names.output.extend(self.outputs)
        parameters = bytes_field(self.number, self.parameters)
        return bytes_field(NETWORK_LAYER, serialized(names) + parameters)


@dataclass
class CoremlEdit:
    """How a model differs from its file.

    Attributes:
        programs: changed ML Programs, by the label of their leaf.
        layers: changed layers of neural networks: what stands in the place of each.
        outputs: lengths of the model's outputs that are others.
        record: the record of all changes, a line each; None where nothing changed.
    """

    programs: dict[str, MilProgram] = field(default_factory=dict[str, MilProgram])
    layers: dict[LayerAt, tuple[NewLayer, ...]] = field(
        default_factory=dict[LayerAt, "tuple[NewLayer, ...]"]
    )
    outputs: dict[str, tuple[int, ...]] = field(default_factory=dict[str, "tuple[int, ...]"])
    record: str | None = None

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.programs or self.layers)


def pieces_of(spec: Spec, edit: CoremlEdit) -> list[Piece]:
    """Return the pieces of the changed file.

    Args:
        spec: the file as it is.
        edit: the change.

    Raises:
        Malformed: it is no Core ML model, or says what it declares in several pieces.
    """
    size = len(spec.view)
    if not edit:
        return [(0, size)]
    changes: dict[tuple[Span, ...], bytes] = {}
    for leaf in spec.leaves:
        if leaf.label in edit.programs:
            number = spec.reader.varint(leaf.spans[-1].at, size)[0] >> 3
            program = serialized(edit.programs[leaf.label])
            changes[leaf.spans] = bytes_field(number, program)
    for spans, layers in edit.layers.items():
        if layers[0].name:
            changes[spans[:-1]] = b"".join(layer.message() for layer in layers)
        else:
            changes[spans] = bytes_field(layers[0].number, layers[0].parameters)
    if edit.record is not None:
        changes |= _recorded(spec, edit.record, edit.outputs)
    out = Pieces()
    _write(spec, out, (0, size), changes, 0)
    return out.pieces


def _recorded(
    spec: Spec, record: str, outputs: Mapping[str, tuple[int, ...]]
) -> dict[tuple[Span, ...], bytes]:
    """Return the change of what the model declares: its metadata holds the record."""
    spans = [
        span
        for number, kind, span in spec.reader.fields(0, len(spec.view))
        if number == DESCRIPTION and kind == BYTES
    ]
    if len(spans) != 1:
        raise Malformed(f"it has {len(spans)} descriptions, expected one")
    description = spec.message(ModelDescription, spans[0])
    description.metadata.userDefined[RECORD] = record
    for feature in description.output:
        if feature.name in outputs and len(feature.type.multiArrayType.shape):
            shape = feature.type.multiArrayType.shape
            del shape[:]
            shape.extend(outputs[feature.name])
    return {(spans[0],): bytes_field(DESCRIPTION, serialized(description))}


def _write(
    spec: Spec,
    out: Pieces,
    around: tuple[int, int],
    changes: Mapping[tuple[Span, ...], bytes],
    depth: int,
) -> None:
    """Write the fields of a message, those that change or hold a change anew."""
    at, stop = around
    groups: dict[Span, dict[tuple[Span, ...], bytes]] = {}
    for spans, data in changes.items():
        groups.setdefault(spans[depth], {})[spans] = data
    for span in sorted(groups, key=lambda one: one.at):
        out.copy(at, span.at)
        group = groups[span]
        whole = next((data for spans, data in group.items() if len(spans) == depth + 1), None)
        if whole is not None:
            out.add(whole)
        else:
            inner = Pieces()
            _write(spec, inner, (span.start, span.stop), group, depth + 1)
            out.message(spec.reader.varint(span.at, stop)[0] >> 3, inner)
        at = span.stop
    out.copy(at, stop)
