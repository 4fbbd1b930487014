"""What `package.module:name` names: the factory of a module, the function that makes inputs."""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, cast

from halfpixel.errors import ModelFileError, UsageError, place_of, said_of

FILES: Final = (".pt2", ".pt", ".pth", ".ts", ".torchscript", ".onnx", ".npz", ".tflite", ".lite")
"""How files end that no module is called like."""


def check_there(source: object) -> None:
    """Refuse a file or a module that is not there, before PyTorch is imported to read it.

    Args:
        source: a path, `package.module:factory`, or anything else, which is left to its reader.

    Raises:
        ModelFileError: there is no such file.
        UsageError: there is no such module.

    >>> check_there("math:sqrt")
    >>> check_there("maths_of_none:sqrt")
    Traceback (most recent call last):
    ...
    halfpixel.errors.UsageError: maths_of_none:sqrt: expected package.module:factory; there is no \
module 'maths_of_none'
    """
    text = str(source) if isinstance(source, str | Path) else ""
    if text.endswith(FILES):
        if not os.path.exists(text):  # noqa: PTH110 - Path.exists raises where a name is too long
            raise ModelFileError(Path(text), "no such file or directory")
        return
    module, colon, _ = text.partition(":")
    package = module.partition(".")[0]
    if not colon or not package or os.path.exists(text):  # noqa: PTH110 - likewise
        return
    _look_here()
    try:
        found = find_spec(package) is not None
    except (ImportError, ValueError):  # one that is made by hand, which `named` has
        return
    if not found:
        raise UsageError(f"{_expected(text, 'factory')}; there is no module {package!r}")


def named(text: str, kind: str) -> Any:  # noqa: ANN401 - whatever has the name
    """Return what a text names; modules are looked for in the working folder too.

    Args:
        text: `package.module:name`.
        kind: what is expected of that name, in a word.

    Raises:
        UsageError: there is no such module or name, or the module fails as it is imported.

    >>> named("math:sqrt", "function")(4.0)
    2.0
    >>> named("math:root", "function")
    Traceback (most recent call last):
    ...
    halfpixel.errors.UsageError: math:root: expected package.module:function; math has no 'root'
    """
    module, _, name = text.partition(":")
    _look_here()
    wrong = _expected(text, kind)
    if not module.strip("."):
        raise UsageError(wrong)
    try:
        found = import_module(module)
    except Exception as error:
        absent = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        if absent and f"{module}.".startswith(f"{absent}."):
            raise UsageError(f"{wrong}; there is no module {absent!r}") from error
        told = f"{text}: its module fails as it is imported: {said_of(error)}{place_of(error)}"
        raise UsageError(told) from error
    if not hasattr(found, name):
        raise UsageError(f"{wrong}; {module} has no {name!r}")
    return cast("object", getattr(found, name))


def _look_here() -> None:
    """Have modules looked for in the working folder too."""
    if "" not in sys.path:
        sys.path.insert(0, "")


def _expected(text: str, kind: str) -> str:
    return f"{text}: expected package.module:{kind}"
