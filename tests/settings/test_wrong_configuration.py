"""A configuration file that is wrong is refused in one line: file, key, value, and what is near."""

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfpixel.errors import UsageError
from halfpixel.settings.file import check_table, to_table
from halfpixel.settings.keys import PerFile, PerNode, Suppress, Table
from settings.trees import GOOD, run, tree

KEYS = sorted(
    {
        field.encode_name
        for kind in (Table, PerFile, PerNode, Suppress)
        for field in msgspec.structs.fields(kind)
    }
)

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
        ["suppress 1: expires is 'soon': expected a date such as 2027-01-31"],
    ),
    ("suppress = 3\n", ["suppress is 3, expected tables"]),
    ("per-file = 3\n", ["per-file is 3, expected a table"]),
    ("per-file.x = 3\n", ["per-file.'x' is 3, expected a table"]),
    ('select = ["asymetric-linear"]\n', ["select: no rule is called 'asymetric-linear'; did you"]),
    ("select = 5\n", ["select is 5: Expected"]),
    ("select = [5]\n", ["select is [5]: Expected `str`, got `int` - at `$[0]`"]),
    ('severity = "wraning"\n', ["severity is 'wraning'", "did you mean 'warning'?"]),
    ('fail-on = "loud"\n', ["fail-on is 'loud': expected one of error, warning, note"]),
    (f"in-nodes = {'9' * 300}\n", ["in-nodes is 999", "9: Expected `bool`, got `int`"]),
    ("max-work = 1\n", ["has no key 'max-work'"]),
    ('[expect]\nneck = "corners=true"\n', ["expect.'neck'", "corners=true"]),
    ('[expect]\nneck = "algn_corners=true"\n', ["did you mean 'align_corners'?"]),
    ('target = "tensort"\n', ["target: 'tensort'", "did you mean 'tensorrt'?"]),
    ('extend = "halfpixel.toml"\n', ["extend is", "leads back to itself"]),
    ('extend = "absent.toml"\n', ["absent.toml: no such file"]),
    ('extend = "pipe"\n', ["pipe: no such file"]),
    ('extend = "other/pyproject.toml"\n', ["which has no [tool.halfpixel]"]),
    ('extend = "a\\u0000b"\n', ["expected the name of a file"]),
    ('baseline = "absent.json"\n', ["absent.json: no such file", "--write-baseline makes one"]),
    ('baseline = "pipe"\n', ["pipe: no such file"]),
    ("x", ["halfpixel.toml: "]),
    (DEEP, ["halfpixel.toml: "]),
    ("# " + "x" * (1 << 22), ["longer than"]),
]


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=range(len(REFUSED)))
def test_a_wrong_configuration_is_one_line(
    text: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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


VALUES = st.recursive(
    st.one_of(
        st.text(max_size=8), st.integers(), st.floats(), st.booleans(), st.dates(),
        st.datetimes(), st.sampled_from(["asymmetric-linear", "*", "align_corners=true", "note"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3))
def test_whatever_a_file_says_is_taken_or_refused(table: dict[str, object]) -> None:
    told = "c.toml: taken"
    try:
        check_table(to_table(table, "c.toml: "), "c.toml")
    except UsageError as error:
        told = str(error)
    assert told.startswith("c.toml: ")
    assert "\n" not in told
