"""Core ML models saved: packages and files that are there whole, and targets that are refused."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from halfpixel.errors import ModelFileError
from halfpixel.fixing.fix import fix
from halfpixel.formats.coreml.model import opened

FOLDER = Path(__file__).parents[2] / "models/coreml/variants"


def _files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _blob(tmp_path: Path) -> Path:
    """Return a copy of a package with weights whose resize is to be fixed."""
    copy = tmp_path / "model.mlpackage"
    shutil.copytree(FOLDER / "structure-blob-ios15.mlpackage", copy)
    return copy


EXPECT = ["y:align_corners=true"]
SPEC = "Data/com.apple.CoreML/model.mlmodel"
WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"


def test_a_new_package_has_the_weights_and_the_manifest_of_the_old_one(tmp_path: Path) -> None:
    model = _blob(tmp_path)
    before = _files(model)
    result = fix(model, expect=EXPECT)
    assert len(result.changes) == 1
    target = tmp_path / "new.mlpackage"
    result.save(target)
    after = _files(target)
    assert _files(model) == before
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {SPEC}
    assert (target / WEIGHTS).stat().st_ino == (model / WEIGHTS).stat().st_ino


def test_in_place_only_the_specification_is_replaced(tmp_path: Path) -> None:
    model = _blob(tmp_path)
    before, inode = _files(model), (model / WEIGHTS).stat().st_ino
    fix(model, expect=EXPECT).save(model)
    after = _files(model)
    assert {name for name in after if after[name] != before[name]} == {SPEC}
    assert (model / WEIGHTS).stat().st_ino == inode
    assert {path.name for path in tmp_path.iterdir()} == {"model.mlpackage"}


def test_a_package_that_is_there_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    model, target = _blob(tmp_path), tmp_path / "old.mlpackage"
    shutil.copytree(FOLDER / "resize_bilinear-up-default-ios15.mlpackage", target)
    result = fix(model, expect=EXPECT)
    with pytest.raises(ModelFileError, match="is there already"):
        result.save(target, replace=False)
    assert opened(target).sites[0].operation.opset == 6
    result.save(target)
    assert _files(target).keys() == _files(model).keys()
    assert {path.name for path in tmp_path.iterdir()} == {"model.mlpackage", "old.mlpackage"}


REFUSED = {
    "a file's name": ("out.bin", "expected the name of a .mlpackage"),
    "another folder": ("folder.mlpackage", "is no Core ML package"),
    "a link": ("link.mlpackage", "is a symbolic link"),
    "a missing folder": ("nowhere/out.mlpackage", "cannot be written: no such file"),
}


@pytest.mark.parametrize(("name", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_target_that_does_not_fit_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    model = _blob(tmp_path)
    (tmp_path / "folder.mlpackage").mkdir()
    (tmp_path / "folder.mlpackage/mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "link.mlpackage").symlink_to(tmp_path / "folder.mlpackage")
    there = sorted(path.name for path in tmp_path.iterdir())
    result = fix(model, expect=EXPECT)
    with pytest.raises(ModelFileError, match=reason):
        result.save(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == there
    assert (tmp_path / "folder.mlpackage/mine.txt").read_text(encoding="utf-8") == "mine"


def test_a_model_that_has_changed_since_is_not_written(tmp_path: Path) -> None:
    model = _blob(tmp_path)
    result = fix(model, expect=EXPECT)
    spec = model / SPEC
    spec.write_bytes(spec.read_bytes() + b"\x50\x01")
    os.utime(spec, ns=(1, 1))
    with pytest.raises(ModelFileError, match="has changed since it was read"):
        result.save(tmp_path / "new.mlpackage")
    assert not (tmp_path / "new.mlpackage").exists()


def test_in_place_with_a_backup_on_the_command_line(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from halfpixel.cli.main import cli

    model = _blob(tmp_path)
    before = _files(model)
    arguments = ["fix", str(model), "--expect", EXPECT[0], "--in-place", "--backup"]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    backup = tmp_path / "model.mlpackage.bak"
    assert _files(backup) == before
    assert _files(model) != before
    again = CliRunner().invoke(cli, [*arguments[:3], "y:align_corners=false", *arguments[4:]])
    assert again.exit_code == 2
    assert "is there already; --force replaces it" in again.output
    assert _files(backup) == before


def test_without_a_name_the_result_stands_beside_the_package(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from halfpixel.cli.main import cli

    model = _blob(tmp_path)
    arguments = ["fix", str(model), "--expect", EXPECT[0]]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    assert opened(tmp_path / "model.fixed.mlpackage").record
    out = CliRunner().invoke(cli, [*arguments, "-o", "-"])
    assert out.exit_code == 2
    assert "a package is a folder" in out.output
