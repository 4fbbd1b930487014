"""Pieces of a file in the making: new bytes, and ranges of an old file.

The system copies ranges without their passing through this program, where it can, and what is
large goes to the disk while more is being copied.

Source: Linux manual pages copy_file_range(2), posix_fallocate(3).
"""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from halfpixel.errors import ModelFileError, system_reason

if TYPE_CHECKING:
    from collections.abc import Generator

Piece = bytes | tuple[int, int]
"""New bytes, or (start, stop) of the old file."""

CHUNK: Final = 1 << 20
"""Bytes that are copied at once where the system cannot copy by itself."""

LARGE: Final = 1 << 26
"""Bytes above which the system copies; a smaller file is read and written."""

UNSUPPORTED: Final = frozenset(
    {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT, errno.ENOSYS, errno.EXDEV}
)


def size_of(pieces: Sequence[Piece]) -> int:
    """Return how many bytes pieces are.

    >>> size_of([b"ab", (10, 15)])
    7
    """
    return sum(len(p) if isinstance(p, bytes) else p[1] - p[0] for p in pieces)


def joined(pieces: Sequence[Piece], source: Path) -> bytes:
    """Return pieces of `source` as one text of bytes."""
    with _opened(source) as old:
        return b"".join(part for piece in pieces for part in parts_of(piece, old))


@contextmanager
def _opened(source: Path) -> "Generator[BinaryIO]":
    try:
        with source.open("rb") as old:
            yield old
    except OSError as error:
        raise ModelFileError(source, system_reason(error)) from error


def parts_of(piece: Piece, old: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of a piece, by and by.

    Args:
        piece: new bytes, or a range of the old file.
        old: that file.

    Raises:
        OSError: the old file cannot be read, or has become shorter.
    """
    if isinstance(piece, bytes):
        yield piece
        return
    start, stop = piece
    old.seek(start)
    while start < stop:
        part = old.read(min(CHUNK, stop - start))
        if not part:
            raise OSError(errno.EIO, "the file became shorter while it was read")
        yield part
        start += len(part)


def copy(pieces: Sequence[Piece] | Iterator[bytes], old: BinaryIO, new: int) -> None:
    """Write pieces, and what is large to the disk while more is being copied."""
    if isinstance(pieces, Iterator):
        for part in pieces:
            _write_all(new, part)
        return
    size = size_of(pieces)
    if size <= LARGE:
        for part in (part for piece in pieces for part in parts_of(piece, old)):
            _write_all(new, part)
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    _reserve(new, size)
    with ThreadPoolExecutor(max_workers=1) as flushing:
        flushed: Future[None] | None = None
        for piece in pieces:
            if isinstance(piece, bytes):
                _write_all(new, piece)
                continue
            for start in range(*piece, LARGE):
                _copy_range(start, min(start + LARGE, piece[1]), old, new)
                if flushed is None or flushed.done():
                    flushed = flushing.submit(_flush, new)


def _reserve(new: int, size: int) -> None:
    """Let the system find room for the whole file before it is written: sooner, and faster."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(new, 0, size)
        except OSError as error:
            if error.errno not in UNSUPPORTED:
                raise


def _flush(new: int) -> None:
    with suppress(OSError):  # the fsync at the end tells
        os.fsync(new)


def _write_all(new: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(new, view) :]


def _copy_range(start: int, stop: int, old: BinaryIO, new: int) -> None:
    """Let the system copy a range; where it cannot, read and write."""
    try:
        while start < stop and hasattr(os, "copy_file_range"):
            count = os.copy_file_range(old.fileno(), new, stop - start, start)
            if count == 0:
                break
            start += count
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
    for part in parts_of((start, stop), old):
        _write_all(new, part)
