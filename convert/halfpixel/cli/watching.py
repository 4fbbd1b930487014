"""Checking again whenever a model changes: `halfpixel check --watch`.

watchfiles asks the operating system, which polling a registry of gigabytes cannot keep up with.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from halfpixel.cli.console import say, write_document
from halfpixel.cli.files import FILES, PACKAGES
from halfpixel.errors import HalfpixelError, MissingExtraError
from halfpixel.settings.configuration import NAMES


def watch(paths: Sequence[str], check: Callable[[], None]) -> None:
    """Check, and check again on every change until the user interrupts.

    Args:
        paths: files, folders and patterns that are checked.
        check: checks once; it may exit, which ends the one check.

    Raises:
        MissingExtraError: watchfiles is not installed.
        KeyboardInterrupt: the user has seen enough.
    """
    try:
        import watchfiles
    except ImportError as error:
        raise MissingExtraError("watchfiles", "watch") from error
    _once(check)
    changes = watchfiles.watch(*roots(paths), watch_filter=_counts, raise_interrupt=True)
    for changed in changes:
        if sys.stdout.isatty():
            write_document("\x1b[2J\x1b[H", end=False)
        names = sorted({os.path.relpath(path) for _, path in changed})
        say(f"changed: {', '.join(names[:4])}{' ...' * (len(names) > 4)}", err=True)
        _once(check)


def _once(check: Callable[[], None]) -> None:
    try:
        check()
    except SystemExit:
        pass
    except HalfpixelError as error:  # of a configuration file that is being written
        say(f"halfpixel: {error}", err=True)
    say("watching; Ctrl-C ends", err=True)


def _counts(_change: object, path: str) -> bool:
    """Whether a file that changed is a model, is in one, or is a configuration."""
    inside = any(f"{suffix}{os.sep}" in path for suffix in PACKAGES)
    return inside or path.endswith(FILES) or Path(path).name in NAMES


def roots(paths: Sequence[str]) -> list[Path]:
    """Return the folders that are watched: those named, and those of the files and patterns."""
    roots: dict[Path, None] = {}
    for text in paths:
        path = Path(text)
        while not path.is_dir() or path.suffix in PACKAGES:
            path = path.parent
        roots[path] = None
    return list(roots)
