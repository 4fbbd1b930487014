"""Where a Core ML model's parts lie: a .mlpackage, or a single .mlmodel.

A package is a folder: Manifest.json names its items by identifiers and says which is the root
model; paths are relative to Data/. A manifest may not lead out of the package.

Source: apple/coremltools `modelpackage/src/ModelPackage.cpp`.
"""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from msgspec import Struct

from halfpixel.address import Location, is_plain
from halfpixel.errors import ModelFileError, system_reason
from halfpixel.formats.data_folder import DataFolder, Unsafe, plain_parts, quoted, visible_parts
from halfpixel.formats.mapping import regular

if TYPE_CHECKING:
    from halfpixel.storage.remote_file import File, RemoteFile

MANIFEST: Final = "Manifest.json"
DATA: Final = "Data"
KIND: Final = "a Core ML model"

LARGEST_MANIFEST: Final = 1 << 24
"""Bytes of a manifest that is read; real ones have less than a thousand."""


class Package(Struct, frozen=True):
    """A Core ML model on the disk.

    Attributes:
        path: what the user named: a folder or a file, or the address of one.
        spec: the file that holds the model's specification.
        folder: the package; None for a single file.
        data: where its weights lie, where that is not beside the specification.
        links: a file of the package beside whose real place its other files lie; None for a
            package that is no folder of links.
    """

    path: Location
    spec: "File"
    folder: Path | None = None
    data: Path | None = None

    links: Path | None = None

    @property
    def model_path(self) -> Path:
        """The folder that ``@model_path`` stands for in the names of weight files."""
        return self.data or self.local.parent

    @property
    def local(self) -> Path:
        """The specification's file, of a model that is on this disk."""
        if not isinstance(self.spec, Path):
            raise ModelFileError(self.path, "is not on this disk")
        return self.spec

    @property
    def files(self) -> DataFolder:
        """The folder that every file of the model lies in."""
        if self.folder is None:
            return DataFolder(self.model_path, self.local)
        return DataFolder(self.folder, self.links)

    def blob(self, name: str) -> BinaryIO:
        """Return the file that a value in a blob names, opened for reading.

        Raises:
            ModelFileError: it leads out of the package, is not there, or is no regular file.
        """
        with self._errors(name):
            if isinstance(self.spec, Path):
                return self.files.open(self._within(name))
            return _elsewhere(self.spec, "/".join(plain_parts(name.removeprefix("@model_path/"))))

    def check_blob(self, name: str, *, copied: bool = False) -> None:
        """Refuse a file of weights that is none; nothing is opened.

        Args:
            name: what a value in a blob names.
            copied: it goes to another package.

        Raises:
            ModelFileError: as `blob`, or it would be copied under a hidden name.
        """
        with self._errors(name):
            within = self._within(name)
            self.files.about(within)
            if copied:
                visible_parts(within)

    def spec_descriptor(self, name: str, flags: int) -> int:
        """Open the specification; what ``open`` takes as its opener."""
        if self.folder is None or not self.local.is_relative_to(self.folder):
            return regular(name, flags)
        try:
            return self.files.descriptor(self.local.relative_to(self.folder).as_posix())
        except Unsafe as error:
            raise OSError(f"it {error}") from error

    def _within(self, name: str) -> str:
        """Return the path of a file of weights in the package."""
        parts = plain_parts(name.removeprefix("@model_path/"))
        base = self.model_path.relative_to(self.folder or self.model_path)
        return (base.joinpath(*parts)).as_posix()

    @contextmanager
    def _errors(self, name: str) -> Generator[None]:
        what = f"the weights file {quoted(name)}"
        try:
            yield
        except Unsafe as error:
            raise ModelFileError(self.path, f"{what} {error}") from error
        except FileNotFoundError as error:
            raise ModelFileError(self.path, f"{what} is missing") from error
        except OSError as error:
            raise ModelFileError(self.path, f"{what}: {system_reason(error)}") from error


def _elsewhere(spec: "RemoteFile", name: str) -> BinaryIO:
    """Return a file of weights beside a specification that is elsewhere: it is read by ranges."""
    from halfpixel.storage.remote_file import RemoteFile

    if not is_plain(name):
        raise Unsafe("is no plain name")
    return RemoteFile(spec.address.with_name(name)).open()


