"""Core ML: `.mlpackage` folders and `.mlmodel` files, ML Programs and neural networks in them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.format import Format, Reads

if TYPE_CHECKING:
    from halfpixel.format import Opened


def takes(_source: object) -> bool:
    """Whether an object in memory is a Core ML model: they are read from files alone."""
    return False


def opened(source: object) -> "Opened":
    """Return the structure of a model in a file; its reader is imported with the first one.

    Args:
        source: the path of a package or a file.

    Raises:
        ModelFileError: it is no Core ML model, or is broken.
    """
    from halfpixel.formats.coreml.model import opened as opened_file

    return opened_file(source)


def reads(path: Path) -> Reads | None:
    """Return what a check reads: a specification, and the files beside it in its package.

    Args:
        path: a package or a file.

    Returns:
        None where the specification is so large that weights stand in it.

    Raises:
        ModelFileError: it is no Core ML model.
    """
    from halfpixel.formats.coreml.read.package import located

    package = located(path)
    spec = package.spec
    if not isinstance(spec, Path) or not spec.is_file():  # a pipe would be waited for
        return None
    if spec.stat().st_size > LARGEST:
        return None
    found = () if package.folder is None else os.walk(package.folder)
    files = sorted(Path(place, name) for place, _, names in found for name in names)
    return Reads(spec.read_bytes(), tuple(one for one in files if one != spec))


LARGEST: Final = 1 << 24
"""Bytes of a specification that is taken for the structure of a model."""

FORMAT = Format("Core ML", (".mlpackage", ".mlmodel", ".mlmodelc"), takes, opened, reads=reads)
