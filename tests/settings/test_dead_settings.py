"""What is dead in a configuration or a baseline is told once, by a run that covers its folder."""

from pathlib import Path

import pytest

from settings.trees import GOOD, NOTED, WARNED, WRONG, run, tree

WHY = 'rule = "asymmetric-linear"\nreason = "why"\n'
NO_MODEL = "no model that was checked matches it"
NO_NODE = "no node matches it"

DEAD: list[tuple[str, str, str]] = [
    (f'[[suppress]]\nfile = "typo.onnx"\n{WHY}', "suppress 1: file 'typo.onnx'", NO_MODEL),
    (
        f'[[suppress]]\nfile = ["a.onnx", "typo*"]\n{WHY}',
        "suppress 1: file 'typo*'",
        NO_MODEL,
    ),
    ('[per-file."typo/*"]\nseverity = "note"\n', "per-file.'typo/*'", NO_MODEL),
    ('[per-file."typo.onnx"]\n', "per-file.'typo.onnx'", NO_MODEL),
    ('[per-node."typo*"]\nignore = "checkerboard"\n', "per-node.'typo*'", NO_NODE),
    ('[per-node."typo*"]\nexpect = "align_corners=false"\n', "per-node.'typo*'", NO_NODE),
    ('[expect]\n"typo*" = "align_corners=false"\n', "expect.'typo*'", NO_NODE),
    (f'[[suppress]]\nnode = "typo*"\n{WHY}', "at typo* (why)", "suppresses nothing"),
]


