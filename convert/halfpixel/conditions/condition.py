"""Conditions of a row on a node: what must hold, and what must not.

A row holds where every condition holds, and not every condition of its `unless`. A condition is
one value or a list of which one must hold; `opset` and `rank` also take "11-18", "19-" and "-9".
`facts.py` lists the conditions.
"""

from collections.abc import Iterator, Mapping
from typing import Final, cast

from msgspec import Struct, field

from halfpixel.conditions.facts import Facts
from halfpixel.conditions.words import NAMES, NUMBERS, WORDS, Value

NOTHING: Final = frozenset[Value]()


class Conditions(Struct, frozen=True):
    """The conditions of one row.

    Attributes:
        when: what must hold, all of it.
        unless: what must not hold, all of it together.
    """

    when: Facts = field(default_factory=dict[str, frozenset[Value]])
    unless: Facts = field(default_factory=dict[str, frozenset[Value]])

    def hold(self, facts: Facts) -> bool:
        """Whether they hold of a node with these facts."""
        return _all(self.when, facts) and not (self.unless and _all(self.unless, facts))


def _all(conditions: Facts, facts: Facts) -> bool:
    return all(facts.get(key, NOTHING) & values for key, values in conditions.items())


def parse_conditions(row: Mapping[str, object], fields: frozenset[str]) -> Conditions:
    """Return the conditions of a row.

    Args:
        row: the row, with the fields that are no conditions.
        fields: the names of those.

    Raises:
        ValueError: a key, word or number that is none.
    """
    given = {key: value for key, value in row.items() if key not in fields and key != "unless"}
    unless = parse_values("unless", row.get("unless", {}), fields)
    return Conditions(parse_values("row", given, fields), unless)


def parse_values(name: str, given: object, fields: frozenset[str]) -> dict[str, frozenset[Value]]:
    """Return what each condition may be, for one of the tables of a row.

    Raises:
        ValueError: a key, word or number that is none.
    """
    if not isinstance(given, dict):
        raise ValueError(f"{name} is no table")  # noqa: TRY004 - one kind
    out: dict[str, frozenset[Value]] = {}
    for key, value in cast("Mapping[str, object]", given).items():
        values = cast("list[object]", value) if isinstance(value, list) else [value]
        if key in NUMBERS:
            out[key] = frozenset(n for one in values for n in _numbers(key, one))
            continue
        if key in NAMES:
            out[key] = frozenset(map(str, values))
            continue
        if key not in WORDS:
            expected = ", ".join(sorted({*WORDS, *NAMES, *NUMBERS, *fields, "unless"}))
            raise ValueError(f"{key} is no condition, expected one of {expected}")
        for one in values:
            if not isinstance(one, str | int) or one not in WORDS[key]:
                expected = ", ".join(sorted(map(str, WORDS[key])))
                raise ValueError(f"{key} is {one!r}, expected one of {expected}")
        out[key] = frozenset(cast("list[Value]", values))
    return out


def _numbers(key: str, value: object) -> Iterator[int]:
    """Yield the numbers of a range, up to the largest that there is.

    >>> list(_numbers("rank", "3-5")), list(_numbers("opset", "-2")), list(_numbers("rank", "7-"))
    ([3, 4, 5], [1, 2], [7, 8])
    >>> list(_numbers("rank", "7-999999999999"))
    [7, 8]
    """
    if isinstance(value, int):
        yield value
        return
    low, dash, high = str(value).partition("-")
    ends = low.strip() or "1", high.strip() or str(NUMBERS[key])
    if not dash or not all(end.isdecimal() for end in ends):
        raise ValueError(f'{key} is {value!r}, expected a number or a range such as "11-18"')
    first, last = (min(int(end[:9]), NUMBERS[key] + 1) for end in ends)
    yield from range(first, min(last, NUMBERS[key]) + 1)
