"""LiteRT: `.tflite` files, and bundles that hold one uncompressed."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.format import Format, Reads

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


WHOLE: Final = 1 << 20
"""Bytes of a file that are taken for what a check reads, as they are."""


def reads(path: Path) -> Reads | None:
    """Return what of a file a check reads: all of one that is small.

    Args:
        path: a file of any size.

    Returns:
        None for a larger one: which constants are read hangs on its graphs.

    Raises:
        ModelFileError: it cannot be read.
    """
    from halfpixel.formats.mapping import mapped

    with mapped(path, "a LiteRT model", taken=b"PK\x03\x04") as view:
        return Reads(view[:]) if len(view) <= WHOLE else None


FORMAT = Format(
    "LiteRT",
    (".tflite", ".lite", ".litertlm", ".task"),
    takes,
    opened,
    reads=reads,
    identifier=(4, b"TFL3"),
)
