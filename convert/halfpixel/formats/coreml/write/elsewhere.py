"""The parts of a model that was read from elsewhere, on this disk: what is written is copied."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from halfpixel.address import Address
from halfpixel.formats.coreml.read.package import Package, located


@contextmanager
def package_here(package: Package) -> Generator[Package]:
    """Let a model lie on this disk for a while; one that does stays where it is.

    Raises:
        ModelFileError: it cannot be fetched, or is another one since it was read.
    """
    if isinstance(package.spec, Path) or not isinstance(package.path, Address):
        yield package
        return
    from halfpixel.storage.fetching import model_on_disk

    package.spec.check_unchanged()
    with model_on_disk(package.path) as path:
        yield located(path)
