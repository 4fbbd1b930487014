"""Tensors whose numbers lie outside the message: in the model's own file, or in files beside it."""

import os
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from halfpixel.errors import ModelFileError, system_reason
from halfpixel.formats import atomic
from halfpixel.formats.data_folder import DataFolder, Unsafe, quoted, visible_parts
from halfpixel.formats.onnx.read.external_data import data_files, data_folder, is_payload, tensors
from halfpixel.formats.onnx.read.scope import inner_graphs
from halfpixel.formats.pieces import CHUNK

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

PAYLOAD_FIELDS: Final = ("raw_data", "float_data", "double_data")


def payload_outside(node: "NodeProto") -> bool:
    """Whether a node holds a tensor whose bytes were left in the model's own file."""
    for attribute in node.attribute:
        held = [attribute.t] if attribute.HasField("t") else []
        if any(is_payload(tensor) for tensor in (*held, *attribute.tensors)):
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


@contextmanager
def brought_data(model: "ModelProto", path: Path, target: Path) -> Generator[None]:
    """Copy external data files beside a model that goes to another folder.

    What was copied is removed again where the block that writes the model fails.

    Args:
        model: its structure.
        path: the file that it was read from.
        target: the file that it goes to.

    Raises:
        ModelFileError: the target is a data file itself, data lies outside its folder or under
            a hidden name, is missing, cannot be copied, or would replace another file.
    """
    names, source = data_files(model), data_folder(path)
    pairs = [(path.parent / name, target.parent / name) for name in names]
    for old, new in pairs:
        if _same(old, target) or _same(new, target):
            where = quoted(old.name)
            raise ModelFileError(target, f"is where the model's external data {where} lies")
    if _same(target.parent, path.parent):
        if not _same(target, path):
            _check_own(names, source, target)
        yield
        return
    places = {name: _place(path, name, target) for name in names}
    copied = [name for name, new in places.items() if not _is_there(source, name, path, new)]
    made: list[Path] = []
    try:
        for name in copied:
            made += _copied(source, name, path, places[name])
        yield
    except BaseException:
        for one in reversed(made):
            with suppress(OSError):
                one.rmdir() if one.is_dir() else one.unlink()
        raise


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _check_own(names: Sequence[str], source: DataFolder, target: Path) -> None:
    """Refuse a second model beside data that only the first may read.

    A model that is a link may have data that are links to beside its real file; a new file in the
    folder of the links is no such model.
    """
    for name in names:
        if source.leaves(name):
            reason = f"would lie beside external data {quoted(name)}, a link out of this folder"
            raise ModelFileError(target, reason, "-o FILE in another folder copies it along")


def _place(path: Path, name: str, target: Path) -> Path:
    """Return where a data file goes, by a name that is plain and through no link."""
    try:
        parts = visible_parts(name)
    except Unsafe as error:
        raise _not_taken(path, name, f"it {error}") from error
    place = target.parent
    for part in parts[:-1]:
        place /= part
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise _not_taken(path, name, f"{place} is there, and no folder")
    return place / parts[-1]


def _is_there(source: DataFolder, name: str, path: Path, new: Path) -> bool:
    """Whether the same data is there; another file of its name is an error."""
    try:
        with source.open(name) as old:
            if not os.path.lexists(new):
                return False
            if not stat.S_ISREG(new.lstat().st_mode):
                raise ModelFileError(new, "is no plain file, and external data would replace it")
            with DataFolder(new.parent, None).open(new.name) as there:
                if not _equal(old, there):
                    reason = "another file is there, and external data would replace it"
                    raise ModelFileError(new, reason)
    except Unsafe as error:
        raise _not_taken(path, name, f"it {error}") from error
    except FileNotFoundError as error:
        raise ModelFileError(path, f"external data {quoted(name)} is not there") from error
    except OSError as error:
        raise _not_taken(path, name, system_reason(error)) from error
    return True


def _equal(one: BinaryIO, other: BinaryIO) -> bool:
    """Whether two open files hold the same bytes."""
    if os.fstat(one.fileno()).st_size != os.fstat(other.fileno()).st_size:
        return False
    while True:
        parts = one.read(CHUNK), other.read(CHUNK)
        if parts[0] != parts[1]:
            return False
        if not parts[0]:
            return True


def _copied(source: DataFolder, name: str, path: Path, new: Path) -> list[Path]:
    """Copy a file; return what was made, folders first."""
    if os.path.lexists(new):  # two names of one file, on a system that does not tell them apart
        _is_there(source, name, path, new)
        return []
    made = [folder for folder in reversed(new.parents) if not folder.exists()]
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        with source.open(name) as old:
            atomic.write([(0, os.fstat(old.fileno()).st_size)], old, new, replace=False)
    except BaseException as error:
        for one in reversed(made):
            with suppress(OSError):
                one.rmdir()
        if isinstance(error, Unsafe | OSError):
            raise ModelFileError(new, f"cannot be written: {_reason(error)}") from error
        raise
    return [*made, new]


def _reason(error: Unsafe | OSError) -> str:
    return system_reason(error) if isinstance(error, OSError) else str(error).lower()


def _not_taken(path: Path, name: str, reason: str) -> ModelFileError:
    return ModelFileError(path, f"external data {quoted(name)} is not copied: {reason}")
