"""What tells that a model is as it was: by its files' stamps, else by a digest of its structure.

A stamp is what the system says of a file, and costs nothing to ask. Where it differs (a checkout, a
copy, a touch), the structure is read and its digest compared, and only what differs in that is
judged again.
"""

import hashlib
import os
from pathlib import Path

from msgspec import Struct

from halfpixel.address import Address, Location
from halfpixel.batch.task import Stamp
from halfpixel.boundary import boundary
from halfpixel.errors import HalfpixelError
from halfpixel.format import Format
from halfpixel.formats.known import load_formats, named


class Digest(Struct, frozen=True):
    """What of a model was read.

    Attributes:
        digest: a hash of it; empty where nobody can say.
        data: the other files that may be looked at, each with its stamp.
    """

    digest: bytes = b""
    data: tuple[tuple[str, Stamp], ...] = ()


def stamp_of(path: Path | str) -> Stamp:
    """Return the stamp of a file, or of every file in a package; empty where none is there.

    The time of the last change of its entry is in it, which no program sets back.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - of tens of thousands of files
        if not os.path.isdir(path):  # noqa: PTH112 - likewise
            return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        whole: list[int] = [found.st_ino, found.st_ctime_ns]
        for place, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                one = os.stat(os.path.join(place, name))  # noqa: PTH116, PTH118 - likewise
                whole += [one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns]
    except (OSError, ValueError):
        return ()
    return tuple(whole)


def newest(stamp: Stamp) -> int:
    """Return when a file was changed last, in nanoseconds, as far as its stamp tells."""
    return max(stamp, default=0)


def digest_of(source: Location) -> Digest:
    """Return a digest of all that a check reads of a model; an empty one where it cannot be read.

    Args:
        source: its path; nothing is known of an address.
    """
    if isinstance(source, Address):
        return Digest()
    form = format_of(source)
    if form is None or form.reads is None:
        return Digest()
    try:
        with boundary(str(source)):
            found = form.reads(source)
    except HalfpixelError:
        return Digest()
    if found is None:
        return Digest()
    data = tuple((str(path), stamp_of(path)) for path in found.data)
    whole = hashlib.blake2b(found.structure, digest_size=16)
    whole.update(repr(data).encode("utf-8", "surrogatepass"))
    return Digest(whole.digest(), data)


def format_of(path: Path) -> Format | None:
    """Return the format that a file's name tells, or the usual one."""
    usual = (found for found in load_formats() if found.usual)
    return named(path.name) or next(usual, None)
