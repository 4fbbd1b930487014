"""ONNX: `.onnx` files read as a skeleton without weights, and models in memory."""

from pathlib import Path
from typing import TYPE_CHECKING

from halfpixel.address import Address
from halfpixel.errors import GraphError
from halfpixel.format import Format, Reads
from halfpixel.formats.onnx.memory import proto_of
from halfpixel.formats.onnx.model import FORMAT_NAME, OnnxModel
from halfpixel.formats.onnx.read.external_data import LOCATION, check_external_data, data_files
from halfpixel.formats.onnx.read.nodes.tags import LARGE
from halfpixel.formats.onnx.rows import row_of
from halfpixel.formats.onnx.structure import Skeleton, parse, skeleton

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onnx import ModelProto, NodeProto

    from halfpixel.formats.onnx.read.nodes.table import Table
    from halfpixel.storage.remote_file import File, RemoteFile


def opened(source: object) -> OnnxModel:
    """Return the structure of a model: a path, a ModelProto, an onnx_ir.Model, an ONNXProgram.

    Args:
        source: for a path or an address, a single ONNX file; its external data need not be there.

    Raises:
        ModelFileError: the file is no ONNX model, or is truncated or unreadable, or names
            external data outside its folder.
        GraphError: it says no opset that is known.
    """
    if isinstance(source, Path | Address):
        source = source if isinstance(source, Path) else _remote(source)
        read = skeleton(source)
        table = _table_of(read, source)
        model = parse(read.data, source) if table is None else table.head
        _check_opset(model, model.graph.node if table is None else table.nodes, str(source))
        check_external_data(model, read, source)
        found = OnnxModel(model, source, table=table)
        if len(model.graph.node) >= LARGE:
            found.data = read.data
        return found
    model = proto_of(source)
    _check_opset(model, model.graph.node, "model")
    return OnnxModel(model, source)


def _table_of(read: Skeleton, path: "File") -> "Table | None":
    """Return the nodes of a huge graph; None where messages have to be made of all nodes."""
    row = row_of(read.data) if read.row is None else read.row.in_skeleton(read.data)
    if row is None:
        return None
    from halfpixel.formats.onnx.read.nodes.columns import Unusual
    from halfpixel.formats.onnx.read.nodes.table import Table

    try:
        return Table(read.data, row, path)
    except Unusual:
        return None


WHOLE = 1 << 20
"""Bytes of a file that are taken for its structure as they are."""


def reads(path: Path) -> Reads:
    """Return what of a file a check reads: its structure, and the data that it names.

    Args:
        path: a file of any size.

    Raises:
        ModelFileError: as `opened`.
    """
    read = skeleton(path, small=WHOLE)
    if read.data.count(LOCATION.encode()) <= read.payloads:
        return Reads(read.data)
    names = data_files(parse(read.data, path))
    return Reads(read.data, tuple(path.parent / name for name in names))


def _remote(address: Address) -> "RemoteFile":
    from halfpixel.storage.remote_file import RemoteFile

    return RemoteFile(address)


def _check_opset(model: "ModelProto", nodes: "Iterable[NodeProto]", where: str) -> None:
    """Refuse a model without a version of the default operator set, or with one unknown."""
    versions = [e.version for e in model.opset_import if e.domain in {"", "ai.onnx"}]
    used = any(node.domain in {"", "ai.onnx"} for node in nodes)
    if used and not versions:
        raise GraphError(where, "", "no opset_import for the default domain, expected one")
    for version in versions:
        if not 1 <= version <= NEWEST_OPSET:
            reason = f"opset {version} is unknown, expected 1 to {NEWEST_OPSET}"
            raise GraphError(where, "", reason)


NEWEST_OPSET = 99
"""Far above what exists: a later opset is read with the newest meaning that is known."""


def takes(source: object) -> bool:
    """Whether an object is a ModelProto, an onnx_ir.Model or a torch ONNXProgram."""
    kind = type(source)
    names = {f"{base.__module__.partition('.')[0]}.{base.__qualname__}" for base in kind.__mro__}
    return bool(names & {"onnx.ModelProto", "onnx_ir.Model", "torch.ONNXProgram"})


def takes_serialized(source: object) -> bool:
    """Whether an object is a model in memory, or the bytes of one."""
    return type(source) is bytes or takes(source)  # those of other formats have a class


FORMAT = Format(FORMAT_NAME, (".onnx",), takes, opened, usual=True, reads=reads)
