"""A protobuf message as a tree that can be changed, without its schema.

Bytes that spell a message are taken for one, unless they read as text: a guess, which is enough
to change fields instead of bytes. Written independently of the reader that is tested.

Source: Protocol Buffers documentation, "Encoding".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
WIDTHS: Final = {FIXED64: 8, FIXED32: 4}
HIGHEST_FIELD: Final = 4000
"""Above every field number of the formats; higher ones are no message."""

DEEPEST: Final = 40


@dataclass(slots=True)
class Field:
    """One field.

    Attributes:
        number: its number.
        kind: its wire type.
        value: a number, bytes, or the fields of a message.
        lie: what is added to the length that is written before it.
    """

    number: int
    kind: int
    value: "int | bytes | list[Field]"
    lie: int = 0


def parsed(data: bytes, depth: int = 0) -> list[Field] | None:
    """Return the fields of a message; None where bytes are none.

    >>> parsed(bytes([8, 150, 1]))
    [Field(number=1, kind=0, value=150, lie=0)]
    """
    fields: list[Field] = []
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if at < 0 or not 0 < number < HIGHEST_FIELD:
            return None
        if kind == VARINT:
            value, at = _varint(data, at)
            if at < 0:
                return None
            fields.append(Field(number, kind, value))
            continue
        length = WIDTHS.get(kind, -1)
        if kind == BYTES:
            length, at = _varint(data, at)
        if length < 0 or at < 0 or at + length > len(data):
            return None
        inner = data[at : at + length]
        at += length
        message = parsed(inner, depth + 1) if kind == BYTES and _guessed(inner, depth) else None
        fields.append(Field(number, kind, inner if message is None else message))
    return fields


def serialized(fields: list[Field]) -> bytes:
    """Return the bytes of a message.

    >>> serialized([Field(1, BYTES, [Field(1, VARINT, 150)])]).hex()
    '0a03089601'
    """
    out = bytearray()
    for field in fields:
        out += varint(field.number << 3 | field.kind)
        if isinstance(field.value, int):
            out += varint(field.value)
            continue
        data = field.value if isinstance(field.value, bytes) else serialized(field.value)
        if field.kind == BYTES:
            out += varint(max(0, len(data) + field.lie))
        out += data
    return bytes(out)


def varint(value: int) -> bytes:
    """Return a number as it is written, negative ones in ten bytes."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def places(fields: list[Field]) -> Iterator[tuple[list[Field], int]]:
    """Yield every field of a tree as the message that holds it and its place in there."""
    for place, field in enumerate(fields):
        yield fields, place
        if isinstance(field.value, list):
            yield from places(field.value)


def copied(field: Field) -> Field:
    """Return a copy that shares nothing."""
    value = [copied(one) for one in field.value] if isinstance(field.value, list) else field.value
    return Field(field.number, field.kind, value, field.lie)


def words(fields: list[Field]) -> Iterator[bytes]:
    """Yield what reads as text in a tree."""
    for message, place in places(fields):
        value = message[place].value
        if isinstance(value, bytes) and 1 < len(value) < 200 and value.isascii():
            yield value


def _guessed(data: bytes, depth: int) -> bool:
    """Whether bytes may be a message: not empty, not text, not too deep."""
    return depth < DEEPEST and len(data) > 1 and not all(0x20 <= byte < 0x7F for byte in data)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number and the place behind it, which is -1 where there is none."""
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    return 0, -1


def flat(field: Field) -> bytes:
    """Return the bytes of a field's value, whatever it was taken for."""
    if isinstance(field.value, int):
        return varint(field.value)
    return field.value if isinstance(field.value, bytes) else serialized(field.value)