@pytest.mark.parametrize(("text", "key", "told"), DEAD)
def test_what_matches_nothing_is_told_once(
    text: str, key: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    tree(project, {"halfpixel.toml": text, "a.onnx": GOOD, "sub/b.onnx": WARNED})
    tree(project, {"sub/c.onnx": GOOD})
    for way in (project, tmp_path):
        result = run("check", way, "--output-format", "json")
        (line,) = [one for one in result.stderr.splitlines() if told in one]
        assert line.startswith(f"{project / 'halfpixel.toml'}: ")
        assert key in line
    monkeypatch.chdir(project)
    assert told in run("check", ".").stderr
    for part in ("a.onnx", "sub", "sub/b.onnx"):
        assert told not in run("check", part).output
    assert told not in run("check", ".", "--exclude", "sub").output
    assert told not in run("check", ".", "--quiet").output


def test_a_project_file_is_accused_as_any(tmp_path: Path) -> None:
    text = '[tool.halfpixel.per-file."typo/*"]\nseverity = "note"\n'
    tree(tmp_path, {"pyproject.toml": text, "a.onnx": GOOD})
    told = run("check", tmp_path).stderr
    assert f"{tmp_path / 'pyproject.toml'}: per-file.'typo/*': {NO_MODEL}" in told


@pytest.mark.parametrize(
    "text",
    [
        f'[[suppress]]\nfile = "b.onnx"\n{WHY}',
        f'[[suppress]]\nfile = "sub"\n{WHY}',
        f'[[suppress]]\nfile = ["a.onnx", "sub/*.onnx"]\n{WHY}',
        '[per-file."**/b.onnx"]\nseverity = "note"\n',
        '[per-file."sub/"]\nseverity = "note"\n',
        '[per-node."*Resize*"]\nignore = "checkerboard"\n',
        '[per-node."*"]\nignore = "checkerboard"\n',
    ],
)
def test_what_matches_is_not_accused(text: str, tmp_path: Path) -> None:
    tree(tmp_path, {"halfpixel.toml": text, "a.onnx": GOOD, "sub/b.onnx": WARNED})
    for options in ([], ["--fix", "--unsafe-fixes"]):
        result = run("check", tmp_path, *options)
        assert "matches it" not in result.output
        assert "suppresses nothing" not in result.output


def test_a_pattern_of_a_folder_is_told_where_that_folder_is_checked(tmp_path: Path) -> None:
    text = '[per-file."nets/old*"]\n[per-file."other/*"]\n'
    tree(tmp_path, {"halfpixel.toml": text, "nets/a.onnx": GOOD, "other/b.onnx": GOOD})
    told = run("check", tmp_path / "nets").stderr
    assert f"per-file.'nets/old*': {NO_MODEL}" in told
    assert "other" not in told


def test_all_models_of_a_project_may_lie_in_a_folder_of_it(tmp_path: Path) -> None:
    text = '[per-file."typo*"]\n[per-node."typo*"]\nignore = "checkerboard"\n'
    tree(tmp_path, {"halfpixel.toml": text, "nets/a.onnx": GOOD, "nets/.venv/b.onnx": GOOD})
    told = run("check", tmp_path / "nets").stderr
    assert NO_MODEL in told
    assert NO_NODE in told
    alone = run("check", tmp_path / "nets/a.onnx").stderr
    assert NO_MODEL not in alone


def test_a_node_of_a_file_that_cannot_be_read_is_not_accused(tmp_path: Path) -> None:
    text = '[per-node."typo*"]\nignore = "checkerboard"\n[per-file."typo*"]\n'
    tree(tmp_path, {"halfpixel.toml": text, "a.onnx": GOOD, "b.onnx": "no model"})
    told = run("check", tmp_path).stderr
    assert NO_NODE not in told
    assert NO_MODEL in told


def models(folder: Path) -> Path:
    """Write four models with findings, and a baseline of them; return that."""
    tree(folder, {"nets/a.onnx": WARNED, "nets/b.onnx": WARNED, "nets/c.onnx": WARNED})
    tree(folder, {"other/d.onnx": WRONG})
    known = folder / "known.json"
    assert run("check", folder, "--write-baseline", known).exit_code == 0
    return known


def test_findings_of_models_that_are_gone_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = models(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        Path(f"nets/{name}.onnx").unlink()
    gone = "of known.json are of files that are not here: nets/a.onnx, nets/b.onnx: "
    for way in (".", "nets", str(tmp_path)):
        told = run("check", way, "--baseline", known).stderr
        assert told.count("not here") == 1
        assert gone in told
    for way in ("other", "nets/c.onnx"):
        assert "not here" not in run("check", way, "--baseline", known).output
    run("check", ".", "--write-baseline", known)
    assert "not here" not in run("check", ".", "--baseline", known).output


def test_one_finding_that_is_gone_is_of_a_folder_that_is_gone(tmp_path: Path) -> None:
    tree(tmp_path, {"old/a.onnx": WARNED, "new/b.onnx": WARNED})
    known = tmp_path / "known.json"
    run("check", tmp_path, "--select", "asymmetric-linear", "--write-baseline", known)
    (tmp_path / "old/a.onnx").unlink()
    (tmp_path / "old").rmdir()
    told = run("check", tmp_path, "--baseline", known).stderr
    assert f"1 finding of {known} is of files that are not here: old/a.onnx: --write" in told


@pytest.mark.parametrize("where", ["ci/known.json", "nets/known.json"])
def test_a_baseline_that_was_moved_is_told(where: str, tmp_path: Path) -> None:
    known = models(tmp_path)
    moved = tmp_path / where
    moved.parent.mkdir(exist_ok=True)
    known.rename(moved)
    for way in ("nets", "nets/a.onnx", "."):
        result = run("check", tmp_path / way, "--baseline", moved)
        assert result.exit_code == 1
        assert result.stderr.count("that are not here: nets/a.onnx, nets/b.onnx") == 1
        assert "its files are seen from its own folder" in result.stderr


def test_findings_of_rules_that_were_not_asked_are_not_found_no_more(tmp_path: Path) -> None:
    known = models(tmp_path)
    for option in ("--select", "--ignore"):
        told = run("check", tmp_path, option, "asymmetric-linear", "--baseline", known).stderr
        assert "known by" in told
        assert "no more" not in told
    tree(tmp_path, {"nets/a.onnx": GOOD})
    told = run("check", tmp_path, "--select", "asymmetric-linear", "--baseline", known).stderr
    assert f"1 finding of {known} found no more" in told


def test_many_files_that_are_gone_are_counted(tmp_path: Path) -> None:
    for place in range(8):
        tree(tmp_path, {f"nets/{place}.onnx": WARNED})
    known = tmp_path / "known.json"
    run("check", tmp_path, "--write-baseline", known)
    for place in range(7):
        (tmp_path / f"nets/{place}.onnx").unlink()
    assert "nets/4.onnx and 2 more: --write" in run("check", tmp_path, "--baseline", known).stderr


def test_a_baseline_has_notes_too(tmp_path: Path) -> None:
    tree(tmp_path, {"a.onnx": NOTED, "b.onnx": WARNED})
    known = tmp_path / "known.json"
    told = run("check", tmp_path, "--write-baseline", known).output
    assert "1 of them a note" in told
    options = ["--severity", "note", "--fail-on", "note"]
    assert run("check", tmp_path, *options).exit_code == 1
    result = run("check", tmp_path, *options, "--baseline", known)
    assert result.exit_code == 0, result.output
    assert f"{told.partition(' ')[0]} findings known by" in result.stderr
