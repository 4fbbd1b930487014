"""The table of names that converters keep: `kept_names.toml`, read once and asked by name."""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.conditions.rows import Sources, one_of, parse_rows, source_of
from halfpixel.conditions.table import table_of
from halfpixel.errors import UsageError
from halfpixel.intents.exporter import HOWS, How

if TYPE_CHECKING:
    from halfpixel.conventions.tf_resize import Method

FILE: Final = Path(__file__).parent / "kept_names.toml"
METHODS: Final[tuple["Method", ...]] = ("nearest", "bilinear", "bicubic", "area")
FIELDS: Final = frozenset(
    {"framework", "name", "holds", "pattern", "method", "over", "how", "source"}
)


class KeptName(Struct, frozen=True):
    """One row.

    Attributes:
        framework: whose name it is.
        name: what it is kept as.
        holds: what stands in every such name.
        pattern: the regular expression that finds it there, perhaps with a group `scope`.
        method: what the operator resamples by; empty where the name is no operator's.
        over: "framework name" of the operator beside whose name this one counts; empty for none.
        how: measured where models were made, or read.
        source: repository, release, file and function.
    """

    framework: str
    name: str
    holds: str
    pattern: str
    method: "Method | None"
    over: str
    how: How
    source: str


class KeptNames(Struct, frozen=True):
    """The table.

    Attributes:
        rows: in order.
        hints: finds one of the parts that stand in every name that is kept.
    """

    rows: tuple[KeptName, ...]
    hints: re.Pattern[str]

    @property
    def words(self) -> frozenset[str]:
        """What conditions of exporters' rows may ask for: names, and scopes before them."""
        text = " ".join(row.pattern for row in self.rows)
        scopes = re.findall(r"\(\?P<scope>(\w+)\)", text)
        return frozenset(row.name for row in self.rows) | {f"{scope}/" for scope in scopes}

    def row(self, kept: str) -> KeptName | None:
        """Return the row of what was kept, "framework scope/name"; None where none is.

        >>> kept_names().row("tensorflow resize/ResizeArea").method
        'area'
        """
        framework, _, text = kept.partition(" ")
        name = text.rpartition("/")[2]
        fits = (one for one in self.rows if (one.framework, one.name) == (framework, name))
        return next(fits, None)


@lru_cache(maxsize=1)
def kept_names() -> KeptNames:
    """Return the table.

    Raises:
        UsageError: it is malformed; the row and the value are named.
    """
    try:
        rows = parse_rows(table_of(FILE), _row)
    except (OSError, ValueError) as error:
        raise UsageError(f"{FILE}: {error}") from error
    return KeptNames(rows, re.compile("|".join({re.escape(row.holds): None for row in rows})))


def _row(row: Mapping[str, object], sources: Sources) -> KeptName:
    unknown = sorted(row.keys() - FIELDS)
    if unknown:
        raise ValueError(f"{unknown[0]} is unknown, expected one of {', '.join(sorted(FIELDS))}")
    missing = [key for key in ("framework", "name", "holds", "pattern") if not row.get(key)]
    if missing:
        raise ValueError(f"names no {missing[0]}")
    return KeptName(
        str(row["framework"]),
        str(row["name"]),
        str(row["holds"]),
        str(row["pattern"]),
        one_of("method", row["method"], METHODS) if "method" in row else None,
        str(row.get("over", "")),
        one_of("how", row.get("how"), HOWS),
        source_of(row, sources),
    )
