"""A file elsewhere as its bytes: each is fetched when it is asked for, with what comes next.

What was fetched stays until the file is let go: a walk over a model comes back to structure that
it stepped over, and a byte is never fetched twice.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Final, overload

from halfpixel.storage.pace import Pace

Range = tuple[int, int]
"""The first byte, and the one behind the last."""

Fetch = Callable[[Sequence[Range]], Sequence[bytes]]
"""Bytes of several ranges, in order; each whole."""

PART: Final = 1 << 20
"""Bytes of a range from which on it is fetched in parts, several at a time."""


WAVE: Final = 256
"""Ranges that are asked for at a time."""


class Ranged:
    """Bytes of a file that are read by ranges; no more of it is fetched than is looked at.

    It has no buffer of its own: what asks for all of the memory at once is refused, and does not
    read what is not there.
    """

    def __init__(self, size: int, fetch: Fetch, pace: Pace, first: bytes = b"") -> None:
        """Start with what is known.

        Args:
            size: bytes of the file.
            fetch: brings ranges; what it raises goes through.
            pace: how much is read at once.
            first: bytes of its beginning that are there already.
        """
        self._size, self._fetch, self._pace = size, fetch, pace
        self._starts = [0] if first else []
        self._blocks = [first] if first else []
        self._low, self._high, self._block = 0, len(first), first
        self.fetched = len(first)

    def __len__(self) -> int:
        """Return the bytes of the file."""
        return self._size

    @property
    def cheap(self) -> int:
        """Bytes of a file up to which it is taken whole: stepping over payloads gains nothing."""
        return max(self.fetched, self._pace.worth)

    @overload
    def __getitem__(self, key: int) -> int: ...

    @overload
    def __getitem__(self, key: slice) -> bytes: ...

    def __getitem__(self, key: int | slice) -> int | bytes:
        """Return a byte, or those of a range; a range ends where the file does."""
        if isinstance(key, int):
            at = key - self._low
            if at < 0 or key >= self._high:
                self._turn_to(key)
                at = key - self._low
            return self._block[at]
        start, stop, _ = key.indices(self._size)
        if self._low <= start and stop <= self._high:
            return self._block[start - self._low : stop - self._low]
        return self._joined(start, stop) if start < stop else b""

    def bring(self, ranges: Sequence[Range]) -> None:
        """Fetch what will be asked for soon, several ranges at a time; close ones are one.

        Args:
            ranges: of any order; what lies outside of the file is left out.
        """
        wanted = list[Range]()
        for low, high in sorted((max(0, low), min(high, self._size)) for low, high in ranges):
            if low >= high:
                continue
            if wanted and low - wanted[-1][1] <= self._pace.gap // 4:
                wanted[-1] = (wanted[-1][0], max(wanted[-1][1], high))
            else:
                wanted.append((low, high))
        for at in range(0, len(wanted), WAVE):
            self._bring(wanted[at : at + WAVE])

    def _turn_to(self, at: int) -> None:
        """Let the block be that which a byte is in."""
        if not 0 <= at < self._size:
            raise IndexError(at)
        place = bisect_right(self._starts, at) - 1
        self._pace.landed(at, at - self._high)
        if place < 0 or at >= self._starts[place] + len(self._blocks[place]):
            self._read(at, at + 1, guess=True)
            place = bisect_right(self._starts, at) - 1
        self._low, self._block = self._starts[place], self._blocks[place]
        self._high = self._low + len(self._block)
        self._pace.kept(self._low)

    def _joined(self, start: int, stop: int) -> bytes:
        """Return a range that lies in another block, in several, or is not fetched as a whole."""
        place = bisect_right(self._starts, start) - 1
        if place >= 0 and stop <= self._starts[place] + len(self._blocks[place]):
            low = self._starts[place]
            return self._blocks[place][start - low : stop - low]
        missing = self._missing(start, stop)
        if missing:
            self._read(start, stop, after=missing[-1][1])
        out, at = list[bytes](), start
        place = bisect_right(self._starts, at) - 1
        while at < stop:
            low, block = self._starts[place], self._blocks[place]
            out.append(block[at - low : stop - low])
            at = low + len(block)
            place += 1
        return b"".join(out)

    def _missing(self, start: int, stop: int) -> list[Range]:
        """Return the parts of a range that are not there."""
        found, at = list[Range](), start
        for place in range(max(0, bisect_right(self._starts, start) - 1), len(self._starts)):
            low, block = self._starts[place], self._blocks[place]
            if low >= stop:
                break
            if at < low:
                found.append((at, low))
            at = max(at, low + len(block))
        if at < stop:
            found.append((at, stop))
        return found

    def _read(self, start: int, stop: int, *, after: int = 0, guess: bool = False) -> None:
        """Fetch a range with what comes behind it, and what is likely to be asked for next.

        Args:
            start: the first byte.
            stop: the byte behind the last.
            after: the end of what is missing of it; where what lies behind that is there, it is
                read backwards, and what comes before it is fetched.
            guess: what lies as far on as other places did is fetched too.
        """
        pace, last = self._pace, self._last_before(start)
        near = start - last <= pace.gap
        behind = self._first_after(after) if after and not near else None
        if behind is not None and behind - after <= pace.gap:
            self._bring([(max(last, min(start, behind - pace.onwards())), behind)])
            return
        if after and not near:
            pace.jumped(start - last)
        if near:
            start = last
        ahead = pace.onwards() if near else pace.block
        wanted = [(start, max(stop, start + ahead))]
        if guess:
            size = min(ahead, pace.gap)
            wanted += [(at, at + size) for at in pace.guesses(self._size)]
        self._bring(wanted)

    def _first_after(self, at: int) -> int | None:
        """Return where the block begins that comes next behind a place; None where none does."""
        place = bisect_left(self._starts, at)
        return self._starts[place] if place < len(self._starts) else None

    def _last_before(self, at: int) -> int:
        """Return the end of the block before a place."""
        place = bisect_right(self._starts, at) - 1
        return self._starts[place] + len(self._blocks[place]) if place >= 0 else 0

    def _bring(self, wanted: Sequence[Range]) -> None:
        """Fetch what is missing of ranges, in parts, several at a time."""
        parts: dict[int, int] = {}
        for start, stop in wanted:
            for low, high in self._missing(start, min(stop, self._size)):
                free = min((one for one in parts if low < one < high), default=high)
                if any(one <= low < end for one, end in parts.items()):
                    continue
                parts.update((at, min(at + PART, free)) for at in range(low, free, PART))
        if not parts:
            return
        for (start, _), block in zip(parts.items(), self._fetch([*parts.items()]), strict=True):
            place = bisect_right(self._starts, start)
            self._starts.insert(place, start)
            self._blocks.insert(place, block)
            self.fetched += len(block)
