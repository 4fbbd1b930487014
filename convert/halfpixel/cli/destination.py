"""Where fixed models go: beside the old one, to a file of one's own, in place, or out."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec import Struct

from halfpixel.address import Address, Location, location
from halfpixel.boundary import boundary
from halfpixel.cli.files import BACKUP, fixed_name
from halfpixel.errors import HalfpixelError, ModelFileError, UsageError
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixResult, FixSettings
from halfpixel.formats import atomic

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STANDARD_OUTPUT: Final = "-"


class Destination(Struct, frozen=True):
    """Where the result of a fix goes.

    Attributes:
        output: the file, "-" for standard output; None for NAME.fixed.onnx beside it.
        in_place: the model's own file is replaced.
        backup: the old file is kept as NAME.onnx.bak.
        force: NAME.fixed.onnx or the backup is replaced where it is there already.
        diff: nothing is written.
    """

    output: str | None = None
    in_place: bool = False
    backup: bool = False
    force: bool = False
    diff: bool = False

    def check(self, files: Sequence[Location]) -> None:
        """Refuse options that contradict each other.

        Raises:
            UsageError: such options.
        """
        if self.output is not None and self.in_place:
            raise UsageError("--output and --in-place exclude each other")
        if self.backup and not self.in_place:
            raise UsageError("--backup is for --in-place")
        if self.output is None:
            self.check_beside(files)
            return
        if len(files) != 1:
            raise UsageError(f"--output names one file, and {len(files)} models are given")
        if self.output == STANDARD_OUTPUT:
            if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison] - it can be closed
                raise UsageError("--output -: standard output is closed")
            return
        target = location(self.output)
        if not target.name or "\0" in self.output:
            raise UsageError(f"--output {str(target)!r}: expected the name of a file")
        if _same(target, files[0]):
            here = "; --in-place replaces it" if isinstance(target, Path) else ""
            raise UsageError(f"{files[0]}: is the model itself{here}")

    def check_beside(self, files: Sequence[Location]) -> None:
        """Refuse to write where a model is that is not on this disk."""
        for path in files:
            if isinstance(path, Address) and not self.diff:
                hint = "--output names a file or an address, --diff shows the changes"
                raise UsageError(f"{path}: nothing is written beside a model elsewhere; {hint}")


def _same(one: Location, other: Location) -> bool:
    if isinstance(one, Path) and isinstance(other, Path):
        return os.path.realpath(one) == os.path.realpath(other)
    return one == other


def fixed(
    files: Sequence[Location],
    settings: FixSettings | Callable[[Location], FixSettings],
    destination: Destination,
) -> Iterator[tuple[FixResult, str]]:
    """Fix every file and write the results; yield each with where it was written."""
    for path in files:
        asked = settings if isinstance(settings, FixSettings) else settings(path)
        result = fix(path, settings=asked)
        output = ""
        if result.error is None and not destination.diff:
            try:
                output = _written(result, path, destination)
            except HalfpixelError as error:
                result.error = str(error)
        yield result, output


def _written(result: FixResult, path: Location, destination: Destination) -> str:
    if destination.output == STANDARD_OUTPUT:
        result.copy_out(sys.stdout.buffer)
        sys.stdout.flush()
        return "standard output"
    if destination.output is not None:
        result.save(destination.output, replace=True)
        return str(location(destination.output))
    if not result.changed or not isinstance(path, Path):
        return ""
    if destination.in_place:
        if destination.backup:
            with boundary(str(path)):
                _keep(path, replace=destination.force)
        result.save(path, replace=True)
        return str(path)
    beside = fixed_name(path)
    try:
        result.save(beside, replace=destination.force)
    except ModelFileError as error:
        if not isinstance(error.__cause__, FileExistsError):
            raise
        if not _holds(beside, result):
            raise ModelFileError(beside, "is there already", "--force replaces it") from error
        result.there = True
    return str(beside)


def _holds(there: Path, result: FixResult) -> bool:
    """Whether a file, or package, is what the result would be."""
    if there.is_dir():
        with TemporaryDirectory(dir=there.parent, prefix=".halfpixel-") as folder:
            result.save(Path(folder, there.name))
            return _files(there) == _files(Path(folder, there.name))
    with there.open("rb") as file:
        stream = _Comparing(file)
        result.copy_out(stream)
        return stream.same and not file.read(1)


def _files(package: Path) -> dict[Path, bytes]:
    """Return the files of a package by their places in it, as hashes."""
    files = (path for path in package.rglob("*") if path.is_file())
    return {path.relative_to(package): sha256(path.read_bytes()).digest() for path in files}


class _Comparing(BytesIO):
    """A stream that keeps nothing: it tells whether what is written is what stands in a file."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self.file = file
        self.same = True

    def write(self, data: "ReadableBuffer", /) -> int:
        """Compare what is written with what comes next in the file."""
        written = bytes(data)
        self.same = self.same and self.file.read(len(written)) == written
        return len(written)


def _keep(path: Path, *, replace: bool) -> None:
    """Keep the old file, or package, as NAME.bak."""
    backup = path.with_name(f"{path.name}{BACKUP}")
    try:
        if path.is_dir():
            from halfpixel.formats.coreml.write.save import keep

            keep(path, backup, replace=replace)
            return
        atomic.followed(path)  # what is not replaced needs no backup
        atomic.write([(0, path.stat().st_size)], path, backup, replace=replace)
    except ModelFileError as error:
        if isinstance(error.__cause__, FileExistsError):
            raise ModelFileError(backup, "is there already", "--force replaces it") from error
        raise


def lowerings(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return (node pattern, kind) pairs of --lower NODE=KIND.

    Raises:
        UsageError: a value without "=".
    """
    pairs: list[tuple[str, str]] = []
    for value in values:
        pattern, equals, kind = value.rpartition("=")
        if not equals or not pattern:
            raise UsageError(f"--lower {value!r}: expected NODE=KIND")
        pairs.append((pattern, kind))
    return tuple(pairs)
