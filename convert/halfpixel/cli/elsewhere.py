"""The models that an address names: one, those below a folder, or those that match a pattern."""

import re
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import takewhile
from typing import TYPE_CHECKING, Final, cast

from halfpixel.address import WEB, Address

if TYPE_CHECKING:
    from halfpixel.settings.configuration import Configuration

MAGIC: Final = re.compile(r"[*?\[]")


def models_at(
    address: Address,
    configuration: "Configuration",
    files: tuple[str, ...],
    folders: tuple[str, ...],
) -> tuple[list[Address], bool]:
    """Return the models that an address names, and whether some are passed over.

    What ends like a model is one, and is not asked for. Any other address is a folder where
    something lies below it, and a model where nothing does.

    Args:
        address: what is named.
        configuration: what is passed over.
        files: how models that are files end.
        folders: how models that are folders end.

    Raises:
        ModelFileError: a folder cannot be listed.
    """
    from halfpixel.storage.stores import files_below

    pattern = is_pattern(address)
    if not pattern and address.name.endswith((*files, *folders)):
        passed = configuration.excluded(address, named=True)
        return [] if passed else [address], passed
    if not pattern and address.protocol in WEB and not address.own.endswith("/"):
        return [address], False
    root = _root(address) if pattern else address
    found = [*models_in(files_below(root), files, folders)]
    if pattern:
        found = [one for one in found if _matching(address)(one.text)]
    elif not found and not address.own.endswith("/"):
        return [address], False
    kept = [one for one in found if not configuration.excluded(one, within=True)]
    return sorted(kept, key=lambda one: one.text), len(kept) < len(found)


def is_pattern(address: Address) -> bool:
    """Whether an address is a pattern; in one of the web, a question mark begins a query.

    >>> is_pattern(Address("s3://bucket/v?/*.onnx")), is_pattern(Address("http://h/m.onnx?v=1"))
    (True, False)
    """
    own = address.own
    return "*" in own if address.protocol in WEB else MAGIC.search(own) is not None


def models_in(
    found: Iterable[Address], files: tuple[str, ...], folders: tuple[str, ...]
) -> Iterator[Address]:
    """Yield the models among files; one that is a folder comes once."""
    packages: set[str] = set()
    inside = re.compile(f"(.*?(?:{'|'.join(map(re.escape, folders))}))/")
    for one in found:
        lies = inside.match(one.own)
        if lies is None:
            if one.name.endswith(files):
                yield one
        elif lies[1] not in packages:
            packages.add(lies[1])
            yield Address(one.text.replace(one.own, lies[1], 1))


def _root(address: Address) -> Address:
    """Return the folder that all that a pattern matches lies in."""
    own = address.own
    protocol, _, path = own.partition("://")
    plain = takewhile(lambda part: not MAGIC.search(part), path.split("/")[:-1])
    return Address(address.text.replace(own, f"{protocol}://{'/'.join(plain)}/", 1))


def _matching(address: Address) -> Callable[[str], bool]:
    translate = cast("Callable[[str], str]", import_module("fsspec.utils").glob_translate)
    wanted = re.compile(translate(address.own))
    return lambda text: wanted.match(Address(text).own) is not None
