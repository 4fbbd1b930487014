"""What is known is none: by configuration, by a node's own metadata, by a baseline."""

import json
from pathlib import Path

import jsonschema
import onnx
import pytest
from click.testing import CliRunner

import example_models as models
from halfpixel.checking.suppressing import parse_suppression
from halfpixel.cli.main import cli
from halfpixel.report.machine import as_json
from settings.trees import WARNED, run

SCHEMA = Path(as_json.__file__).with_name("report.schema.json")
RULE = "asymmetric-linear"
NODE = "/Resize"


def warned(path: Path, *lines: str) -> Path:
    """Write a model with a warning, whose node suppresses what the lines say."""
    model = onnx.load(WARNED)
    for node in model.graph.node:
        if node.op_type == "Resize" and lines:
            node.metadata_props.add(key="halfpixel.suppress", value="\n".join(lines))
    onnx.save(model, path)
    return path


def table(**keys: str) -> str:
    given = {"rule": RULE, "reason": "trained with it", **keys}
    rows = [
        f"{key} = {value if key == 'expires' else json.dumps(value)}"
        for key, value in given.items()
    ]
    return "\n".join(["[[suppress]]", *rows, ""])


CONFIGURED: list[tuple[str, int, list[str]]] = [
    (table(), 0, ["1 finding suppressed"]),
    (table(rule="asymmetric-*"), 0, ["1 finding suppressed"]),
    (table(file="m.onnx"), 0, ["1 finding suppressed"]),
    (table(node=NODE), 0, ["1 finding suppressed"]),
    (table(expires="2999-12-31"), 0, ["1 finding suppressed"]),
    (
        table(expires="2020-01-31"),
        1,
        [
            f"node '{NODE}': {RULE} is suppressed no more: it expired on 2020-01-31",
            "trained with it",
        ],
    ),
    (table(file="other.onnx"), 1, []),
    (table(node="other"), 1, ["at other (trained with it): suppresses nothing"]),
    (table(rule="checkerboard"), 1, ["checkerboard (trained with it): suppresses nothing"]),
    (table() + table(node=NODE), 0, ["1 finding suppressed", "suppresses nothing"]),
]


@pytest.mark.parametrize(("text", "code", "words"), CONFIGURED)
def test_a_configuration_suppresses(text: str, code: int, words: list[str], tmp_path: Path) -> None:
    path = warned(tmp_path / "m.onnx")
    (tmp_path / "halfpixel.toml").write_text(text, encoding="utf-8")
    result = run("check", path)
    assert result.exit_code == code, result.output
    for word in words:
        assert word in result.output
    if not words:
        assert "suppresses" not in result.output
        assert "suppressed" not in result.output


IN_NODES: list[tuple[list[str], list[str], int, list[str]]] = [
    ([f"{RULE}: trained with it"], [], 0, ["1 finding suppressed"]),
    ([f"checkerboard, {RULE}: trained with it"], [], 0, ["1 finding suppressed"]),
    (["*: trained with it"], [], 0, ["1 finding suppressed"]),
    ([f"{RULE} until 2999-12-31: trained with it"], [], 0, ["1 finding suppressed"]),
    ([f"{RULE} until 2020-01-31: why"], [], 1, ["suppressed no more: it expired on 2020-01-31"]),
    ([f"{RULE} until soon: why"], [], 1, ["'soon' is no day, expected a date such as 2027-01-31"]),
    ([RULE], [], 1, ["suppresses nothing", "expected RULE[, RULE] [until DATE]: REASON"]),
    ([f"{RULE}:  "], [], 1, ["it gives no reason"]),
    (["checkerboard: why"], [], 1, ["suppresses nothing: its metadata: checkerboard (why)"]),
    (
        ["checkerboard: why", f"{RULE}: why"],
        [],
        0,
        ["suppresses nothing: its metadata: checkerboard"],
    ),
    (["\x1b[2J::error::x"], [], 1, ["suppresses nothing"]),
    ([" " * 100_000 + f"{RULE}: why"], [], 1, []),
    ([f"{RULE}: why"], ["--ignore-suppressions"], 1, []),
    ([f"{RULE}: why"], ["--select", "checkerboard"], 0, []),
]


@pytest.mark.parametrize(("lines", "options", "code", "words"), IN_NODES)
def test_a_node_suppresses(
    lines: list[str], options: list[str], code: int, words: list[str], tmp_path: Path
) -> None:
    path = warned(tmp_path / "m.onnx", *lines)
    result = run("check", path, *options)
    assert result.exit_code == code, result.output
    assert "\x1b" not in result.output
    for word in words:
        assert word in result.output


def test_what_models_suppress_may_be_found_all_the_same(tmp_path: Path) -> None:
    path = warned(tmp_path / "m.onnx", f"{RULE}: why")
    (tmp_path / "halfpixel.toml").write_text("in-nodes = false\n", encoding="utf-8")
    assert run("check", path).exit_code == 1


