"""Baselines: what is written, what is known by them, and what is none."""

import json
import shutil
from pathlib import Path

import onnx
import pytest

import example_models as models
from golden.report import SITES, found
from halfpixel.checking.result import FileReport
from halfpixel.rule import Severity
from halfpixel.settings.baseline import Baseline, write_baseline
from settings.trees import GOOD, WARNED, run


def test_a_baseline_is_the_same_bytes_and_of_its_own_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shutil.copy(WARNED, tmp_path / name / "m.onnx")
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    run("check", tmp_path / "a", tmp_path / "b", "--write-baseline", first)
    run("check", tmp_path / "b", tmp_path / "a", "--write-baseline", second)
    assert first.read_bytes() == second.read_bytes()
    assert list(json.loads(first.read_text())["files"]) == ["a/m.onnx", "b/m.onnx"]
    assert Baseline(str(first)).known == 0


def test_what_is_known_of_a_file_that_cannot_be_read_stays(tmp_path: Path) -> None:
    model, other = tmp_path / "m.onnx", tmp_path / "n.onnx"
    known = tmp_path / "known.json"
    shutil.copy(WARNED, model)
    shutil.copy(WARNED, other)
    run("check", tmp_path, "--write-baseline", known)
    before = json.loads(known.read_text())["files"]
    model.write_bytes(WARNED.read_bytes()[:100])
    shutil.copy(GOOD, other)
    assert run("check", tmp_path, "--write-baseline", known).exit_code == 2
    assert json.loads(known.read_text())["files"] == {"m.onnx": before["m.onnx"]}


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [("note", "error", 1), ("warning", "error", 1), ("error", "error", 0), ("error", "note", 0)],
)
def test_what_has_become_graver_is_not_known(
    before: Severity, after: Severity, new: int, tmp_path: Path
) -> None:
    """The same site, of which another export records what was meant."""
    path = str(tmp_path / "known.json")
    reports = [
        FileReport(str(tmp_path / "m.onnx"), SITES, (found(SITES[0], severity),))
        for severity in (before, after)
    ]
    write_baseline(reports[:1], path)
    baseline = Baseline(path)
    assert len(baseline.new(reports[1]).findings) == new
    assert (baseline.known, baseline.stale) == (1 - new, new)


def test_a_baseline_knows_a_folder_by_any_way_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real" / "nets").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    shutil.copy(WARNED, tmp_path / "real/nets/m.onnx")
    known = tmp_path / "link/known.json"
    run("check", tmp_path / "link/nets", "--write-baseline", known)
    assert list(json.loads(known.read_text())["files"]) == ["nets/m.onnx"]
    monkeypatch.chdir(tmp_path / "real/nets")
    assert run("check", "m.onnx", "--baseline", "../known.json").exit_code == 0
    assert run("check", tmp_path / "link/nets", "--baseline", known).exit_code == 0


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "not a baseline"),
        ("[]", "not a baseline"),
        ('{"version": 2, "files": {}}', "a baseline of version 2, expected 1"),
        ('{"version": 1, "files": {"m": [{"rule": 1}]}}', "not a baseline"),
        ("[" * 10_000, "not a baseline"),
        ("\udc80", "not a baseline"),
    ],
)
def test_what_is_no_baseline(text: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = run("check", GOOD, "--baseline", path)
    assert result.exit_code == 2
    (line,) = result.output.splitlines()[-1:]
    assert word in line
    assert str(path) in line


def test_a_registry_that_is_exported_anew_is_known(tmp_path: Path) -> None:
    """Every node and every value between two nodes is called otherwise; free lengths are, too."""
    known = tmp_path / "known.json"
    for path in sorted(models.MISMATCHES.glob("*.onnx")):
        shutil.copy(path, tmp_path / path.name)
    first = run("check", tmp_path, "--write-baseline", known)
    assert first.exit_code == 0
    count = int(first.output.partition(" ")[0])
    assert count > 30
    for path in tmp_path.glob("*.onnx"):
        model = onnx.load(path)
        ends = {value.name for value in (*model.graph.input, *model.graph.output)}
        ends |= {value.name for value in model.graph.initializer}
        new: dict[str, str] = {}
        for place, node in enumerate(model.graph.node):
            node.name = f"node_{1000 - place}"
            for index, name in enumerate(node.output):
                if name and name not in ends:
                    new[name] = node.output[index] = f"value_{place}_{index}"
            for index, name in enumerate(node.input):
                node.input[index] = new.get(name, name)
        for value in model.graph.value_info:
            value.name = new.get(value.name, value.name)
        onnx.save(model, path)
    again = run("check", tmp_path, "--baseline", known)
    assert again.exit_code == 0, again.output
    assert f"{count} findings known by" in again.output
    assert "found no more" not in again.output
