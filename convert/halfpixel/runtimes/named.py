"""What `package.module:name` names: the factory of a module, the function that makes inputs."""

import sys
from importlib import import_module
from typing import Any, cast

from halfpixel.errors import UsageError, place_of, said_of


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
    if "" not in sys.path:
        sys.path.insert(0, "")
    wrong = f"{text}: expected package.module:{kind}"
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
