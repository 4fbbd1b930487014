"""Standard input, watching, exit codes of a fix, spelling, completion."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import example_models as models
from halfpixel.cli.main import cli

WRONG = models.MISMATCHES / "A1.onnx"
WARNED = models.MISMATCHES / "B1.onnx"
GOOD = models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx"


def run(*arguments: object, data: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments], input=data)


@pytest.mark.parametrize(
    ("data", "arguments", "code", "word"),
    [
        (GOOD.read_bytes(), [], 0, "1 site in 1 file"),
        (WRONG.read_bytes(), [], 1, "<stdin>\n  node__upsample_bilinear2d_aa"),
        (WRONG.read_bytes(), ["--stdin-filename", "a/m.onnx"], 1, "a/m.onnx\n  node__"),
        (b"", [], 2, "<stdin>: standard input is empty"),
        (b"no model", [], 2, "<stdin>: not an ONNX model"),
        (GOOD.read_bytes(), [str(GOOD)], 2, "one model from standard input"),
        (GOOD.read_bytes(), ["--fix"], 2, "one model from standard input"),
    ],
)
def test_a_model_from_standard_input(
    data: bytes, arguments: list[str], code: int, word: str
) -> None:
    result = run("check", "-", *arguments, data=data)
    assert result.exit_code == code, result.output
    assert word in result.output


def test_standard_input_has_the_configuration_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "halfpixel.toml").write_text('ignore = "differs-from-intent"\n')
    name = tmp_path / "m.onnx"
    assert run("check", "-", "--stdin-filename", name, data=WRONG.read_bytes()).exit_code == 0
    assert run("check", GOOD, "--stdin-filename", name).exit_code == 2


@pytest.mark.parametrize(
    ("command", "model", "options", "code"),
    [
        ("fix", WRONG, [], 0),
        ("fix", WRONG, ["--exit-non-zero-on-fix"], 1),
        ("fix", GOOD, ["--exit-non-zero-on-fix"], 0),
        ("check", WRONG, ["--fix"], 0),
        ("check", WRONG, ["--fix", "--exit-non-zero-on-fix"], 1),
        ("check", GOOD, ["--fix", "--exit-non-zero-on-fix"], 0),
        ("check", GOOD, ["--exit-non-zero-on-fix"], 2),
    ],
)
def test_a_fix_may_fail_a_build(
    command: str, model: Path, options: list[str], code: int, tmp_path: Path
) -> None:
    shutil.copy(model, tmp_path / "m.onnx")
    assert run(command, tmp_path / "m.onnx", *options).exit_code == code
    if "--exit-non-zero-on-fix" not in options and model is WRONG:
        again = run(command, tmp_path / "m.onnx", *options)
        assert again.exit_code == 0
        assert "nothing is left to do" in again.output


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["check", GOOD, "--select", "asymetric-linear"], "did you mean 'asymmetric-linear'?"),
        (["check", GOOD, "--ignore", "chekerboard"], "did you mean 'checkerboard'?"),
        (["check", GOOD, "--sevrity", "note"], "Did you mean"),
        (["chek", GOOD], "Did you mean"),
        (["check", GOOD, "--target", "tensort"], "did you mean 'tensorrt'?"),
        (["check", GOOD, "--expect", "algn_corners=true"], "did you mean 'align_corners'?"),
        (["check", GOOD, "--expect", "mode=bilinar"], "did you mean 'bilinear'?"),
    ],
)
def test_what_is_nearly_right_is_proposed(arguments: list[object], word: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert word in result.output


@pytest.mark.parametrize(
    ("option", "word", "known"),
    [("--target", "tensorflow", "tensorrt"), ("--target", "coreutils", "coreml-nn"),
     ("--select", "nearest", "halfpixel rules"), ("--expect", "mode=bilateral", "bilinear")],
)  # fmt: skip
def test_another_word_is_not_proposed_for(option: str, word: str, known: str) -> None:
    result = run("check", GOOD, option, word)
    assert result.exit_code == 2
    assert "did you mean" not in result.output
    assert known in result.output


@pytest.mark.parametrize(
    ("typed", "word"),
    [("check --sel", "--select"), ("check --select asym", "asymmetric-linear"),
     ("check --target tens", "tensorrt")],
)  # fmt: skip
def test_a_shell_completes(typed: str, word: str) -> None:
    words = ["halfpixel", *typed.split()]
    asked = {
        "_HALFPIXEL_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    done = CliRunner().invoke(cli, [], prog_name="halfpixel", env=asked)
    assert f"plain,{word}" in done.output


def test_a_model_that_changes_is_checked_again(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    shutil.copy(GOOD, path)
    log = tmp_path / "log.txt"
    command = [sys.executable, "-m", "halfpixel", "check", str(tmp_path), "--watch"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        awaited(log, "watching", process)
        time.sleep(0.5)  # the system is asked for changes from now on
        shutil.copy(WRONG, path)
        awaited(log, "differs-from-intent", process)
        (tmp_path / "halfpixel.toml").write_text("selct = 1\n")
        awaited(log, "has no key 'selct'", process)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        process.kill()
    assert "changed: " in log.read_text()


def awaited(log: Path, word: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a word stands in a file, or fail after a minute."""
    for _ in range(600):
        if word in log.read_text():
            return
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError((word, log.read_text()))


def test_watching_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    result = run("check", GOOD, "--watch")
    assert result.exit_code == 2
    assert "pip install 'halfpixel[watch]'" in result.output


def test_a_relative_folder_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from halfpixel.cli.watching import roots

    monkeypatch.chdir(tmp_path)
    Path("a/net.mlpackage").mkdir(parents=True)
    assert [os.fspath(one) for one in roots(["m.onnx", "a/*.onnx", "a/net.mlpackage", "a"])] == [
        ".", "a",
    ]  # fmt: skip


def test_what_watching_writes_does_not_wake_it() -> None:
    result = run("check", GOOD, "--watch", "--fix", "--force")
    assert result.exit_code == 2
    assert "--watch --force would write on every change, its own among them" in result.output
