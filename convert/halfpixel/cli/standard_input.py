"""A model that comes by standard input: `halfpixel check -`."""

import sys
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.address import Location
from halfpixel.checking.result import FileReport
from halfpixel.errors import HalfpixelError, ModelFileError, UsageError
from halfpixel.formats.known import identified, named

if TYPE_CHECKING:
    from halfpixel.checking.check import Judge

NAME: Final = "<stdin>"

HEAD: Final = 64
"""Bytes by which a format is known."""


def check_input(judge: "Judge", path: Location) -> FileReport:
    """Judge the model that standard input brings.

    What it is called tells its format, else its first bytes; it is ONNX where neither does.

    Args:
        judge: who judges it.
        path: what it is called.

    Raises:
        UsageError: standard input is closed.
    """
    from halfpixel.formats.onnx.structure import parse

    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - it can be closed
        raise UsageError("-: standard input is closed")
    data = sys.stdin.buffer.read()
    if not data:
        return FileReport(str(path), error=str(ModelFileError(path, "standard input is empty")))
    form = named(path.name) or identified(data[:HEAD])
    if form is not None and not form.usual:
        return _check_file(judge, path, data, form.suffixes[0])
    try:
        model = parse(data, path)
    except HalfpixelError as error:
        return FileReport(str(path), error=str(error))
    return judge.file(model, str(path))


def _check_file(judge: "Judge", path: Location, data: bytes, suffix: str) -> FileReport:
    """Judge a model of a format that is read from files alone."""
    from halfpixel.storage.fetching import temporary_folder

    with temporary_folder() as folder:
        place = folder / f"model{path.suffix or suffix}"
        place.write_bytes(data)
        report = judge.file(place, str(path))
    if report.error is None:
        return report
    return replace(report, error=report.error.replace(str(place), str(path)))
