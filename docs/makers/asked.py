"""Conditions of a row of a table, in words."""

from collections.abc import Mapping

from halfpixel.conditions.condition import Conditions
from halfpixel.conditions.words import NUMBERS, Value


def _conditions(conditions: Mapping[str, frozenset[Value]]) -> str:
    return ", ".join(f"{key} {_values(key, values)}" for key, values in conditions.items())


def _values(key: str, values: frozenset[Value]) -> str:
    """Return values as a list, or a run of numbers as a range."""
    numbers = sorted(value for value in values if isinstance(value, int))
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        end = f"to {numbers[-1]}" if numbers[-1] < NUMBERS[key] else "or more"
        return f"{numbers[0]} {end}"
    return " or ".join(sorted(map(str, values)))


def asked(conditions: Conditions) -> tuple[str, str]:
    """Return the operators of a row, and its other conditions."""
    ops = ", ".join(sorted(map(str, conditions.when.get("op", ("any",)))))
    when = _conditions({key: values for key, values in conditions.when.items() if key != "op"})
    if conditions.unless:
        when = "; ".join(
            part for part in (when, f"unless {_conditions(conditions.unless)}") if part
        )
    return ops, when
