"""Entry points are found without importlib.metadata, and they are the ones that it finds."""

import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from halfpixel.address import node_in
from halfpixel.cli.files import FILES, PACKAGES
from halfpixel.formats.known import load_formats
from halfpixel.plugins.registry import ENDINGS
from halfpixel.registry import entry_points
from halfpixel.serving.upload import MODELS, PACKAGE

GROUPS = ("halfpixel.rules", "console_scripts", "pytest11", "absent")


def declares(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Name: {folder.name.partition('-')[0]}\n", encoding="utf-8")
    (folder / "entry_points.txt").write_text(text, encoding="utf-8")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put distributions of every kind in front of what is installed."""
    rules = "[other]\nx = no\n[halfpixel.rules]\n# theirs\nmine = {}\n\n[more]\ny = no\n"
    declares(tmp_path / "first" / "My_Rules-1.0.dist-info", rules.format("my_rules"))
    declares(tmp_path / "second" / "my.rules-0.9.dist-info", rules.format("older_rules"))
    declares(tmp_path / "second" / "develop.egg-info", rules.format("developed"))
    declares(tmp_path / "old-2.0.egg" / "EGG-INFO", rules.format("from_an_egg"))
    (tmp_path / "second" / "bare-1.dist-info").mkdir()
    places = ["first", "absent", "second", "old-2.0.egg"]
    monkeypatch.setattr(sys, "path", [*(str(tmp_path / place) for place in places), *sys.path])
    return tmp_path


@pytest.mark.parametrize("group", GROUPS)
def test_entry_points_are_those_of_importlib_metadata(group: str, installed: Path) -> None:
    assert installed.exists()
    expected = [point.value for point in metadata.entry_points(group=group)]
    assert sorted(entry_points(group)) == sorted(expected)
    if group == "halfpixel.rules":
        assert {"my_rules", "developed", "from_an_egg", "halfpixel_rules"} <= set(expected)
        assert "older_rules" not in expected


def test_an_archive_on_the_path_is_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as packed:
        packed.writestr("packed-1.dist-info/METADATA", "Name: packed\n")
        packed.writestr("packed-1.dist-info/entry_points.txt", "[halfpixel.rules]\np = packed\n")
    monkeypatch.syspath_prepend(tmp_path / "packed.zip")
    assert {"packed", "halfpixel_rules"} <= set(entry_points("halfpixel.rules"))


def test_the_names_of_every_formats_files_are_known() -> None:
    """In folders, in a registry's folder, and where a node is named behind an address."""
    suffixes = {suffix for one in load_formats() for suffix in one.suffixes}
    assert suffixes == {*FILES, *PACKAGES}
    assert suffixes - {".mlmodelc"} == set(ENDINGS)  # a compiled model is refused
    assert set(ENDINGS) == {*MODELS, PACKAGE}
    for suffix in ENDINGS:
        assert node_in(f"s3://bucket/m{suffix}:up") == (f"s3://bucket/m{suffix}", "up")
