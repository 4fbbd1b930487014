"""Tensors whose numbers lie in other files: which they are, where, and their bytes.

Source: ONNX `docs/ExternalData.md`; `onnx.proto`, message TensorProto, field external_data.
"""

import os
import re
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from msgspec import Struct

from halfpixel.errors import ModelFileError, system_reason
from halfpixel.formats.data_folder import DataFolder, Unsafe, plain_parts, quoted
from halfpixel.formats.onnx.structure import OWN, Skeleton, model_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

    from halfpixel.storage.remote_file import File

EXTERNAL: Final = 1
"""TensorProto.DataLocation of a tensor whose numbers lie in another file."""

LOCATION: Final = "location"
SEARCHED: Final = 1 << 20
"""Bytes of a model that are searched for a location, so that its nodes need not be gone over."""

COUNT: Final = re.compile("[0-9]{1,18}")
"""An offset or a length, as it is written."""


class Stretch(Struct, frozen=True):
    """Where the bytes of a tensor lie.

    Attributes:
        location: name of the file, relative to the model's folder.
        offset: the first byte.
        length: how many there are; None where they go to the file's end.
    """

    location: str
    offset: int
    length: int | None


def data_folder(path: Path) -> DataFolder:
    """Return the folder that a model's external data are relative to."""
    return DataFolder(path.parent, path)


def tensors(model: "ModelProto") -> "Iterator[TensorProto]":
    """Yield every tensor of a model: initializers and attributes, in subgraphs too."""
    return (tensor for _, tensor in owned_tensors(model))


