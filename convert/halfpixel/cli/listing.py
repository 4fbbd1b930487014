"""Lists of models: `--files-from FILE`, and `@FILE` among the paths.

What stands in a list is what may stand on the command line: files, folders and patterns, relative
to the working folder.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from halfpixel.errors import UsageError, system_reason

STANDARD_INPUT: Final = "-"
MARK: Final = "@"


def named_paths(paths: Sequence[str], listed: str | None) -> list[str]:
    """Return what is named on the command line, and in the lists that it names.

    Args:
        paths: what is named; what begins with @ is a list, unless there is such a file.
        listed: a list besides.

    Raises:
        UsageError: nothing is named, or a list cannot be read.
    """
    named: list[str] = []
    for path in paths:
        if path.startswith(MARK) and not os.path.lexists(path):
            named += entries(path.removeprefix(MARK))
        else:
            named.append(path)
    if listed is not None:
        named += entries(listed)
    if not named:
        raise UsageError("the list of models is empty")
    return named


def entries(listed: str) -> list[str]:
    """Return what a list names.

    Args:
        listed: the list; - is standard input.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        if listed == STANDARD_INPUT:
            if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - it can be closed
                raise UsageError("--files-from -: standard input is closed")
            data = sys.stdin.buffer.read()
        else:
            data = Path(listed).read_bytes()
    except (OSError, ValueError) as error:
        reason = system_reason(error) if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"{listed or repr(listed)}: {reason}, expected a list of models"
        ) from error
    return paths_in(data)


def paths_in(data: bytes) -> list[str]:
    r"""Return the paths in a list, ended by zero bytes where there are any, else by line breaks.

    >>> paths_in(b"a b.onnx\r\n\nc.onnx"), paths_in(b"a\nb.onnx\0c.onnx\0")
    (['a b.onnx', 'c.onnx'], ['a\nb.onnx', 'c.onnx'])
    """
    parts = data.split(b"\0") if b"\0" in data else data.splitlines()
    return [os.fsdecode(part) for part in parts if part]
