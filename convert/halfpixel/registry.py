"""How the things in a plural folder are found: modules by name, each ending in one constant."""

from collections.abc import Iterator, Sequence
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
