"""Where a LiteRT model lies: a file of its own, or a file inside a bundle that holds it as it is.

A `.task` bundle is a zip archive, and a `.litertlm` file has sections behind a header. A model is
read where it lies uncompressed; one that is packed is refused by its name.

Source: MediaPipe `tasks/python/metadata` and LiteRT-LM `schema/core/litertlm_header_schema.fbs`.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from halfpixel.errors import ModelFileError
from halfpixel.formats.litert.schema import IDENTIFIER
from halfpixel.formats.protobuf_wire import Malformed, View, mapped

BUNDLE: Final = b"LITERTLM"
ALIGNED: Final = 16384
"""Bytes that sections of a .litertlm file begin at a multiple of."""

KIND: Final = "a LiteRT model"


@contextmanager
def model_view(path: Path) -> Generator[tuple[View, int]]:
    """Open a file, with the place at which its model begins.

    Raises:
        ModelFileError: it cannot be read, is no LiteRT model, or holds none uncompressed.
    """
    with mapped(path, KIND) as view:
        yield view, base_of(view, path)


def base_of(view: View, path: Path) -> int:
    """Return where the model begins in a file; raises as `model_view`."""
    if view[4:8] == IDENTIFIER:
        return 0
    try:
        found = list(_inside(view))
    except Malformed as error:
        raise ModelFileError(path, f"not {KIND}: {error}") from error
    if len(found) == 1:
        return found[0]
    if found:
        raise ModelFileError(path, f"holds {len(found)} models, expected one")
    raise ModelFileError(path, f"not {KIND}: byte 4 does not say TFL3")


def _inside(view: View) -> Iterator[int]:
    """Yield where models begin in a bundle."""
    if view[:8] == BUNDLE:
        for at in range(ALIGNED, len(view) - 8, ALIGNED):
            if view[at + 4 : at + 8] == IDENTIFIER:
                yield at
