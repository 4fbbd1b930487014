"""New FlatBuffers tables, laid out in front of the old ones that they lead to.

An offset leads forwards, so a table that takes in old ones has to stand before them: the block
comes first, and the old file behind it as it is. Offsets are relative, so nothing in it changes.

Source: FlatBuffers documentation, "FlatBuffer Internals".
"""

from collections.abc import Mapping, Sequence
from struct import pack
from typing import Final

from msgspec import Struct

from halfpixel.formats.flatbuffer_tables import SIZES, Scalar

ALIGNED: Final = 64
"""Bytes that a block is a multiple of: what was aligned behind it stays so."""


class Old(Struct, frozen=True):
    """What stands in the old file, at a place of it."""

    at: int


class Number(Struct, frozen=True):
    """A scalar field."""

    kind: Scalar
    value: int


class Data(Struct, frozen=True):
    """A vector of scalars or a text, as bytes.

    Attributes:
        data: the entries.
        size: bytes of an entry.
        ended: a zero comes behind it, as behind a text.
    """

    data: bytes
    size: int = 1
    ended: bool = False


class Refs(Struct, frozen=True):
    """A vector of tables."""

    entries: "Sequence[Old | New]"


class New(Struct, frozen=True):
    """A table.

    Attributes:
        fields: by number.
    """

    fields: "Mapping[int, Number | Data | Refs | Old | New]"


Thing = Old | Number | Data | Refs | New


def text(value: str) -> Data:
    """Return a text as a field."""
    return Data(value.encode(), ended=True)


def whole_numbers(values: Sequence[int]) -> Data:
    """Return a vector of int32 as a field."""
    return Data(pack(f"<{len(values)}i", *values), 4)


class _Block:
    """A block in the making: what is written, and which offsets are still open."""

    def __init__(self, start: int) -> None:
        self.out = bytearray(start)
        self.waiting: list[tuple[int, Thing]] = []
        self.olds: list[tuple[int, int]] = []

    def align(self, size: int, beyond: int = 0) -> None:
        while (len(self.out) + beyond) % size:
            self.out.append(0)

    def refer(self, thing: Thing) -> None:
        """Leave room for the offset to a thing."""
        if isinstance(thing, Old):
            self.olds.append((len(self.out), thing.at))
        else:
            self.waiting.append((len(self.out), thing))
        self.out += bytes(4)

    def place(self, thing: Thing) -> int:
        """Write a thing; return where it stands."""
        match thing:
            case Data():
                self.align(4)
                if thing.size == 8:
                    self.align(8, 4)
                at = len(self.out)
                self.out += pack("<I", len(thing.data) // thing.size) + thing.data
                self.out += bytes(int(thing.ended))
                return at
            case Refs():
                self.align(4)
                at = len(self.out)
                self.out += pack("<I", len(thing.entries))
                for entry in thing.entries:
                    self.refer(entry)
                return at
            case New():
                return self._table(thing)
            case _:
                raise TypeError(f"{type(thing).__name__} has no place of its own")

    def _table(self, table: New) -> int:
        count = max(table.fields, default=-1) + 1
        sizes = {f: _size(thing) for f, thing in table.fields.items()}
        order = sorted(sizes, key=lambda field: -sizes[field])
        places: dict[int, int] = {}
        end = 4
        if any(size == 8 for size in sizes.values()):
            end = 8
        for field in order:
            places[field] = end
            end += sizes[field]
        end += -end % 4
        self.align(2)
        vtable = len(self.out)
        self.out += pack(
            f"<{count + 2}H", 4 + 2 * count, end, *(places.get(f, 0) for f in range(count))
        )
        self.align(8)
        at = len(self.out)
        self.out += pack("<i", at - vtable) + bytes(end - 4)
        for field in order:
            thing, place = table.fields[field], at + places[field]
            if isinstance(thing, Number):
                self.out[place : place + sizes[field]] = pack(f"<{thing.kind}", thing.value)
            elif isinstance(thing, Old):
                self.olds.append((place, thing.at))
            else:
                self.waiting.append((place, thing))
        return at


def _size(thing: Thing) -> int:
    return SIZES[thing.kind] if isinstance(thing, Number) else 4


def block(root: New, identifier: bytes, base: int = 0) -> bytes:
    """Return a block that begins a file: its root, and all that is new below it.

    Args:
        root: the root table; what is old in it stands behind the block.
        identifier: what stands at byte 4.
        base: where what is old begins in its file.

    >>> len(block(New({0: Number("I", 3)}), b"TFL3")) % ALIGNED
    0
    """
    made = _Block(8)
    made.out[4:8] = identifier
    made.waiting.append((0, root))
    done = 0
    while done < len(made.waiting):
        where, thing = made.waiting[done]
        at = made.place(thing)
        made.out[where : where + 4] = pack("<I", at - where)
        done += 1
    made.align(ALIGNED)
    for where, old in made.olds:
        made.out[where : where + 4] = pack("<I", len(made.out) + old - base - where)
    return bytes(made.out)
