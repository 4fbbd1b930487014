"""Options from the command line and from `[tool.halfpixel]` of the nearest pyproject.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from halfpixel.checking.check import Settings
from halfpixel.errors import UsageError
from halfpixel.intents.policy import Policy, parse_policy
from halfpixel.rule import SEVERITIES

if TYPE_CHECKING:
    from halfpixel.rule import Severity

KEYS = frozenset({"select", "ignore", "severity", "expect"})


def read_settings(
    select: Sequence[str],
    ignore: Sequence[str],
    expect: Sequence[str],
    severity: "Severity | None",
    folder: Path | None = None,
) -> Settings:
    """Return the settings: the command line first, then the nearest pyproject.toml.

    Raises:
        UsageError: the table is malformed, or an option has a value that it does not take.
    """
    table, where = _table(folder or _here())
    unknown = sorted(set(table) - KEYS)
    if unknown:
        raise UsageError(f"{where}: [tool.halfpixel] has {unknown[0]!r}, expected {_listed(KEYS)}")
    policies = [*_policies(table.get("expect", {}), where), *(parse_policy(t) for t in expect)]
    least = severity or str(table.get("severity", "note"))
    if least not in SEVERITIES:
        raise UsageError(f"{where}: severity is {least!r}, expected {_listed(SEVERITIES)}")
    return Settings(
        tuple(select) or _texts(table, "select", where),
        tuple(ignore) or _texts(table, "ignore", where),
        tuple(policies),
        least,
    )


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError("the working folder is gone") from error


def _listed(names: Sequence[str] | frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _table(folder: Path) -> tuple[Mapping[str, object], str]:
    """Return `[tool.halfpixel]` of the nearest pyproject.toml upwards, and its path."""
    for place in (folder, *folder.parents):
        path = place / "pyproject.toml"
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from error
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            raise UsageError(f"{path}: {error}") from error
        tool = cast("object", data.get("tool", {}))
        if not isinstance(tool, dict):
            raise UsageError(f"{path}: tool is not a table")
        found = cast("Mapping[str, object]", tool).get("halfpixel", {})
        if not isinstance(found, dict):
            raise UsageError(f"{path}: tool.halfpixel is not a table")
        return cast("Mapping[str, object]", found), str(path)
    return {}, "pyproject.toml"


def _texts(table: Mapping[str, object], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(
        isinstance(v, str) for v in cast("list[object]", value)
    ):
        raise UsageError(f"{where}: {key} is not a list of names")
    return tuple(cast("list[str]", value))


def _policies(value: object, where: str) -> list[Policy]:
    """Return the policies of ``expect = {"NODE pattern" = "align_corners=false"}``."""
    if not isinstance(value, dict):
        raise UsageError(f'{where}: expect is not a table of NODE = "KEY=VALUE"')
    table = cast("Mapping[str, object]", value)
    return [parse_policy(str(text), pattern) for pattern, text in table.items()]
