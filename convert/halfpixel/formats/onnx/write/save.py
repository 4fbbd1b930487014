"""A changed ONNX file on its way to the disk: put together, looked at, and only then named."""

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from halfpixel.errors import GraphError, ModelFileError
from halfpixel.formats import atomic
from halfpixel.formats.mapping import mapped
from halfpixel.formats.onnx.read.external_data import EXTERNAL, tensors
from halfpixel.formats.onnx.structure import parse, structure
from halfpixel.formats.onnx.write.external_data import brought_data, same_structure
from halfpixel.formats.onnx.write.splice import splice
from halfpixel.formats.pieces import Piece, joined

if TYPE_CHECKING:
    from onnx import ModelProto

    from halfpixel.formats.onnx.edit import OnnxEdit
    from halfpixel.storage.remote_file import File


def save(
    path: Path, edit: "OnnxEdit | None", model: "ModelProto", target: Path, *, replace: bool
) -> None:
    """Write a changed file; external data is copied where it goes to another folder.

    Args:
        path: the file that was read.
        edit: how it is changed; None where it is not.
        model: its structure with the change made.
        target: the new file.
        replace: a file of that name is replaced.

    Raises:
        ModelFileError: it cannot be written, or reads back as something else.
    """
    parts = pieces(path, edit)

    def verify(written: Path) -> None:
        _check_read_back(written, target, path, model)

    with brought_data(model, path, target):
        atomic.write(parts, path, target, replace=replace, verify=verify)


def copy_out(path: Path, edit: "OnnxEdit | None", model: "ModelProto", stream: BinaryIO) -> None:
    """Write a changed file to an open stream; as `save` otherwise."""
    with brought_data(model, path, path):
        parts = pieces(path, edit)

    def verify(written: Path) -> None:
        _check_read_back(written, Path("<standard output>"), path, model)

    atomic.copy_out(parts, path, stream, verify)


def whole(path: Path, edit: "OnnxEdit | None", model: "ModelProto") -> "ModelProto":
    """Return a changed file as a message, with everything that is in the file itself."""
    found = parse(joined(pieces(path, edit), path), path)
    _check_same(found, None, path, (path, model))
    return found


def check_sound(before: "ModelProto", after: "ModelProto") -> None:
    """Let onnx.checker look at a structure, weights left out.

    Raises:
        GraphError: the checker refuses it, and did not refuse what was read.
    """
    reason = _refused(after)
    if reason and not _refused(before):
        raise GraphError("", "", f"onnx.checker refuses the result: {reason}")


def pieces(path: "File", edit: "OnnxEdit | None") -> list[Piece]:
    """Return a changed file in new bytes and ranges of the old one."""
    if edit:
        return splice(path, edit)
    with mapped(path) as view:
        return [(0, len(view))]


def _check_read_back(written: Path, target: Path, path: Path, model: "ModelProto") -> None:
    """Refuse a file that does not hold the structure that was meant."""
    try:
        found = structure(written)
    except ModelFileError as error:
        raise ModelFileError(target, f"does not read back: {error.reason}") from error
    _check_same(found, written, target, (path, model))


def _check_same(
    found: "ModelProto", written: Path | None, target: Path, meant: "tuple[Path, ModelProto]"
) -> None:
    path, model = meant
    if not same_structure(found, written, model, path):
        raise ModelFileError(target, "reads back as another model than was written")


def _refused(model: "ModelProto") -> str:
    """Return why onnx.checker refuses a model, its external tensors emptied; else nothing."""
    from onnx import checker

    plain = type(model)()
    plain.CopyFrom(model)
    for tensor in tensors(plain):
        if tensor.data_location == EXTERNAL:
            del tensor.dims[:], tensor.external_data[:]
            tensor.dims.append(0)
            tensor.ClearField("data_location")
            tensor.raw_data = b""
    try:
        checker.check_model(plain)  # pyright: ignore[reportUnknownMemberType] - for a path
    except checker.ValidationError as error:
        return str(error).strip().splitlines()[0]
    return ""
