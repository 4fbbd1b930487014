"""What a format is: how a kind of file is recognised, read without weights, and walked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from halfpixel.site import Site

MODULES: Final = ("onnx_file",)


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of model file.

    Attributes:
        name: the format's name.
        suffixes: endings of file names that belong to it.
        sites: the sites of the model in a file; raises ModelFileError or GraphError.
        takes: whether an object in memory is a model of this format.
        sites_of: the sites of such an object.
    """

    name: str
    suffixes: tuple[str, ...]
    sites: Callable[[Path], list[Site]]
    takes: Callable[[object], bool]
    sites_of: Callable[[object], list[Site]]


def load_formats() -> Iterator[Format]:
    """Yield every format, in the order of `MODULES`."""
    for name in MODULES:
        found = import_module(f"halfpixel.formats.{name}").FORMAT
        if not isinstance(found, Format):
            raise TypeError(f"formats/{name}.py: FORMAT is not a Format")
        yield found
