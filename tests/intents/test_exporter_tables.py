"""Tables of exporters that somebody writes: a broken one is told, a good one is taken."""

import re
from pathlib import Path

import pytest

from halfpixel.errors import UsageError
from halfpixel.intents.exporter_file import load_exporter

GOOD = """
title = "an exporter"
producer = "exporter*"
origin = "a habit of version {version} at opset {opset}"
how = "read"
[sources]
page = "its manual: page 3"
[[row]]
op = "Resize"
mode = "linear"
call = { mode = "linear", align_corners = true, lengths = "by size" }
source = "page"
"""

BROKEN: tuple[tuple[str, str, str], ...] = (
    ("no toml", "row = [", "Unclosed|Invalid|expected"),
    ("no title", GOOD.replace('title = "an exporter"', ""), "names no title"),
    ("no mark", GOOD.replace('producer = "exporter*"', ""), "names no producer or graph or kept"),
    ("a key", f'colour = "red"\n{GOOD}', "colour is no key"),
    ("no row", GOOD.partition("[[row]]")[0], "has no row"),
    ("row of words", f'row = ["x"]\n{GOOD.partition("[[row]]")[0]}', "row 1: is no table"),
    ("a condition", GOOD.replace("\nmode =", "\nmood ="), "row 1: mood is no condition"),
    ("a word", GOOD.replace('"linear"\n', '"linea"\n'), "row 1: mode is 'linea'"),
    ("a source", GOOD.replace('source = "page"', 'source = "pag"'), "row 1: source is 'pag'"),
    ("how", GOOD.replace('"read"', '"heard"'), "row 1: how is 'heard'"),
    ("versions", f'{GOOD}versions = "new"', "row 1: versions is 'new'"),
    ("two kinds", f'{GOOD}as_written = ["mode"]', "row 1: says call and as_written"),
    ("no kind", GOOD.replace("call =", "#"), "row 1: says nothing"),
    ("an aspect", re.sub("call =.*", 'as_written = ["colour"]', GOOD), "as_written is 'colour'"),
    ("aspects", re.sub("call =.*", "cannot_be_known = 3", GOOD), "cannot_be_known is no list"),
    ("a call", re.sub("call =.*", "call = 3", GOOD), "call is no table"),
    ("an argument", GOOD.replace("align_corners", "corners"), "call: corners is no argument"),
    ("its value", GOOD.replace("= true", "= 1"), "call: align_corners is 1"),
    ("no origin", GOOD.replace("origin =", "#"), "row 1: gives no origin"),
    ("an origin", GOOD.replace("{version}", "{release}"), "row 1: origin is 'a habit of"),
    ("lengths", GOOD.replace(', lengths = "by size"', ""), "call: names no lengths"),
    ("reports", f"{GOOD}reports = 'x'", "row 1: reports is no list"),
    ("pytorch", f'pytorch = "2.0"\n{GOOD}', "pytorch is '2.0'"),
    ("no flag", re.sub("call =.*", 'likely = "corners"', GOOD), "likely is 'corners'"),
    ("readings", re.sub("call =.*", "as_written = []\nreadings = [1]", GOOD), "readings is 1"),
    ("instead", re.sub("call =.*", "instead = 3", GOOD), "instead is no table"),
    ("what", re.sub("call =.*", "instead = { mode = 1 }", GOOD), "instead: mode is unknown"),
    ("a name", re.sub("call =.*", "instead = { nearest_mode = 1 }", GOOD), "nearest_mode is 1"),
    ("no number", re.sub("call =.*", 'instead = { cubic_coeff_a = "a" }', GOOD), "is 'a'"),
)


@pytest.mark.parametrize(("text", "words"), [pytest.param(t, w, id=n) for n, t, w in BROKEN])
def test_a_malformed_table_is_told_with_file_row_and_value(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words) as error:
        load_exporter(path)
    assert str(error.value).startswith(f"{path}: ")


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(GOOD, encoding="utf-8")
    exporter = load_exporter(path)
    (row,) = exporter.rows
    assert (exporter.title, row.source, row.how) == ("an exporter", "its manual: page 3", "read")
