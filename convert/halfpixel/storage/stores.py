"""Which store an address is in.

Object stores and the web are read by obstore: it is there 30 times sooner than s3fs, asks for a
state of the file (``If-Match``), and repeats what failed (`benchmarks/results/remote.txt`). Every
other protocol is read by what fsspec has for it.
"""

from collections.abc import Callable, Iterator
from typing import Final

from halfpixel.address import WEB, Address
from halfpixel.storage.store import Stored

OBJECTS: Final = frozenset(
    {"s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "adl", *WEB},
)
"""Protocols that obstore reads."""

READERS: Final[dict[str, Callable[[Address], Stored]]] = {}
"""What reads a protocol in the place of these: a service puts here what reads for strangers."""


def stored(address: Address) -> Stored:
    """Return the file that an address names; nothing is asked for yet.

    Raises:
        ModelFileError: the address is none.
        MissingExtraError: what reads it is not installed.
    """
    if address.protocol in READERS:
        return READERS[address.protocol](address)
    if "::" not in address.text and address.protocol in OBJECTS:
        from halfpixel.storage.objects import StoredObject

        return StoredObject(address)
    from halfpixel.storage.filesystems import StoredFile

    return StoredFile(address)


def files_below(address: Address) -> Iterator[Address]:
    """Yield the files below a folder, in no order.

    Raises:
        ModelFileError: it cannot be listed.
        MissingExtraError: what lists it is not installed.
    """
    if "::" not in address.text and address.protocol in OBJECTS - set(WEB):
        from halfpixel.storage.objects import below

        return below(address)
    from halfpixel.storage.filesystems import below as below_here

    return below_here(address)
