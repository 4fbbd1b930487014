"""Files that fsspec reads: archives, memory, hubs, and whatever else it has a file system for.

Source: fsspec 2026.9 documentation, "API Reference", AbstractFileSystem.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol, cast

from halfpixel.address import Address
from halfpixel.errors import MissingExtraError, ModelFileError
from halfpixel.storage.failures import SHORTER, NoSuchRangeError, failures
from halfpixel.storage.store import State, check_same

if TYPE_CHECKING:
    from typing import BinaryIO

CHUNK: Final = 1 << 22
"""Bytes that are handed on at once where all is read."""

TAGS: Final = ("ETag", "etag", "e_tag", "blob_id", "version_id", "sha", "LastModified",
               "last_modified", "mtime", "modified", "created", "CRC")  # fmt: skip
"""What file systems call what tells one state of a file from another."""


class FileSystem(Protocol):
    """What is asked of a file system of fsspec."""

    def open(self, path: str, mode: str, **options: object) -> "BinaryIO":
        """Return a file, opened."""
        ...

    def info(self, path: str) -> dict[str, object]:
        """Return what is known of a file."""
        ...

    def find(self, path: str) -> list[str]:
        """Return the files below a folder."""
        ...

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forget what was known."""
        ...

    def put_file(self, lpath: str, rpath: str) -> None:
        """Write a file from one on this disk."""
        ...

    def unstrip_protocol(self, name: str) -> str:
        """Return the address of a name."""
        ...


class StoredFile:
    """A file of a file system, which is kept open while it is read."""

    parallel = False

    def __init__(self, address: Address) -> None:
        """Find the file system.

        Raises:
            ModelFileError: there is none of that name, or what it needs is not installed.
        """
        self.address = address
        self.system, self.path = _system(address)
        self._file: BinaryIO | None = None
        self._state: State | None = None
        self._lock = Lock()

    def get(self, start: int, stop: int, known: State | None) -> tuple[bytes, State]:
        """Return a range and its state; as `Stored.get`."""
        with failures(self.address), self._lock:
            now = self._state = self._state or self._asked()
            check_same(self.address, now, known)
            if start >= now.size:
                raise NoSuchRangeError
            if self._file is None:
                self._file = self.system.open(self.path, "rb", cache_type="none")
            self._file.seek(start)
            wanted = min(stop, now.size) - start
            data = self._file.read(wanted)
            while len(data) < wanted and (more := self._file.read(wanted - len(data))):
                data += more
        if len(data) != wanted:
            raise ModelFileError(self.address, SHORTER)
        return data, now

    def chunks(self, known: State | None) -> Iterator[tuple[bytes, State]]:
        """Yield all of it; as `Stored.chunks`."""
        with failures(self.address):
            now, count = check_same(self.address, self.state(), known), 0
            with self.system.open(self.path, "rb") as file:
                while chunk := file.read(CHUNK):
                    count += len(chunk)
                    yield chunk, now
        if count != now.size:
            raise ModelFileError(self.address, SHORTER)

    def state(self) -> State:
        """Return its state, asked for anew."""
        with failures(self.address):
            self.system.invalidate_cache()
            return self._asked()

    def put(self, path: Path) -> None:
        """Let it be what a file on the disk is."""
        with failures(self.address, "cannot be written"):
            self.system.put_file(str(path), self.path)

    def _asked(self) -> State:
        about = self.system.info(self.path)
        size = about.get("size")
        if about.get("type") == "directory":
            raise IsADirectoryError("is a folder")
        if not isinstance(size, int):
            raise ModelFileError(self.address, "its size is not known")
        return State(size, "".join(f"{name}={about[name]!s};" for name in TAGS if name in about))


def below(address: Address) -> Iterator[Address]:
    """Yield the files below a folder."""
    system, path = _system(address)
    _, chain, rest = address.text.partition("::")
    with failures(address):
        for name in system.find(path):
            text = f"{address.protocol}://{name}" if chain else system.unstrip_protocol(name)
            yield Address(f"{text}{chain}{rest}")


def _system(address: Address) -> tuple[FileSystem, str]:
    """Return the file system of an address, and the path in it."""
    try:
        found = import_module("fsspec.core").url_to_fs
    except ImportError as error:
        raise MissingExtraError("fsspec", "remote") from error
    with failures(address):
        return cast("Callable[[str], tuple[FileSystem, str]]", found)(address.text)
