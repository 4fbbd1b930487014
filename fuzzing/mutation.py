"""Mutators: of protobuf messages by their fields, of bytes, and of texts.

All of them are functions of a random generator, so that an input can be made again from its seed.
"""

import re
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random
from typing import Final

from fuzzing.wire import BYTES, FIXED32, FIXED64, VARINT, Field, copied, parsed, places, serialized

MARK: Final = "FORGED"
"""What hostile strings say at the start of a line of their own, where no report may show it."""

NUMBERS: Final = (
    *(0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 16, 17, 63, 64, 255, 1000, 65535),
    *(-1, -2, -3, 1_500_000, 1 << 20, 1 << 31, (1 << 31) - 1, -(1 << 31)),
    *(1 << 32, 1 << 40, (1 << 63) - 1, -(1 << 63)),
)
FLOATS: Final = (
    *(0.0, -0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 1 / 3, 1.1, 0.02, -1.0, -0.75, 2.000001),
    *(1e-30, 1e-45, 1e30, 3e38, 65504.0, float("inf"), float("-inf"), float("nan")),
)
STRINGS: Final = (
    b"",
    b"\x1b[31mred\x1b[0m",
    f"\n::error file=other.py,line=1::{MARK}".encode(),
    f"a\r::{MARK}\x07\x00\x9b1m\u202eback\u2028\u2066".encode(),
    f"\n{MARK}\n".encode(),
    b'"""\nraise SystemExit(7)\n"""',
    b"'; raise SystemExit(7) #",
    b"[bold]{x!r:>9}%s%n</td>&<script>",
    b"\xff\xfe\xc3\x28",
    b"\xed\xa0\x80",
    "é\U0001f600ß漢".encode(),
    b"..",
    b"../secret.bin",
    b"/dev/zero",
    b"link.bin",
    b"pipe.bin",
    b".git/hooks/pre-commit",
    b"a\\..\\b",
    b"x" * 3000,
    b"(" * 800,
    b"[" * 300 + b"]" * 300,
    b"1e999",
    b"0x" + b"f" * 5000,
    b"9" * 5000,
    b"-1",
    b"nan",
    b" " * 2000,
)

TOKEN: Final = re.compile(r"\d[\w.]*|\w+")

Words = Sequence[bytes]


def mutated_message(rng: Random, data: bytes, seeds: Sequence[bytes], words: Words) -> bytes:
    """Return a message with some of its fields changed, and once in a while some of its bytes.

    Args:
        rng: what is changed, and how.
        data: the message.
        seeds: messages that may lend their fields.
        words: texts that mean something in such messages.
    """
    tree = _tree(data)
    if tree is None or rng.random() < 0.06:
        return mutated_bytes(rng, data)
    fields = [copied(field) for field in tree]
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 9))):
        _change(rng, fields, seeds, words)
    out = serialized(fields)
    return mutated_bytes(rng, out) if rng.random() < 0.04 else out


def mutated_bytes(rng: Random, data: bytes) -> bytes:
    """Return bytes with some of them flipped, left out, said twice or written over."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(out) + 1)
        match rng.randrange(6):
            case 0 if out:
                out[at % len(out)] ^= 1 << rng.randrange(8)
            case 1:
                del out[at : at + rng.randrange(1, 20)]
            case 2:
                out[at:at] = out[at : at + rng.randrange(1, 40)]
            case 3:
                out[at : at + rng.randrange(4)] = rng.choice(STRINGS)
            case 4:
                out[at : at + 4] = rng.randbytes(4)
            case _:
                del out[at:]
    return bytes(out)


def mutated_text(rng: Random, seeds: Sequence[str], words: Sequence[str]) -> str:
    """Return a text with some of its parts changed, taken from another, or hostile."""
    text = rng.choice(seeds)
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        text = _other_token(rng, text, seeds)
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3, 6))):
        a = rng.randrange(len(text) + 1)
        b = a + rng.choice((1, 1, 2, 3, 8, 30))
        match rng.randrange(8):
            case 0:
                text = text[:a] + text[b:]
            case 1:
                text = text[:a] + rng.choice(STRINGS).decode("utf-8", "replace") + text[a:]
            case 2:
                text = text[:a] + rng.choice(words) + text[a + rng.randrange(6) :]
            case 3:
                other = rng.choice(seeds)
                start = rng.randrange(len(other) + 1)
                text = text[:a] + other[start : start + rng.randrange(1, 60)] + text[b:]
            case 4:
                text = text[:a] + str(rng.choice(NUMBERS)) + text[a + rng.randrange(3) :]
            case 5:
                text = text[:a] + repr(rng.choice(FLOATS)) + text[a + rng.randrange(4) :]
            case 6:
                text = text[:a] + text[a:b] * rng.choice((2, 3, 200)) + text[b:]
            case _:
                text = text[:a] + rng.choice("()[]{},=.*-%\"'\\\n\t #:") + text[a + 1 :]
    return text[:200_000]


def _other_token(rng: Random, text: str, seeds: Sequence[str]) -> str:
    """Give a number or a word of a text another value, such as another text's."""
    found = list(TOKEN.finditer(text))
    if not found:
        return text
    token = rng.choice(found)
    if token[0][0].isdigit():
        new = str(rng.choice(NUMBERS)) if rng.random() < 0.6 else repr(rng.choice(FLOATS))
    else:
        others = TOKEN.findall(rng.choice(seeds))
        new = rng.choice(others) if others and rng.random() < 0.8 else ""
    return text[: token.start()] + new + text[token.end() :]


