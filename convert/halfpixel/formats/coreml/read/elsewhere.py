"""Where the parts of a Core ML model lie that is not on this disk.

The manifest of a package and its specification are read by ranges, its weights where a site has
constants in them.
"""

from halfpixel.address import Address, is_plain
from halfpixel.errors import ModelFileError
from halfpixel.formats.coreml.read.package import (
    DATA,
    LARGEST_MANIFEST,
    MANIFEST,
    Package,
    manifest_of,
    root_in,
)
from halfpixel.formats.data_folder import quoted
from halfpixel.storage.failures import GONE
from halfpixel.storage.remote_file import RemoteFile


def located_elsewhere(address: Address) -> Package:
    """Return the parts of a model.

    Args:
        address: that of a .mlpackage folder, or of a .mlmodel file.

    Raises:
        ModelFileError: there is no model there, or its manifest is broken.
    """
    if not address.name.endswith(".mlpackage"):
        return Package(address, RemoteFile(address))
    try:
        data = RemoteFile(address.joined(MANIFEST)).view[: LARGEST_MANIFEST + 1]
    except ModelFileError as error:
        reason = f"not a Core ML package: {MANIFEST} is missing"
        told = reason if error.reason == GONE else f"{MANIFEST}: {error.reason}"
        raise ModelFileError(address, told, error.hint) from error
    name = "/".join((DATA, *root_in(manifest_of(data, address), address)))
    if not is_plain(name):
        raise ModelFileError(address, f"{MANIFEST}: path {quoted(name)} is no plain name")
    return Package(address, RemoteFile(address.joined(name)))
