"""One configuration file: its table, and those that it extends; whatever is wrong is one line.

A line names the file, the key and the value, and proposes the key or the rule that is near.
"""

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar, cast, get_args

import msgspec
from msgspec import Struct

from halfpixel.errors import UsageError, did_you_mean, system_reason
from halfpixel.rule import chosen_rules
from halfpixel.settings.keys import PerFile, PerNode, Suppress, Table, Texts, texts

PYPROJECT: Final = "pyproject.toml"
LONGEST: Final = 1 << 22
"""Bytes of a configuration file; a longer one is none."""

SHOWN: Final = 400
"""Characters of a value that a message names."""

DEEPEST: Final = 16
"""Files that extend each other in a chain."""

T = TypeVar("T", bound=Struct)


class Layer(Struct, frozen=True):
    """One file of a configuration.

    Attributes:
        path: the file.
        table: what it says.
    """

    path: str
    table: Table

    @property
    def folder(self) -> str:
        """The folder that its patterns and paths are relative to."""
        return str(Path(self.path).parent)


def read_layers(path: str, chain: Sequence[str] = ()) -> tuple[Layer, ...] | None:
    """Return a file after those that it extends; None for a pyproject.toml that says nothing.

    Args:
        path: the file, from the root.
        chain: files that led here, by `extend`.

    Raises:
        UsageError: it cannot be read, or says something that it may not.
    """
    real = os.path.realpath(path)
    if real in chain:
        raise UsageError(f"{chain[-1]}: extend is {path!r}, which leads back to itself")
    if len(chain) >= DEEPEST:
        raise UsageError(f"{chain[-1]}: extend is {path!r}, the {DEEPEST + 1}th in a chain")
    found = _table(path)
    if found is None:
        if not chain:
            return None
        raise UsageError(f"{chain[-1]}: extend is {path!r}, which has no [tool.halfpixel]")
    table = to_table(found, f"{path}: {_head(path)}")
    check_table(table, path)
    base: tuple[Layer, ...] = ()
    if table.extend is not None:
        if "\0" in table.extend or not table.extend:
            raise UsageError(f"{path}: extend is {table.extend!r}, expected the name of a file")
        other = os.path.normpath(Path(path).parent / table.extend)
        base = read_layers(other, (*chain, real)) or ()
    return (*base, Layer(path, table))


def to_table(found: Mapping[str, object], where: str = "") -> Table:
    """Return plain values as what a configuration file says.

    Args:
        found: the values.
        where: what stands before a key in a message.

    Raises:
        UsageError: an unknown key, or a value that a key does not take.

    >>> to_table({"ignore": ["checkerboard"], "fail-on": "error"}).fail_on
    'error'
    """
    return _struct(Table, found, where)


def _head(path: str) -> str:
    return "[tool.halfpixel] " if Path(path).name == PYPROJECT else ""


def _table(path: str) -> Mapping[str, object] | None:
    """Return the table of a file; None for a pyproject.toml that has none of halfpixel's."""
    text = _text(path)
    ours = Path(path).name == PYPROJECT
    if ours and "halfpixel" not in text:
        return None
    import tomllib

    try:
        body: Mapping[str, object] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # an integer may be too long for either
        raise UsageError(f"{path}: {error}") from error
    for name in ("tool", "tool.halfpixel") if ours else ():
        inner = body.get(name.rpartition(".")[2])
        if inner is None:
            return None
        body = _mapping(inner, f"{path}: {name}")
    return body


def _text(path: str) -> str:
    try:
        if not Path(path).is_file():  # a pipe would be waited for
            raise UsageError(f"{path}: no such file")
        with Path(path).open("rb") as file:
            data = file.read(LONGEST + 1)
        if len(data) > LONGEST:
            raise UsageError(f"{path}: longer than {LONGEST} bytes")
        return data.decode()
    except OSError as error:
        raise UsageError(f"{path}: {system_reason(error)}") from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error


def _shown(value: object) -> str:
    """Return a value as a message names it, short.

    >>> _shown("loud"), len(_shown("x" * 10_000))
    ("'loud'", 403)
    """
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, a list too deep
        return f"a {type(value).__name__} too long to be shown"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


