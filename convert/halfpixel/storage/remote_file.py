"""A file elsewhere that is being read: one state of it, by ranges.

What is read is of the state that was found first. A store that knows entity tags refuses another
(``If-Match``), and what it sends is held against the first; of others the state is asked for again
when reading is done.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import BinaryIO, Final, cast

from halfpixel.address import Address
from halfpixel.errors import ModelFileError
from halfpixel.storage.failures import CHANGED, NoRangesError, NoSuchRangeError
from halfpixel.storage.pace import FIRST, Pace
from halfpixel.storage.ranged import Range, Ranged
from halfpixel.storage.store import State, Stored
from halfpixel.storage.stores import stored

LARGEST_WHOLE: Final = 1 << 28
"""Bytes of a file that is read whole where a server knows no ranges."""

MOST_READ: Final = (1 << 31) - 1
"""Bytes that are read of a file by ranges: no structure has more, by protobuf's own limit."""

AT_ONCE: Final = 32
"""Requests that are made at a time."""


class RemoteFile:
    """A file elsewhere, open for reading.

    Attributes:
        address: where it is.
    """

    def __init__(self, address: Address) -> None:
        """Find what reads it; nothing is asked for yet.

        Raises:
            ModelFileError: nothing reads such an address.
            MissingExtraError: what reads it is not installed.
        """
        self.address = address
        self._stored: Stored = stored(address)
        self._pace = Pace()
        self._view: Ranged | None = None
        self.state: State | None = None

    def __str__(self) -> str:
        """Return what is shown of its address."""
        return str(self.address)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.address.name

    @property
    def view(self) -> Ranged:
        """Its bytes, which are fetched as they are asked for.

        Raises:
            ModelFileError: it cannot be read; what the view is asked for may raise this too.
        """
        if self._view is None:
            self._view = self._opened()
        return self._view

    def open(self, mode: str = "rb") -> BinaryIO:
        """Return it as what `Path.open` returns; it is read by ranges all the same."""
        del mode
        return cast("BinaryIO", _Stream(self.view))

    def check_unchanged(self) -> None:
        """Refuse a file that is another one since it was read; it is asked for anew.

        Raises:
            ModelFileError: it is, or cannot be asked for.
        """
        if self.state is not None and self._stored.state() != self.state:
            raise ModelFileError(self.address, CHANGED)

    def check_read(self) -> None:
        """Refuse what was read where no tag held it together; raises as `check_unchanged`."""
        if not self._stored.parallel:
            self.check_unchanged()

    def copy_to(self, file: BinaryIO, most: int) -> int:
        """Write all of it to a file, in the state in which it was read; return how much it was.

        Args:
            file: where it goes.
            most: bytes that are written.

        Raises:
            ModelFileError: it is larger, cannot be read, or has changed.
        """
        count = 0
        for chunk, state in self._stored.chunks(self.state):
            count += len(chunk)
            if max(count, state.size) > most:
                raise ModelFileError(self.address, too_large(state.size, most))
            file.write(chunk)
            self.state = state
        return count

    def _opened(self) -> Ranged:
        """Return the view, with the file's beginning in it."""
        try:
            first = self._timed(0, FIRST, None)
        except NoSuchRangeError:
            if self._stored.state().size == 0:
                raise ModelFileError(self.address, "the file is empty") from None
            raise ModelFileError(self.address, "the server refuses its first bytes") from None
        except NoRangesError:
            first = b"".join(self._whole())
        size = 0 if self.state is None else self.state.size
        if size == 0:
            raise ModelFileError(self.address, "the file is empty")
        return Ranged(size, self._fetch, self._pace, first)

    def _whole(self) -> Iterator[bytes]:
        """Yield all of a file whose server knows no ranges."""
        count = 0
        for chunk, state in self._stored.chunks(None):
            self.state = state
            count += len(chunk)
            if max(count, state.size) > LARGEST_WHOLE:
                told = too_large(state.size, LARGEST_WHOLE)
                raise ModelFileError(self.address, f"the server knows no ranges, and it {told}")
            yield chunk

    def _fetch(self, ranges: Sequence[Range]) -> Sequence[bytes]:
        count = sum(stop - start for start, stop in ranges)
        if self._view is not None and self._view.fetched + count > MOST_READ:
            told = f"more than {MOST_READ} bytes of it would have to be read"
            raise ModelFileError(self.address, told)
        if len(ranges) == 1 or not self._stored.parallel:
            return [self._got(*one) for one in ranges]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(len(ranges), AT_ONCE)) as pool:
            return list(pool.map(self._got, *zip(*ranges, strict=True)))

    def _got(self, start: int, stop: int) -> bytes:
        try:
            return self._timed(start, stop, self.state)
        except (NoSuchRangeError, NoRangesError) as error:  # which it had, and knew
            raise ModelFileError(self.address, CHANGED) from error

    def _timed(self, start: int, stop: int, known: State | None) -> bytes:
        began = perf_counter()
        data, state = self._stored.get(start, stop, known)
        self._pace.took(perf_counter() - began, len(data))
        self.state = state
        return data


class _Stream(io.RawIOBase):
    """The bytes of a file as a stream."""

    def __init__(self, view: Ranged) -> None:
        super().__init__()
        self._view, self._at = view, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}.get(whence, len(self._view))
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        stop = len(self._view) if size < 0 else self._at + size
        data = self._view[self._at : stop]
        self._at += len(data)
        return data


def too_large(size: int, most: int) -> str:
    """Return that a file is too large, in words."""
    return f"has {size} bytes, more than the {most} that are read whole"


File = Path | RemoteFile
"""A file of a model: on this disk, or elsewhere."""


def opened(where: Path | Address) -> File:
    """Return a file that is read as itself, or as what reads an address."""
    return RemoteFile(where) if isinstance(where, Address) else where
