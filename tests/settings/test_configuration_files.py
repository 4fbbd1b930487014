"""Configuration: found from each file upwards, merged, and shown."""

import shutil
from pathlib import Path

import pytest

from settings.trees import GOOD, NOTED, WARNED, WRONG, run, tree

OFF = 'ignore = ["asymmetric-linear"]\n'
PROJECT = f"[tool.halfpixel]\n{OFF}"

FOUND: list[tuple[str, dict[str, str | Path], list[str], int]] = [
    ("above the file", {"pyproject.toml": PROJECT, "a/b/m.onnx": WARNED}, ["a/b/m.onnx"], 0),
    ("halfpixel.toml", {"halfpixel.toml": OFF, "a/m.onnx": WARNED}, ["a/m.onnx"], 0),
    (
        "halfpixel.toml before pyproject.toml",
        {"halfpixel.toml": "", "pyproject.toml": PROJECT, "m.onnx": WARNED},
        ["m.onnx"],
        1,
    ),
    (
        "the nearest, and it alone",
        {"halfpixel.toml": OFF, "a/halfpixel.toml": "", "a/m.onnx": WARNED},
        ["a/m.onnx"],
        1,
    ),
    (
        "a pyproject.toml without a table is passed over",
        {"halfpixel.toml": OFF, "a/pyproject.toml": "[tool.ruff]\n", "a/m.onnx": WARNED},
        ["a/m.onnx"],
        0,
    ),
    (
        "each file by its own",
        {"a/halfpixel.toml": OFF, "a/m.onnx": WARNED, "b/m.onnx": WARNED},
        ["a/m.onnx", "b/m.onnx"],
        1,
    ),
    (
        "extend",
        {
            "base.toml": OFF,
            "a/halfpixel.toml": 'extend = "../base.toml"\nseverity = "note"\n',
            "a/m.onnx": WARNED,
        },
        ["a/m.onnx"],
        0,
    ),
    (
        "what extends comes in the place of what is extended",
        {
            "base.toml": OFF,
            "halfpixel.toml": 'extend = "base.toml"\nignore = []\n',
            "m.onnx": WARNED,
        },
        ["m.onnx"],
        1,
    ),
    (
        "--config",
        {"c.toml": OFF, "halfpixel.toml": "", "m.onnx": WARNED},
        ["m.onnx", "--config", "c.toml"],
        0,
    ),
    (
        "an option comes before the file",
        {"halfpixel.toml": OFF, "m.onnx": WARNED},
        ["m.onnx", "--ignore", "checkerboard"],
        1,
    ),
    (
        "per file",
        {
            "halfpixel.toml": f"[per-file.'old/*.onnx']\n{OFF}",
            "old/deep/m.onnx": WARNED,
        },
        ["."],
        0,
    ),
    (
        "per file, and not for others",
        {"halfpixel.toml": f"[per-file.old]\n{OFF}", "old/m.onnx": WARNED, "m.onnx": WARNED},
        ["."],
        1,
    ),
    (
        "per file, an option chosen",
        {"halfpixel.toml": f"[per-file.old]\n{OFF}", "old/m.onnx": WARNED},
        [".", "--select", "asymmetric-linear"],
        0,
    ),
    ("per node", {"halfpixel.toml": f"[per-node.'/Res*']\n{OFF}", "m.onnx": WARNED}, ["."], 0),
    (
        "per node, expected",
        {
            "halfpixel.toml": '[per-node."node_up*"]\nexpect = "align_corners=true"\n',
            "m.onnx": GOOD,
        },
        ["m.onnx"],
        1,
    ),
    ("per node, another", {"halfpixel.toml": f"[per-node.up]\n{OFF}", "m.onnx": WARNED}, ["."], 1),
    (
        "expect",
        {"halfpixel.toml": '[expect]\n"*" = "align_corners=true"\n', "m.onnx": GOOD},
        ["."],
        1,
    ),
    ("severity", {"halfpixel.toml": 'severity = "error"\n', "m.onnx": WARNED}, ["."], 0),
    ("fail-on", {"halfpixel.toml": 'fail-on = "error"\n', "m.onnx": WARNED}, ["."], 0),
    ("fail-on error", {"halfpixel.toml": 'fail-on = "error"\n', "m.onnx": WRONG}, ["."], 1),
    ("--fail-on", {"m.onnx": WARNED}, [".", "--fail-on", "error"], 0),
    ("--fail-on note", {"m.onnx": NOTED}, [".", "--fail-on", "note"], 1),
    (
        "per file fail-on",
        {"halfpixel.toml": '[per-file."m.onnx"]\nfail-on = "error"\n', "m.onnx": WARNED},
        ["."],
        0,
    ),
    ("a target", {"halfpixel.toml": 'target = "tensorrt"\n', "m.onnx": GOOD}, ["."], 0),
]


