"""A model that is somewhere already: below a folder that is served, or at an allowed address."""

import stat
from pathlib import Path
from typing import Final

from msgspec import Struct

from halfpixel.formats.data_folder import DataFolder, Unsafe, visible_parts
from halfpixel.serving.addresses import allowed_address, is_address
from halfpixel.serving.limits import Limits
from halfpixel.serving.refused import Refused
from halfpixel.serving.upload import MODELS, PACKAGE

OUTSIDE: Final = "the model is not below a folder that this service is allowed to read"


class Found(Struct, frozen=True):
    """A model that may be read.

    Attributes:
        folder: the real folder that its file lies in; None for an address.
        file: the file's name there, or the address.
        name: what it is called in the report.
        size: its bytes, where they are known.
    """

    folder: Path | None
    file: str
    name: str
    size: int = 0


def found(text: str, limits: Limits) -> Found:
    """Return the model that a parameter names.

    Raises:
        Refused: 403: it is none that may be read, whether or not it is there; 404: it is not
            there.
    """
    if is_address(text):
        address = str(allowed_address(text, limits.allowed))
        if not address.endswith((*MODELS, PACKAGE)):
            raise Refused(403, _endings())
        return Found(None, address, address)
    try:
        name = "/".join(visible_parts(text))
    except Unsafe as error:
        raise Refused(403, f"the path {error}: {OUTSIDE}") from None
    if not name.endswith((*MODELS, PACKAGE)):
        raise Refused(403, _endings())
    for root in limits.roots:
        model = _below(root, name)
        if model is not None:
            return model
    if not limits.roots:
        raise Refused(403, OUTSIDE)
    raise Refused(404, "no model is there")


def _endings() -> str:
    return f"the name ends in none of {', '.join((*MODELS, PACKAGE))}"


def _below(root: Path, name: str) -> Found | None:
    """Return a model below a folder; None where nothing is."""
    folder = DataFolder(root, None)
    try:
        real = folder.real(name)
        about = real.lstat() if name.endswith(PACKAGE) else folder.about(name)
    except Unsafe as error:
        raise Refused(403, f"the path {error}: {OUTSIDE}") from None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        raise Refused(403, OUTSIDE) from None
    if name.endswith(PACKAGE) and not stat.S_ISDIR(about.st_mode):
        raise Refused(403, f"the path is no package: {OUTSIDE}")
    return Found(real.parent, real.name, name, about.st_size)
