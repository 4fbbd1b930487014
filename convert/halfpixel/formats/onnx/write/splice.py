"""The new file of a changed model: the old bytes but for the nodes that changed.

The file is stepped over by the lengths of its messages, as when it is read. A list of nodes
that has a change is written anew around the change: what stands between two changes is a
range of the old file, and the lengths of the messages that enclose a change are the only
other bytes that differ. Tensors are never looked into, and unknown fields stay where they are.

Source: Protocol Buffers documentation, "Encoding"; field numbers from ONNX `onnx.proto`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from halfpixel.errors import ModelFileError
from halfpixel.formats.mapping import mapped
from halfpixel.formats.onnx.edit import GraphEdit, OnnxEdit
from halfpixel.formats.onnx.structure import Reader
from halfpixel.formats.pieces import Piece, size_of
from halfpixel.formats.protobuf_wire import (
    BYTES,
    VARINT,
    Malformed,
    Pieces,
    bytes_field,
    varint_bytes,
)

if TYPE_CHECKING:
    from halfpixel.storage.remote_file import File

MODEL_GRAPH, MODEL_OPSET, MODEL_METADATA, MODEL_FUNCTION = 7, 8, 14, 25
GRAPH_NODE, GRAPH_INITIALIZER = 1, 5
FUNCTION_NODE, FUNCTION_OPSET = 7, 9
NODE_ATTRIBUTE, ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS = 5, 6, 11
LARGEST: Final = (1 << 31) - 1
"""Most bytes of a message that protobuf itself reads."""


def splice(path: "File", edit: OnnxEdit) -> list[Piece]:
    """Return the pieces of the changed file.

    Args:
        path: the file as it is.
        edit: the change, its indices those of the model in the file.

    Raises:
        ModelFileError: the file cannot be read, is no protobuf message, or would outgrow
            what protobuf reads though it did not before.
    """
    try:
        with mapped(path) as view:
            reader = Reader(view, path.name, 0)
            pieces = _model(reader, len(view), edit).pieces
            before = len(view)
    except Malformed as error:
        raise ModelFileError(path, f"cannot be changed: {error}") from error
    if size_of(pieces) > LARGEST >= before:
        raise ModelFileError(path, f"would become larger than {LARGEST} bytes")
    return pieces


Write = Callable[[Pieces, int, int, int], bool]
"""Writes the n-th field of a number, given where its value stands; False where it stays."""


def _fields(reader: Reader, at: int, end: int, writers: dict[int, Write]) -> Pieces:
    """Write a message anew, the fields of some numbers by writers of their own."""
    out, counts = Pieces(), dict.fromkeys(writers, -1)
    while at < end:
        tag, kind, start, stop = reader.field(at, end)
        writer = writers.get(tag >> 3) if kind == BYTES else None
        if writer is not None:
            counts[tag >> 3] += 1
        if writer is None or not writer(out, counts[tag >> 3], start, stop):
            out.copy(at, stop)
        at = stop
    return out


def _model(reader: Reader, end: int, edit: OnnxEdit) -> Pieces:
    def graph(out: Pieces, count: int, start: int, stop: int) -> bool:
        if count and edit.graph:
            raise Malformed("the graph is in several pieces")
        if edit.graph:
            out.message(MODEL_GRAPH, _graph(reader, start, stop, edit.graph))
        return bool(edit.graph)

    def function(out: Pieces, count: int, start: int, stop: int) -> bool:
        change = edit.functions.get(count)
        if change is None:
            return False
        out.message(MODEL_FUNCTION, _function(reader, start, stop, change, edit.opset))
        return True

    def metadata(_out: Pieces, _count: int, start: int, stop: int) -> bool:
        return _text(reader, start, stop, 1) in edit.metadata

    writers: dict[int, Write] = {
        MODEL_GRAPH: graph,
        MODEL_FUNCTION: function,
        MODEL_METADATA: metadata,
        MODEL_OPSET: _opset_writer(reader, MODEL_OPSET, edit.opset),
    }
    out = _fields(reader, 0, end, writers)
    for key, value in edit.metadata.items():
        entry = bytes_field(1, key.encode()) + bytes_field(2, value.encode())
        out.add(bytes_field(MODEL_METADATA, entry))
    return out


def _opset_writer(reader: Reader, number: int, opset: int | None) -> Write:
    def write(out: Pieces, _count: int, start: int, stop: int) -> bool:
        if opset is None or _text(reader, start, stop, 1) not in {"", "ai.onnx"}:
            return False
        version = varint_bytes(2 << 3 | VARINT) + varint_bytes(opset)
        out.add(bytes_field(number, _without(reader, start, stop, 2) + version))
        return True

    return write


def _without(reader: Reader, at: int, end: int, number: int) -> bytes:
    """Return the fields of a small message but for one."""
    kept = bytearray()
    while at < end:
        tag, _, _, stop = reader.field(at, end)
        if tag >> 3 != number:
            kept += reader.view[at:stop]
        at = stop
    return bytes(kept)


def _text(reader: Reader, at: int, end: int, number: int) -> str:
    """Return a text field of a small message; empty where it is not there."""
    found = ""
    while at < end:
        tag, kind, start, stop = reader.field(at, end)
        if tag >> 3 == number and kind == BYTES:
            found = bytes(reader.view[start:stop]).decode("utf-8", "replace")
        at = stop
    return found


def _graph(reader: Reader, at: int, end: int, edit: GraphEdit) -> Pieces:
    def initializer(_out: Pieces, count: int, _start: int, _stop: int) -> bool:
        return count in edit.dropped

    node = _node_writer(reader, GRAPH_NODE, edit)
    return _fields(reader, at, end, {GRAPH_NODE: node, GRAPH_INITIALIZER: initializer})


def _function(reader: Reader, at: int, end: int, edit: GraphEdit, opset: int | None) -> Pieces:
    writers: dict[int, Write] = {
        FUNCTION_NODE: _node_writer(reader, FUNCTION_NODE, edit),
        FUNCTION_OPSET: _opset_writer(reader, FUNCTION_OPSET, opset),
    }
    return _fields(reader, at, end, writers)


def _node_writer(reader: Reader, number: int, edit: GraphEdit) -> Write:
    held: dict[int, dict[tuple[int, int], GraphEdit]] = {}
    for (node, attribute, place), change in edit.inner.items():
        held.setdefault(node, {})[attribute, place] = change

    def write(out: Pieces, count: int, start: int, stop: int) -> bool:
        items, inner = edit.nodes.get(count), held.get(count)
        if items is None and inner is None:
            return False
        for item in [None] if items is None else items:
            if item is not None:
                out.add(bytes_field(number, item.SerializeToString()))
            elif inner is None:
                body = Pieces([(start, stop)] if stop > start else [])
                out.message(number, body)
            else:
                out.message(number, _with_inner(reader, start, stop, inner))
        return True

    return write


def _graph_fields(reader: Reader, at: int, end: int) -> list[int]:
    """Return the numbers of an attribute's fields that hold a graph."""
    found: list[int] = []
    while at < end:
        tag, _, _, at = reader.field(at, end)
        if tag >> 3 in {ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS}:
            found.append(tag >> 3)
    return found


def _with_inner(
    reader: Reader, at: int, end: int, inner: dict[tuple[int, int], GraphEdit]
) -> Pieces:
    def attribute(out: Pieces, count: int, start: int, stop: int) -> bool:
        changes = {place: change for (a, place), change in inner.items() if a == count}
        if not changes:
            return False

        numbers = _graph_fields(reader, start, stop)
        if numbers.count(ATTRIBUTE_GRAPH) > 1:
            raise Malformed("a subgraph is in several pieces")
        used = ATTRIBUTE_GRAPHS if ATTRIBUTE_GRAPHS in numbers else ATTRIBUTE_GRAPH

        def graph(number: int) -> Write:
            def write(body: Pieces, place: int, begin: int, finish: int) -> bool:
                if place not in changes:
                    return False
                body.message(number, _graph(reader, begin, finish, changes[place]))
                return True

            return write

        body = _fields(reader, start, stop, {used: graph(used)})
        out.message(NODE_ATTRIBUTE, body)
        return True

    return _fields(reader, at, end, {NODE_ATTRIBUTE: attribute})
