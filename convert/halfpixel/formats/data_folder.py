"""Files that a model names, opened only where they may lie, so that none leads elsewhere.

A model comes from strangers, and so do the names of its data files. One is opened where it is a
regular file below the model's folder, or beside the file that the model really is: a cache of a
model hub keeps a model and its data as links into one folder. Links are followed first, and what
they lead to is judged.

What was judged is what is read: the real path is opened from its root downwards, each part by the
descriptor of the folder around it and without following links; a link that is put there meanwhile
is an error. Where the system knows no such descriptors (Windows), the file that was opened has to
be the one that was judged.

Source: Linux manual pages open(2) on O_NOFOLLOW, O_PATH and O_NONBLOCK, openat(2); ONNX
`docs/ExternalData.md`.
"""

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO, Final

from msgspec import Struct

LONGEST: Final = 200
"""Characters of a name that are quoted."""

BY_DESCRIPTOR: Final = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")

_OPTIONAL: Final = ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_BINARY", "O_NOINHERIT")
_READ: Final = os.O_RDONLY | sum(getattr(os, name, 0) for name in _OPTIONAL)
_FOLDER: Final = sum(
    getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_DIRECTORY", "O_PATH")
)


class Unsafe(Exception):  # noqa: N818 - becomes a ModelFileError with the file's name
    """A name that is not opened; the text says why, to be read behind the name."""


def quoted(name: str) -> str:
    r"""Return a name for a line of an error: escaped, and cut where it is long.

    >>> quoted("a\nb")
    "'a\\nb'"
    """
    return repr(name) if len(name) <= LONGEST else repr(name[:LONGEST]) + "..."


def plain_parts(name: str) -> tuple[str, ...]:
    """Return the parts of a relative name.

    Raises:
        Unsafe: it is empty, absolute, climbs, or is spelled with what separates names elsewhere.

    >>> plain_parts("./data/w.bin")
    ('data', 'w.bin')
    """
    if not name:
        raise Unsafe("names no file")
    if "\0" in name:
        raise Unsafe("has a zero byte in it")
    if name.startswith("/") or PureWindowsPath(name).drive:
        raise Unsafe("is no relative path")
    if "\\" in name:
        raise Unsafe("has a backslash in it, expected / between folders")
    if os.name == "nt" and ":" in name:
        raise Unsafe("has a colon in it")
    parts = PurePosixPath(name).parts
    if ".." in parts:
        raise Unsafe("leads out of the model's folder")
    if not parts:
        raise Unsafe("is a folder")
    return parts


def visible_parts(name: str) -> tuple[str, ...]:
    """Return the parts of a relative name that may be written.

    Raises:
        Unsafe: as `plain_parts`, or a part would be hidden or cannot be printed.
    """
    parts = plain_parts(name)
    if any(part.startswith(".") for part in parts):
        raise Unsafe("is hidden: a part begins with a dot")
    if not all(part.isprintable() for part in parts):
        raise Unsafe("has characters that cannot be printed")
    return parts


class DataFolder(Struct, frozen=True):
    """The folder that the names of a model's data files are relative to.

    Attributes:
        folder: the folder.
        model: the model's own file, beside whose real place data may lie too; None where
            nothing outside the folder may be linked.
    """

    folder: Path
    model: Path | None

    def real(self, name: str) -> Path:
        """Return the real path of a data file, which need not be there.

        Raises:
            Unsafe: it is no plain name, or leads out.
        """
        root, parts = self._found(name)
        return Path(root, *parts)

    def leaves(self, name: str) -> bool:
        """Whether a data file lies outside the folder, beside the model's real file.

        Raises:
            Unsafe: as `real`.
        """
        return not self.real(name).is_relative_to(os.path.realpath(self.folder))

    def about(self, name: str) -> os.stat_result:
        """Return what is known of a data file, which is not opened.

        Raises:
            Unsafe: it is no plain name, leads out, or is no regular file.
            OSError: it is not there, or may not be looked at.
        """
        with _reached(*self._found(name)) as (_, _, about):
            return about

    def open(self, name: str) -> BinaryIO:
        """Return a data file, opened for reading; raises as `about`."""
        return os.fdopen(self.descriptor(name), "rb")

    def descriptor(self, name: str) -> int:
        """Return the descriptor of a data file, opened for reading; raises as `about`."""
        with _reached(*self._found(name)) as (folder, last, about):
            handle = os.open(last, _READ, dir_fd=folder)
        if not os.path.samestat(os.fstat(handle), about):
            os.close(handle)
            raise Unsafe("was replaced while it was opened")
        return handle

    def _found(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Return the real folder that a file is opened from, and its path from there."""
        parts = plain_parts(name)
        try:
            root = os.path.realpath(self.folder)
            real = Path(os.path.realpath(Path(root, *parts)))
        except (OSError, ValueError) as error:  # a name that the system cannot spell
            raise Unsafe("is no name of a file here") from error
        if real.is_relative_to(root):
            return root, real.relative_to(root).parts
        if self.model is not None:
            beside = os.path.dirname(os.path.realpath(self.model))  # noqa: PTH120 - of a text
            if str(real.parent) == beside:
                return beside, (real.name,)
        raise Unsafe("leads out of the model's folder")


@contextmanager
def _reached(
    root: str, parts: tuple[str, ...]
) -> Generator[tuple[int | None, str, os.stat_result]]:
    """Go to a file; yield its folder's descriptor, its name there, and what is known of it."""
    if not parts:
        raise Unsafe("is a folder")
    if not BY_DESCRIPTOR:
        path = os.path.join(root, *parts)  # noqa: PTH118 - what os.open takes
        yield None, path, _regular(os.lstat(path))
        return
    folder = os.open(root, _FOLDER)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder, parts[-1], _regular(os.stat(parts[-1], dir_fd=folder, follow_symlinks=False))
    finally:
        os.close(folder)


def _regular(about: os.stat_result) -> os.stat_result:
    if stat.S_ISLNK(about.st_mode):  # links were followed: this one leads in a circle, or is new
        raise Unsafe("is a link that leads nowhere")
    if stat.S_ISDIR(about.st_mode):
        raise Unsafe("is a folder")
    if not stat.S_ISREG(about.st_mode):
        raise Unsafe("is not a regular file")
    return about
