"""What an exporter is: a program that wrote a model, and what its writing can only have meant.

An exporter is one file of `exporters/`, named after how the producer's name begins: `keras.toml`
speaks of keras2onnx too. A file says whose it is and holds rows. A row has conditions on a node
(`conditions/`), perhaps a range of the producer's versions, a source, and one of

- `call`: what PyTorch was asked for, as arguments of F.interpolate, each a value or a word that
  says where it is read (`CALLS`);
- `as_written`: in these aspects (`ASPECTS`) the file says what was meant; `framework` computes so;
- `cannot_be_known`: the exporter writes the same whatever was meant in these aspects.

Of the rows that hold, the first that speaks of an aspect counts; a `call` speaks of the aspect
"call", and so does a row that leaves the whole call to what is written. A version that is not
known counts as the newest.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, cast

from halfpixel.conditions.condition import Conditions, parse_conditions
from halfpixel.conditions.facts import Facts
from halfpixel.conditions.rows import Sources, links, one_of, parse_rows, source_of
from halfpixel.errors import UsageError

FOLDER: Final = Path(__file__).parent / "exporters"

How = Literal["measured", "read"]
HOWS: Final[tuple[How, ...]] = ("measured", "read")

Aspect = Literal[
    "call", "mode", "coordinates", "rounding", "cubic", "align_corners", "antialias", "scales"
]
ASPECTS: Final[tuple[Aspect, ...]] = (
    "call", "mode", "coordinates", "rounding", "cubic", "align_corners", "antialias", "scales",
)  # fmt: skip
"""What a row can speak of; cubic is the kernel's coefficient and border."""

CALLS: Final[Mapping[str, tuple[object, ...]]] = {
    "mode": ("nearest", "nearest-exact", "linear", "cubic", "as written", "named"),
    "align_corners": (True, False, "as written"),
    "antialias": (True, False, "as written", "named"),
    "lengths": ("as written", "by plain factors", "by size"),
    "recompute_scale_factor": (True, False),
}
"""Arguments of a call, and what they may be.

"as written" is read from the node, "named" from the ATen call in its name. Lengths are given
by a scale_factor "as written" wherever the node has scales, "by plain factors" where those are
constants that read like somebody's own, else by size. recompute_scale_factor holds of a linear
call by fractions.
"""

MULTIPLIES: Final[tuple[str, ...]] = ("float64", "unknown")
VERSIONS: Final[tuple[str, ...]] = ("producer", "newest")
FIELDS: Final = frozenset(
    {"versions", "call", "as_written", "cannot_be_known", "framework", "origin", "recorded"}
    | {"how", "source", "reports", "note"}
)
KEYS: Final = frozenset(
    {"title", "producer", "pytorch", "nudges", "multiplies", "origin", "how", "sources", "row"}
)

Version = tuple[int, int]
_VERSION: Final = re.compile(r"(\d+\.\d+)?")


@dataclass(frozen=True, slots=True)
class Row:
    """What an exporter means by a node.

    Attributes:
        conditions: which nodes.
        oldest: the producer's first version that writes so; None for all there are.
        newest: the last one.
        call: arguments of the call that was meant; None where the row tells no call.
        as_written: aspects in which the file says what was meant.
        cannot_be_known: aspects that the file does not tell.
        framework: what computes as the node says.
        origin: one phrase that says how a call is known.
        recorded: the file itself tells the call; it is no habit.
        how: measured where models were run, or read.
        source: repository, release, file and function, or the models that were run.
        reports: links to public issues in which it was seen.
        note: what there is to say beside it.
    """

    conditions: Conditions
    oldest: Version | None
    newest: Version | None
    call: Mapping[str, object] | None
    as_written: frozenset[Aspect]
    cannot_be_known: frozenset[Aspect]
    framework: str
    origin: str
    recorded: bool
    how: How
    source: str
    reports: tuple[str, ...] = ()
    note: str = ""

    def covers(self, version: Version | None) -> bool:
        """Whether the row speaks of what this version of the producer wrote."""
        if version is None:
            return self.newest is None
        early = self.oldest is not None and version < self.oldest
        late = self.newest is not None and version > self.newest
        return not early and not late

    def speaks_of(self, aspect: Aspect) -> bool:
        """Whether the row says something of an aspect."""
        told = aspect in self.as_written or aspect in self.cannot_be_known
        return told or (aspect == "call" and self.call is not None)


