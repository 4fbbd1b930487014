"""Tables of exporters: where they lie, which one a model asks, and how one is read."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Final, cast, get_args

from halfpixel.conditions.condition import parse_conditions
from halfpixel.conditions.rows import Sources, links, one_of, parse_rows, source_of
from halfpixel.conditions.table import table_of
from halfpixel.errors import UsageError
from halfpixel.intents.exporter import (
    ASPECTS,
    BYS,
    CALLS,
    FIELDS,
    FLAGS,
    HOWS,
    INSTEAD,
    KEYS,
    KINDS,
    MULTIPLIES,
    VERSIONS,
    Aspect,
    By,
    Exporter,
    Row,
    Version,
)
from halfpixel.intents.kept_names import kept_names
from halfpixel.sampling import Coordinate
from halfpixel.sampling.kernel import Rounding

FOLDER: Final = Path(__file__).parent / "exporters"

_VERSION: Final = re.compile(r"(\d+\.\d+(\.\d+)?)?")


def names() -> list[str]:
    """Return the exporters of which something is known.

    >>> {"pytorch", "tf2onnx", "coremltools"} <= set(names())
    True
    """
    return sorted(path.stem for path in FOLDER.iterdir() if path.suffix == ".toml")


@lru_cache(maxsize=256)
def exporter_of(told: str, by: By = "producer") -> Exporter | None:
    """Return the exporter that a model tells of; None where nothing is known of such a one.

    Args:
        told: the name that it gives itself, in lower case; the graph's; what is kept of a name.
        by: which of these.

    Raises:
        UsageError: its file is malformed.
    """
    for name in names():
        if told.startswith(name):
            exporter = load_exporter(FOLDER / f"{name}.toml")
            pattern = exporter.marks[by]
            if pattern and fnmatchcase(told, pattern):
                return exporter
    return None


@lru_cache(maxsize=64)
def load_exporter(path: Path) -> Exporter:
    """Return the exporter of a file.

    Raises:
        UsageError: the file is malformed; the row and the value are named.
    """
    try:
        return _of_file(path, table_of(path))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: {error}") from error


def _of_file(path: Path, body: Mapping[str, object]) -> Exporter:
    unknown = sorted(body.keys() - KEYS)
    if unknown:
        raise ValueError(f"{unknown[0]} is no key, expected one of {', '.join(sorted(KEYS))}")
    marks: dict[By, str] = {by: str(body.get(by, "")) for by in BYS}
    if not body.get("title"):
        raise ValueError("names no title")
    if not any(marks.values()):
        raise ValueError(f"names no {' or '.join(BYS)}")
    told = str(body.get("origin", ""))
    rows = parse_rows(body, lambda row, sources: _row(row, sources, body.get("how"), told))
    if not rows:
        raise ValueError("has no row: write one under [[row]]")
    return Exporter(
        path.stem,
        str(body["title"]),
        marks,
        body.get("rewrites") is True,
        one_of("pytorch", body.get("pytorch", "newest"), VERSIONS),
        body.get("nudges") is True,
        one_of("multiplies", body.get("multiplies", "unknown"), MULTIPLIES),
        rows,
    )


def _row(row: Mapping[str, object], sources: Sources, how: object, origin: str) -> Row:
    kinds = [key for key in KINDS if key in row]
    if len(kinds) != 1:
        told = " and ".join(kinds) or "nothing"
        raise ValueError(f"says {told}, expected one of {', '.join(KINDS)}")
    oldest, newest = parse_versions(row.get("versions", "-"))
    conditions = parse_conditions(row, FIELDS)
    for word in sorted(map(str, conditions.when.get("kept", ()))):
        one_of("kept", word, sorted(kept_names().words))
    return Row(
        conditions,
        oldest,
        newest,
        _call(row["call"]) if "call" in row else None,
        _aspects("as_written", row),
        _aspects("cannot_be_known", row),
        str(row.get("framework", "")),
        _origin(row, origin),
        row.get("recorded") is True,
        one_of("how", row.get("how", how), HOWS),
        source_of(row, sources),
        links(row),
        str(row.get("note", "")),
        _instead(row.get("instead", {})),
        tuple(one_of("readings", one, FLAGS) for one in _list("readings", row)),
        one_of("likely", row["likely"], FLAGS) if "likely" in row else "",
    )


def _origin(row: Mapping[str, object], shared: str) -> str:
    """Return how a row's call is known, with names in braces for what each node tells."""
    origin = str(row.get("origin", shared))
    if "call" in row and not origin:
        raise ValueError("gives no origin for its call")
    try:
        origin.format(version="", opset="", name="")
    except (LookupError, ValueError):
        told = "expected text with {version}, {opset} or {name} in it"
        raise ValueError(f"origin is {origin!r}, {told}") from None
    return origin


def parse_versions(text: object) -> tuple[Version | None, Version | None]:
    """Return the first and the last version of a range.

    Raises:
        ValueError: it is no range.

    >>> parse_versions("1.2-1.9.3"), parse_versions("5.0-"), parse_versions("-")
    (((1, 2), (1, 9, 3)), ((5, 0), None), (None, None))
    """
    low, dash, high = str(text).partition("-")
    if not dash or not all(_VERSION.fullmatch(end.strip()) for end in (low, high)):
        raise ValueError(f'versions is {text!r}, expected a range such as "1.2-1.9" or "5.0-"')
    return _version(low), _version(high)


def _version(text: str) -> Version | None:
    """Return a version; None where a range has no such end."""
    return tuple(map(int, text.strip().split("."))) if text.strip() else None


def _aspects(key: str, row: Mapping[str, object]) -> frozenset[Aspect]:
    return frozenset(one_of(key, one, ASPECTS) for one in _list(key, row))


def _list(key: str, row: Mapping[str, object]) -> list[object]:
    given = row.get(key, [])
    if not isinstance(given, list):
        raise ValueError(f"{key} is no list")  # noqa: TRY004 - told like the others
    return cast("list[object]", given)


def _instead(given: object) -> dict[str, object]:
    """Return what was meant in place of what is written."""
    if not isinstance(given, dict):
        raise ValueError("instead is no table")  # noqa: TRY004 - told like the others
    meant = dict(cast("Mapping[str, object]", given))
    for key, value in meant.items():
        words = {"coordinates": get_args(Coordinate), "nearest_mode": get_args(Rounding)}
        if key not in INSTEAD:
            raise ValueError(f"instead: {key} is unknown, expected one of {', '.join(INSTEAD)}")
        if key in words:
            one_of(f"instead: {key}", value, words[key])
        elif not isinstance(value, int | float):
            raise ValueError(f"instead: {key} is {value!r}, expected a number")
    return meant


def _call(given: object) -> dict[str, object]:
    if not isinstance(given, dict):
        raise ValueError("call is no table")  # noqa: TRY004 - told like the others
    call = dict(cast("Mapping[str, object]", given))
    for key, value in call.items():
        if key not in CALLS:
            raise ValueError(f"call: {key} is no argument, expected one of {', '.join(CALLS)}")
        if not any(value is one or (value == one and isinstance(one, str)) for one in CALLS[key]):
            expected = ", ".join(map(str, CALLS[key]))
            raise ValueError(f"call: {key} is {value!r}, expected one of {expected}")
    missing = [key for key in ("mode", "lengths") if key not in call]
    if missing:
        raise ValueError(f"call: names no {missing[0]}")
    return call
