"""Patterns of files, as configuration has them: by name anywhere, or by the path from a folder."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from glob import has_magic
from itertools import takewhile
from pathlib import Path
from typing import Final

USUAL: Final = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".hg",
    ".mypy_cache",
    ".nox",
    ".pytest_cache",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    "__pycache__",
    "node_modules",
    "site-packages",
    "venv",
)
"""Files and folders that are passed over where nothing else is said."""

Rooted = tuple[str, str]
"""A folder, and a pattern that is relative to it."""


def matches(path: str, patterns: Iterable[Rooted], *, within: bool = True) -> bool:
    """Whether a file, or a folder that it lies in below the pattern's own, matches a pattern.

    A pattern without a slash is that of a name; one with a slash is that of a path from the folder
    that it is relative to, in which `*` stands for slashes too.

    Args:
        path: the file, from the root, with slashes.
        patterns: the patterns with the folders that they are relative to.
        within: the folders that it lies in count too.

    >>> matches("/a/old/m.onnx", [("/a", "old")]), matches("/a/old/m.onnx", [("/a", "old/*.onnx")])
    (True, True)
    >>> matches("/old/m.onnx", [("/old", "old")]), matches("/a/m.onnx", [("/a", "**/m.onnx")])
    (False, True)
    >>> matches("s3://bucket/old/m.onnx", [("/a", "s3://bucket/old")])
    True
    """
    return any(_matches(path, folder, pattern, within) for folder, pattern in patterns)


def _matches(path: str, folder: str, pattern: str, within: bool) -> bool:  # noqa: FBT001 - private
    wanted = pattern.rstrip("/").removeprefix("./")
    head = folder.rstrip("/") + "/"
    below = path[len(head) :] if path.startswith(head) else None
    if "/" not in wanted:
        names = [path.rpartition("/")[2]]
        if within and (below is not None or "://" in path):
            names = (below or path).split("/")
        return any(fnmatchcase(name, wanted) for name in names)
    if wanted.startswith("/") or "://" in wanted:
        below = path
    if below is None:
        return False
    ways = [below]
    if within:
        parts = below.split("/")
        ways += ["/".join(parts[:n]) for n in range(1, len(parts))]
    anywhere = wanted.removeprefix("**/")
    return any(fnmatchcase(way, wanted) or fnmatchcase(way, anywhere) for way in ways)


def rooted(folder: str, patterns: Sequence[str]) -> tuple[Rooted, ...]:
    """Return patterns with the folder that they are relative to."""
    return tuple((Path(folder).as_posix(), pattern) for pattern in patterns)


def stem(pattern: str) -> str:
    """Return the folder that all that a pattern matches lies in; empty where it may be anywhere.

    >>> stem("legacy/old/*.onnx"), stem("legacy/v[12]/m.onnx"), stem("**/m.onnx"), stem("old/")
    ('legacy/old', 'legacy', '', '')
    """
    parts = pattern.rstrip("/").removeprefix("./").split("/")[:-1]
    return "/".join(takewhile(lambda part: not has_magic(part), parts))
