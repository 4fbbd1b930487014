"""A factory or function by its name: a wrong name, a module that fails, and a call that fails."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

import example_models as models
from halfpixel.cli.main import cli

MODEL: Final = str(models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx")
CODE: Final = """
def fails():
    raise ValueError("the weights are elsewhere")

def asks():
    import there_is_none

def number():
    return 3
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = set(sys.modules)
    (tmp_path / "maker_a.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "maker_b.py").write_text("import there_is_none", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in set(sys.modules) - before:
        if name.startswith("maker_"):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("maker_c:f", "expected package.module:{kind}; there is no module 'maker_c'"),
        ("maker_c.d:f", "expected package.module:{kind}; there is no module 'maker_c'"),
        ("maker_a:absent", "expected package.module:{kind}; maker_a has no 'absent'"),
        (":f", "expected package.module:{kind}"),
        ("maker_b:f", "its module fails as it is imported: No module named 'there_is_none' (at"),
        ("maker_a:fails", "the {kind} fails: the weights are elsewhere (at"),
        ("maker_a:asks", "the {kind} fails: No module named 'there_is_none' (at"),
    ],
)
@pytest.mark.parametrize("kind", ["factory", "function"])
def test_what_fails_is_told_by_its_cause(name: str, told: str, kind: str) -> None:
    sides = [name, MODEL] if kind == "factory" else [MODEL, MODEL, "--inputs", name]
    result = CliRunner().invoke(cli, ["verify", *sides])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert f"{name}: {told.format(kind=kind)}" in line
    assert "Error:" not in line


PROBE = """
import subprocess
import sys
from halfpixel.cli.main import main
try:
    main()
finally:
    print("torch" in sys.modules, "onnxruntime" in sys.modules)
"""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["verify", "nowhere:make", MODEL], "there is no module 'nowhere'"),
        (["verify", MODEL, "nowhere.at.all:make"], "there is no module 'nowhere'"),
        (["verify", "nowhere.pt2", MODEL], "nowhere.pt2: no such file or directory"),
        (["verify", MODEL, "nowhere.npz"], "nowhere.npz: no such file or directory"),
        (["convert", "nowhere:make", "-o", "x.onnx"], "there is no module 'nowhere'"),
        (["convert", "nowhere.ts", "-o", "x.onnx"], "nowhere.ts: no such file or directory"),
    ],
)
def test_what_is_not_there_is_refused_before_anything_is_imported(
    arguments: list[str], told: str
) -> None:
    command = [sys.executable, "-c", PROBE, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert told in line
    assert done.stdout.split() == ["False", "False"]
