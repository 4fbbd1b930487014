"""The files that a command is given: those named, in folders, or matched by a pattern."""

import os
from collections.abc import Callable, Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.address import Address, Location, is_address, location
from halfpixel.errors import HalfpixelError, MissingExtraError, ModelFileError, UsageError

if TYPE_CHECKING:
    from halfpixel.checking.shapes import Shapes
    from halfpixel.settings.configuration import Configuration

FILES: Final = (".onnx", ".mlmodel", ".tflite", ".lite", ".litertlm", ".task")
PACKAGES: Final = (".mlpackage", ".mlmodelc")
"""Models that are folders; a compiled one is refused with a reason where it is named."""

BACKUP: Final = ".bak"
"""What follows the name of a model that a fix has kept; a folder's models are without these."""


def model_files(
    paths: Sequence[str], configuration: "Configuration", nothing: dict[str, str] | None = None
) -> list[Location]:
    """Return the files that are named, are in a folder that is named, or match a pattern.

    Each comes once; what fix wrote beside a model that is found too is left out, unless it is
    named itself, and so is what configuration excludes.

    Args:
        paths: what is named.
        configuration: what is settled for the files.
        nothing: takes what is to be said of those of several paths at which no model is.

    Raises:
        UsageError: nothing is there and cannot be told otherwise, or a configuration file says
            what it may not.
    """
    found: list[tuple[Location, bool]] = []
    for text in map(_package_of, paths):
        try:
            here = _found(text, configuration)
            found += [(path, location(text) == path) for path in here]
        except NoModelsError as error:
            if nothing is None or len(paths) == 1:
                raise
            nothing[str(location(text)) if text else "''"] = str(error)
    there = {path for path, _ in found}
    kept = [path for path, named in found if named or _source(path) not in there]
    return list(dict.fromkeys(kept))


class NoModelsError(UsageError):
    """A path at which no model is."""


def fixed_name(path: Path) -> Path:
    """Return where the result of a fix goes unless something else is asked for.

    >>> fixed_name(Path("m.onnx")).name
    'm.fixed.onnx'
    """
    return path.with_name(f"{path.stem}.fixed{path.suffix}")


def _source(path: Location) -> Location | None:
    """Return the model that a file is the repaired form of, by its name."""
    stem = path.stem.removesuffix(".fixed")
    return None if stem == path.stem else path.with_name(stem + path.suffix)


def check_shaped(files: "Sequence[Location]", shapes: "Shapes") -> None:
    """Refuse `--shape` that the inputs of a model cannot have, before anything is judged.

    Raises:
        UsageError: such a shape.
    """
    if not shapes:
        return
    from halfpixel.boundary import boundary
    from halfpixel.checking.check import opened
    from halfpixel.checking.shapes import check_shapes

    for path in files:
        try:
            with boundary(str(path)):
                inputs = opened(path).inputs
        except HalfpixelError:
            continue  # which is told of that file when it is its turn
        check_shapes(inputs, shapes)


def models_in(folder: Path, excluded: "Callable[[Path], bool]") -> Iterator[Path]:
    """Yield the models in a folder and the folders in it; a package is one model."""
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not excluded(Path(place, name))]
        for name in [name for name in folders if name.removesuffix(BACKUP).endswith(PACKAGES)]:
            folders.remove(name)
            if name.endswith(PACKAGES[0]):
                yield Path(place, name)
        models = [Path(place, name) for name in files if name.endswith(FILES)]
        yield from (path for path in models if not excluded(path))


def _package_of(text: str) -> str:
    """Return the package that a file lies in: hooks name files, and a package is one model.

    >>> _package_of("m.mlpackage/Data/com.apple.CoreML/model.mlmodel")
    'm.mlpackage'
    """
    if is_address(text):
        return text
    packages = (str(f) for f in Path(text).parents if f.name.endswith(PACKAGES[0]))
    return next(packages, text)


def _found(text: str, configuration: "Configuration") -> "Sequence[Location]":
    if not text:
        raise NoModelsError("an empty path, expected a file, a folder or a pattern")
    found, passed = _at(text, configuration)
    if not found and not passed:
        expected = ", ".join(f"*{suffix}" for suffix in (*FILES, *PACKAGES[:1]))
        raise NoModelsError(f"{location(text)}: no model files there, expected {expected}")
    return found


def _at(text: str, configuration: "Configuration") -> tuple[Sequence[Location], bool]:
    """Return the models that a path or pattern stands for, and whether some are passed over."""
    path = location(text)
    if isinstance(path, Address):
        from halfpixel.cli.elsewhere import models_at

        try:
            return models_at(path, configuration, FILES, PACKAGES[:1])
        except (ModelFileError, MissingExtraError) as error:
            raise NoModelsError(str(error)) from error
    named = text.rstrip("/").endswith(PACKAGES)
    if not named and os.path.isdir(text):  # noqa: PTH112 - Path.is_dir raises where a folder is closed
        return sorted(models_in(path, configuration.excluded)), False
    if not named and has_magic(text) and not os.path.exists(text):  # noqa: PTH110 - likewise
        found = sorted(Path(name) for name in glob(text, recursive=True))  # noqa: PTH207 - the pattern may be absolute
        kept = [one for one in found if not configuration.excluded(one, within=True)]
        return kept, len(kept) < len(found)
    passed = configuration.excluded(path, named=True)
    return [] if passed else [path], passed
