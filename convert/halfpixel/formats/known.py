"""The formats that are known, and which a file is of: by its name, or by its first bytes."""

from collections.abc import Iterator

from halfpixel.address import Location
from halfpixel.errors import OtherFormatError
from halfpixel.format import Format, Opened
from halfpixel.registry import load, names


def load_formats() -> Iterator[Format]:
    """Yield every format: the files in `formats/` whose names end in `_file`, one at a time."""
    return load("formats", names("formats", "_file"), Format)


def named(name: str) -> Format | None:
    """Return the format that the name of a file tells; None where it tells nothing.

    >>> form = named("m.tflite")
    >>> form.name if form else ""
    'LiteRT'
    """
    return next((one for one in load_formats() if name.endswith(one.suffixes)), None)


def identified(head: bytes) -> Format | None:
    """Return the format that the first bytes of a file tell; None where they tell nothing."""
    for one in load_formats():
        at, expected = one.identifier or (0, b"\0")
        if one.identifier and head[at : at + len(expected)] == expected:
            return one
    return None


def opened_file(path: Location) -> Opened:
    """Return the structure of a model in a file; one whose name tells nothing is the usual one.

    Raises:
        ModelFileError: the file cannot be read as a model.
        GraphError: the graph is impossible.
    """
    form = named(path.name)
    if form is not None:
        return form.opened(path)
    usual = next(one for one in load_formats() if one.usual)
    try:
        return usual.opened(path)
    except OtherFormatError as error:
        other = identified(error.head)
        if other is None:
            raise
        return other.opened(path)
