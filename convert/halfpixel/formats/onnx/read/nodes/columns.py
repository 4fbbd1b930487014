"""The names in the nodes of a graph, taken from their bytes a column at a time.

A column is the first input of every node, or the second; so a million names are taken in a few
steps, and told apart by hashes of 64 bits. Names that have the same hash are compared.

Source: Protocol Buffers documentation, "Encoding".
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import mul
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from halfpixel.formats.protobuf_wire import BYTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places = NDArray[np.intp]
    Hashes = NDArray[np.uint64]
    Some = NDArray[np.integer] | NDArray[np.bool_] | slice

MOST: Final = 1 << 6
"""Columns, behind which the names of the nodes that have more are taken one after the other."""

FIELDS: Final = 1 << 10
"""Fields behind the names of a node, at most."""

LEFT: Final = 1 << 20
"""Names that are taken so, at most."""

WORD: Final = 8
"""Bytes that are hashed and compared at once."""

LONG: Final = 1 << 7
"""Bytes of the longest name, as whole words."""

BEHIND: Final = 2 * LONG
"""Bytes behind nodes that may be looked at: a name that starts in the last may end there."""

SHORT: Final = np.uint16(0x80FF)
"""Of a tag and a length, bits which are the tag's own where the length is one byte."""

AT_ONCE: Final = 1 << 13
"""Names whose words are looked at at once: they stay near the processor."""

MULTIPLIER: Final = 0x9E3779B97F4A7C15
"""The odd number next to 2 ** 64 over the golden ratio, which spreads its multiples evenly."""

SHIFT: Final = 32
BITS: Final = (1 << 64) - 1

