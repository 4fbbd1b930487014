"""Tensors whose numbers lie outside the message: in the model's own file, or in files beside it."""

import filecmp
import os
import shutil
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from itertools import filterfalse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.errors import ModelFileError
from halfpixel.formats import atomic
from halfpixel.formats.onnx.read.scope import inner_graphs
from halfpixel.formats.onnx.structure import OWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

PAYLOAD_FIELDS: Final = ("raw_data", "float_data", "double_data")
EXTERNAL: Final = 1
"""TensorProto.DataLocation of a tensor whose numbers lie in another file."""


def tensors(model: "ModelProto") -> "Iterator[TensorProto]":
    """Yield every tensor of a model: initializers and attributes, in subgraphs too."""
    graphs: list[GraphProto] = [model.graph]
    nodes = [node for function in model.functions for node in function.node]
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            yield from graph.initializer
            for sparse in graph.sparse_initializer:
                yield from (sparse.values, sparse.indices)
            nodes += graph.node
        else:
            node = nodes.pop()
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t
                yield from attribute.tensors
                if attribute.graphs:
                    graphs += attribute.graphs
                elif attribute.HasField("g"):
                    graphs.append(attribute.g)


def is_payload(tensor: "TensorProto") -> bool:
    """Whether a tensor's bytes were left in the model's own file by the skeleton."""
    return any(entry.key == "checksum" and entry.value == OWN for entry in tensor.external_data)


def payload_outside(node: "NodeProto") -> bool:
    """Whether a node holds a tensor whose bytes were left in the model's own file."""
    for attribute in node.attribute:
        tensors = [attribute.t, *attribute.tensors] if attribute.HasField("t") else []
        if any(is_payload(tensor) for tensor in tensors):
            return True
        for _, _, graph in inner_graphs(node):
            if any(is_payload(tensor) for tensor in graph.initializer):
                return True
            if any(payload_outside(inner) for inner in graph.node):
                return True
    return False


def same_structure(
    one: "ModelProto", file: Path | None, other: "ModelProto", other_file: Path
) -> bool:
    """Whether two models are the same, apart from where in their files payloads lie.

    Args:
        one: a model, or the skeleton of one.
        file: the file that its payloads lie in; None for a model that holds them all.
        other: another one.
        other_file: the file that its payloads lie in.
    """
    first, second = type(one)(), type(one)()
    first.CopyFrom(one)
    second.CopyFrom(other)
    for here, there in zip(tensors(first), tensors(second), strict=False):
        marks = is_payload(here), is_payload(there)
        if marks == (True, True):
            _unplace(here)
            _unplace(there)
        elif any(marks) and _payload(here, file) == _payload(there, other_file):
            for tensor in (here, there):
                for field in (*PAYLOAD_FIELDS, "external_data", "data_location"):
                    tensor.ClearField(field)
    return first == second


def _unplace(tensor: "TensorProto") -> None:
    for entry in tensor.external_data:
        if entry.key in {"location", "offset"}:
            entry.value = ""


def _payload(tensor: "TensorProto", file: Path | None) -> bytes:
    """Return the bytes of a tensor, which lie in the message or in a file."""
    import numpy as np

    if is_payload(tensor) and file is not None:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        with file.open("rb") as stream:
            stream.seek(int(entries["offset"]))
            return stream.read(int(entries["length"]))
    floats = np.array(tensor.float_data, "<f4").tobytes()
    return tensor.raw_data or floats or np.array(tensor.double_data, "<f8").tobytes()


def data_files(model: "ModelProto") -> list[str]:
    """Return the names of the files, relative to the model, that external data lies in."""
    return sorted(
        {
            entry.value
            for tensor in filterfalse(is_payload, list(tensors(model)))
            for entry in tensor.external_data
            if entry.key == "location"
        }
    )


@contextmanager
def brought_data(model: "ModelProto", path: Path, target: Path) -> Generator[None]:
    """Copy external data files beside a model that goes to another folder.

    What was copied is removed again where the block that writes the model fails.

    Args:
        model: its structure.
        path: the file that it was read from.
        target: the file that it goes to.

    Raises:
        ModelFileError: the target is a data file itself, data lies in the model's own file,
            or outside its folder, is missing, cannot be copied, or would replace another.
    """
    names = data_files(model)
    pairs = [(path.parent / name, target.parent / name) for name in names]
    for old, new in pairs:
        if _same(old, path):
            raise ModelFileError(path, "external data lies in the model's own file, and would move")
        if _same(old, target) or _same(new, target):
            raise ModelFileError(target, f"is where the model's external data {old.name!r} lies")
    if _same(target.parent, path.parent):
        yield
        return
    for name, (old, new) in zip(names, pairs, strict=True):
        _check_data(path, name, old, new)
    made: list[Path] = []
    try:
        for old, new in pairs:
            made += _copied(old, new)
        yield
    except BaseException:
        for one in reversed(made):
            with suppress(OSError):
                one.rmdir() if one.is_dir() else one.unlink()
        raise


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _check_data(path: Path, name: str, old: Path, new: Path) -> None:
    """Refuse a data file that cannot be copied, before anything is."""
    if ".." in Path(name).parts or Path(name).is_absolute():
        raise ModelFileError(path, f"external data {name!r} lies outside its folder")
    try:
        if not stat.S_ISREG(old.stat().st_mode):
            raise ModelFileError(path, f"external data {name!r} is not a regular file")
        if new.exists() and not filecmp.cmp(old, new, shallow=False):
            raise ModelFileError(new, "another file is there, and external data would replace it")
    except FileNotFoundError as error:
        raise ModelFileError(path, f"external data {name!r} is not there") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ModelFileError(path, f"external data {name!r}: {reason}") from error


def _copied(old: Path, new: Path) -> list[Path]:
    """Copy a file unless the same is there; return what was made, folders first."""
    if new.exists():
        return []
    made = [folder for folder in reversed(new.parents) if not folder.exists()]
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        atomic.write([(0, old.stat().st_size)], old, new, replace=False)
        shutil.copystat(old, new)
    except OSError as error:
        raise ModelFileError(new, (error.strerror or str(error)).lower()) from error
    return [*made, new]
