"""A model that comes by standard input: `halfpixel check -`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.errors import HalfpixelError, UsageError

if TYPE_CHECKING:
    from halfpixel.checking.result import Report
    from halfpixel.settings.configuration import Configuration

NAME: Final = "<stdin>"


def check_input(name: str | None, configuration: "Configuration") -> "Report":
    """Judge the ONNX model that standard input brings.

    Args:
        name: what it is called, and where its configuration is sought; `<stdin>` and the working
            folder where nothing is said.
        configuration: what is settled for files.

    Raises:
        UsageError: standard input is closed.
    """
    from halfpixel.checking.check import Judge
    from halfpixel.checking.result import FileReport, Report
    from halfpixel.formats.onnx.structure import parse

    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - it can be closed
        raise UsageError("-: standard input is closed")
    path = Path(name or NAME)
    data = sys.stdin.buffer.read()
    try:
        model = parse(data, path)
    except HalfpixelError as error:
        return Report((FileReport(str(path), error=str(error)),))
    return Report((Judge(configuration.of(path).check).file(model, str(path)),))
