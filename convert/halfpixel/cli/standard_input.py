"""A model that comes by standard input: `halfpixel check -`."""

import sys
from typing import TYPE_CHECKING, Final

from halfpixel.address import Location
from halfpixel.checking.result import FileReport
from halfpixel.errors import HalfpixelError, UsageError

if TYPE_CHECKING:
    from halfpixel.checking.check import Judge

NAME: Final = "<stdin>"


def check_input(judge: "Judge", path: Location) -> FileReport:
    """Judge the ONNX model that standard input brings.

    Args:
        judge: who judges it.
        path: what it is called.

    Raises:
        UsageError: standard input is closed.
    """
    from halfpixel.formats.onnx.structure import parse

    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - it can be closed
        raise UsageError("-: standard input is closed")
    try:
        model = parse(sys.stdin.buffer.read(), path)
    except HalfpixelError as error:
        return FileReport(str(path), error=str(error))
    return judge.file(model, str(path))