def located(path: Path) -> Package:
    """Return the parts of a model.

    Args:
        path: a .mlpackage folder, or a .mlmodel file.

    Raises:
        ModelFileError: there is no model there, or its manifest is broken.
    """
    if path.name.rstrip("/").endswith(".mlmodelc"):
        hint = "give the .mlpackage or .mlmodel that it was compiled from"
        raise ModelFileError(path, "a compiled Core ML model, which cannot be read", hint)
    try:
        folder = path.is_dir()
    except (OSError, ValueError) as error:
        raise ModelFileError(path, str(error)) from error
    if not folder:
        if path.name.endswith(".mlpackage") and path.exists():
            raise ModelFileError(path, "not a Core ML package: it is no folder")
        return Package(path, path)
    links = _links(path)
    return Package(path, _root(path, DataFolder(path, links)), path, links=links)


def _links(folder: Path) -> Path | None:
    """Return the manifest of a package whose files are all links into one folder, or None.

    So the caches of model hubs keep them; any other link that leads out of a package is refused.

    Raises:
        ModelFileError: there is such a link.
    """
    root = os.path.realpath(folder)
    outside: list[Path] = []
    places: set[Path] = set()
    for place, folders, names in os.walk(folder):
        for path in (Path(place, name) for name in (*folders, *names)):
            if path.is_symlink():
                real = Path(os.path.realpath(path))
                outside += [] if real.is_relative_to(root) else [path]
                places.add(real.parent)
            elif path.name in names:
                places.add(path.parent)
    if not outside:
        return None
    manifest = folder / MANIFEST
    if len(places) > 1 or manifest not in outside:
        name = quoted(outside[0].relative_to(folder).as_posix())
        raise ModelFileError(folder, f"{name} leads out of the model's folder")
    return manifest


def _root(folder: Path, files: DataFolder) -> Path:
    """Return the file of the root model, as the manifest says."""
    parts = root_in(_manifest(folder, files), folder)
    name = "/".join(parts)
    what = f"{MANIFEST}: path {quoted(name)}"
    try:
        files.about("/".join((DATA, *parts)))
    except Unsafe as error:
        raise ModelFileError(folder, f"{what} {error}") from error
    except FileNotFoundError as error:
        reason = f"the root model {quoted(f'{DATA}/{name}')} is missing"
        raise ModelFileError(folder, reason) from error
    except OSError as error:
        raise ModelFileError(folder, f"{what}: {system_reason(error)}") from error
    return folder.joinpath(DATA, *parts)


def root_in(manifest: dict[str, object], folder: Location) -> tuple[str, ...]:
    """Return the path of the root model below Data/, as a manifest says.

    Raises:
        ModelFileError: it says none, or one that leads out.
    """
    entries, root = manifest.get("itemInfoEntries"), manifest.get("rootModelIdentifier")
    if not isinstance(entries, dict) or not isinstance(root, str):
        reason = f"{MANIFEST} lacks itemInfoEntries or rootModelIdentifier"
        raise ModelFileError(folder, reason)
    entry = cast("dict[str, object]", entries).get(root)
    if not isinstance(entry, dict):
        raise ModelFileError(folder, f"{MANIFEST} has no item {quoted(root)}, its root model")
    name = cast("dict[str, object]", entry).get("path")
    if not isinstance(name, str) or not name:
        raise ModelFileError(folder, f"{MANIFEST}: item {quoted(root)} has no path")
    try:
        return plain_parts(name)
    except Unsafe as error:
        raise ModelFileError(folder, f"{MANIFEST}: path {quoted(name)} {error}") from error


def _manifest(folder: Path, files: DataFolder) -> dict[str, object]:
    try:
        with files.open(MANIFEST) as file:
            data = file.read(LARGEST_MANIFEST + 1)
    except Unsafe as error:
        raise ModelFileError(folder, f"{MANIFEST} {error}") from error
    except FileNotFoundError as error:
        raise ModelFileError(folder, f"not a Core ML package: {MANIFEST} is missing") from error
    except OSError as error:
        raise ModelFileError(folder, f"{MANIFEST}: {system_reason(error)}") from error
    return manifest_of(data, folder)


def manifest_of(data: bytes, folder: Location) -> dict[str, object]:
    """Return what a manifest says.

    Raises:
        ModelFileError: it is none.
    """
    if len(data) > LARGEST_MANIFEST:
        raise ModelFileError(folder, f"{MANIFEST} is no file of a manifest's size")
    try:
        read: object = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelFileError(folder, f"{MANIFEST} is not JSON: {error}") from error
    if not isinstance(read, dict):
        raise ModelFileError(folder, f"{MANIFEST} is no JSON object")
    return cast("dict[str, object]", read)
