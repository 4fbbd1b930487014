"""Files that people write of a target: what is wrong with one is told, a good one is used."""

from pathlib import Path

import pytest

from halfpixel.errors import UsageError
from halfpixel.targets.target import load_target, names
from target_nodes import node, resize

GOOD_ROW = """
runtime = "a runtime 1.0"
[sources]
page = "its manual: page 3"
[[row]]
op = "Resize"
mode = "cubic"
verdict = "refused"
reason = "cubic"
source = "page"
"""

BROKEN: tuple[tuple[str, str, str], ...] = (
    ("no toml", "row = [", "Unclosed|Invalid|expected"),
    ("no runtime", GOOD_ROW.replace('runtime = "a runtime 1.0"', ""), "names no runtime"),
    ("a key", f'colour = "red"\n{GOOD_ROW}', "colour is no key"),
    ("no row", 'runtime = "a"', "has no row"),
    ("row is a word", 'runtime = "a"\nrow = "x"', "row is no list"),
    ("row of words", 'runtime = "a"\nrow = ["x"]', "row 1: is no table"),
    ("a condition", GOOD_ROW.replace("mode =", "mood ="), "row 1: mood is no condition"),
    ("a word", GOOD_ROW.replace('"cubic"\nver', '"cubik"\nver'), "row 1: mode is 'cubik'"),
    (
        "a list",
        GOOD_ROW.replace('"cubic"\nver', '[["cubic"]]\nver'),
        "row 1: mode is \\['cubic'\\]",
    ),
    ("a verdict", GOOD_ROW.replace("refused", "refuted"), "row 1: verdict is 'refuted'"),
    ("a source", GOOD_ROW.replace('source = "page"', 'source = "pag"'), "row 1: source is 'pag'"),
    ("no source", GOOD_ROW.replace('source = "page"', ""), "row 1: source is ''"),
    ("no reason", GOOD_ROW.replace('reason = "cubic"', ""), "row 1: gives no reason"),
    ("no op", GOOD_ROW.replace('op = "Resize"', ""), "row 1: names no op"),
    ("a range", GOOD_ROW.replace("mode =", "rank = 'three'\nmode ="), "row 1: rank is 'three'"),
    ("worst", f"{GOOD_ROW}worst = 'much'", "row 1: worst is 'much'"),
    ("reports", f"{GOOD_ROW}reports = 'x'", "row 1: reports is no list"),
    ("unless", f"{GOOD_ROW}unless = 3", "row 1: unless is no table"),
    ("how", f"{GOOD_ROW}how = 'guessed'", "row 1: how is 'guessed'"),
    ("bits", f"{GOOD_ROW}step_bits = true", "row 1: step_bits is True, expected a number up to 32"),
    ("computes", f"{GOOD_ROW}computes = {{ rank = 4 }}", "row 1: computes: rank"),
    ("sources", GOOD_ROW.replace("[sources]\npage", "sources = 3\n[more]\npage"), "more is no key"),
    ("refused", f'refused = "kept"\n{GOOD_ROW}', "refused is 'kept'"),
    ("dialect", 'runtime = "a"\ndialect = "MIL"\nspecification = 6', "dialect is 'MIL'"),
    ("specification", 'runtime = "a"\ndialect = "ML Program"', "specification is not given"),
    ("a text", 'runtime = "a"\ndialect = "ML Program"\nspecification = "8"', "is '8', expected"),
    ("a truth", 'runtime = "a"\ndialect = "ML Program"\nspecification = true', "is True, expected"),
    ("left to", f'left_to = "toaster"\n{GOOD_ROW}', r"mine.toml: left_to is 'toaster': expected"),
    ("like", f'like = "toaster"\n{GOOD_ROW}', "expected one of"),
)


@pytest.mark.parametrize(("text", "words"), [pytest.param(t, w, id=n) for n, t, w in BROKEN])
def test_a_broken_file_is_told(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        load_target(str(path))


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD_ROW, encoding="utf-8")
    target = load_target(str(path))
    said = target.says(resize(node("cubic", "half_pixel")))
    assert said is not None
    assert (said.verdict, said.source) == ("refused", "its manual: page 3")
    assert target.says(resize(node("linear", "half_pixel"))) is None


@pytest.mark.parametrize("key", ["left_to", "like"])
@pytest.mark.parametrize("files", [("a",), ("a", "b"), ("a", "b", "c")])
def test_files_that_lead_back_are_refused(
    key: str, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, following in zip(files, (*files[1:], files[0]), strict=True):
        text = f'{key} = "{following}.toml"\n{GOOD_ROW}'
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        load_target("a.toml")
    told = str(error.value)
    second = (*files, "a")[1]
    assert told.startswith(f"--target 'a.toml': a.toml: {key} is '{second}.toml': ")
    assert told.endswith(f"{key} is 'a.toml': leads back to itself")


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path, base = tmp_path / "mine.toml", tmp_path / "base.toml"
    base.write_text(GOOD_ROW, encoding="utf-8")
    path.write_text(f'like = "{base.as_posix()}"\nruntime = "mine"\n', encoding="utf-8")
    operation = resize(node("cubic", "half_pixel"))
    assert load_target(str(path)) is load_target(str(path))
    for verdict in ("fallback", "refused"):
        base.write_text(GOOD_ROW.replace("refused", verdict), encoding="utf-8")
        said = load_target(str(path)).says(operation)
        assert said is not None
        assert said.verdict == verdict
    path.write_text(f"{GOOD_ROW}# of its own\n".replace('"cubic"\nsource', '"other"\nsource'))
    said = load_target(str(path)).says(operation)
    assert said is not None
    assert said.reason == "other"


def test_no_row_stands_behind_one_that_always_holds_before_it() -> None:
    """A row whose conditions a row before it asks no more than is never come to."""
    for name in names():
        rows = load_target(name).rows
        for place, row in enumerate(rows):
            when = row.conditions.when
            for earlier in rows[:place]:
                asked = earlier.conditions
                covered = not asked.unless and all(
                    key in when and when[key] <= values for key, values in asked.when.items()
                )
                assert not covered, (name, row.conditions)
