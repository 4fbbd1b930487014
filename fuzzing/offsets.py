"""Mutators of FlatBuffers: offsets, counts, numbers, texts and vtables, without a schema.

A word of four bytes that leads forwards to a place in the file is taken for an offset; a text is a
count with as many bytes and a zero behind. What grows is put at the end of the file, and an offset
leads there. All of them are functions of a random generator, as in `mutation.py`.
"""

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random
from typing import Final

from fuzzing.mutation import NUMBERS, STRINGS, mutated_bytes

LONGEST: Final = 200
"""Bytes of a text, and entries of a vector, that are looked at."""


@lru_cache(1000)
def offsets(data: bytes) -> tuple[int, ...]:
    """Return where words stand that may be offsets."""
    ends = range(0, len(data) - 3, 4)
    return tuple(at for at in ends if 3 < _word(data, at) < len(data) - at - 3)


def _word(data: bytes | bytearray, at: int) -> int:
    found: int = struct.unpack_from("<I", data, at)[0]
    return found


def mutated_flatbuffer(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Return a file with some of its parts changed, or once in a while some of its bytes."""
    if rng.random() < 0.06 or len(data) < 16:
        return mutated_bytes(rng, data)
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 9))):
        rng.choice(CHANGES)(rng, out, data, seeds)
    return bytes(out)


Change = Callable[[Random, bytearray, bytes, Sequence[bytes]], None]


def _number(rng: Random, out: bytearray, _data: bytes, _s: Sequence[bytes]) -> None:
    """Give a number of one to eight bytes another value."""
    kind, size = rng.choice((("B", 1), ("H", 2), ("I", 4), ("I", 4), ("Q", 8)))
    at = rng.randrange(max(1, len(out) - size)) // size * size
    value = rng.choice((rng.randrange(256), rng.choice(NUMBERS)))
    struct.pack_into(f"<{kind}", out, at, value % (1 << (8 * size)))


def _near(rng: Random, out: bytearray, _data: bytes, _s: Sequence[bytes]) -> None:
    """Change a number by a little, as of a tensor, a type or an option."""
    at = rng.randrange(len(out))
    out[at] = (out[at] + rng.choice((-2, -1, 1, 2, 4))) % 256


def _lead(rng: Random, out: bytearray, data: bytes, _s: Sequence[bytes]) -> None:
    """Let an offset lead to where another one does."""
    found = offsets(data)
    if len(found) > 1:
        at, other = rng.choice(found), rng.choice(found)
        struct.pack_into("<I", out, at, (other + _word(data, other) - at) % (1 << 32))


def _text(rng: Random, out: bytearray, data: bytes, _s: Sequence[bytes]) -> None:
    """Let a text be another: a hostile one, or that of another value."""
    places = [at for at in offsets(data) if _is_text(data, at + _word(data, at))]
    if not places:
        return
    at = rng.choice(places)
    new = rng.choice(STRINGS)
    if rng.random() < 0.4:
        other = rng.choice(places)
        start = other + _word(data, other)
        new = data[start + 4 : start + 4 + _word(data, start)]
    _append(out, at, struct.pack("<I", len(new)) + new + b"\0")


def _is_text(data: bytes, at: int) -> bool:
    if at + 4 > len(data):
        return False
    length = _word(data, at)
    end = at + 4 + length
    text = data[at + 4 : end]
    return length <= LONGEST and end < len(data) and data[end] == 0 and text.isascii()


def _vector(rng: Random, out: bytearray, data: bytes, _s: Sequence[bytes]) -> None:
    """Let a vector of numbers be a longer, a shorter or another one."""
    found = offsets(data)
    if not found:
        return
    at = rng.choice(found)
    start = at + _word(data, at)
    count = min(_word(data, start), LONGEST, (len(data) - start - 4) // 4)
    numbers = list(struct.unpack_from(f"<{count}i", data, start + 4))
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(numbers) + 1)
        small = rng.choice((rng.randrange(-2, 12), rng.choice(NUMBERS)))
        numbers[place : place + rng.randrange(2)] = [((small + (1 << 31)) % (1 << 32)) - (1 << 31)]
    if rng.random() < 0.1:
        numbers *= rng.choice((2, 50))
    _append(out, at, struct.pack(f"<I{len(numbers)}i", len(numbers), *numbers))


def _many(rng: Random, out: bytearray, data: bytes, _s: Sequence[bytes]) -> None:
    """Let a vector of tables have many entries that lead to one table of it."""
    found = [at for at in offsets(data) if 0 < _word(data, at + _word(data, at)) < LONGEST]
    if not found:
        return
    at = rng.choice(found)
    start = at + _word(data, at)
    count = rng.choice((2, 20, 2000))
    out += bytes(-len(out) % 4)
    new = struct.pack("<I", count)
    table = start + 4 + (_word(data, start + 4) if start + 8 <= len(data) else 0)
    table %= len(data)
    copy = len(out) + 4 + 4 * count
    for k in range(count):  # an offset leads forwards: the table is copied behind
        new += struct.pack("<I", copy + 8 - (len(out) + 4 + 4 * k))
    vtable = struct.pack("<i", copy + 8 - table)
    struct.pack_into("<I", out, at, (len(out) - at) % (1 << 32))
    out += new + bytes(8) + vtable + data[table + 4 : table + 60]


def _append(out: bytearray, at: int, thing: bytes) -> None:
    """Put something at the end, and let the offset at a place lead there."""
    out += bytes(-len(out) % 4)
    struct.pack_into("<I", out, at, (len(out) - at) % (1 << 32))
    out += thing


def _splice(rng: Random, out: bytearray, data: bytes, seeds: Sequence[bytes]) -> None:
    """Let an offset lead to a table of another file, which is put behind this one."""
    found, other = offsets(data), rng.choice(seeds)
    theirs = offsets(other)
    if not found or not theirs:
        return
    at, place = rng.choice(found), rng.choice(theirs)
    out += bytes(-len(out) % 16)
    start = len(out)
    out += other
    struct.pack_into("<I", out, at, (start + place + _word(other, place) - at) % (1 << 32))


CHANGES: Final[Sequence[Change]] = (
    *(_number, _number, _near, _near, _near, _lead, _lead, _text, _text),
    *(_vector, _vector, _vector, _many, _splice),
)