NESTED: Final[Mapping[str, type[Struct]]] = {
    "per-file": PerFile,
    "per-node": PerNode,
    "suppress": Suppress,
}


def _struct(kind: type[T], found: Mapping[str, object], where: str) -> T:
    """Return a table as what it says; raises UsageError."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    made: dict[str, object] = {}
    for key, value in found.items():
        if key not in fields:
            near = did_you_mean(key, fields) or f", expected one of {', '.join(sorted(fields))}"
            raise UsageError(f"{where}has no key {key!r}{near}")
        said = f"{where}{key}"
        made[fields[key].name] = (
            _nested(NESTED[key], value, said)
            if key in NESTED
            else _converted(value, fields[key].type, said)
        )
    for key, field in fields.items():
        if field.required and field.name not in made:
            raise UsageError(f"{where}has no {key}, which it needs")
    return kind(**made)


def _nested(kind: type[Struct], value: object, where: str) -> object:
    """Return a table of tables, or a list of them."""
    if kind is Suppress:
        if not isinstance(value, list):
            raise UsageError(f"{where} is {_shown(value)}, expected tables [[{kind.__name__}]]")
        rows = cast("list[object]", value)
        return tuple(
            _struct(kind, _mapping(row, f"{where} {place}"), f"{where} {place}: ")
            for place, row in enumerate(rows, 1)
        )
    tables = _mapping(value, where)
    return {
        name: _struct(kind, _mapping(row, f"{where}.{name!r}"), f"{where}.{name!r}: ")
        for name, row in tables.items()
    }


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise UsageError(f"{where} is {_shown(value)}, expected a table")
    return cast("Mapping[str, object]", value)


def _converted(value: object, kind: object, where: str) -> object:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        choices = [one for part in (kind, *get_args(kind)) for one in get_args(part)]
        words = [one for one in choices if isinstance(one, str)]
        near = did_you_mean(value, words) if isinstance(value, str) else ""
        why = str(error).replace(" | null", "")
        if words:
            why = f"expected one of {', '.join(words)}{near}"
        elif dt.date in get_args(kind):
            why = "expected a date such as 2027-01-31"
        raise UsageError(f"{where} is {_shown(value)}: {why}") from error


def check_table(table: Table, path: str) -> None:
    """Refuse rules, policies and shapes that are none, with the key that names them.

    Raises:
        UsageError: such a one.
    """
    sections: list[tuple[str, Table | PerFile]] = [("", table)]
    sections += [(f"per-file.{name!r}: ", one) for name, one in table.per_file.items()]
    for head, one in sections:
        where = f"{path}: {_head(path)}{head}"
        _check_rules(f"{where}select", one.select)
        _check_rules(f"{where}ignore", one.ignore)
        for pattern, said in one.expect.items():
            _check_policies(f"{where}expect.{pattern!r}", pattern, said)
        if isinstance(one, PerFile):
            _check_shapes(f"{where}shape", one.shape)
    for name, node in table.per_node.items():
        where = f"{path}: {_head(path)}per-node.{name!r}: "
        _check_rules(f"{where}ignore", node.ignore)
        _check_policies(f"{where}expect", name, node.expect)
    for place, known in enumerate(table.suppress, 1):
        _check_rules(f"{path}: {_head(path)}suppress {place}: rule", known.rule)


def _check_rules(where: str, names: Texts | None) -> None:
    try:
        chosen_rules(texts(names or ()))
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def _check_policies(where: str, pattern: str, said: Texts) -> None:
    from halfpixel.intents.policy import parse_policy

    try:
        for text in texts(said):
            parse_policy(text, pattern)
    except UsageError as error:
        raise UsageError(f"{where}: {str(error).removeprefix('--expect ')}") from error


def _check_shapes(where: str, said: Texts | None) -> None:
    if not said:
        return
    from halfpixel.checking.shapes import parse_shapes

    try:
        parse_shapes(texts(said))
    except UsageError as error:
        raise UsageError(f"{where}: {str(error).removeprefix('--shape ')}") from error
