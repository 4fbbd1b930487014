"""Files elsewhere as files on this disk, for what cannot read them by ranges: a runtime, a writer.

They are fetched into a temporary folder, under their own names, and are gone when the block ends.
"""

import shutil
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from halfpixel.address import Address, is_plain
from halfpixel.errors import ModelFileError, UsageError, system_reason
from halfpixel.storage.failures import GONE
from halfpixel.storage.remote_file import File, RemoteFile
from halfpixel.storage.stores import files_below, stored

LARGEST: Final = 1 << 36
"""Bytes that are fetched of one model, at most."""

PACKAGE: Final = ".mlpackage"
"""How the name of a model ends that is a folder."""

MOST_FILES: Final = 1_000
"""Files of a package, at most."""

SPARE: Final = 1 << 26
"""Bytes of the temporary folder's disk that stay free."""


@contextmanager
def on_disk(file: File, data: Iterable[str] = ()) -> Generator[Path]:
    """Let a model be on this disk for a while; one that is there stays where it is.

    Args:
        file: its file.
        data: names of the files beside it that it needs, which are plain and relative.

    Raises:
        ModelFileError: something cannot be fetched, has changed since it was read, or is too large.
    """
    if isinstance(file, Path):
        yield file
        return
    with temporary_folder() as folder:
        fetch(file, folder / _plain(file), folder)
        for name in data:
            if not is_plain(name):
                raise ModelFileError(file, f"data {name!r} is not fetched: it is no plain name")
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            fetch(RemoteFile(file.address.with_name(name)), place, folder)
        try:
            yield folder / _plain(file)
        except ModelFileError as error:
            if error.path != folder / _plain(file):
                raise
            raise ModelFileError(file, error.reason, error.hint) from error


@contextmanager
def model_on_disk(address: Address, data: Iterable[str] = ()) -> Generator[Path]:
    """Let a model of any kind be on this disk for a while: a file, or a folder with all in it.

    Args:
        address: where it is.
        data: as `on_disk`.

    Raises:
        ModelFileError: as `on_disk`.
    """
    if not address.name.endswith(PACKAGE):
        with on_disk(RemoteFile(address), data) as path:
            yield path
        return
    with temporary_folder() as folder:
        package = folder / address.name
        head = f"{address.text.rstrip('/')}/"
        for count, one in enumerate(files_below(address)):
            name = one.text.removeprefix(head)
            if count >= MOST_FILES or not is_plain(name):
                raise ModelFileError(address, f"is no package: it has a file {name!r}")
            place = package / name
            place.parent.mkdir(parents=True, exist_ok=True)
            fetch(RemoteFile(one), place, folder)
        yield package


@contextmanager
def temporary_folder() -> Generator[Path]:
    """Make a folder that is gone when the block ends."""
    try:
        with TemporaryDirectory(prefix="halfpixel-", ignore_cleanup_errors=True) as name:
            yield Path(name)
    except OSError as error:
        if error.filename is None:
            raise
        raise UsageError(f"no temporary folder can be used: {system_reason(error)}") from error


def fetch(file: RemoteFile, place: Path, folder: Path) -> None:
    """Write all of a file elsewhere to one on this disk, as far as there is room.

    Args:
        file: the file.
        place: where it goes.
        folder: the folder whose disk it goes to.

    Raises:
        ModelFileError: it cannot be read or written, has changed since it was read, or is too
            large.
    """
    most = min(LARGEST, max(0, shutil.disk_usage(folder).free - SPARE))
    try:
        with place.open("xb") as new:
            file.copy_to(new, most)
    except OSError as error:
        reason = system_reason(error)
        raise ModelFileError(file, f"cannot be fetched: {reason}") from error


def _plain(file: RemoteFile) -> str:
    """Return the name of a file here: what its address ends with, where that is a name."""
    name = file.name
    return name if name and "\0" not in name and name not in {".", ".."} else "model.onnx"


@contextmanager
def written(target: Address, source: Address | None) -> Generator[Path]:
    """Let a model be written here that then goes to an address, its data before it.

    Args:
        target: where it goes, in place of what is there.
        source: where it was read from: data beside it need not be written there again.

    Raises:
        ModelFileError: it cannot be written, or its data would replace another file.
    """
    with temporary_folder() as folder:
        model = folder / (target.name or "model.onnx")
        yield model
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path != model)
        for path in files:
            name = path.relative_to(folder).as_posix()
            place = target.with_name(name)
            if model in path.parents:
                stored(place).put(path)
            elif source is None or place != source.with_name(name):
                _check_free(place)
                stored(place).put(path)
        if model.is_file():
            stored(target).put(model)


def _check_free(place: Address) -> None:
    try:
        stored(place).state()
    except ModelFileError as error:
        if error.reason == GONE:
            return
        raise
    raise ModelFileError(place, "a file is there, and external data would replace it")