def owned_tensors(model: "ModelProto") -> "Iterator[tuple[str, TensorProto]]":
    """Yield every tensor of a model with its name, or that of the node that holds it."""
    graphs: list[GraphProto] = [model.graph]
    nodes: list[NodeProto] = [node for function in model.functions for node in function.node]
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            yield from ((tensor.name, tensor) for tensor in graph.initializer)
            for sparse in graph.sparse_initializer:
                yield from ((sparse.values.name, one) for one in (sparse.values, sparse.indices))
            nodes += graph.node
            continue
        node = nodes.pop()
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t.name or node.name, attribute.t
            yield from ((one.name or node.name, one) for one in attribute.tensors)
            alone = [attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []
            for sparse in (*alone, *attribute.sparse_tensors):
                yield from ((node.name, one) for one in (sparse.values, sparse.indices))
            graphs += attribute.graphs
            if attribute.HasField("g"):
                graphs.append(attribute.g)


def is_payload(tensor: "TensorProto") -> bool:
    """Whether a tensor's bytes were left in the model's own file by the skeleton."""
    return any(entry.key == "checksum" and entry.value == OWN for entry in tensor.external_data)


def data_files(model: "ModelProto") -> list[str]:
    """Return the names of the files, relative to the model, that external data lies in."""
    return sorted(
        {
            _text(entry.value)
            for tensor in tensors(model)
            if tensor.external_data and not is_payload(tensor)
            for entry in tensor.external_data
            if entry.key == LOCATION
        }
    )


def check_external_data(model: "ModelProto", read: Skeleton, path: "File") -> None:
    """Refuse a model that names data outside its folder, or what is no file; none is opened.

    A file that is not there is no reason: what is not needed need not be there. Constants of
    the nodes of a large model are judged where they are read instead.

    Args:
        model: its structure.
        read: the bytes that it was parsed from.
        path: its file; what lies beside one that is elsewhere is not asked for.

    Raises:
        ModelFileError: it names such data.
    """
    found = [(one.name, one) for one in model.graph.initializer if one.data_location == EXTERNAL]
    known = max(len(found), read.payloads)
    if len(read.data) <= SEARCHED and read.data.count(LOCATION.encode()) > known:
        found = list(owned_tensors(model))
    elif len(found) <= read.payloads:
        return
    seen, payloads = set[str](), 0
    for name, tensor in found:
        if not tensor.external_data and tensor.data_location != EXTERNAL:
            continue
        if is_payload(tensor):
            payloads += 1
            if payloads > read.payloads:
                raise _error(path, name, "bear a mark that is halfpixel's own")
            continue
        stretch(tensor, name, path)  # raises where it is none
        for entry in tensor.external_data:
            if entry.key == LOCATION and entry.value not in seen:
                seen.add(entry.value)
                _check_location(entry.value, name, path)


def stretch(tensor: "TensorProto", name: str, path: "File | None") -> Stretch:
    """Return where the bytes of an external tensor lie.

    Raises:
        ModelFileError: it names no file, or a place that none has.
    """
    entries = {entry.key: entry.value for entry in tensor.external_data}
    texts = cast("Iterator[str | bytes]", chain.from_iterable(entries.items()))
    for text in texts:
        if isinstance(text, bytes):
            raise _error(path, name, f"have an entry {quoted(_text(text))}, which is no UTF-8")
    found = {key: entries[key] for key in ("offset", "length") if entries.get(key)}
    for key, value in found.items():
        if not COUNT.fullmatch(value):
            raise _error(path, name, f"have {key} {quoted(value)}, expected a number of bytes")
    if not entries.get(LOCATION):
        raise _error(path, name, "have no location")
    length = int(found["length"]) if "length" in found else None
    return Stretch(entries[LOCATION], int(found.get("offset", "0")), length)


def bytes_of(
    tensor: "TensorProto", name: str, path: "File | None", expected: int | None = None
) -> bytes | None:
    """Return the bytes of an external tensor; None where the file is not there.

    Args:
        tensor: the tensor.
        name: its name, or that of the node that holds it.
        path: the model's file; None for a model in memory, whose data is nowhere. What lies beside
            a file that is elsewhere counts as not there.
        expected: how many bytes its shape needs, where that is asked for.

    Raises:
        ModelFileError: the bytes may not be read, or are not there.
    """
    where = stretch(tensor, name, path)
    length = expected if where.length is None else where.length
    if expected is not None and length != expected:
        raise _error(path, name, f"are {length} bytes, expected {expected}")
    if path is None or not (isinstance(path, Path) or is_payload(tensor)):
        return None
    lies = f"in {quoted(where.location)}"
    try:
        with _opened(tensor, where, path) as file:
            end = file.seek(0, 2)
            wanted = end - where.offset if length is None else length
            if wanted < 0 or where.offset + wanted > end:
                last = where.offset + max(wanted, 0)
                raise _error(path, name, f"{lies}, which ends at byte {end}, expected {last}")
            file.seek(where.offset)
            return file.read(wanted)
    except Unsafe as error:
        raise _error(path, name, f"{lies}, which {error}") from error
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _error(path, name, f"{lies}: {system_reason(error)}") from error


def whole_model(path: Path) -> "ModelProto":
    """Return a model with its external data in it.

    Raises:
        ModelFileError: data may not be read, or are not there.
        Exception: what onnx raises for a file that is no model.
    """
    import onnx

    model = onnx.load(path, load_external_data=False)  # pyright: ignore[reportUnknownMemberType]
    for name, tensor in owned_tensors(model):
        if tensor.data_location != EXTERNAL:
            continue
        found = bytes_of(tensor, name, path)
        if found is None:
            where = quoted(stretch(tensor, name, path).location)
            raise _error(path, name, f"in {where}, which is not there")
        tensor.raw_data = found
        tensor.ClearField("data_location")
        del tensor.external_data[:]
    return model


def size_of_data(names: Sequence[str], path: Path) -> int:
    """Return how many bytes the data files of a model are, without those that are not there.

    Raises:
        ModelFileError: one leads out of the model's folder, or is no file.
    """
    folder, size = data_folder(path), 0
    for name in names:
        try:
            size += folder.about(name).st_size
        except FileNotFoundError:
            continue
        except (Unsafe, OSError) as error:
            raise ModelFileError(path, f"external data {quoted(name)} {error}") from error
    return size


def with_real_names(data: bytes, names: Sequence[str], path: Path) -> tuple[bytes, Path]:
    """Return a serialized model, and the folder that its external data are relative to.

    Data that are links to beside the model's real file get the names that they have there, since
    a runtime that is given bytes and a folder knows no real file.

    Args:
        data: the model.
        names: its data files.
        path: its file.
    """
    folder = data_folder(path)
    real = {name: folder.real(name) for name in names if folder.leaves(name)}
    if not real or len(real) < len(names):
        return data, path.absolute().parent
    model = model_class().FromString(data)
    for entry in (entry for tensor in tensors(model) for entry in tensor.external_data):
        if entry.key == LOCATION:
            entry.value = real[entry.value].name
    return model.SerializeToString(), next(iter(real.values())).parent


def _opened(tensor: "TensorProto", where: Stretch, path: "File") -> BinaryIO:
    if is_payload(tensor) or not isinstance(path, Path):
        return path.open("rb")
    return data_folder(path).open(where.location)


def _check_location(location: str, name: str, path: "File") -> None:
    try:
        if not isinstance(path, Path):
            plain_parts(location)
            return
        own = os.path.samestat(data_folder(path).about(location), path.stat())
    except Unsafe as error:
        raise _error(path, name, f"in {quoted(location)}, which {error}") from error
    except FileNotFoundError:
        return
    except OSError as error:
        raise _error(path, name, f"in {quoted(location)}: {system_reason(error)}") from error
    if own:
        raise _error(path, name, f"in {quoted(location)}, which is the model itself")


def _text(told: str | bytes) -> str:
    """Return a string of a message; protobuf gives the bytes of one that is no UTF-8."""
    return told if isinstance(told, str) else os.fsdecode(told)


def _error(path: "File | None", name: str | bytes, reason: str) -> ModelFileError:
    name = _text(name)
    of = f"of tensor {quoted(name)}" if name else "of a tensor without a name"
    told = f"lie {reason}" if reason.startswith("in ") else reason
    return ModelFileError(path or "<model>", f"external data {of} {told}")
