"""A file as bytes that are read as they are asked for: from the disk, or by ranges."""

import errno
import mmap
import os
import stat
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from halfpixel.errors import ModelFileError, OtherFormatError, system_reason

if TYPE_CHECKING:
    from halfpixel.storage.ranged import Ranged
    from halfpixel.storage.remote_file import File

MAGICS: Final = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "gzip data",
    b"ORTM": "onnxruntime's own format",
    b"version https://git-lfs": "a Git LFS pointer; fetch the file with 'git lfs pull'",
    b"\x89HDF": "an HDF5 file",
}

IDENTIFIERS: Final = {b"TFL3": "a LiteRT model"}
"""What files of FlatBuffers say at byte 4."""

LARGE: Final = 1 << 16
"""Bytes of a payload after which the pages around it are given back."""

View: TypeAlias = "mmap.mmap | bytes | Ranged"
Opener = Callable[[str, int], int]


@contextmanager
def mapped(
    path: "File", kind: str = "an ONNX model", opener: Opener | None = None, taken: bytes = b""
) -> Generator["mmap.mmap | Ranged"]:
    """Open a file as bytes that are read as they are asked for: from the disk, or by ranges.

    Args:
        path: the file.
        kind: what it should be, for the error.
        opener: opens it; as ``open`` takes it.
        taken: the magic of another format that it may be in.

    Raises:
        ModelFileError: it cannot be read, is empty, or is of another format by its magic.
        OtherFormatError: it is a model of another format.
    """
    if not isinstance(path, Path):
        _refuse_other_formats(path, path.view[:64], kind, taken)
        yield path.view
        path.check_read()
        return
    try:
        with open(path, "rb", opener=opener or regular) as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise ModelFileError(path, "the file is empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                _refuse_other_formats(path, view[:64], kind, taken)
                if hasattr(view, "madvise"):
                    view.madvise(mmap.MADV_RANDOM)  # no read-ahead into weights
                yield view
    except OSError as error:
        raise ModelFileError(path, system_reason(error)) from error


def give_back(view: View) -> None:
    """Give back the pages around what was read: the system maps megabytes around a touch."""
    if isinstance(view, mmap.mmap) and hasattr(view, "madvise"):
        view.madvise(mmap.MADV_DONTNEED)


def regular(name: str, flags: int) -> int:
    """Open a regular file: what ``open`` takes as its opener.

    Raises:
        OSError: it is none, or cannot be opened.
    """
    _check_regular(os.stat(name))  # noqa: PTH116 - a pipe or a device is not even opened
    handle = os.open(name, flags | getattr(os, "O_NONBLOCK", 0))  # nor does it block if it is new
    try:
        _check_regular(os.fstat(handle))
    except OSError:
        os.close(handle)
        raise
    return handle


def _check_regular(about: os.stat_result) -> None:
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(about.st_mode):
        raise OSError("not a regular file")


def _refuse_other_formats(path: "File", head: bytes, kind: str, taken: bytes) -> None:
    for magic, what in MAGICS.items():
        if magic != taken and head.startswith(magic):
            raise ModelFileError(path, f"not {kind}: it is {what}")
    found = IDENTIFIERS.get(head[4:8], kind)
    if found != kind:
        raise OtherFormatError(path, f"not {kind}: by its content it is {found}", head)


def stamp(path: Path) -> tuple[int, int] | None:
    """Return what tells one state of a file from another; None where it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
