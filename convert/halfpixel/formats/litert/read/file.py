"""Where LiteRT models lie: a file of their own, or a bundle that holds them as they are.

A `.task` bundle is a zip archive of one or more models, and a `.litertlm` file has sections behind
a header. A model is read where it lies uncompressed; one that is packed is refused by its name.

Source: MediaPipe `tasks/cc/metadata/utils/zip_utils.cc` and LiteRT-LM
`schema/core/litertlm_header_schema.fbs`.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from mmap import mmap
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.errors import HalfpixelError, ModelFileError
from halfpixel.formats.flatbuffer_tables import number, root
from halfpixel.formats.litert.schema import IDENTIFIER
from halfpixel.formats.mapping import View, mapped
from halfpixel.formats.protobuf_wire import Malformed
from halfpixel.printable import printable

if TYPE_CHECKING:
    from zipfile import ZipInfo

    from halfpixel.storage.remote_file import File

BUNDLE: Final = b"LITERTLM"
ENDS, HEADER = 24, 32
"""Where a bundle says at which byte its header ends, and where that begins."""

SECTIONS, OBJECTS, BEGIN, TYPE, TFLITE = 1, 0, 1, 3, 3
"""Fields of a bundle's header, and what the type of a section that is a model is."""

MOST_SECTIONS: Final = 1_000
"""Sections of a bundle that are looked at; real ones have some ten."""

ARCHIVE: Final = b"PK\x03\x04"
"""What a zip archive, and each member in it, begins with."""

MEMBER: Final = 30
"""Bytes of a member's header, without its name and what else it says."""

LARGEST_LIST: Final = 1 << 20
"""Bytes of an archive's list of members that are read."""

LAST: Final = 22 + (1 << 16)
"""Bytes among which an archive says where that list is: behind them is at most a comment."""

ENDING: Final = ".tflite"
KIND: Final = "a LiteRT model"


class Member(Struct, frozen=True):
    """A model in a file.

    Attributes:
        name: what the bundle calls it; empty in a file of its own, and where it is the only one.
        base: where it begins.
    """

    name: str
    base: int


@contextmanager
def members_view(path: "File") -> Generator[tuple[View, list[Member]]]:
    """Open a file, with the models in it.

    Raises:
        ModelFileError: it cannot be read, is no LiteRT model, or holds none uncompressed.
    """
    with mapped(path, KIND, taken=ARCHIVE) as view:
        if not isinstance(view, mmap) and len(view) <= view.cheap:
            view.bring([(0, len(view))])
        yield view, _members(view, path)


@contextmanager
def model_view(path: "File") -> Generator[tuple[View, int]]:
    """Open a file, with the place at which its only model begins; raises as `members_view`."""
    with members_view(path) as (view, members):
        if len(members) > 1:
            raise ModelFileError(path, f"holds {len(members)} models, expected one")
        yield view, members[0].base


def _members(view: View, path: "File") -> list[Member]:
    """Return the models in a file; raises as `members_view`."""
    if view[4:8] == IDENTIFIER:
        return [Member("", 0)]
    try:
        found = list(_inside(view, path))
    except Malformed as error:
        raise ModelFileError(path, f"not {KIND}: {error}") from error
    if not found:
        raise ModelFileError(path, f"not {KIND}: {_otherwise(path)}")
    return found if len(found) > 1 else [Member("", found[0].base)]


def _otherwise(path: "File") -> str:
    """Return what a file is that is no model of LiteRT, as far as it can be told."""
    from halfpixel.formats.onnx.structure import structure

    try:
        structure(path)
    except HalfpixelError:
        return "byte 4 does not say TFL3"
    return "by its content it is an ONNX model"


def _inside(view: View, path: "File") -> Iterator[Member]:
    """Yield the models of a bundle."""
    if view[:4] == ARCHIVE:
        yield from _archived(view, path)
    elif view[:8] == BUNDLE:
        yield from _sections(view)


def _sections(view: View) -> Iterator[Member]:
    """Yield the models of a .litertlm file; raises as `members_view`."""
    if not HEADER < number(view, ENDS, "Q") <= len(view):
        raise Malformed("it is a bundle whose header does not end inside the file")
    header = root(view, HEADER).table(SECTIONS)
    found = [] if header is None else header.vector(OBJECTS).tables()
    if len(found) > MOST_SECTIONS:
        raise Malformed(f"it is a bundle of {len(found)} sections")
    for place, section in enumerate(found):
        base = section.number(BEGIN, "Q")
        if section.number(TYPE, "B") != TFLITE:
            continue
        if view[base + 4 : base + 8] != IDENTIFIER:
            raise Malformed(
                f"section {place} should be a model, and byte {base + 4} does not say so"
            )
        yield Member(f"section {place}", base)


def _archived(view: View, path: "File") -> Iterator[Member]:
    """Yield the models of a zip archive.

    Raises:
        Malformed: it is broken, or holds no model.
        ModelFileError: a model in it is packed.
    """
    from zipfile import ZIP_STORED

    found = 0
    for entry in _entries(view, path):
        start = entry.header_offset
        if view[start : start + 4] != ARCHIVE:
            raise Malformed(f"member {printable(entry.filename)!r} does not begin at byte {start}")
        base = start + MEMBER + number(view, start + 26, "H") + number(view, start + 28, "H")
        if entry.compress_type != ZIP_STORED or entry.flag_bits & 1:
            if entry.filename.endswith(ENDING):
                packed = f"{printable(entry.filename)!r} is packed, and only read as it is"
                raise ModelFileError(path, f"{packed}: unpack the bundle, and give the file")
        elif view[base + 4 : base + 8] == IDENTIFIER:
            found += 1
            yield Member(entry.filename, base)
    if not found:
        raise Malformed("it is a zip archive that holds no model")


def _entries(view: View, path: "File") -> "list[ZipInfo]":
    from zipfile import BadZipFile, ZipFile

    last = max(0, len(view) - LAST)
    end = view[last : len(view)].rfind(b"PK\x05\x06")
    at = last + end
    if end < 0 or number(view, at + 12, "I") > LARGEST_LIST:
        raise Malformed("it is a zip archive without a list of members that is read")
    try:
        with path.open("rb") as file, ZipFile(file) as archive:
            return archive.infolist()
    except (BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise Malformed(f"it is a zip archive that is broken: {error}") from error