@dataclass(frozen=True, slots=True)
class Exporter:
    """One exporter.

    Attributes:
        name: the file's name.
        title: what people call it.
        producer: pattern of the names that it gives itself.
        pytorch: whose version the meaning of PyTorch's calls is of: the producer's or the newest.
        nudges: it writes a length as a factor, (n_out + 0.0001) / n_in.
        multiplies: in which type the framework behind it computes a length by a factor.
        rows: what is known, in order.
    """

    name: str
    title: str
    producer: str
    pytorch: str = "newest"
    nudges: bool = False
    multiplies: str = "unknown"
    rows: tuple[Row, ...] = ()

    def row(self, aspect: Aspect, facts: Facts, version: Version | None) -> Row | None:
        """Return the first row that holds of a node and speaks of an aspect."""
        told = [row for row in self.rows if row.speaks_of(aspect) and row.covers(version)]
        for row in told:
            if row.conditions.hold(facts):
                return row
        return None


def names() -> list[str]:
    """Return the exporters of which something is known.

    >>> {"pytorch", "tf2onnx", "coremltools"} <= set(names())
    True
    """
    return sorted(path.stem for path in FOLDER.iterdir() if path.suffix == ".toml")


@lru_cache(maxsize=256)
def exporter_of(producer: str) -> Exporter | None:
    """Return the exporter that gives itself a name; None where nothing is known of such a one.

    Raises:
        UsageError: its file is malformed.
    """
    for name in names():
        if producer.startswith(name):
            exporter = load_exporter(FOLDER / f"{name}.toml")
            if fnmatchcase(producer, exporter.producer):
                return exporter
    return None


@lru_cache(maxsize=64)
def load_exporter(path: Path) -> Exporter:
    """Return the exporter of a file.

    Raises:
        UsageError: the file is malformed; the row and the value are named.
    """
    import tomllib

    try:
        return _of_file(path, tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: {error}") from error


def _of_file(path: Path, body: Mapping[str, object]) -> Exporter:
    unknown = sorted(body.keys() - KEYS)
    if unknown:
        raise ValueError(f"{unknown[0]} is no key, expected one of {', '.join(sorted(KEYS))}")
    for key in ("title", "producer"):
        if not body.get(key):
            raise ValueError(f"names no {key}")
    told = str(body.get("origin", ""))
    rows = parse_rows(body, lambda row, sources: _row(row, sources, body.get("how"), told))
    if not rows:
        raise ValueError("has no row: write one under [[row]]")
    return Exporter(
        path.stem,
        str(body["title"]),
        str(body["producer"]),
        one_of("pytorch", body.get("pytorch", "newest"), VERSIONS),
        body.get("nudges") is True,
        one_of("multiplies", body.get("multiplies", "unknown"), MULTIPLIES),
        rows,
    )


def _row(row: Mapping[str, object], sources: Sources, how: object, origin: str) -> Row:
    kinds = [key for key in ("call", "as_written", "cannot_be_known") if key in row]
    if len(kinds) != 1:
        told = " and ".join(kinds) or "nothing"
        raise ValueError(f"says {told}, expected one of call, as_written, cannot_be_known")
    oldest, newest = parse_versions(row.get("versions", "-"))
    return Row(
        parse_conditions(row, FIELDS),
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

    >>> parse_versions("1.2-1.9"), parse_versions("5.0-"), parse_versions("-")
    (((1, 2), (1, 9)), ((5, 0), None), (None, None))
    """
    low, dash, high = str(text).partition("-")
    if not dash or not all(_VERSION.fullmatch(end.strip()) for end in (low, high)):
        raise ValueError(f'versions is {text!r}, expected a range such as "1.2-1.9" or "5.0-"')
    return _version(low), _version(high)


def _version(text: str) -> Version | None:
    """Return a version; None where a range has no such end."""
    major, dot, minor = text.strip().partition(".")
    return (int(major), int(minor)) if dot else None


def _aspects(key: str, row: Mapping[str, object]) -> frozenset[Aspect]:
    given = row.get(key, [])
    if not isinstance(given, list):
        raise ValueError(f"{key} is no list")  # noqa: TRY004 - told like the others
    return frozenset(one_of(key, one, ASPECTS) for one in cast("list[object]", given))


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
