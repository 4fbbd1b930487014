"""Fields of a configuration that somebody else wrote, checked one by one."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, cast

from halfpixel.conventions.meaning import MOST
from halfpixel.conventions.python_call import Symbol
from halfpixel.errors import ConventionError

SHOWN: Final = 60
"""Characters of a value that a message names."""

CHANNELS: Final = 64
"""Numbers of a list that is one number a channel."""

Fields = Mapping[str, object]


def shown(value: object) -> str:
    """Return a value as a message names it, short.

    >>> shown("x" * 5000)[-5:], shown(float("nan"))
    ("x...'", 'nan')
    """
    if isinstance(value, str) and len(value) > SHOWN:
        return repr(f"{value[:SHOWN]}...")
    if is_list(value) or is_table(value):
        count = len(cast("Sequence[object]", value))
        if count > SHOWN:
            return f"{'a list' if is_list(value) else 'an object'} of {count}"
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, a list too deep
        return f"a {type(value).__name__} too long to be shown"
    return text if len(text) <= 2 * SHOWN else f"{text[: 2 * SHOWN]}..."


def length(name: str, value: object) -> int:
    """Return a length of an image: a whole number from 1 to 2 ** 31.

    Raises:
        ConventionError: it is none.

    >>> length("size", 224.0)
    224
    """
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole or not 1 <= cast("float", value) < MOST:
        raise ConventionError(f"{name} is {shown(value)}, expected a length in pixels")
    return int(cast("float", value))


def number(name: str, value: object) -> float:
    """Return a finite number.

    Raises:
        ConventionError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConventionError(f"{name} is {shown(value)}, expected a number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise ConventionError(f"{name} is {shown(value)}, expected a finite number")
    return found


def fraction(name: str, value: object) -> float:
    """Return a part of a whole: above 0, and at most 1.

    Raises:
        ConventionError: it is none.
    """
    found = number(name, value)
    if not 0 < found <= 1:
        raise ConventionError(f"{name} is {shown(value)}, expected more than 0 and at most 1")
    return found


def flag(name: str, value: object) -> bool:
    """Return true or false.

    Raises:
        ConventionError: it is neither.
    """
    if not isinstance(value, bool):
        raise ConventionError(f"{name} is {shown(value)}, expected true or false")
    return value


def word(name: str, value: object) -> str:
    """Return a text, or the last name of a symbol.

    Raises:
        ConventionError: it is none.
    """
    if isinstance(value, Symbol):
        return value.text.rpartition(".")[2]
    if not isinstance(value, str):
        raise ConventionError(f"{name} is {shown(value)}, expected a text")
    return value


def table(name: str, value: object) -> Fields:
    """Return an object of names and values.

    Raises:
        ConventionError: it is none.
    """
    if not is_table(value):
        raise ConventionError(f"{name} is {shown(value)}, expected an object")
    return cast("Fields", value)


def items(name: str, value: object, most: int = CHANNELS) -> Sequence[object]:
    """Return the items of a list.

    Raises:
        ConventionError: it is none, or of more than can be.
    """
    if not is_list(value):
        raise ConventionError(f"{name} is {shown(value)}, expected a list")
    found = cast("Sequence[object]", value)
    if len(found) > most:
        raise ConventionError(f"{name} has {len(found)} values, at most {most} are expected")
    return found


def is_list(value: object) -> bool:
    """Whether a value is a list, of JSON or of a call."""
    return isinstance(value, list | tuple)


def is_table(value: object) -> bool:
    """Whether a value is an object of names and values."""
    return isinstance(value, dict)


def lengths(name: str, value: object) -> tuple[int, ...]:
    """Return one or two lengths; one that stands alone is one.

    Raises:
        ConventionError: they are none, or others in number.

    >>> lengths("size", 224), lengths("size", (224, 192))
    ((224,), (224, 192))
    """
    given = items(name, value, 2) if is_list(value) else (value,)
    if not given:
        raise ConventionError(f"{name} is {shown(value)}, expected one or two lengths")
    return tuple(length(name, one) for one in given)


def numbers(name: str, value: object) -> tuple[float, ...]:
    """Return one number a channel; one number is of all of them.

    Raises:
        ConventionError: one is none.
    """
    if isinstance(value, int | float):
        return (number(name, value),)
    return tuple(number(name, one) for one in items(name, value))


def listed(values: Sequence[float]) -> str:
    """Return numbers as a text: one where they are all the same.

    >>> listed((0.5, 0.5, 0.5)), listed((0.485, 0.456, 0.406))
    ('0.5', '0.485 0.456 0.406')
    """
    same = len(set(values)) == 1
    return " ".join(f"{value:.9g}" for value in (values[:1] if same else values))