def test_a_fix_leaves_what_is_suppressed(tmp_path: Path) -> None:
    path = warned(tmp_path / "m.onnx", f"{RULE}: why")
    result = run("fix", path, "--unsafe-fixes")
    assert result.exit_code == 0
    assert "0 fixed, 0 declined; not touched: nothing is left to do" in result.output
    assert "1 fixed" in run("fix", path, "--unsafe-fixes", "--ignore-suppressions").output


def test_json_has_what_is_suppressed(tmp_path: Path) -> None:
    path = warned(tmp_path / "m.onnx", f"{RULE} until 2999-01-01: why", "checkerboard: why")
    done = CliRunner().invoke(cli, ["check", str(path), "--output-format", "json"])
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    (file,) = document["files"]
    (one,) = file["suppressed"]
    assert (one["rule"], one["node"], one["reason"]) == (RULE, NODE, "why")
    assert one["expires"] == "2999-01-01"
    assert file["findings"] == []
    assert "checkerboard" in file["notices"][0]


@pytest.mark.parametrize("line", ["", ":", "a", "a b: c", "a,: b", ": b", "a until : b", "a\nb: c"])
def test_a_line_that_suppresses_nothing(line: str) -> None:
    if line == "a until : b":
        assert parse_suppression(line).expires == ""
        return
    with pytest.raises(ValueError, match="expected RULE"):
        parse_suppression(line)


def several(path: Path, names: list[str], extra: str = "") -> None:
    """Write a model whose resizes are alike, under these names; one of another length is extra."""
    nodes = [
        models.resize("x", f"y{place}", name, {"coordinate_transformation_mode": "asymmetric"})
        for place, name in enumerate(names)
    ]
    if extra:
        nodes.append(
            models.resize("y0", "z", extra, {"coordinate_transformation_mode": "asymmetric"})
        )
    made = models.model(nodes, (1, 1, 4, 4))
    del made.graph.output[:]
    made.graph.output.extend(
        onnx.helper.make_tensor_value_info(node.output[0], 1, None) for node in nodes
    )
    made.producer_name, made.producer_version = "pytorch", "2.1.0"
    onnx.save(made, path)


@pytest.mark.parametrize(
    ("names", "extra", "new"),
    [
        (["up1", "up2"], "", []),
        (["Resize_7", "Resize_9"], "", []),  # renumbered
        (["up2"], "", []),  # one is gone
        (["up2", "up1"], "", []),
        (["up1", "up2", "up3"], "", ["up3"]),
        (["up0", "up1", "up2"], "", ["up0"]),  # a name that is still there tells which is known
        (["Resize_1", "Resize_2", "Resize_3"], "", ["Resize_3"]),
        (["up1", "up2"], "other", ["other"]),  # it computes something else
    ],
)
def test_a_baseline_knows_what_was_there(
    names: list[str], extra: str, new: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    several(tmp_path / "nets/m.onnx", ["up1", "up2"])
    written = run("check", "nets", "--write-baseline", "known.json")
    assert written.exit_code == 0
    assert "2 findings written to known.json" in written.output
    assert run("check", "nets").exit_code == 1
    again = run("check", "nets", "--baseline", "known.json")
    assert again.exit_code == 0, again.output
    assert "2 findings known by" in again.output
    several(tmp_path / "nets/m.onnx", names, extra)
    monkeypatch.chdir(tmp_path / "nets")
    (tmp_path / "halfpixel.toml").write_text('baseline = "known.json"\n', encoding="utf-8")
    done = CliRunner().invoke(cli, ["check", "m.onnx", "--output-format", "json"])
    (file,) = json.loads(done.stdout)["files"]
    assert [one["node"] for one in file["findings"] if one["severity"] != "note"] == new
    assert done.exit_code == bool(new)
    stale = run("check", "m.onnx").output
    assert ("found no more" in stale) is (len(names) < 2)


@pytest.mark.parametrize("known", ["suppressed", "baseline"])
def test_what_a_fix_writes_beside_a_model_is_known_as_the_model_is(
    known: str, tmp_path: Path
) -> None:
    path = tmp_path / "m.onnx"
    several(path, ["up1", "up2"])
    options: list[object] = ["--unsafe-fixes"]
    if known == "suppressed":
        text = table(file="m.onnx", node="up1")
        (tmp_path / "halfpixel.toml").write_text(text, encoding="utf-8")
    else:
        run("check", path, "--write-baseline", tmp_path / "known.json")
        options = ["--baseline", tmp_path / "known.json", "--expect", "up2:mode=bicubic"]
    result = run("check", path, "--fix", *options)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "m.fixed.onnx").exists()
    assert ("1 finding suppressed" if known == "suppressed" else "1 finding known") in result.output
