"""Notes are counted unless they are asked for, and what is alike is said once."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper, save

from example_models import ARCHITECTURES, CORPUS, TENSORFLOW
from halfpixel.checking.check import check
from halfpixel.cli.main import cli
from halfpixel.report.as_text import lines
from halfpixel.report.layout import plain
from halfpixel.report.machine.as_github import lines as commands
from halfpixel.report.machine.of_check import run_of

COUNTED = "not shown (--severity note)"
OLD = CORPUS / "bilinear_frac_ac0-t1.12.1-o9.onnx"


def right() -> Iterator[Path]:
    """Yield the networks of the library that compute what PyTorch or TensorFlow did."""
    with (ARCHITECTURES / "architectures.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    yield from (ARCHITECTURES / row["file"] for row in rows if row["onnxruntime_vs_eager"] == "ok")
    yield from sorted(TENSORFLOW.glob("*.onnx"))
    folder = ARCHITECTURES.parent / "coreml" / "architectures"
    yield from sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)


SUFFIXES = {".mlpackage", ".mlmodel"}
RIGHT = list(right())


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    """Return a model of five uneven transposed convolutions, one of which has another kernel."""
    nodes = [
        helper.make_node(
            "ConvTranspose", [f"x{i}", f"w{i}"], [f"x{i + 1}"], f"up{i}", strides=[2, 2],
            kernel_shape=[kernel] * 2,
        )
        for i, kernel in enumerate((3, 3, 3, 5, 3))
    ]  # fmt: skip
    weights = [
        helper.make_tensor(f"w{i}", TensorProto.FLOAT, [1, 1, k, k], [0.0] * k * k)
        for i, k in enumerate((3, 3, 3, 5, 3))
    ]
    x = helper.make_tensor_value_info("x0", TensorProto.FLOAT, [1, 1, 4, 4])
    y = helper.make_tensor_value_info("x5", TensorProto.FLOAT, None)
    model = helper.make_model(
        helper.make_graph(nodes, "ups", [x], [y], weights),
        opset_imports=[helper.make_opsetid("", 17)],
    )
    path = tmp_path / "noted.onnx"
    save(model, path)
    return path


def said(*arguments: str | Path) -> list[str]:
    """Return what the command prints, line by line."""
    return CliRunner().invoke(cli, list(map(str, arguments))).output.splitlines()


def test_notes_are_one_line_that_counts_them(noted: Path) -> None:
    assert said("check", noted) == [f"5 sites in 1 file: nothing found, 5 notes {COUNTED}"]


def test_notes_that_say_the_same_are_one_line_with_their_nodes(noted: Path) -> None:
    shown = said("check", noted, "--severity", "note")
    assert shown[0] == str(noted)
    assert shown[1].startswith("  up0 (ConvTranspose, opset 17)")
    assert shown[2] == "    alike  3 more, at lengths of their own: up1, up2, up4"
    assert sum("note checkerboard: " in line for line in shown) == 2
    assert any(line.startswith("  up3 (ConvTranspose") for line in shown)
    assert COUNTED not in shown[-1]


@pytest.mark.parametrize("asked", [["--select", "checkerboard"], ["--severity", "note"]])
def test_notes_are_shown_where_they_or_their_rule_are_asked_for(
    noted: Path, asked: list[str]
) -> None:
    assert any("note checkerboard" in line for line in said("check", noted, *asked))


@pytest.mark.parametrize("kind", ["json", "sarif"])
def test_what_programs_read_has_every_note(noted: Path, kind: str) -> None:
    document = json.loads("\n".join(said("check", noted, "--output-format", kind)))
    found = document["files"][0]["findings"] if kind == "json" else document["runs"][0]["results"]
    assert len(found) == 5


def test_github_is_told_how_many_notes_there_are(noted: Path) -> None:
    assert said("check", noted, "--output-format", "github") == [
        "::notice title=halfpixel::5 notes: --severity note shows them"
    ]
    assert len(list(commands(run_of(check(noted))))) == 2


def test_a_note_is_repaired_where_it_is_shown() -> None:
    for options in (["--severity", "note"], ["--select", "deprecated-upsample"]):
        assert any("fix (safe)" in line for line in said("check", OLD, *options))
        assert any("1 fixed" in line for line in said("fix", OLD, "--diff", *options))
    assert not any("fix (safe)" in line for line in said("check", OLD))
    assert not any("1 fixed" in line for line in said("fix", OLD, "--diff"))


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_a_right_model_is_one_line(path: Path) -> None:
    shown = [plain(line) for line in lines(check(path), least="warning")]
    assert len(shown) == 1, shown
