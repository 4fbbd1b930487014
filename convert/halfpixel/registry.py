"""How the things in a plural folder are found: by place, each module ending in one constant.

And how packages of others are found that have such things: by the entry points that installed
distributions declare.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import TypeVar

T = TypeVar("T")


def load(folder: str, names: Sequence[str], kind: type[T]) -> Iterator[T]:
    """Yield the constant of each module, which is named after its kind.

    Args:
        folder: the folder in the package, such as `formats`.
        names: the modules, in the order in which they are wanted.
        kind: the constant's type; a Format is called FORMAT.

    Raises:
        TypeError: a module's constant is of another type.
    """
    constant = kind.__name__.upper()
    for name in names:
        found: object = getattr(import_module(f"halfpixel.{folder}.{name}"), constant)
        if not isinstance(found, kind):
            raise TypeError(f"{folder}/{name}.py: {constant} is not a {kind.__name__}")
        yield found


@lru_cache
def names(folder: str, ending: str) -> tuple[str, ...]:
    """Return the modules in a folder whose names end so, by name; none of them is imported.

    The package's own folders do not change while it runs: they are listed once.

    Args:
        folder: the folder in the package, such as `formats`.
        ending: the end of a name, such as `_file`.
    """
    from pkgutil import iter_modules

    found = (info.name for info in iter_modules(import_module(f"halfpixel.{folder}").__path__))
    return tuple(sorted(name for name in found if name.endswith(ending)))


def places(folder: str) -> tuple[str, ...]:
    """Return where the modules of a folder lie: what is found in it is the same while these are.

    >>> len(places("conventions"))
    1
    """
    return tuple(import_module(f"halfpixel.{folder}").__path__)


def find(folder: str, kind: type[T]) -> Iterator[T]:
    """Yield the constants of every module in a folder and in the folders in it.

    Modules without such a constant are what the others share, and are passed over.

    Args:
        folder: the folder in the package, such as `conventions`.
        kind: the constant's type; a Convention is called CONVENTION.

    Raises:
        TypeError: a module's constant is of another type.
    """
    from pkgutil import iter_modules

    constant = kind.__name__.upper()
    package = f"halfpixel.{folder}"
    for info in iter_modules(import_module(package).__path__, f"{package}."):
        if info.ispkg:
            yield from find(f"{folder}.{info.name.rpartition('.')[2]}", kind)
            continue
        found: object = getattr(import_module(info.name), constant, None)
        if isinstance(found, kind):
            yield found
        elif found is not None:
            raise TypeError(f"{info.name}: {constant} is not a {kind.__name__}")


def entry_points(group: str) -> list[str]:
    """Return what installed distributions declare in a group of entry points.

    The same as importlib.metadata says, which takes longer to import than a small model to check:
    it is asked only where distributions lie elsewhere than in folders.

    Source: Python Packaging User Guide, "Entry points specification" and "Recording installed
    projects". Of two distributions of one name the first on the path counts.
    """
    folders: dict[str, str] = {}
    for place in dict.fromkeys(sys.path):
        try:
            with os.scandir(place or ".") as entries:
                for entry in entries:
                    name, _, suffix = entry.name.rpartition(".")
                    if suffix in {"dist-info", "egg-info"}:
                        project = name.partition("-")[0].lower().replace("_", "-")
                        folders.setdefault(project.replace(".", "-"), entry.path)
                    elif entry.name == "EGG-INFO":
                        folders[entry.path] = entry.path
        except NotADirectoryError:
            from importlib.metadata import entry_points as anywhere

            return [point.value for point in anywhere(group=group)]
        except OSError:
            continue
    return [value for folder in folders.values() for value in _declared(folder, group)]


def _declared(folder: str, group: str) -> Iterator[str]:
    """Yield the values of a group in the entry_points.txt of one distribution."""
    place = f"{folder}/entry_points.txt"
    if not os.access(place, os.R_OK):  # of most there is none, and an exception each takes longer
        return
    try:
        with open(place, "rb", buffering=0) as file:  # noqa: PTH123 - hot
            read = file.read()
    except OSError:
        return
    head = f"[{group}]"
    if head.encode() not in read:
        return
    text = read.decode(errors="replace")
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line
        elif section == head and line and line[0] not in "#;":
            yield line.partition("=")[2].strip()
