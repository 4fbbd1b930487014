"""Where a Core ML model's parts lie: a .mlpackage, or a single .mlmodel.

A package is a folder: Manifest.json names its items by identifiers and says which is the root
model; paths are relative to Data/. A manifest may not lead out of the package.

Source: apple/coremltools `modelpackage/src/ModelPackage.cpp`.
"""

import json
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, cast

from halfpixel.errors import ModelFileError

MANIFEST: Final = "Manifest.json"
DATA: Final = "Data"
KIND: Final = "a Core ML model"

LARGEST_MANIFEST: Final = 1 << 24
"""Bytes of a manifest that is read; real ones have less than a thousand."""


@dataclass(frozen=True, slots=True)
class Package:
    """A Core ML model on the disk.

    Attributes:
        path: what the user named: a folder or a file.
        spec: the file that holds the model's specification.
        folder: the package; None for a single file.
        data: where its weights lie, where that is not beside the specification.
    """

    path: Path
    spec: Path
    folder: Path | None = None
    data: Path | None = None

    @property
    def model_path(self) -> Path:
        """The folder that ``@model_path`` stands for in the names of weight files."""
        return self.data or self.spec.parent

    def blob(self, name: str) -> Path:
        """Return the file that a value in a blob names.

        Raises:
            ModelFileError: it leads out of the package, or is not there.
        """
        relative = name.removeprefix("@model_path/")
        where = _inside(self.model_path, relative, self.path, f"the weights file {name!r}")
        if not where.exists():
            raise ModelFileError(self.path, f"the weights file {name!r} is missing")
        if not where.is_file():
            raise ModelFileError(self.path, f"the weights file {name!r} is no regular file")
        return where


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
    return Package(path, _root(path), path)


def _root(folder: Path) -> Path:
    """Return the file of the root model, as the manifest says."""
    manifest = _manifest(folder)
    entries, root = manifest.get("itemInfoEntries"), manifest.get("rootModelIdentifier")
    if not isinstance(entries, dict) or not isinstance(root, str):
        reason = f"{MANIFEST} lacks itemInfoEntries or rootModelIdentifier"
        raise ModelFileError(folder, reason)
    entry = cast("dict[str, object]", entries).get(root)
    if not isinstance(entry, dict):
        raise ModelFileError(folder, f"{MANIFEST} has no item {root!r}, its root model")
    name = cast("dict[str, object]", entry).get("path")
    if not isinstance(name, str) or not name:
        raise ModelFileError(folder, f"{MANIFEST}: item {root!r} has no path")
    spec = _inside(folder / DATA, name, folder, f"{MANIFEST}: path {name!r}")
    if not spec.exists():
        raise ModelFileError(folder, f"the root model {DATA}/{name} is missing")
    return spec


def _manifest(folder: Path) -> dict[str, object]:
    path = folder / MANIFEST
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_MANIFEST:
            raise ModelFileError(folder, f"{MANIFEST} is no file of a manifest's size")
        read: object = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelFileError(folder, f"not a Core ML package: {MANIFEST} is missing") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ModelFileError(folder, f"{MANIFEST}: {reason}") from error
    except (ValueError, RecursionError) as error:
        raise ModelFileError(folder, f"{MANIFEST} is not JSON: {error}") from error
    if not isinstance(read, dict):
        raise ModelFileError(folder, f"{MANIFEST} is no JSON object")
    return cast("dict[str, object]", read)


def _inside(base: Path, name: str, path: Path, what: str) -> Path:
    """Return a path below `base`; links count as what they lead to.

    Raises:
        ModelFileError: it leads out, or is no path.
    """
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or "\0" in name or "\\" in name:
        raise ModelFileError(path, f"{what} leads out of the package")
    where = base / relative
    try:
        real, limit = where.resolve(), base.resolve()
        where.exists()  # raises where a name is too long, or no name at all
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ModelFileError(path, f"{what}: {(reason or 'no path').lower()}") from error
    if not real.is_relative_to(limit):
        raise ModelFileError(path, f"{what} leads out of the package")
    return where
