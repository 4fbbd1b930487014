"""Packs of rules: made, installed, found, and refused."""

import errno
import re
import sys
import sysconfig
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import example_models as models
from halfpixel.cli.main import cli
from installed_packages import installed, needs_pip, shell

SCRIPTS = sysconfig.get_path("scripts")


def rules(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["rules", *arguments])


@needs_pip
def test_a_pack_of_rules_is_made_installed_and_found(tmp_path: Path) -> None:
    result = rules("new", "our-rules", "--into", str(tmp_path))
    assert result.exit_code == 0, result.output
    pack = tmp_path / "our-rules"
    assert str(pack / "our_rules" / "whole_nearest.py") in result.output
    done = shell(sys.executable, "-m", "pytest", "-q", folder=pack)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^[5-9] passed", done.stdout, re.MULTILINE)
    target = tmp_path / "installed"
    installed(pack, target)
    found = shell(
        sys.executable, "-m", "halfpixel", "rules", folder=tmp_path, PYTHONPATH=str(target)
    )
    assert re.search(r"^whole-nearest .*repeats every pixel\.$", found.stdout, re.MULTILINE)
    nearest = next(iter(sorted(models.CORPUS.glob("nearest_x2*.onnx"))))
    command = ["check", str(nearest), "--select", "whole-nearest"]
    checked = shell(
        sys.executable, "-m", "halfpixel", *command, folder=tmp_path, PYTHONPATH=str(target)
    )
    assert "note whole-nearest: repeats every pixel 2 x 2 times (proven)" in checked.stdout
    assert checked.returncode == 0
    absent = shell(sys.executable, "-m", "halfpixel", *command, folder=tmp_path)
    assert "no rule is called 'whole-nearest'" in absent.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("there", "is there already, and is not written over"),
        ("Our_Rules", "no name of a package"),
        ("../out", "no name of a package"),
        ("-x", ""),
        ("x" * 65, "no name of a package"),
        ("halfpixel-rules", "is taken by"),
        ("json", "is taken by"),
        ("class", "is taken by"),
    ],
)
def test_a_pack_is_refused(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "there").mkdir()
    result = rules("new", name, "--into", str(tmp_path))
    assert result.exit_code == 2
    assert words in result.output
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_a_pack_goes_nowhere_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = rules("new", "our-rules", "--into", str(tmp_path / "file"))
    assert result.exit_code == 2
    assert "not a directory" in result.output


def test_a_pack_that_could_not_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_text

    def full(path: Path, text: str, **options: str) -> int:
        if path.parent.name == "tests":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    result = rules("new", "our-rules", "--into", str(tmp_path))
    told = f"{tmp_path / 'our-rules'}: cannot be written: no space left on device"
    assert (result.exit_code, result.output) == (2, f"halfpixel: {told}\n")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert rules("new", "our-rules", "--into", str(tmp_path)).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["our-rules"]


def test_rules_alone_lists_them() -> None:
    assert rules().exit_code == 0
    assert "asymmetric-linear" in rules().output
    assert rules("--output-format", "json").output.startswith("[")
