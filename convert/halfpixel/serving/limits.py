"""What a service allows: sizes, times, memory, how many at once, and what it may read."""

import re
from pathlib import Path
from typing import Final

from msgspec import Struct

from halfpixel.errors import UsageError
from halfpixel.serving.addresses import Allowed
from halfpixel.work import MOST

MIB: Final = 1 << 20
_SIZE: Final = re.compile(r"(\d{1,12})\s*([KMGT]?)(?:I?B)?", re.IGNORECASE)
_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Limits(Struct, frozen=True):
    """What a service allows.

    Attributes:
        roots: folders below which it reads models.
        allowed: addresses below which it reads models.
        private: hosts of these that are not of the public internet are reached too.
        names: names of the service that a request may carry; any where empty.
        config: the configuration file that every model is checked by.
        size: bytes of an upload.
        seconds: seconds that a check may take.
        upload_seconds: seconds in which an upload has to be here.
        idle_seconds: seconds in which some of it has to come.
        memory: bytes that a check may take.
        workers: checks at once.
        queue: requests that wait besides.
        work: steps of exact work that a model may take.
    """

    roots: tuple[Path, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    private: bool = False
    names: tuple[str, ...] = ()
    config: str | None = None
    size: int = 1 << 30
    seconds: float = 30.0
    upload_seconds: float = 300.0
    idle_seconds: float = 10.0
    memory: int = 2 << 30
    workers: int = 2
    queue: int = 64
    work: int = MOST


def parse_size(text: str) -> int:
    """Return the bytes that a text says: a number, and a unit of 1024 of those before it.

    Raises:
        UsageError: a text that is none.

    >>> parse_size("1"), parse_size("512 KiB"), parse_size("2G")
    (1, 524288, 2147483648)
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise UsageError(f"size {text!r}: expected a number of bytes, such as 512MiB or 2GiB")
    return int(found[1]) * _UNITS[found[2].upper()]