@pytest.mark.parametrize(
    ("files", "arguments", "code"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND]
)
def test_what_configuration_settles(
    files: dict[str, str | Path],
    arguments: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tree(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    result = run("check", *arguments)
    assert result.exit_code == code, result.output


EXCLUDED: list[tuple[str, str, list[str], list[str]]] = [
    ("usual folders", "", ["."], ["a/m.onnx", "m.onnx", "old/m.onnx"]),
    ("a name", 'extend-exclude = "old"\n', ["."], ["a/m.onnx", "m.onnx"]),
    ("a path", 'extend-exclude = ["a/*.onnx"]\n', ["."], ["m.onnx", "old/m.onnx"]),
    ("anywhere", 'extend-exclude = ["**/m.onnx"]\n', ["."], ["n.onnx"]),
    (
        "in the place of the usual",
        'exclude = ["old", "a"]\n',
        ["."],
        [".venv/m.onnx", "m.onnx", "node_modules/x/m.onnx"],
    ),
    ("a file that is named", 'exclude = ["old"]\n', ["old/m.onnx"], ["old/m.onnx"]),
    ("a folder that is named", "", [".venv"], [".venv/m.onnx"]),
    ("forced", 'exclude = ["old"]\nforce-exclude = true\n', ["old/m.onnx", "m.onnx"], ["m.onnx"]),
    (
        "forced by an option",
        'exclude = ["old"]\n',
        ["old/m.onnx", "--force-exclude", "m.onnx"],
        ["m.onnx"],
    ),
    ("an option", "", [".", "--exclude", "old,a"], ["m.onnx"]),
    ("a pattern", 'exclude = ["old"]\n', ["*/m.onnx"], ["a/m.onnx"]),
]


@pytest.mark.parametrize(
    ("text", "arguments", "left"), [row[1:] for row in EXCLUDED], ids=[row[0] for row in EXCLUDED]
)
def test_what_is_passed_over(
    text: str,
    arguments: list[str],
    left: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ["m.onnx", "a/m.onnx", "old/m.onnx", ".venv/m.onnx", "node_modules/x/m.onnx"]
    tree(tmp_path, {"halfpixel.toml": text, **dict.fromkeys(names, GOOD)})
    if "n.onnx" in left:
        tree(tmp_path, {"n.onnx": GOOD})
    monkeypatch.chdir(tmp_path)
    result = run("check", *arguments, "--show-settings")
    shown = [line[2:] for line in result.output.splitlines() if line.endswith(".onnx")]
    assert sorted(shown) == sorted(left)


def test_what_is_settled_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
        ignore = "checkerboard"
        expect.neck = "align_corners=false"
        per-file.'a*'.severity = "note"
        [[suppress]]
        rule = "asymmetric-linear"
        reason = "trained with it"
        expires = 2999-12-31
    """
    tree(tmp_path, {"halfpixel.toml": text, "a.onnx": GOOD, "b.onnx": GOOD, "c.onnx": GOOD})
    monkeypatch.chdir(tmp_path)
    result = run("check", ".", "--show-settings")
    assert result.exit_code == 0
    first, second = result.output.strip().split("\n\n")
    for word in (
        f"# from {tmp_path}/halfpixel.toml",
        'ignore = ["checkerboard"]',
        "trained with it",
    ):
        assert word in first
        assert word in second
    assert first.startswith("# a.onnx\n# from")
    assert second.startswith("# b.onnx\n# c.onnx\n")
    assert 'severity = "note"' in first
    assert 'severity = "warning"' in second
    assert 'expect."neck" = ["align_corners=false"]' in first


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[expect]\n"nek*" = "align_corners=false"\n', True),
        ('[expect]\n"node_*" = "align_corners=false"\n', False),
        ('[expect]\n"*" = "align_corners=false"\n', False),
        ('[per-node."nek*"]\nexpect = "align_corners=false"\n', True),
    ],
)
def test_a_pattern_of_nodes_that_matches_nothing_is_told(
    table: str,
    told: bool,  # noqa: FBT001 - a row of the table
    tmp_path: Path,
) -> None:
    tree(tmp_path, {"halfpixel.toml": table, "m.onnx": GOOD})
    result = run("check", tmp_path / "m.onnx")
    assert result.exit_code == 0
    assert ("no node matches it" in result.output) is told


def test_a_target_of_ones_own_is_found_from_the_configuration(tmp_path: Path) -> None:
    row = '[[row]]\nop = "Resize"\nverdict = "native"\nsource = "run"\n'
    own = f'runtime = "Engine 1.0"\nsummary = "one of our own"\nsources.run = "our run"\n{row}'
    tree(tmp_path, {"own.toml": own, "halfpixel.toml": 'target = "own.toml"\n', "a/m.onnx": GOOD})
    result = run("check", tmp_path / "a/m.onnx", "--show-settings")
    assert f'target = ["{tmp_path}/own.toml"]' in result.output


def test_nothing_is_loaded_where_no_file_is_found(tmp_path: Path) -> None:
    import subprocess
    import sys

    shutil.copy(GOOD, tmp_path / "m.onnx")
    code = (
        "import sys; sys.argv = ['halfpixel', 'check', 'm.onnx']\n"
        "from halfpixel.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'halfpixel.settings.file', 'halfpixel.settings.keys', 'difflib',"
        " 'halfpixel.settings.baseline', 'halfpixel.settings.notices'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stdout
