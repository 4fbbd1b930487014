"""A call that a convention reads, run by the library whose words it is in.

The text is parsed, and never evaluated: what is called and every constant is looked up in the
modules that the convention names, and all other arguments are literals.
"""

import importlib
import re
import warnings
from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

from halfpixel.convention import Convention, Library
from halfpixel.conventions.python_call import PythonCall, Symbol, listed, parse
from halfpixel.errors import HalfpixelError, MissingExtraError, RuntimeRefusal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPEN: Final = "its lengths are open: give them with --size"


def is_installed(convention: Convention) -> bool:
    """Whether the library of a convention is there; nothing is imported."""
    from importlib.util import find_spec

    return convention.library is not None and find_spec(convention.library.name) is not None


def release(library: Library) -> str:
    """Return the library with the release that is installed."""
    module = importlib.import_module(library.name)
    return f"{library.name} {getattr(module, '__version__', 'of no known release')}"


def run(convention: Convention, text: str, image: "NDArray[np.generic]") -> "NDArray[np.generic]":
    """Return what a call makes of an image.

    Args:
        convention: whose call it is; it has a library.
        text: the call, with every length written out.
        image: the image, of shape (height, width), of a type that the library takes.

    Returns:
        The image that is made, of shape (height, width).

    Raises:
        MissingExtraError: the library is not installed.
        RuntimeRefusal: it cannot be imported or refuses the call, or that leaves a length open.
    """
    library = convention.library
    if library is None:
        raise RuntimeRefusal(text, f"{convention.name} is not run in Python")
    try:
        names = {name: importlib.import_module(module) for name, module in library.modules}
    except ImportError as error:
        if is_installed(convention):  # it has what it computes with from another package
            raise RuntimeRefusal(text, f"{library.name} cannot be imported: {error}") from error
        raise MissingExtraError(library.name, "all") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given = library.image(image)
            call = parse(_with_shape(text, given))
            return library.array(_called(convention, call, names, given, library.keyword))
    except HalfpixelError:
        raise
    except Exception as error:  # whatever another library raises
        raise RuntimeRefusal(text, str(error) or type(error).__name__) from error


SHAPE: Final = re.compile(r"\b[A-Za-z_]\w*\.shape\[(-?\d)\]")


def _with_shape(text: str, image: object) -> str:
    """Return a call with the numbers that it asks of its image's shape, `x.shape[0]`."""
    shape: tuple[int, ...] = tuple(getattr(image, "shape", ()))

    def number(found: re.Match[str]) -> str:
        axis = int(found[1])
        return str(int(shape[axis])) if -len(shape) <= axis < len(shape) else found[0]

    return SHAPE.sub(number, text)


def _called(
    convention: Convention,
    call: PythonCall,
    names: Mapping[str, Any],
    image: object,
    keyword: str,
) -> object:
    """Call what is called on an image: a function of it, a method of it, or a module."""
    function, is_method = _function(convention, call, names, image)
    given = is_method
    positional: list[object] = []
    for value in call.positional:
        if not given and _is_image(value, names):
            positional.append(image)
            given = True
        else:
            positional.append(_value(value, names))
    named: dict[str, object] = {}
    for name, value in call.named.items():
        if not given and _is_image(value, names):
            named[name] = image
            given = True
        else:
            named[name] = _value(value, names)
    made: Any = function(*positional, **named)
    if is_method:  # some change the image itself, and give nothing
        return image if made is None else made
    if given:
        return made
    return made(**{keyword: image}) if keyword else made(image)


def _function(
    convention: Convention, call: PythonCall, names: Mapping[str, Any], image: object
) -> tuple[Any, bool]:
    """Return what is called, and whether it is a method of the image."""
    if call.last in convention.methods and "." in call.name:
        return getattr(image, call.last), True
    root = call.name.partition(".")[0]
    if root in names and call.name.replace(".", "").isidentifier():
        return _looked_up(call.name, names), False
    whole = [one for one in convention.operators if "*" not in one]
    full = next((one for one in whole if one == call.name or one.endswith(f".{call.name}")), None)
    if full is not None:
        module, _, name = full.rpartition(".")
        return getattr(importlib.import_module(module), name), False
    raise RuntimeRefusal(str(call), f"{call.name} is in no module that {convention.name} has")


def _is_image(value: object, names: Mapping[str, Any]) -> bool:
    """Whether an argument stands for the image: a name, or an expression, of nothing known."""
    return isinstance(value, Symbol) and value.text.partition(".")[0] not in names


def _value(value: object, names: Mapping[str, Any]) -> object:
    if isinstance(value, Symbol):
        if value.text.replace(".", "").isidentifier() and value.text.partition(".")[0] in names:
            return _looked_up(value.text, names)
        raise RuntimeRefusal(value.text, OPEN)
    items = listed(value)
    if items is not None:
        return tuple(_value(item, names) for item in items)
    return float(value) if isinstance(value, Fraction) else value


def _looked_up(name: str, names: Mapping[str, Any]) -> Any:  # noqa: ANN401 - another library's
    root, *rest = name.split(".")
    return reduce(getattr, rest, names[root])
