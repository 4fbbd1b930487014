"""What every command shares: exit codes, the files that are named, lists of names."""

import os
from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import Final

import click

from halfpixel.errors import UsageError

CLEAN: Final = 0
FOUND: Final = 1
FAILED: Final = 2


def names(
    _ctx: click.Context, _parameter: click.Parameter, value: Sequence[str]
) -> tuple[str, ...]:
    """Return the names of an option that may be repeated or hold several, by commas."""
    return tuple(name.strip() for text in value for name in text.split(",") if name.strip())


def model_files(paths: Sequence[str]) -> Iterator[Path]:
    """Yield the files that are named, are in a folder that is named, or match a pattern."""
    for text in paths:
        path = Path(text)
        if not text:
            raise UsageError("an empty path, expected a file, a folder or a pattern")
        if os.path.isdir(text):  # noqa: PTH112 - Path.is_dir raises where a folder is closed
            found = sorted(p for p in path.rglob("*.onnx") if p.is_file())
        elif has_magic(text) and not os.path.exists(text):  # noqa: PTH110 - likewise
            found = sorted(Path(name) for name in glob(text, recursive=True))  # noqa: PTH207 - the pattern may be absolute
        else:
            found = [path]
        if not found:
            raise UsageError(f"{text}: no model files there, expected *.onnx")
        yield from found
