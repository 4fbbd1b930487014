"""The structure of an ONNX file as a ModelProto: without its weights, and without importing onnx.

A model file is nearly all tensor payload. The file is mapped, its messages are stepped over by
their lengths, and what is not payload is copied; each large payload becomes an external-data
reference to its very bytes in the same file: a ModelProto small enough for protobuf's 2 GB.

The generated module that defines the messages needs protobuf alone, and importing onnx costs more
than a whole check. So it is loaded from where onnx is, under its own name, which import finds.

Source: Protocol Buffers documentation, "Encoding"; field numbers from ONNX `onnx.proto`.
"""

import mmap
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct

from halfpixel.errors import MissingExtraError, ModelFileError
from halfpixel.formats.mapping import LARGE, give_back, mapped
from halfpixel.formats.onnx.rows import Row, row_of
from halfpixel.formats.protobuf_wire import (
    BYTES,
    ROW,
    SHORT,
    VARINT,
    Malformed,
    WireReader,
    bytes_field,
    varint_bytes,
)

if TYPE_CHECKING:
    from onnx import ModelProto

    from halfpixel.storage.remote_file import File

GENERATED: Final = "onnx.onnx_ml_pb2"

SMALL: Final = 1 << 24
"""Bytes of a file up to which it is taken whole: stepping over payloads gains nothing."""

KEEP: Final = 1024
"""Bytes of a payload up to which it stays in the message: scales, sizes, short tables."""

DEEPEST: Final = 64
"""Levels of nested graphs; protobuf itself stops at 100 levels of messages."""

Rewrite = Callable[["Reader", int, int, int], bytes | None]


class Skeleton(Struct, frozen=True):
    """A model file without its large payloads.

    Attributes:
        data: a serialized ModelProto.
        payloads: how many payloads were left in the file.
        payload_bytes: how many bytes they are.
        row: the nodes of a huge graph in the file, which were stepped over.
    """

    data: bytes
    payloads: int = 0
    payload_bytes: int = 0
    row: "Row | None" = None


def skeleton(path: "File", keep: int = KEEP, small: int = SMALL) -> Skeleton:
    """Return the structure of a model file.

    Args:
        path: a file of any size, which may be elsewhere.
        keep: payloads of up to this many bytes stay in the message.
        small: files on the disk of up to this many bytes are taken whole.

    Raises:
        ModelFileError: the file cannot be read, or its bytes are no protobuf message.
    """
    try:
        with mapped(path) as view:
            if len(view) <= (small if isinstance(view, mmap.mmap) else view.cheap):
                return Skeleton(view[:])
            reader = Reader(view, path.name, keep)
            reader.row = _row_of(view, path.name, keep) if isinstance(view, mmap.mmap) else None
            data = reader.rewritten(0, len(view), _MODEL, 0)
            whole = view[:] if data is None else data
            return Skeleton(whole, reader.payloads, reader.payload_bytes, reader.row)
    except Malformed as error:
        raise ModelFileError(path, f"not an ONNX model, or truncated: {error}") from error


def _row_of(view: mmap.mmap, name: str, keep: int) -> "Row | None":
    """Return the nodes of a huge graph, of which none holds a payload."""
    row, reader = row_of(view), Reader(view, name, keep)
    long = () if row is None else row.longer(_LARGE)
    return row if all(_node(reader, *reader.field(*one)[2:], 1) is None for one in long) else None


def structure(path: "File") -> "ModelProto":
    """Return the structure of a model file as a message; raises as `skeleton` and `parse`."""
    return parse(skeleton(path).data, path)


class Reader(WireReader):
    """One pass over one ONNX file.

    Attributes:
        location: the file's own name, for references into it.
        keep: payloads of up to this many bytes stay.
        payloads: payloads left in the file so far.
        payload_bytes: their bytes.
        row: nodes that were stepped over before, none of which is looked into.
    """

    location: str
    keep: int
    payloads: int = 0
    payload_bytes: int = 0
    row: "Row | None" = None

    def rewritten(
        self, at: int, end: int, parts: "dict[int, tuple[int, Rewrite]]", depth: int
    ) -> bytes | None:
        """Return a message with its large parts rewritten; None where nothing changes.

        Args:
            at: start of the message's fields.
            end: their end.
            parts: for each field number that may hold payload: from how many bytes on it is
                looked into, and how it is rewritten.
            depth: levels of graphs around it.
        """
        if depth > DEEPEST:
            raise Malformed(f"graphs nested deeper than {DEEPEST} at byte {at}")
        view, out, copied, row = self.view, bytearray(), at, 0
        if self.row is not None and at == self.row.graph.start:
            at = self.row.end
        while at < end:
            if row == ROW:
                at, row = self.behind_row(at, end), 0
                continue
            tag, row = view[at], row + 1
            if tag & 7 == BYTES and 8 <= tag < 0x80 and at + 1 < end and view[at + 1] < 0x80:
                start = at + 2  # the common case: one byte each for tag and length
                stop = start + view[at + 1]
                if stop > end:
                    self.field(at, end)  # says what is wrong
            else:
                tag, _, start, stop = self.field(at, end)
                row = row if stop - start < SHORT else 0
            part = parts.get(tag >> 3) if tag & 7 == BYTES else None
            if part is not None and stop - start > part[0]:
                body = part[1](self, start, stop, depth)
                if body is not None:
                    out += view[copied:at]
                    out += varint_bytes(tag) + varint_bytes(len(body)) + body
                    copied = stop
            at = stop
        if not out:
            return None
        out += view[copied:end]
        return bytes(out)

    def tensor(self, at: int, end: int, _depth: int) -> bytes | None:
        """Return a TensorProto whose payload is a reference; None where it stays."""
        payload: tuple[int, int] | None = None
        spans: list[tuple[int, int]] = []
        external = False
        while at < end:
            tag, kind, start, stop = self.field(at, end)
            number = tag >> 3
            external |= number in {EXTERNAL_DATA, DATA_LOCATION}
            if number in PAYLOADS and kind == BYTES:
                if payload is not None:
                    return None  # in several pieces: left as it is
                payload = (start, stop)
            else:
                spans.append((at, stop))
            at = stop
        if payload is None or external or payload[1] - payload[0] <= self.keep:
            return None
        length = payload[1] - payload[0]
        self.payloads += 1
        self.payload_bytes += length
        if length > LARGE:
            give_back(self.view)
        rest = b"".join(self.view[a:b] for a, b in spans)
        where = {"location": self.location, "offset": payload[0], "length": length, "checksum": OWN}
        return rest + b"".join(_entry(k, str(v)) for k, v in where.items()) + _EXTERNAL