FACTORS: Final = [pow(MULTIPLIER, n, 1 << 64) for n in range(1, LONG // WORD + 2)]
"""What each word of a name is multiplied by, and its length: odd numbers."""

ONES: Final = np.array([(1 << 8 * n) - 1 for n in range(WORD + 1)], np.uint64)
KEPT: Final = ONES[np.clip(np.arange(LONG)[:, None] - WORD * np.arange(LONG // WORD), 0, WORD)]
"""What is kept of each word of a name, by its length: shape (lengths, words)."""

OTHERS: Final = np.isin(np.arange(1 << 8), [number << 3 | BYTES for number in range(5, 16)])
"""Which tags are those of fields behind the names."""


class Unusual(Exception):  # noqa: N818 - no error: it is left to who looks at messages
    """Nodes that are not as protobuf writes them, or names that are longer than most."""


class Names(Struct, frozen=True):
    """Names, each of which stands in a node.

    Attributes:
        node: places of the nodes.
        at: where the names start.
        length: how many bytes they are.
    """

    node: "NDArray[np.int32]"
    at: "NDArray[np.int32]"
    length: "NDArray[np.uint8]"

    def picked(self, which: "Some") -> "Names":
        """Return some of them."""
        return Names(self.node[which], self.at[which], self.length[which])


def joined(parts: Sequence[Names]) -> Names:
    """Return several lists of names as one."""
    if len(parts) == 1:
        return parts[0]
    parts = [Names(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.uint8)), *parts]
    columns = zip(*((one.node, one.at, one.length) for one in parts), strict=True)
    return Names(*map(np.concatenate, columns))


def spans(data: "NDArray[np.uint8]", places: "Places") -> "tuple[Places, Places]":
    """Return where the values of fields start, and how long they are.

    Args:
        data: bytes.
        places: where fields stand whose tags are a byte each.

    Raises:
        Unusual: one is longer than protobuf takes.
    """
    starts, lengths, shift = places + 2, data[places + 1].astype(np.intp), 7
    longer = np.flatnonzero(lengths >= 0x80)
    while len(longer) and shift <= 28:
        more = data[starts[longer]].astype(np.intp)
        lengths[longer] += (more << shift) - (1 << shift)
        starts[longer] += 1
        longer, shift = longer[more >= 0x80], shift + 7
    if len(longer):
        raise Unusual
    return starts, lengths


class Columns:
    """The bytes of some nodes, and how far into each it was read."""

    def __init__(self, words: "Words", first: int, starts: "Places", stops: "Places") -> None:
        """Start at the first byte of each node.

        Args:
            words: the bytes that they stand in.
            first: the place of the first of them.
            starts: where each starts.
            stops: where each ends.
        """
        self._words, self._first, self._at, self._stops = words, first, starts, stops

    def names(self, tag: int, most: int = LEFT) -> Names:
        """Take the names that stand next in each node: of one field, up to so many.

        What is too long is left, as is what is too much.

        Raises:
            Unusual: too many are behind the columns.
        """
        node, at, stops = np.arange(len(self._at)), self._at, self._stops
        found = list[Names]()
        for _ in range(min(most, MOST)):
            pairs = self._words.pairs[at]
            here = ((pairs & SHORT) == tag) & (at < stops)
            if not here.all():
                node, at, stops, pairs = node[here], at[here], stops[here], pairs[here]
                if not len(node):
                    break
            length = (pairs >> 8).astype(np.uint8)
            found.append(_names(node + self._first, at + 2, length))
            at = at + 2 + length
            if len(node) == len(self._at):
                self._at = at
            else:
                self._at[node] = at
        else:
            if most > MOST:
                found.append(self._left(tag, zip(node.tolist(), stops.tolist(), strict=True)))
        return joined(found)

    def _left(self, tag: int, nodes: Iterable[tuple[int, int]]) -> Names:
        """Take the names that are left in nodes, each with the place behind it."""
        data, node, places, lengths = (
            self._words.bytes.data,
            list[int](),
            list[int](),
            list[int](),
        )
        for one, stop in nodes:
            at = int(self._at[one])
            while at < stop and data[at] == tag and data[at + 1] < LONG:
                node.append(one + self._first)
                places.append(at + 2)
                lengths.append(data[at + 1])
                at += 2 + data[at + 1]
            self._at[one] = at
            if len(places) > LEFT:
                raise Unusual
        taken = (np.array(column, np.intp) for column in (node, places, lengths))
        return _names(*taken)

    def others(self) -> "Places":
        """Step over the fields behind the names; return the places of the nodes that have any.

        Raises:
            Unusual: they are too many, or may be names; or one of these is not whole.
        """
        if (self._at > self._stops).any():
            raise Unusual
        found = node = np.flatnonzero(self._at < self._stops)
        for _ in range(FIELDS):
            if not len(node):
                return found + self._first
            at = self._at[node]
            if not OTHERS[self._words.bytes[at]].all():
                break
            start, length = spans(self._words.bytes, at)
            self._at[node] = at = start + length
            stops = self._stops[node]
            if (at > stops).any():
                break
            node = node[at < stops]
        raise Unusual


def _names(node: "Places", at: "Places", length: "NDArray[np.uint8] | Places") -> Names:
    return Names(node.astype(np.int32), at.astype(np.int32), length.astype(np.uint8))


class Words:
    """Bytes in which names stand.

    Attributes:
        bytes: they themselves.
        pairs: each with the one behind it, which are a tag and a length where a field stands.
    """

    def __init__(self, data: bytes) -> None:
        """Look at bytes; `BEHIND` lie behind the last node."""
        self.bytes = np.frombuffer(data, np.uint8)
        self.pairs = np.ndarray((len(data) - 1,), "<u2", data, strides=(1,))
        self._factors = np.array(FACTORS, np.uint64)

    def hashes(self, names: Names) -> "Hashes":
        """Return a hash of each name, as `hash_of` does."""
        parts = [self._hashes(part) for part in _parts(names)]
        return np.concatenate([np.empty(0, np.uint64), *parts])

    def equal(self, names: Names, others: Names) -> "NDArray[np.bool_]":
        """Return which names are the same as others, each as one."""
        parts = zip(_parts(names), _parts(others), strict=True)
        return np.concatenate([np.empty(0, np.bool_), *(self._equal(*part) for part in parts)])

    def _hashes(self, names: Names) -> "Hashes":
        words, length = self._words(names, _width(names)), names.length.astype(np.uint64)
        factors, shift = self._factors, np.uint64(SHIFT)
        found: Hashes = words @ factors[: words.shape[1]] + length * factors[-1]
        found = (found ^ (found >> shift)) * factors[-1]
        return found ^ (found >> shift)

    def _equal(self, names: Names, others: Names) -> "NDArray[np.bool_]":
        count = max(_width(names), _width(others))
        ours, theirs = self._words(names, count), self._words(others, count)
        same: NDArray[np.bool_] = names.length == others.length
        for place in range(count):
            same &= ours[:, place] == theirs[:, place]
        return same

    def _words(self, names: Names, count: int) -> "Hashes":
        """Return so many words of names, shape (names, words); bytes behind a name are 0."""
        wide = f"V{count * WORD}"  # one step copies all words of a name
        at = np.ndarray((len(self.bytes) - count * WORD + 1,), wide, self.bytes, strides=(1,))
        words = at[names.at].view("<u8").reshape(-1, count)
        kept: Hashes = words & KEPT[names.length, :count]
        return kept


def _width(names: Names) -> int:
    """Return how many words the longest of names has, as a power of 2."""
    return 1 << (max(int(names.length.max()) - 1, 0) // WORD).bit_length()


def _parts(names: Names) -> "Iterator[Names]":
    """Yield names, some at a time."""
    for at in range(0, len(names.at), AT_ONCE):
        yield names.picked(slice(at, at + AT_ONCE))


def hash_of(name: bytes) -> int:
    """Return the hash of one name.

    >>> hash_of(b"") == hash_of(b"x")
    False
    """
    words = (int.from_bytes(name[at : at + WORD], "little") for at in range(0, len(name), WORD))
    products: Iterator[int] = map(mul, words, FACTORS)
    found = sum(products, len(name) * FACTORS[-1]) & BITS
    found = (found ^ (found >> SHIFT)) * FACTORS[-1] & BITS
    return found ^ (found >> SHIFT)
