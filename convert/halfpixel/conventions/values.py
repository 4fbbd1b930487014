"""Values that an operator is given, checked one by one: a name, a number, a whole number."""

import math
from collections.abc import Iterable
from typing import cast

from halfpixel.errors import ConventionError


def choice(name: str, value: object, allowed: Iterable[str]) -> str:
    """Return a value that is one of some names.

    Raises:
        ConventionError: it is none of them.
    """
    names = list(allowed)
    if value not in names:
        raise ConventionError(f"{name} is {value!r}, expected one of {', '.join(names)}")
    return str(value)


def number(name: str, value: object) -> float:
    """Return a number of any kind (Python's, numpy's) as a float.

    Raises:
        ConventionError: it is no number.
    """
    try:
        return float(cast("float", value))
    except (TypeError, ValueError, OverflowError):
        raise ConventionError(f"{name} is {value!r}, expected a number") from None


def whole(name: str, value: object) -> int:
    """Return a number of any kind as an integer.

    Raises:
        ConventionError: it is no integer.
    """
    found = number(name, value)
    if not math.isfinite(found) or found != math.floor(found):
        raise ConventionError(f"{name} is {value!r}, expected a whole number")
    return int(found)


def length(name: str, value: object) -> int:
    """Return a length: a whole number of at least 1.

    Raises:
        ConventionError: it is none.
    """
    found = whole(name, value)
    if found < 1:
        raise ConventionError(f"{name} is {found}, expected at least 1")
    return found


def flag(name: str, value: object) -> bool:
    """Return a value that is true or false.

    Raises:
        ConventionError: it is neither.
    """
    if value not in {True, False}:
        raise ConventionError(f"{name} is {value!r}, expected True or False")
    return bool(value)