PAYLOADS: Final = frozenset({4, 9, 10})
"""TensorProto: float_data, raw_data and double_data, whose bytes are the values' own."""

OWN: Final = "halfpixel.payload"
"""Value, under "checksum" in external_data, that marks a payload which the skeleton left where
it is, in the model's own file."""

RECORD: Final = "halfpixel.fix"
"""Key of metadata_props under which a change is recorded, at its node and at the model."""

EXTERNAL_DATA: Final = 13
DATA_LOCATION: Final = 14
_EXTERNAL: Final = bytes([DATA_LOCATION << 3 | VARINT, 1])


def _entry(key: str, value: str) -> bytes:
    """Return one StringStringEntryProto of external_data."""
    body = bytes_field(1, key.encode()) + bytes_field(2, value.encode("utf-8", "replace"))
    return bytes_field(EXTERNAL_DATA, body)


def _graph(reader: Reader, at: int, end: int, depth: int) -> bytes | None:
    return reader.rewritten(at, end, _GRAPH, depth + 1)


def _node(reader: Reader, at: int, end: int, depth: int) -> bytes | None:
    return reader.rewritten(at, end, _NODE, depth)


def _attribute(reader: Reader, at: int, end: int, depth: int) -> bytes | None:
    return reader.rewritten(at, end, _ATTRIBUTE, depth)


def _sparse(reader: Reader, at: int, end: int, depth: int) -> bytes | None:
    return reader.rewritten(at, end, _SPARSE, depth)


def _function(reader: Reader, at: int, end: int, depth: int) -> bytes | None:
    return reader.rewritten(at, end, _FUNCTION, depth + 1)


_LARGE: Final = 4 * KEEP
_TENSOR: Final = (KEEP, Reader.tensor)
_SPARSE: Final[dict[int, tuple[int, Rewrite]]] = {1: _TENSOR, 2: _TENSOR}
_ATTRIBUTE: Final[dict[int, tuple[int, Rewrite]]] = {
    5: _TENSOR,
    6: (KEEP, _graph),
    10: _TENSOR,
    11: (KEEP, _graph),
    22: (KEEP, _sparse),
    23: (KEEP, _sparse),
}
_NODE: Final[dict[int, tuple[int, Rewrite]]] = {5: (KEEP, _attribute)}
_GRAPH: Final[dict[int, tuple[int, Rewrite]]] = {
    1: (_LARGE, _node),
    5: _TENSOR,
    15: (KEEP, _sparse),
}
_FUNCTION: Final[dict[int, tuple[int, Rewrite]]] = {7: (_LARGE, _node)}
_MODEL: Final[dict[int, tuple[int, Rewrite]]] = {7: (0, _graph), 25: (KEEP, _function)}


@lru_cache(maxsize=1)
def model_class() -> "type[ModelProto]":
    """Return the ModelProto class; raises MissingExtraError where onnx is not installed."""
    if "onnx" in sys.modules or GENERATED in sys.modules:
        return cast("type[ModelProto]", _loaded().ModelProto)  # type: ignore[attr-defined]
    package = find_spec("onnx")
    if package is None or not package.submodule_search_locations:
        raise MissingExtraError("onnx", "all")
    place = Path(package.submodule_search_locations[0]) / "onnx_ml_pb2.py"
    spec = spec_from_file_location(GENERATED, place)
    if spec is None or spec.loader is None or not place.exists():
        return cast("type[ModelProto]", _loaded().ModelProto)  # type: ignore[attr-defined]
    module = module_from_spec(spec)
    sys.modules[GENERATED] = module
    spec.loader.exec_module(module)
    return cast("type[ModelProto]", module.ModelProto)


def _loaded() -> object:
    if GENERATED in sys.modules:
        return sys.modules[GENERATED]
    import onnx

    return onnx


def parse(data: bytes, path: object) -> "ModelProto":
    """Return the model that bytes spell.

    Raises:
        ModelFileError: they are no ModelProto, or one without a graph.
    """
    from google.protobuf.message import DecodeError

    try:
        model: ModelProto = model_class().FromString(data)
    except DecodeError as error:
        raise ModelFileError(path, "not an ONNX model, or truncated") from error
    except RecursionError as error:
        raise ModelFileError(path, "messages are nested too deep") from error
    if not model.HasField("graph") or model.ir_version < 1:
        raise ModelFileError(path, "not an ONNX model: it has no graph or no ir_version")
    return model
