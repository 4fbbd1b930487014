"""What was found in models before, so that a model that is as it was is not judged again.

One SQLite file, since that is in the standard library, lets several runs write at once, and does
not break when one is killed. An entry is about a name in a folder, under what it was judged by: the
settings, the rules that are installed, and this release to the byte. What cannot be read is not
there.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from time import monotonic, time
from typing import Final

import msgspec
from msgspec import Struct

from halfpixel.batch.task import Stamp
from halfpixel.checking.check import Settings
from halfpixel.errors import HalfpixelError
from halfpixel.registry import entry_points

NAME: Final = "check.sqlite"
SUM: Final = 8
"""Bytes of a hash before each entry, by which one is known that was written in part."""

DAYS: Final = 90
"""Days after which an entry is dropped that was not written anew."""

OFTEN: Final = 256
"""Entries that are written together, at most."""

SOON: Final = 1.0
"""Seconds after which they are written, however few they are."""

WAIT: Final = 20.0
"""Seconds to wait for another run that writes."""

SECONDS_A_DAY: Final = 86_400

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS models "
    "(key BLOB PRIMARY KEY, day INTEGER NOT NULL, entry BLOB NOT NULL) WITHOUT ROWID"
)


class Entry(Struct, frozen=True, array_like=True):
    """What is kept of a model.

    Attributes:
        stamp: of its files.
        digest: of what was read of it; empty where nobody can say.
        data: the other files that were looked at, each with its stamp.
        record: what was found.
    """

    stamp: Stamp
    digest: bytes
    data: tuple[tuple[str, Stamp], ...]
    record: bytes


class Cache:
    """The entries in a folder; one that cannot be used holds nothing and keeps nothing."""

    def __init__(self, folder: Path) -> None:
        """Open it, and make it where it is not there.

        Args:
            folder: where it lies.
        """
        self._waiting: dict[bytes, bytes] = {}
        self._written = monotonic()
        self._day = int(time() // SECONDS_A_DAY)
        self._base: sqlite3.Connection | None = None
        with suppress(OSError, sqlite3.Error):
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self._base = _opened(folder / NAME)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise  # it is locked, or the disk is full: what is there may be good
                (folder / NAME).unlink()
                self._base = _opened(folder / NAME)

    def found(self, keys: Sequence[bytes]) -> Mapping[bytes, Entry]:
        """Return the entries that are there, by their keys."""
        if self._base is None:
            return {}
        marks = ",".join("?" * len(keys))
        rows: list[tuple[bytes, bytes]] = []
        with suppress(sqlite3.Error):
            asked = f"SELECT key, entry FROM models WHERE key IN ({marks})"  # noqa: S608 - marks alone
            rows = self._base.execute(asked, keys).fetchall()
        return {key: entry for key, data in rows if (entry := _entry(data)) is not None}

    def keep(self, key: bytes, entry: Entry) -> None:
        """Keep an entry, in the place of another; it is written with some others."""
        if self._base is None:
            return
        data = msgspec.msgpack.encode(entry)
        self._waiting[key] = _sum(data) + data
        if len(self._waiting) >= OFTEN or monotonic() - self._written > SOON:
            self.write()

    def write(self) -> None:
        """Write what is kept; where that cannot be, nothing is kept any longer."""
        if self._base is None or not self._waiting:
            return
        rows = [(key, self._day, data) for key, data in self._waiting.items()]
        self._waiting.clear()
        self._written = monotonic()
        try:
            with self._base:
                self._base.executemany("INSERT OR REPLACE INTO models VALUES (?, ?, ?)", rows)
        except sqlite3.Error:
            self._base = None

    def close(self) -> None:
        """Write what is kept, and drop what is old."""
        self.write()
        if self._base is None:
            return
        with suppress(sqlite3.Error), self._base:
            self._base.execute("DELETE FROM models WHERE day < ?", (self._day - DAYS,))
        with suppress(sqlite3.Error):
            self._base.close()
        self._base = None


def usual_folder() -> Path:
    """Return where caches lie for this user.

    Source: XDG Base Directory Specification, XDG_CACHE_HOME; a relative path is none.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):  # noqa: PTH117 - of a text that may be empty
        return Path(named, "halfpixel")
    if os.name == "nt" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"], "halfpixel", "cache")
    try:
        return Path.home() / ".cache" / "halfpixel"
    except RuntimeError as error:
        raise HalfpixelError("--cache: this user has no home folder") from error


def key_of(judged_by: bytes, folder: str, name: str) -> bytes:
    """Return the key of a model: of where it lies, what it is called, and what it is judged by."""
    text = f"{folder}\0{name}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16, key=judged_by).digest()


def judged_by(settings: Settings) -> bytes:
    """Return a hash of all that a report comes from, apart from the model.

    Tables of targets that the settings name, and how images are readied, are in it as they are now.
    """
    text = [repr(settings), release()]
    if settings.targets:
        from halfpixel.targets.target import load_target

        text += [repr(load_target(name)) for name in settings.targets]
    if settings.preprocess is not None:
        from halfpixel.checking.preprocessing import readied_by

        text.append(repr(readied_by(settings.preprocess)))
    return hashlib.blake2b(
        "\0".join(text).encode("utf-8", "surrogatepass"), digest_size=16
    ).digest()


@lru_cache(maxsize=1)
def release() -> str:
    """Return what halfpixel is to the byte: its version, its own files, and those of all rules."""
    from importlib.metadata import PackageNotFoundError, version
    from importlib.util import find_spec

    packages = ["halfpixel", *entry_points("halfpixel.rules")]
    told: list[str] = []
    for name in ("halfpixel", "onnx", "protobuf", "numpy"):
        with suppress(PackageNotFoundError):
            told.append(f"{name} {version(name)}")
    for package in packages:
        spec = find_spec(package)
        for folder in () if spec is None else spec.submodule_search_locations or ():
            told += _files(folder)
    return hashlib.blake2b("\n".join(told).encode("utf-8", "surrogatepass")).hexdigest()


def _files(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            path = os.path.join(place, name)  # noqa: PTH118 - of hundreds of files
            with suppress(OSError):
                found = os.stat(path)  # noqa: PTH116 - likewise
                yield f"{path} {found.st_size} {found.st_mtime_ns}"


def _opened(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, timeout=WAIT)
    try:
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute(_TABLE)
        base.execute("SELECT key, day, entry FROM models LIMIT 1").fetchall()
    except sqlite3.Error:
        base.close()
        raise
    return base


def _sum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=SUM).digest()


def _entry(data: object) -> Entry | None:
    if not isinstance(data, bytes) or data[:SUM] != _sum(data[SUM:]):
        return None
    try:
        return msgspec.msgpack.decode(memoryview(data)[SUM:], type=Entry)
    except (msgspec.DecodeError, ValueError):
        return None
