"""Configuration: found from each file upwards, merged, and refused in one line."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import example_models as models
from halfpixel.cli.main import cli

WRONG = models.MISMATCHES / "A1.onnx"  # an error: differs-from-intent
WARNED = models.MISMATCHES / "B1.onnx"  # a warning: asymmetric-linear
NOTED = models.MISMATCHES / "B4.onnx"  # a note: scale-or-size
GOOD = models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments])


def tree(folder: Path, files: dict[str, str | Path]) -> None:
    """Write files: a text as it is, a path as the model that it names."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copy(content, path)
        else:
            path.write_text(content, encoding="utf-8")


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


DEEP = "x = " + "[" * 5000

REFUSED: list[tuple[str, list[str]]] = [
    ("selct = []\n", ["halfpixel.toml: has no key 'selct'; did you mean 'select'?"]),
    ("[per-file.a]\nexclude = []\n", ["per-file.'a': has no key 'exclude'"]),
    ("[per-node.a]\nexpct = 'x'\n", ["per-node.'a': has no key 'expct'; did you mean 'expect'?"]),
    ("[[suppress]]\nrule = 'checkerboard'\n", ["suppress 1: has no reason, which it needs"]),
    (
        "[[suppress]]\nrule = 'checkerbord'\nreason = 'x'\n",
        ["suppress 1: rule: no rule is called 'checkerbord'; did you mean 'checkerboard'?"],
    ),
    ("[[suppress]]\nrule = 'checkerboard'\nreason = ' '\n", ["suppress 1: reason is ' '"]),
    (
        "[[suppress]]\nrule = 'checkerboard'\nreason = 'x'\nexpires = 'soon'\n",
        ["suppress 1: expires is 'soon'"],
    ),
    ("suppress = 3\n", ["suppress is 3, expected tables"]),
    ("per-file = 3\n", ["per-file is 3, expected a table"]),
    ("per-file.x = 3\n", ["per-file.'x' is 3, expected a table"]),
    ('select = ["asymetric-linear"]\n', ["select: no rule is called 'asymetric-linear'; did you"]),
    ("select = 5\n", ["select is 5: Expected"]),
    ("select = [5]\n", ["select is [5]: Expected `str`, got `int` - at `$[0]`"]),
    ('severity = "wraning"\n', ["severity is 'wraning'", "did you mean 'warning'?"]),
    ('fail-on = "loud"\n', ["fail-on is 'loud': expected one of error, warning, note"]),
    ("max-work = 0\n", ["max-work is 0"]),
    (f"max-work = {'9' * 300}\n", ["max-work is 999"]),
    ('[expect]\nneck = "corners=true"\n', ["expect.'neck'", "corners=true"]),
    ('[expect]\nneck = "algn_corners=true"\n', ["did you mean 'align_corners'?"]),
    ('target = "tensort"\n', ["target: 'tensort'", "did you mean 'tensorrt'?"]),
    ('extend = "halfpixel.toml"\n', ["extend is", "leads back to itself"]),
    ('extend = "absent.toml"\n', ["absent.toml: no such file"]),
    ('extend = "pipe"\n', ["pipe: no such file"]),
    ('extend = "other/pyproject.toml"\n', ["which has no [tool.halfpixel]"]),
    ('extend = "a\\u0000b"\n', ["expected the name of a file"]),
    ('baseline = "absent.json"\n', ["absent.json: no such file", "--write-baseline makes one"]),
    ("x", ["halfpixel.toml: "]),
    (DEEP, ["halfpixel.toml: "]),
    ("# " + "x" * (1 << 22), ["longer than"]),
]


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=range(len(REFUSED)))
def test_a_wrong_configuration_is_one_line(
    text: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    tree(tmp_path, {"halfpixel.toml": text, "m.onnx": GOOD, "other/pyproject.toml": "[tool.x]\n"})
    monkeypatch.chdir(tmp_path)
    for command in ("check", "fix"):
        if "baseline" in text and command == "fix":
            continue  # a fix knows no baseline
        result = run(command, "m.onnx")
        assert result.exit_code == 2, result.output
        (line,) = result.output.splitlines()
        assert line.startswith(f"halfpixel: {tmp_path}"), line
        for word in words:
            assert word in line


def test_files_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    for number in range(20):
        tree(tmp_path, {f"{number}.toml": f'extend = "{number + 1}.toml"\n'})
    tree(tmp_path, {"a.toml": 'extend = "b.toml"\n', "b.toml": 'extend = "a.toml"\n'})
    for name, word in (("a.toml", "leads back to itself"), ("0.toml", "th in a chain")):
        result = run("check", GOOD, "--config", tmp_path / name)
        assert result.exit_code == 2
        assert word in result.output


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
