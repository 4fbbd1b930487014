"""The protobuf wire format: messages stepped over by their lengths, in a file that is mapped.

Source: Protocol Buffers documentation, "Encoding".
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from halfpixel.formats.mapping import View
from halfpixel.formats.pieces import Piece, size_of

VARINT, FIXED64, BYTES, GROUP, END_GROUP, FIXED32 = 0, 1, 2, 3, 4, 5

ROW: Final = 64
"""Short fields one after the other from which on more are expected."""

SHORT: Final = 512
"""Bytes below which a field is short."""

BLOCK: Final = 1 << 15
"""Bytes that are copied to be stepped over."""


class Malformed(Exception):  # noqa: N818 - becomes a ModelFileError with the file's name
    """Bytes that are no protobuf message; the text says where and why."""


class Span(Struct, frozen=True):
    """Where a field stands in the file.

    Attributes:
        at: its tag.
        start: the first byte of its value.
        stop: the byte behind its last.
    """

    at: int
    start: int
    stop: int


class WireReader(Struct):
    """Steps over the fields of messages.

    Attributes:
        view: the bytes.
    """

    view: View

    def varint(self, at: int, end: int) -> tuple[int, int]:
        """Return the number at `at` and the place behind it.

        >>> WireReader(bytes([0xAC, 0x02])).varint(0, 2)
        (300, 2)
        """
        value = shift = 0
        start, view = at, self.view
        while at < end:
            byte = view[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, at
            shift += 7
            if shift > 63:
                raise Malformed(f"a number of more than ten bytes at byte {start}")
        raise Malformed(f"the message ends inside a number at byte {start}")

    def field(self, at: int, end: int) -> tuple[int, int, int, int]:
        """Return (tag, start of the value, end of the value) as (tag, kind, start, end)."""
        tag, start = self.varint(at, end)
        kind = tag & 7
        if tag < 8:
            raise Malformed(f"field number 0 at byte {at}")
        if kind == BYTES:
            length, start = self.varint(start, end)
            stop = start + length
        elif kind == VARINT:
            _, stop = self.varint(start, end)
        elif kind == FIXED32:
            stop = start + 4
        elif kind == FIXED64:
            stop = start + 8
        elif kind == GROUP:
            stop = self._group_end(start, end, tag)
        else:
            raise Malformed(f"wire type {kind} at byte {at}")
        if stop > end:
            over = f"field {tag >> 3} at byte {at} ends at byte {stop}"
            raise Malformed(f"{over}, its message at byte {end}")
        return tag, kind, start, stop

    def fields(self, at: int, stop: int) -> Iterator[tuple[int, int, Span]]:
        """Yield number, wire type and place of the fields of a message.

        Raises:
            Malformed: it is none.
        """
        while at < stop:
            tag, kind, start, end = self.field(at, stop)
            yield tag >> 3, kind, Span(at, start, end)
            at = end

    def behind_row(self, at: int, end: int) -> int:
        """Return the place behind short fields of one number that stand one after the other.

        They are stepped over in copies of the bytes, which takes a third of the time. What is long,
        or no field, is left to be looked at.
        """
        tag = self.view[at]
        while at < end and tag & 7 == BYTES and 8 <= tag < 0x80:
            block, place = self.view[at : min(at + BLOCK, end)], 0
            last = len(block) - 2
            while place < last and block[place] == tag:
                length = block[place + 1]
                if length >= 0x80:
                    more = block[place + 2]
                    if more >= SHORT >> 7:
                        break
                    length += (more << 7) - 0x7F
                place += 2 + length
            if not place or at + place > end:
                return at
            at += place
            if place < last:
                return at
        return at

    def _group_end(self, at: int, end: int, tag: int) -> int:
        """Return the place behind a group, which no format here uses and protobuf skips."""
        open_groups = [tag >> 3]
        while open_groups:
            tag, start = self.varint(at, end)
            if tag & 7 == GROUP:
                open_groups.append(tag >> 3)
                at = start
            elif tag & 7 == END_GROUP:
                if open_groups.pop() != tag >> 3:
                    raise Malformed(f"a group is closed by another's end at byte {at}")
                at = start
            else:
                at = self.field(at, end)[3]
        return at


def varint_bytes(value: int) -> bytes:
    """Return a number as protobuf writes it.

    >>> varint_bytes(300).hex()
    'ac02'
    """
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def bytes_field(number: int, value: bytes) -> bytes:
    """Return a field of bytes, a text or a message as protobuf writes it."""
    return varint_bytes(number << 3 | BYTES) + varint_bytes(len(value)) + value


class Pieces(Struct):
    """Pieces in the making; ranges that touch are joined."""

    pieces: list[Piece] = field(default_factory=list[Piece])

    def copy(self, start: int, stop: int) -> None:
        """Add a range of the old file."""
        if start == stop:
            return
        last = self.pieces[-1] if self.pieces else b""
        if isinstance(last, tuple) and last[1] == start:
            self.pieces[-1] = (last[0], stop)
        else:
            self.pieces.append((start, stop))

    def add(self, data: bytes) -> None:
        """Add new bytes."""
        last = self.pieces[-1] if self.pieces else None
        if isinstance(last, bytes):
            self.pieces[-1] = last + data
        else:
            self.pieces.append(data)

    def message(self, number: int, body: "Pieces") -> None:
        """Add a field that holds a message."""
        self.add(varint_bytes(number << 3 | BYTES) + varint_bytes(size_of(body.pieces)))
        for piece in body.pieces:
            if isinstance(piece, bytes):
                self.add(piece)
            else:
                self.copy(*piece)
