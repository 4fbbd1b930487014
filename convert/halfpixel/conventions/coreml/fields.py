"""Fields of a neural network's layers, checked one by one: enumerations and pairs of numbers."""

from collections.abc import Sequence
from typing import cast

from halfpixel.conventions.meaning import choice, number, whole
from halfpixel.conventions.vocabulary import Attributes
from halfpixel.errors import ConventionError


def enum_name(attributes: Attributes, name: str, names: Sequence[str]) -> str:
    """Return the name of an enum's value, which may be given by number; unset is number 0.

    Raises:
        ConventionError: it is none of the names.
    """
    value = attributes.get(name, 0)
    if isinstance(value, str):
        return choice(name, value, names)
    place = whole(name, value)
    if not 0 <= place < len(names):
        raise ConventionError(f"{name} is {place}, expected one of {', '.join(names)}")
    return names[place]


def pair(attributes: Attributes, name: str, rest: float) -> tuple[float, float]:
    """Return a field of two numbers; `rest` each where it is unset.

    Raises:
        ConventionError: it has others in number.
    """
    given = attributes.get(name) or (rest, rest)
    if not hasattr(given, "__len__"):
        raise ConventionError(f"{name} is {given!r}, expected 2 numbers")
    values = cast("Sequence[object]", given)
    if len(values) != 2:
        raise ConventionError(f"{name} has {len(values)} values, expected 2")
    return number(name, values[0]), number(name, values[1])


def whole_pair(attributes: Attributes, name: str, rest: int) -> tuple[int, int]:
    """Return a field of two whole numbers of at least 1; `rest` each where it is unset.

    Raises:
        ConventionError: a value below 1, or no whole number.
    """
    first, second = (whole(name, value) for value in pair(attributes, name, rest))
    if min(first, second) < 1:
        raise ConventionError(f"{name} holds {min(first, second)}, expected at least 1")
    return first, second
