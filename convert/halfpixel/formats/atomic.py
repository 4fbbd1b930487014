"""Writing a file whole or not at all: each step guards the next.

It has no name until every byte is on the disk, so that neither a full disk nor a killed process
leaves half a file behind.

Source: Linux manual pages open(2) on O_TMPFILE, linkat(2), rename(2).
"""

import os
import stat
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from halfpixel.errors import ModelFileError, system_reason
from halfpixel.formats.pieces import CHUNK, UNSUPPORTED, Piece, copy, parts_of

WRITABLE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH

DATA_MODE: Final = 0o666
"""Permissions that a new file may take from another: it is no program, and belongs to whom it
is written by."""

HANDLES: Final = "/proc/self/fd"
"""Folder in which Linux shows the open files of a process."""


def write(
    pieces: Sequence[Piece] | Iterator[bytes],
    source: Path | BinaryIO | None,
    target: Path,
    *,
    replace: bool,
    verify: Callable[[Path], None] | None = None,
) -> None:
    """Write `target` from pieces of `source`, all or nothing.

    It has the permissions of the file that it replaces, or those of `source` without the right
    to be executed.

    Args:
        pieces: what is written, in order; new bytes may come while it is written.
        source: the old file, by its name or open for reading, which ranges refer to;
            `target` itself may be it. None where all pieces are new.
        target: the new file.
        replace: a file of that name is replaced; otherwise it is an error.
        verify: looks at the new file before it gets its name, and raises to keep it from it.

    Raises:
        ModelFileError: the file cannot be written, or exists and is not to be replaced, or
            is read-only, or no file at all (a folder, a pipe, a device), or is a link to
            another file than `source`.
    """
    try:
        _check_link(source, target)
        target = followed(target)
        there = _replaceable(target)
        with _reading(source) as old:
            like = there if replace and there else os.fstat(old.fileno()) if source else None
            mode = 0o644 if like is None else stat.S_IMODE(like.st_mode)
            mode &= ~0 if like is there else DATA_MODE
            with _unfinished(target, like, mode, replace=replace) as (new, place):
                copy(pieces, old, new)
                if verify is not None:
                    verify(place)
    except FileExistsError as error:
        raise ModelFileError(target, "the file exists and is not replaced unasked") from error
    except OSError as error:
        reason = system_reason(error)
        raise ModelFileError(target, f"cannot be written: {reason}") from error
    except ValueError as error:  # a name with a zero byte in it
        raise ModelFileError(target, f"cannot be written: {error}") from error


@contextmanager
def _reading(source: Path | BinaryIO | None) -> Generator[BinaryIO]:
    if source is not None and not isinstance(source, Path):
        yield source
        return
    with Path(source or os.devnull).open("rb") as old:
        yield old


def _check_link(source: Path | BinaryIO | None, target: Path) -> None:
    """Refuse to write a model through a link that its own file does not lie behind."""
    if source is None or not target.is_symlink():
        return
    if not isinstance(source, Path) or os.path.realpath(source) != os.path.realpath(target):
        raise ModelFileError(target, "is a symbolic link, and is not written through")


def _replaceable(target: Path) -> os.stat_result | None:
    """Return what is there under a name, or None.

    Raises:
        ModelFileError: it is no file, or nobody may write to it.
    """
    try:
        there = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(there.st_mode):
        raise ModelFileError(target, "cannot be written: it is not a regular file")
    if not there.st_mode & WRITABLE:  # root may write to it, and was not asked to
        raise ModelFileError(target, "cannot be written: it is read-only")
    os.close(os.open(target, os.O_WRONLY))  # raises where it may not be written to
    return there


def copy_out(
    pieces: Sequence[Piece],
    source: Path,
    stream: BinaryIO,
    verify: Callable[[Path], None],
) -> None:
    """Write pieces of `source` to an open stream, such as standard output.

    They are put together in a passing file first, so that nothing goes out that is not whole.

    Args:
        pieces: what is written, in order.
        source: the old file.
        stream: where it goes.
        verify: looks at the whole, and raises to keep it back.

    Raises:
        ModelFileError: the old file cannot be read, or there is no room.
    """
    import shutil
    import tempfile

    try:
        with source.open("rb") as old, tempfile.NamedTemporaryFile() as passing:
            for piece in pieces:
                passing.writelines(parts_of(piece, old))
            passing.flush()
            verify(Path(passing.name))
            passing.seek(0)
            shutil.copyfileobj(passing, stream, CHUNK)
            stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = system_reason(error)
        raise ModelFileError(source, f"cannot be written out: {reason}") from error


def followed(path: Path) -> Path:
    """Return the file that a path names; a link that leads out of its folder is refused.

    Raises:
        ModelFileError: the path is a symbolic link to a file in another folder.
    """
    if not path.is_symlink():
        return path
    real = Path(os.path.realpath(path))
    if real.parent != Path(os.path.realpath(path.parent)):
        reason = f"is a symbolic link out of its folder, to {real}, which others may share"
        raise ModelFileError(path, reason, "-o FILE writes another file")
    return real


@contextmanager
def _unfinished(
    target: Path, like: os.stat_result | None, mode: int, *, replace: bool
) -> Generator[tuple[int, Path]]:
    """Open a file that gets the name `target` once the block ends without an error.

    It has the permissions `mode`, and where the system lets it, the owner of `like`.
    """
    folder = target.parent
    new, name = _open_in(folder, target)
    try:
        yield new, name or Path(HANDLES, str(new))
        if like is not None and replace:
            with suppress(OSError):  # only root may give a file away
                os.fchown(new, like.st_uid, like.st_gid)
        os.fchmod(new, mode)
        os.fsync(new)
        _give_name(new, name, target, replace=replace)
        name = None
    finally:
        os.close(new)
        if name is not None:
            with suppress(OSError):
                name.unlink()
    sync_folder(folder)


def _open_in(folder: Path, target: Path) -> tuple[int, Path | None]:
    """Return a new file in `folder`: without a name where the system knows such files."""
    if hasattr(os, "O_TMPFILE") and Path(HANDLES).is_dir():
        try:
            return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600), None
        except OSError as error:
            if error.errno not in UNSUPPORTED or not folder.is_dir():
                raise
    name = _passing_name(target)
    return os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), name


def _passing_name(target: Path) -> Path:
    return target.with_name(f".halfpixel-{os.urandom(6).hex()}.tmp")


def _give_name(new: int, name: Path | None, target: Path, *, replace: bool) -> None:
    if name is None:
        name = _passing_name(target) if replace else target
        handles = os.open(HANDLES, os.O_RDONLY)
        try:  # a folder handle is what makes Python follow the link: linkat, not link
            os.link(str(new), name, src_dir_fd=handles, follow_symlinks=True)
        finally:
            os.close(handles)
        if not replace:
            return
    try:
        if replace:
            name.replace(target)
        else:
            os.link(name, target)
            name.unlink()
    except OSError:
        with suppress(OSError):
            name.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Let the names in a folder reach the disk, where the system can."""
    with suppress(OSError):  # some systems do not sync folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
