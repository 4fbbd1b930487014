"""LiteRT: `.tflite` files, and bundles that hold one uncompressed."""

from typing import TYPE_CHECKING

from halfpixel.format import Format

if TYPE_CHECKING:
    from halfpixel.format import Opened


def takes(_source: object) -> bool:
    """Whether an object in memory is a LiteRT model: they are read from files alone."""
    return False


def opened(source: object) -> "Opened":
    """Return the structure of a model in a file; its reader is imported with the first one.

    Raises:
        ModelFileError: it is no LiteRT model, or is broken.
        GraphError: a graph is impossible.
    """
    from halfpixel.formats.litert.model import opened as opened_file

    return opened_file(source)


FORMAT = Format(
    "LiteRT", (".tflite", ".lite", ".litertlm", ".task"), takes, opened, identifier=(4, b"TFL3")
)