@lru_cache(1000)
def _tree(data: bytes) -> list[Field] | None:
    return parsed(data)


Change = Callable[[Random, list[Field], int, Sequence[bytes], Words], None]


def _change(rng: Random, fields: list[Field], seeds: Sequence[bytes], words: Words) -> None:
    everywhere = list(places(fields))
    if not everywhere:
        fields.append(Field(rng.randrange(1, 20), VARINT, rng.choice(NUMBERS)))
        return
    message, place = rng.choice(everywhere)
    rng.choice(CHANGES)(rng, message, place, seeds, words)


def _value(
    rng: Random, message: list[Field], place: int, _s: Sequence[bytes], words: Words
) -> None:
    """Give a field another value of its own wire type."""
    field = message[place]
    if field.kind == VARINT:
        field.value = rng.choice(NUMBERS)
    elif field.kind == FIXED32:
        field.value = struct.pack("<f", rng.choice(FLOATS))
    elif field.kind == FIXED64:
        field.value = struct.pack("<d", rng.choice(FLOATS))
    elif isinstance(field.value, bytes):
        field.value = _bytes(rng, field.value, words)
    elif isinstance(field.value, list) and field.value:
        _value(rng, field.value, rng.randrange(len(field.value)), _s, words)


def _bytes(rng: Random, old: bytes, words: Words) -> bytes:
    match rng.randrange(6):
        case 0 | 1:
            return rng.choice(words)
        case 2:
            return rng.choice(STRINGS)
        case 3:  # packed numbers, such as a tensor's
            count = rng.choice((1, 2, 3, 4, len(old) // 4, len(old) // 4, 300))
            return struct.pack(f"<{count}f", *rng.choices(FLOATS, k=count))
        case 4:
            count = rng.choice((1, 2, 4, len(old) // 8, len(old) // 8))
            return struct.pack(f"<{count}q", *rng.choices(NUMBERS, k=count))
        case _:
            return mutated_bytes(rng, old)


def _delete(_r: Random, message: list[Field], place: int, _s: Sequence[bytes], _w: Words) -> None:
    del message[place]


def _repeat(rng: Random, message: list[Field], place: int, _s: Sequence[bytes], _w: Words) -> None:
    times = rng.choice((1, 1, 1, 2, 5, 40))
    message[place:place] = [copied(message[place]) for _ in range(times)]


def _swap(rng: Random, message: list[Field], place: int, _s: Sequence[bytes], _w: Words) -> None:
    other = rng.randrange(len(message))
    message[place], message[other] = message[other], message[place]


def _number(rng: Random, message: list[Field], place: int, _s: Sequence[bytes], _w: Words) -> None:
    """Give a field another's number, which is often another's type."""
    message[place].number = rng.choice((rng.randrange(1, 30), rng.choice(message).number))


def _kind(rng: Random, message: list[Field], place: int, _s: Sequence[bytes], _w: Words) -> None:
    """Give a field another wire type, with a value of that type."""
    number = message[place].number
    kind = rng.choice((VARINT, FIXED32, FIXED64, BYTES))
    values: dict[int, int | bytes] = {
        VARINT: rng.choice(NUMBERS),
        FIXED32: struct.pack("<f", rng.choice(FLOATS)),
        FIXED64: struct.pack("<d", rng.choice(FLOATS)),
        BYTES: rng.choice(STRINGS),
    }
    message[place] = Field(number, kind, values[kind])


def _lie(rng: Random, message: list[Field], place: int, _s: Sequence[bytes], _w: Words) -> None:
    """Let a length say more or less than there is."""
    message[place].lie = rng.choice((-1, 1, 3, -7, 1 << 31, 1 << 62))


def _splice(
    rng: Random, message: list[Field], place: int, seeds: Sequence[bytes], _w: Words
) -> None:
    """Put a field of another message beside one, or in its place."""
    other = _tree(rng.choice(seeds))
    if not other:
        return
    theirs, where = rng.choice(list(places(other)))
    same = [
        one for fields, at in places(other) if (one := fields[at]).number == message[place].number
    ]
    lent = copied(rng.choice(same) if same and rng.random() < 0.7 else theirs[where])
    message[place : place + rng.randrange(2)] = [lent]


def _nest(rng: Random, message: list[Field], place: int, _s: Sequence[bytes], _w: Words) -> None:
    """Wrap a field in itself, once or deeper than parsers go."""
    for _ in range(rng.choice((1, 2, 30, 130))):
        message[place] = Field(message[place].number, BYTES, [message[place]])


def _name(rng: Random, message: list[Field], _p: int, _s: Sequence[bytes], _w: Words) -> None:
    """Let two texts of the message be the same, as names of values that meet."""
    texts = [one for one in message if isinstance(one.value, bytes) and one.kind == BYTES]
    if texts:
        rng.choice(texts).value = rng.choice(texts).value


CHANGES: Final[Sequence[Change]] = (
    *(_value, _value, _value, _value, _value),
    *(_delete, _repeat, _swap, _number, _kind, _lie, _splice, _splice, _nest, _name),
)
