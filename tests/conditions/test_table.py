"""A table of the package is parsed once; one that changed, or a user's own, anew."""

import os
import tomllib
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from halfpixel.conditions import table
from halfpixel.conditions.table import table_of


def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by each text that is parsed."""
    texts: list[str] = []
    loads = tomllib.loads

    def counted(text: str) -> object:
        texts.append(text)
        return loads(text)

    monkeypatch.setattr(tomllib, "loads", counted)
    return texts


def test_what_a_table_says_is_kept_for_its_time_and_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = parsed(monkeypatch)
    path = tmp_path / "rows.toml"
    path.write_text("a = 1")
    assert [table_of(path), table_of(path)] == [{"a": 1}] * 2
    assert len(texts) == 2  # it is a user's own
    monkeypatch.setattr(table, "PACKAGE", tmp_path)
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    assert [table_of(path) for _ in range(3)] == [{"a": 1}] * 3
    assert len(texts) == 3
    path.write_text("a = 25")
    assert table_of(path) == {"a": 25}
    path.write_text("a = 26")
    os.utime(path, ns=(0, 0))
    assert table_of(path) == {"a": 26}
    kept = Path(cache_from_source(f"{path}.py"))
    kept.write_bytes(kept.read_bytes()[:9])
    assert table_of(path) == {"a": 26}
    assert [one.name for one in kept.parent.iterdir()] == [kept.name]


def test_where_nothing_may_be_written_nothing_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.toml"
    path.write_text("a = 1")
    monkeypatch.setattr(table, "PACKAGE", tmp_path)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    assert table_of(path) == {"a": 1}
    assert [*tmp_path.iterdir()] == [path]
