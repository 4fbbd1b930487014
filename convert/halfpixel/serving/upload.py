"""A model that is sent: streamed to the disk into a folder of its own, under plain names alone.

The body is the model itself, or multipart/form-data whose parts are files: a model with its data
files, or the files of a package, each under its path. Names are what a model may name its data by
(`formats/data_folder.py`): relative, printable, not hidden, never out of the folder.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, Protocol

import anyio.to_thread
from multipart import (  # pyright: ignore[reportMissingTypeStubs] - types stand in it
    MultipartError,
    PushMultipartParser,
)

from halfpixel.errors import system_reason
from halfpixel.formats.data_folder import Unsafe, quoted, visible_parts
from halfpixel.serving.limits import MIB, Limits
from halfpixel.serving.refused import Refused

if TYPE_CHECKING:
    from io import BufferedWriter

FORM: Final = "multipart/form-data"
FILES: Final = 256
"""Files of one upload."""

DEEPEST: Final = 8
"""Folders in a name."""

LONGEST: Final = 200
"""Bytes of one part of a name."""

USUAL: Final = "model.onnx"
MODELS: Final = (".onnx", ".mlmodel", ".tflite", ".lite", ".litertlm", ".task")
PACKAGE: Final = ".mlpackage"


class _Sink(Protocol):
    """What bytes go to."""

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        ...

    def end(self) -> None:
        """Take no more; raises `Refused` where something is missing."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


async def received(
    body: AsyncIterator[bytes], kind: str, length: str | None, folder: Path, limits: Limits
) -> None:
    """Write what is sent into a folder.

    Args:
        body: what comes.
        kind: its Content-Type.
        length: its Content-Length; None where it comes in chunks.
        folder: an empty folder.
        limits: how much may come, and in what time.

    Raises:
        Refused: 400: no upload, or a name that is not plain; 408: it came too slowly; 413: it is
            too large.
    """
    if length is not None and int(length) > limits.size:
        raise too_large(limits)
    sink = _sink(kind, folder)
    try:
        async with asyncio.timeout(limits.upload_seconds):
            async for block in _blocks(body, limits):
                await anyio.to_thread.run_sync(sink.feed, block)
        await anyio.to_thread.run_sync(sink.end)
    except TimeoutError:
        told = f"the model was not here within {limits.upload_seconds:g} s"
        raise Refused(408, told) from None
    except MultipartError as error:
        raise Refused(400, f"the form cannot be read: {error}") from error
    except OSError as error:  # a name that is a file and a folder, a disk that is full
        raise Refused(400, f"the model cannot be kept: {system_reason(error)}") from error
    finally:
        sink.close()


def too_large(limits: Limits) -> Refused:
    """Return what a model is told that is larger than one may be."""
    return Refused(413, f"the model is larger than {limits.size} bytes")


async def _blocks(body: AsyncIterator[bytes], limits: Limits) -> AsyncIterator[bytes]:
    """Yield what comes in larger pieces, and no more than may come."""
    come, held = 0, bytearray()
    while True:
        try:
            async with asyncio.timeout(limits.idle_seconds):
                piece = await anext(body, None)
        except TimeoutError:
            told = f"nothing of the model came for {limits.idle_seconds:g} s"
            raise Refused(408, told) from None
        if piece is None:
            break
        come += len(piece)
        if come > limits.size:
            raise too_large(limits)
        held += piece
        if len(held) >= MIB:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def _sink(kind: str, folder: Path) -> _Sink:
    head = _head(kind)
    if head.get_content_type() != FORM:
        return _Raw(folder / USUAL)
    try:
        return _Form(folder, head.get_boundary() or "")
    except (MultipartError, UnicodeError) as error:
        raise Refused(400, f"the form cannot be read: {error}") from error


def _head(kind: str) -> Message:
    """Return a Content-Type in its parts, whose names are written in any case."""
    head = Message()
    head["content-type"] = kind
    return head


class _Raw:
    """A body that is one file."""

    def __init__(self, path: Path) -> None:
        self._file = _created(path)

    def feed(self, data: bytes) -> None:
        self._file.write(data)

    def end(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class _Form:
    """A body that is several."""

    def __init__(self, folder: Path, boundary: str) -> None:
        self._folder = folder
        self._file: BufferedWriter | None = None
        self._files = 0
        self._parser = PushMultipartParser(boundary, max_segment_count=FILES, strict=True)

    def feed(self, data: bytes) -> None:
        for event in self._parser.parse(data):
            if event is None:
                self.close()
            elif not isinstance(event, (bytes, bytearray)):
                self._begin(event.filename)
            elif self._file is not None:
                self._file.write(event)
            else:
                raise Refused(400, "a file of the form has no name")

    def _begin(self, name: str | None) -> None:
        """Begin a part; a field of a browser's form that nothing was chosen in is none."""
        if name is None:
            raise Refused(400, "a part of the form is no file; settings are parameters")
        if name:
            self._file = _created(self._place(name))
            self._files += 1

    def _place(self, name: str) -> Path:
        """Return where a file of a name goes."""
        parts = plain_name(name)
        place = self._folder.joinpath(*parts)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return place

    def end(self) -> None:
        self._parser.close()
        if not self._files:
            raise Refused(400, "the form has no file")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def plain_name(name: str) -> tuple[str, ...]:
    """Return the parts of a name that a file of an upload may have.

    Raises:
        Refused: 400: it is not plain.

    >>> plain_name("data/w.bin")
    ('data', 'w.bin')
    """
    try:
        parts = visible_parts(name)
    except Unsafe as error:
        raise Refused(400, f"the file name {quoted(name)} {error}") from None
    if len(parts) > DEEPEST or any(len(os.fsencode(part)) > LONGEST for part in parts):
        raise Refused(400, f"the file name {quoted(name)} is too long, or too deep in folders")
    return parts


def _created(path: Path) -> "BufferedWriter":
    """Return a new file; two of one name are none."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.fdopen(os.open(path, flags, 0o600), "wb")
    except FileExistsError:
        raise Refused(400, f"the file name {quoted(path.name)} comes twice") from None


def named(folder: Path, kind: str, name: str | None) -> str:
    """Return which file of an upload is the model, called as it was asked to be.

    Args:
        folder: what was sent.
        kind: the Content-Type of the body.
        name: the parameter that names it.

    Raises:
        Refused: 400: no file is, or several may be, or the name is not plain.
    """
    asked = None if name is None else "/".join(plain_name(name))
    if _head(kind).get_content_type() != FORM:
        if asked is not None and asked != USUAL:
            place = folder / asked
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / USUAL).rename(place)
        return asked or USUAL
    found = sorted(_models(folder))
    if asked is not None:
        found = [one for one in found if one == asked]
    if len(found) == 1:
        return found[0]
    what = "several models" if found else f"no model {quoted(asked or '')}".removesuffix(" ''")
    expected = ", ".join(f"*{ending}" for ending in (*MODELS, PACKAGE))
    raise Refused(400, f"the form has {what}; expected one of {expected}, or its name as ?name=")


def _models(folder: Path) -> Iterator[str]:
    """Yield the models among what was sent; a package is one, whatever is in it."""
    for place, folders, files in os.walk(folder):
        here = Path(place).relative_to(folder)
        for name in [name for name in folders if name.endswith(PACKAGE)]:
            folders.remove(name)
            yield str(PurePosixPath(here, name))
        yield from (str(PurePosixPath(here, name)) for name in files if name.endswith(MODELS))
