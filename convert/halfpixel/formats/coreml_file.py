"""Core ML: `.mlpackage` folders and `.mlmodel` files, ML Programs and neural networks in them."""

from typing import TYPE_CHECKING

from halfpixel.format import Format

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


FORMAT = Format("Core ML", (".mlpackage", ".mlmodel", ".mlmodelc"), takes, opened)
