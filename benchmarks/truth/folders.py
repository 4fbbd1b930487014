"""Folders of models that are named on the command line, each measured."""

import sys
from collections.abc import Callable
from pathlib import Path


def measured(page: str | None, measure: Callable[[Path], bool]) -> None:
    """Measure every folder that is named; exit with 1 where one is not perfect.

    Args:
        page: what is printed where none is named.
        measure: prints the figures of a folder, and returns whether it is perfect.
    """
    if len(sys.argv) < 2:
        sys.exit((page or "").strip())
    perfect = [measure(Path(name)) for name in sys.argv[1:]]
    sys.exit(0 if all(perfect) else 1)
