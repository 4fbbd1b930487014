"""The text that people read: whole words, what is alike once, one line at the end."""

import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from fcntl import ioctl
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from onnx import ModelProto, TensorProto, helper, save

import example_models as models
from golden.report import REPORT, SITES, found
from halfpixel.checking.check import Judge
from halfpixel.checking.result import FileReport, Report
from halfpixel.cli.main import cli
from halfpixel.cli.output import Page
from halfpixel.report import as_text
from halfpixel.report.alike import Block, blocks
from halfpixel.report.closing import closing
from halfpixel.report.layout import Line, broken, plain
from halfpixel.report.lengths import shapes_text
from halfpixel.rule import Severity
from halfpixel.surroundings import Shape

ERROR, WARNED, NOTED = (str(models.MISMATCHES / f"{name}.onnx") for name in ("A3", "B1", "B4"))
GOOD = str(models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx")
FOUND = "5 sites in 3 files: 2 errors in 1 file, 1 warning in 1 file"
UNREAD = "1 file not read; halfpixel fix would mend 2"
LONG = "/decoder/blocks.%d/upsample_with_a_long_name/Resize"


def run(*arguments: str, **environment: str) -> list[str]:
    """Return what a command prints, line by line."""
    env = {"COLUMNS": None, "NO_COLOR": None, "FORCE_COLOR": None, **environment}
    return CliRunner(env=env).invoke(cli, list(arguments)).stdout.splitlines()


def resizes(count: int, *, chained: bool, mode: str = "asymmetric", by: float = 2.0) -> ModelProto:
    """Return a model with resizes that are alike: of one input, or one after another."""
    names = ["x", *(f"y{i}" for i in range(count))]
    nodes = [
        helper.make_node(
            "Resize", [names[i] if chained else "x", "roi", "scales"], [names[i + 1]], LONG % i,
            mode="linear", coordinate_transformation_mode=mode,
        )
        for i in range(count)
    ]  # fmt: skip
    shape = [1, 1, 4, 4]
    outs = names[-1:] if chained else names[1:]
    weights = [
        helper.make_tensor("roi", TensorProto.FLOAT, [0], []),
        helper.make_tensor("scales", TensorProto.FLOAT, [4], [1.0, 1.0, by, by]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outs],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def check_page(lines: Sequence[str], width: int) -> None:
    """Assert that no line is wider than the page unless it is one word."""
    for line in lines:
        assert len(line) <= width or " " not in line.strip(), line


@pytest.mark.parametrize("columns", ["80", "120", ""])
def test_a_folder_of_models_is_a_page(columns: str) -> None:
    lines = run("check", str(models.CORPUS), COLUMNS=columns)
    assert len(lines) <= 60
    check_page(lines, int(columns or 1000))
    for rule in ("asymmetric-linear", "single-pixel-output", "nearest-rounding"):
        told = [line for line in lines if f"warning {rule}: " in line]
        assert len(told) == 2, "once in full, once counted"
        assert re.search(r"[0-9]+ sites in [0-9]+ files:", told[1])
    assert " ".join(lines[-3:]).count(" not shown (--severity note)") == 1


@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize("chained", [False, True])
def test_what_is_alike_is_one_block(tmp_path: Path, columns: str, *, chained: bool) -> None:
    path = str(tmp_path / "m.onnx")
    save(resizes(6 if chained else 20, chained=chained), path)
    lines = run("check", path, COLUMNS=columns)
    check_page(lines, int(columns))
    text = "\n".join(lines)
    assert text.count("warning asymmetric-linear") == 1
    own = ", at lengths of their own" if chained else ""
    assert f"    alike  {5 if chained else 19} more{own}:" in text
    for name in re.findall(r"\S*upsample\S*", text):
        assert re.fullmatch(LONG.replace("%d", "[0-9]+") + ",?", name), "whole names alone"
    assert text.count("warning asymmetric-linear") < "\n".join(run("check", path, "-v")).count(
        "warning asymmetric-linear"
    )


def test_what_is_off_by_another_amount_is_told() -> None:
    one = replace(found(SITES[0]), finding=replace(found(SITES[0]).finding, message="0.5 px off"))
    file = FileReport("m.onnx", SITES[:2], (one, found(SITES[1])))
    assert [len(block.others) for block in blocks_of(file)] == [0, 0]


def blocks_of(file: FileReport) -> list[Block]:
    return list(blocks(file, "note"))


@pytest.mark.parametrize("width", [3, 20, 80])
def test_lines_break_between_words(width: int) -> None:
    text = "at size (12, 34) of /a/very/long/name ::error::forged and more words"
    lines = list(broken(Line("error", f": {text}", "error", 4), width))
    assert " ".join(line.strip() for line in lines).replace("\\x3a", ":") == f"error: {text}"
    assert all(line.startswith(" ") for line in lines[1:])
    assert not any(line.lstrip().startswith("::") for line in lines)
    assert "(12, 34)" in "\n".join(lines)
    name = "  a name with blanks"
    assert next(broken(Line(name, " (Resize, 1)", "name", 4), 21)) == name


@pytest.mark.parametrize(
    ("report", "least", "line"),
    [
        (Report((FileReport("m", SITES),)), "warning", "4 sites in 1 file: all is as it was meant"),
        (Report((FileReport("m"),)), "warning", "0 sites in 1 file: nothing found"),
        (REPORT, "warning", f"{FOUND}, 1 note not shown (--severity note), {UNREAD}"),
        (REPORT, "note", f"{FOUND}, 1 note in 1 file, {UNREAD}"),
    ],
)
def test_one_line_closes_a_run(report: Report, least: Severity, line: str) -> None:
    assert closing(report, least) == line


def test_what_is_not_known_is_not_said_to_be_well(tmp_path: Path) -> None:
    path = str(tmp_path / "m.onnx")
    save(resizes(1, chained=False, mode="half_pixel"), path)
    assert run("check", path)[-1] == "1 site in 1 file: nothing found"
    assert run("check", GOOD)[-1] == "1 site in 1 file: all is as it was meant"
    assert run("check", GOOD, "--ignore", "checkerboard")[-1] == "1 site in 1 file: nothing found"


def test_a_copy_is_told_as_one(tmp_path: Path) -> None:
    path = str(tmp_path / "m.onnx")
    save(resizes(1, chained=False, mode="half_pixel", by=1.0), path)
    lines = run("check", path, "--verbose")
    assert "    is     a copy of its input: every length stays as it is" in lines
    assert "  is: a copy of its input: every length stays as it is" in run("explain", path)


@pytest.mark.parametrize(
    ("before", "after", "model", "text"),
    [
        ((1, 3, "d2", "d3"), (1, 3, "TruncToInt(0.5*ToFloat(d2))", "(d3//2)"), (1, 3, "d2", "d3"),
         "1 x 3 x height x width -> 1 x 3 x trunc(0.5*height) x width//2"),
        ((1, 8, "unk__12", "(((h - 1)//8)) + 1"), None, None, "1 x 8 x height x (h-1)//8+1 -> ?"),
        ((1, 2, "rows", None), (1, 2, 9, 9), None, "1 x 2 x rows x ? -> 1x2x9x9"),
        ((1, 2, "s5 * __import__('os')", 4), None, None, "1 x 2 x s5*__import__('os') x 4 -> ?"),
        (("s0", 3, "s1", "s1"), ("s0", 3, "2*s1", "2*s1"), ("s0", 3, "s1", "s1"),
         "batch x 3 x height x height -> batch x 3 x 2*height x 2*height"),
        (("(" * 5000, 1), None, None, "? x 1 -> ?"),
    ],
)  # fmt: skip
def test_lengths_can_be_read(
    before: Shape | None, after: Shape | None, model: Shape | None, text: str
) -> None:
    assert shapes_text(before, after, model) == text


@pytest.mark.parametrize(
    ("arguments", "environment", "coloured"),
    [
        ((), {}, False),
        (("--color", "always"), {}, True),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": ""}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours(
    arguments: tuple[str, ...], environment: dict[str, str], *, coloured: bool
) -> None:
    for command in (["check", ERROR], ["verify", GOOD, GOOD]):
        text = "\n".join(run(*command, *arguments, **environment))
        assert ("\x1b[" in text) == coloured


def test_quiet_tells_what_is_wrong_alone() -> None:
    assert run("check", GOOD, "--quiet") == []
    told = run("check", ERROR, GOOD, "-q")
    assert told[0] == ERROR
    assert told[-1].startswith("2 sites in 2 files: 1 error in 1 file")
    assert not any("--verbose" in line for line in told)
    (verdict,) = run("verify", GOOD, GOOD, "-q")
    assert verdict.startswith("equal, ")
    assert run("fix", ERROR, "--diff", "-q") == []


def test_verbose_tells_of_right_sites() -> None:
    assert len(run("check", GOOD)) == 1
    lines = run("check", GOOD, "-v")
    assert lines[0] == GOOD
    assert lines[2].startswith("    is     F.interpolate(x, scale_factor=2.0")


def test_results_come_as_they_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    judge, tell = Judge.file, Page.tell

    def judged(self: Judge, source: object, name: str) -> FileReport:
        seen.append("judged")
        return judge(self, source, name)

    def told(self: Page, lines: Iterable[Line]) -> None:
        seen.append("told")
        tell(self, lines)

    monkeypatch.setattr(Judge, "file", judged)
    monkeypatch.setattr(Page, "tell", told)
    run("check", ERROR, GOOD, WARNED)
    assert seen == ["judged", "told", "judged", "judged", "told", "told"]


def on_terminal(arguments: Sequence[str], columns: int) -> str:
    """Return what a command writes to a terminal of some columns."""
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, pack("HHHH", 50, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    with subprocess.Popen(
        [sys.executable, "-m", "halfpixel", *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
        env={**environment, "TERM": "xterm-256color"},
    ):  # fmt: skip
        os.close(theirs)
        written = b""
        while True:
            try:
                part = os.read(ours, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            written += part
    os.close(ours)
    return written.decode()


def test_a_terminal_has_colours_a_bar_and_its_own_width(tmp_path: Path) -> None:
    for place in range(20):
        shutil.copy(WARNED, tmp_path / f"{place}.onnx")
    text = on_terminal(["check", str(tmp_path)], 80)
    assert "\x1b[33m" in text
    assert "━" in text, "the bar"
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    lines = [line.rpartition("\r")[2] for line in plain.replace("\r\n", "\n").split("\n")]
    check_page([line for line in lines if "━" not in line], 80)
    assert "20 sites in 20 files: 20 warnings in 20 files" in plain


def test_no_bar_where_nobody_looks(tmp_path: Path) -> None:
    for place in range(20):
        shutil.copy(WARNED, tmp_path / f"{place}.onnx")
    result = CliRunner().invoke(cli, ["check", str(tmp_path)])
    assert result.stderr == ""


def test_many_files_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    for place in range(30):
        (tmp_path / f"{place}.onnx").write_bytes(b"no model")
    lines = run("check", str(tmp_path))
    assert len(lines) == 7
    assert "not read either: " in lines[5]
    assert lines[-1] == "0 sites in 30 files: 30 files not read"
    assert len(run("check", str(tmp_path), "-v")) == 31


def test_many_sites_of_a_model_are_told_and_then_counted() -> None:
    located = []
    for place in range(50):
        at = replace(SITES[0], name=f"up{place}")
        one = found(at)
        located.append(replace(one, finding=replace(one.finding, message=f"{place}.5 px off")))
    file = FileReport("m.onnx", tuple(one.site for one in located), tuple(located))
    told = [plain(line) for line in as_text.lines(Report((file,)))]
    assert sum("(proven)" in line for line in told) == as_text.MANY
    assert "error shifted-linear: 50 sites in 1 file: m.onnx" in told
