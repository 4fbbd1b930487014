"""FlatBuffers: tables of a file that is mapped, where every access stays inside the file.

A table begins with the distance back to its vtable, which says where each field stands; a field
that has its default is absent. Offsets to tables, texts and vectors lead forwards and so in no
circle, but may lead to one thing many times: what is read of vectors is counted as work.

The flatbuffers package reads without looking where an offset leads, and its C++ verifier has no
Python counterpart; it also imports numpy, which costs more than a whole check.

Source: FlatBuffers documentation, "FlatBuffer Internals".
"""

import struct
from collections.abc import Iterable
from itertools import islice
from mmap import mmap
from typing import Final, Literal

from msgspec import Struct

from halfpixel.formats.mapping import LARGE, View, give_back
from halfpixel.formats.protobuf_wire import Malformed
from halfpixel.work import spend

Scalar = Literal["b", "B", "h", "H", "i", "I", "q", "Q", "f", "d"]

SIZES: Final = {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "q": 8, "Q": 8, "f": 4, "d": 8}

PARTS: Final = 512
"""Bytes from a table on among which its texts and short vectors usually lie: these are written
first, and a file is written from its end to its beginning."""

BEFORE: Final = 64
"""Bytes before a table among which its vtable lies, where no other table has the same."""

MOST_AHEAD: Final = 1 << 14
"""Tables that are asked for at once."""

A_STEP: Final = 64
"""Entries of a vector that are read in the time of one step of exact work."""


class Vector(Struct, frozen=True):
    """A vector: its entries lie one behind the other.

    Attributes:
        view: the file.
        at: the first entry.
        count: how many entries there are.
        size: bytes of an entry.
    """

    view: View
    at: int
    count: int
    size: int

    def __len__(self) -> int:
        """How many entries there are."""
        return self.count

    def place(self, index: int) -> int:
        """Return where the table stands that an entry leads to.

        Raises:
            Malformed: there is no such entry.
        """
        if not 0 <= index < self.count:
            raise Malformed(f"entry {index} of {self.count} at byte {self.at}")
        at = self.at + 4 * index
        return at + number(self.view, at, "I")

    def table(self, index: int) -> "Table":
        """Return the table that an entry leads to.

        Raises:
            Malformed: it leads out of the file, or there is no such entry.
        """
        return table_at(self.view, self.place(index))

    def tables(self, size: int = PARTS) -> "list[Table]":
        """Return the table of each entry; raises as `table`.

        Args:
            size: as `bring` takes it.
        """
        spend(self.count // A_STEP)
        self.bring(range(self.count), size)
        found, last = list[Table](), self.at
        for index in range(self.count):
            found.append(self.table(index))
            if abs(found[-1].at - last) > LARGE:
                give_back(self.view)
            last = found[-1].at
        return found

    def bring(self, entries: Iterable[int], size: int) -> None:
        """Let the tables of some entries come together, where the file is elsewhere.

        Args:
            entries: their numbers.
            size: bytes from the table on among which what belongs to it usually lies.
        """
        if isinstance(self.view, bytes | mmap):
            return
        places = [self.place(index) for index in islice(entries, MOST_AHEAD)]
        self.view.bring([(at - BEFORE, at + size) for at in places])

    @property
    def data(self) -> bytes:
        """The entries as they lie in the file."""
        return bytes(self.view[self.at : self.at + self.count * self.size])

    def texts(self) -> list[str]:
        """Return each entry as text; raises as `Table.text`."""
        spend(self.count // A_STEP)
        starts = range(self.at, self.at + 4 * self.count, 4)
        return [_text(self.view, at + number(self.view, at, "I")) for at in starts]


class Table(Struct, frozen=True):
    """A table.

    Attributes:
        view: the file.
        at: where it stands.
        vtable: where its vtable stands.
        length: bytes of the vtable.
        size: bytes of the table itself.
    """

    view: View
    at: int
    vtable: int
    length: int
    size: int

    def place(self, field: int) -> int:
        """Return where a field stands; 0 where it is absent and so has its default.

        Raises:
            Malformed: it stands outside the table.
        """
        entry = 4 + 2 * field
        if entry + 2 > self.length:
            return 0
        found = number(self.view, self.vtable + entry, "H")
        if found >= self.size:
            raise Malformed(f"field {field} of the table at byte {self.at} stands outside it")
        return self.at + found if found else 0

    def number(self, field: int, kind: Scalar, default: int = 0) -> int:
        """Return a whole number, or its default; raises as `place`."""
        at = self.place(field)
        return number(self.view, at, kind) if at else default

    def flag(self, field: int) -> bool:
        """Return a boolean, false where it is absent; raises as `place`."""
        return bool(self.number(field, "B"))

    def text(self, field: int) -> str:
        """Return a text, empty where it is absent.

        Raises:
            Malformed: it stands outside the file, or is not UTF-8.
        """
        at = self.place(field)
        return _text(self.view, at + number(self.view, at, "I")) if at else ""

    def table(self, field: int) -> "Table | None":
        """Return the table that a field leads to; None where it is absent. Raises as `place`."""
        at = self.place(field)
        return table_at(self.view, at + number(self.view, at, "I")) if at else None

    def vector(self, field: int, size: int = 4) -> Vector:
        """Return a vector with entries of so many bytes, empty where it is absent.

        Raises:
            Malformed: it reaches beyond the file.
        """
        at = self.place(field)
        if not at:
            return Vector(self.view, 0, 0, size)
        return _vector(self.view, at + number(self.view, at, "I"), size)

    def numbers(self, field: int, kind: Scalar = "i") -> tuple[int, ...]:
        """Return a vector of whole numbers, empty where it is absent; raises as `vector`."""
        found = self.vector(field, SIZES[kind])
        spend(found.count // A_STEP)
        return struct.unpack(f"<{found.count}{kind}", found.data)


def number(view: View, at: int, kind: Scalar) -> int:
    """Return the number at a place.

    Raises:
        Malformed: it reaches beyond the file.

    >>> number(bytes([0xFE, 0xFF]), 0, "h")
    -2
    """
    data = view[at : at + SIZES[kind]] if at >= 0 else b""
    if len(data) < SIZES[kind]:
        raise Malformed(f"an offset leads to byte {at}, the file has {len(view)}")
    value: int = struct.unpack(f"<{kind}", data)[0]
    return value


def root(view: View, base: int = 0) -> Table:
    """Return the root table of a file.

    Args:
        view: the file.
        base: where it begins, in one that holds others too.

    Raises:
        Malformed: it leads out of the file.
    """
    return table_at(view, base + number(view, base, "I"))


def table_at(view: View, at: int) -> Table:
    """Return the table at a place.

    Raises:
        Malformed: it, or its vtable, does not lie inside the file.
    """
    vtable = at - number(view, at, "i")
    if vtable < 0:
        raise Malformed(f"the table at byte {at} has its vtable before the file")
    length, size = number(view, vtable, "H"), number(view, vtable + 2, "H")
    if length < 4 or size < 4 or vtable + length > len(view) or at + size > len(view):
        raise Malformed(f"the table at byte {at} does not lie inside the file")
    return Table(view, at, vtable, length, size)


def _vector(view: View, at: int, size: int) -> Vector:
    count = number(view, at, "I")
    if at + 4 + count * size > len(view):
        raise Malformed(f"the {count} entries at byte {at} reach beyond the file")
    return Vector(view, at + 4, count, size)


def _text(view: View, at: int) -> str:
    try:
        return _vector(view, at, 1).data.decode()
    except UnicodeDecodeError:
        raise Malformed(f"the text at byte {at} is not UTF-8") from None
