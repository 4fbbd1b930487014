"""Models that crash, hang or fill the process that judges them, and those beside them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from batch import crashing_rules as rules


def check(folder: Path, *arguments: str, code: int | None = None) -> list[dict[str, Any]]:
    """Check in a process that has the rules; return the lines of its report."""
    command = [sys.executable, "-m", "halfpixel", "check", *arguments, "--output-format", "jsonl"]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=rules.environment(folder)
    )
    assert done.stderr == ""
    assert code is None or done.returncode == code, done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    return rules.installed(tmp_path / "packages")


GONE = {
    "segfault": "its check ended the process by SIGSEGV: a defect of halfpixel",
    "exit": "its check ended the process with exit code 7: a defect of halfpixel",
    "killed": "its check ended the process by SIGKILL, 3 times: there may not be enough memory",
    "hang": "not judged: it takes more than 2 s; see --timeout",
    "fill": "there is not enough memory",
}


@pytest.mark.parametrize("fault", GONE)
def test_a_fault_is_told_once_and_costs_the_others_nothing(
    fault: str, tmp_path: Path, packages: Path
) -> None:
    models = [rules.model(tmp_path / "m" / f"{n}.onnx", "up") for n in "abc"]
    guilty = rules.model(tmp_path / "m" / "b.onnx", fault)
    found = check(packages, str(tmp_path / "m"), "--jobs", "2", "--timeout", "2", code=2)
    assert [one["path"] for one in found] == [str(path) for path in models]
    errors = {str(one["path"]): one["error"] for one in found if one["error"]}
    told = "\n".join(str(line) for one in found for line in (one["faults"] or [one["error"]]))
    assert GONE[fault] in told
    assert all(one["sites"] for one in found if one["path"] != str(guilty))
    if fault != "fill":  # which the boundary of the rule tells
        assert list(errors) == [str(guilty)]


def test_a_process_that_is_ended_by_another_is_replaced(tmp_path: Path, packages: Path) -> None:
    once = rules.model(tmp_path / "m" / "a.onnx", f"once:{tmp_path / 'mark'}")
    rules.model(tmp_path / "m" / "b.onnx")
    found = check(packages, str(tmp_path / "m"), "--jobs", "2", code=0)
    assert [one["error"] for one in found] == [None, None]
    assert (tmp_path / "mark").exists()
    assert str(once) == found[0]["path"]


def test_what_rules_print_is_no_answer(tmp_path: Path, packages: Path) -> None:
    rules.model(tmp_path / "m" / "a.onnx", "chatty")
    rules.model(tmp_path / "m" / "b.onnx")
    found = check(packages, str(tmp_path / "m"), "--jobs", "2", code=0)
    assert [one["error"] for one in found] == [None, None]


def test_a_wrong_setting_ends_the_run(tmp_path: Path) -> None:
    paths = [str(rules.model(tmp_path / f"{n}.onnx")) for n in "ab"]
    for wrong in (["--select", "no-such-rule"], ["--shape", "z=1x1x4x4"]):
        command = [sys.executable, "-m", "halfpixel", "check", *paths, "--jobs", "2", *wrong]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert wrong[1].partition("=")[0] in done.stderr
