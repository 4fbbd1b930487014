"""Rows of a table that a person wrote: a list under [[row]], each with a source of [sources]."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

Row = TypeVar("Row")
Word = TypeVar("Word", bound=str)
Sources = Mapping[str, str]


def parse_rows(
    body: Mapping[str, object], parse: Callable[[Mapping[str, object], Sources], Row]
) -> tuple[Row, ...]:
    """Return the rows of a file, in order.

    Args:
        body: the file.
        parse: returns a row of what the file says of it, and of the file's sources.

    Raises:
        ValueError: the rows are no list of tables, or one is wrong; its place is named.
    """
    sources, listed = _sources(body), body.get("row", [])
    if not isinstance(listed, list):
        raise ValueError("row is no list: write [[row]] above each")  # noqa: TRY004 - one kind
    rows: list[Row] = []
    for place, given in enumerate(cast("list[object]", listed), 1):
        if not isinstance(given, dict):
            raise ValueError(f"row {place}: is no table")  # noqa: TRY004 - told like the others
        try:
            rows.append(parse(cast("Mapping[str, object]", given), sources))
        except ValueError as error:
            raise ValueError(f"row {place}: {error}") from None
    return tuple(rows)


def _sources(body: Mapping[str, object]) -> dict[str, str]:
    value = body.get("sources", {})
    if not isinstance(value, dict):
        raise ValueError("sources is no table")  # noqa: TRY004 - told like the others
    return {str(k): str(v) for k, v in cast("dict[object, object]", value).items()}


def source_of(row: Mapping[str, object], sources: Sources) -> str:
    """Return what a row rests on.

    Raises:
        ValueError: it names no source of the file.
    """
    source = str(row.get("source", ""))
    if source not in sources:
        expected = ", ".join(sources) or "none: [sources] is empty"
        raise ValueError(f"source is {source!r}, expected one of {expected}")
    return sources[source]


def links(row: Mapping[str, object]) -> tuple[str, ...]:
    """Return the links of a row to public issues in which it was seen.

    Raises:
        ValueError: they are no list.
    """
    reports = row.get("reports", [])
    if not isinstance(reports, list):
        raise ValueError("reports is no list")  # noqa: TRY004 - told like the others
    return tuple(map(str, cast("list[object]", reports)))


def one_of(name: str, value: object, allowed: Sequence[Word]) -> Word:
    """Return the word that a value is.

    Raises:
        ValueError: it is none of them.
    """
    for one in allowed:
        if one == value:
            return one
    raise ValueError(f"{name} is {value!r}, expected one of {', '.join(allowed)}")
