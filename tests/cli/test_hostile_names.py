"""Commands on files whose every string is hostile, in folders and under names that are too."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings

import example_models as models
from halfpixel.cli.main import cli
from hostile.files import MADE, NAME, TRACE, coreml, whole
from hostile.names import NAMES, UGLY, check_tame, check_told

TEXTS = ["check", "explain", "fix --diff --unsafe-fixes", "verify", "convert --to torch"]


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(cli, [*map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


@pytest.fixture(params=list(MADE.values()), ids=list(MADE))
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a file in a folder, both of hostile names."""
    folder = tmp_path / NAME[:80]
    folder.mkdir()
    path = folder / f"{NAME[:110]}.onnx"
    onnx.save(request.param(), path)
    return path


@pytest.mark.parametrize("command", TEXTS)
def test_what_is_printed_of_a_model_is_tame(
    hostile: Path, command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    name, *options = command.split()
    result = run(name, hostile, *options)
    check_tame(result.output)
    check_told(result.output)
    libraries = capfd.readouterr()  # what they print past Python
    check_tame(libraries.out)
    check_tame(libraries.err)


def test_workflow_commands_of_a_model_are_ours(hostile: Path) -> None:
    result = run("check", hostile, "--output-format", "github")
    check_tame(result.output, commands=True)
    check_told(result.output)


@pytest.mark.parametrize("command", ["check", "fix --diff --unsafe-fixes", "verify"])
def test_json_of_a_model_holds_its_names(hostile: Path, command: str) -> None:
    name, *options = command.split()
    result = run(name, hostile, *options, "--output-format", "json")
    check_tame(result.output)
    if not result.output.startswith("halfpixel: "):
        assert result.output.isascii()
        assert json.loads(result.output)["version"] == 1


def test_sarif_of_a_model_holds_its_names(hostile: Path, tmp_path: Path) -> None:
    run("check", hostile, "--sarif", tmp_path / "found.sarif")
    text = (tmp_path / "found.sarif").read_text("utf-8")
    check_tame(text)
    (found,) = json.loads(text)["runs"]
    names = {one["name"] for one in found["logicalLocations"] if one["kind"] == "node"}
    assert names <= {"up" + UGLY.replace("\0", "")}


def test_a_fixed_model_is_told_in_lines(hostile: Path, tmp_path: Path) -> None:
    result = run("fix", hostile, "--unsafe-fixes", "-o", tmp_path / "fixed.onnx")
    check_tame(result.output)
    if (tmp_path / "fixed.onnx").exists():
        check_tame(run("check", tmp_path / "fixed.onnx").output)
        check_tame(run("verify", hostile, tmp_path / "fixed.onnx").output)


TEXT = NAMES.map(lambda name: name.encode(errors="ignore").decode())
"""Names as a file of ONNX has them: in UTF-8."""

FILE = NAMES.map(lambda name: re.sub("[/\0\ud800-\udc7f\udd00-\udfff]", "", name)[:60])
"""Names as a file has them: of any bytes."""


@settings(max_examples=30, deadline=None)
@given(TEXT, TEXT, FILE)
def test_every_name_of_a_model_is_tame(name: str, other: str, file: str) -> None:
    node = models.resize(name=name, attributes={"coordinate_transformation_mode": "asymmetric"})
    wrong = models.resize("y", f"z{other}", other, {"mode": other})
    model = models.model([node, wrong], (1, 1, other or "h", 6))
    model.producer_name = name
    entry = node.metadata_props.add()
    entry.key, entry.value = "pkg.torch.onnx.stack_trace", TRACE.format(other)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{file}.onnx")
        onnx.save(model, path)
        for command in ("check", "explain", "fix --diff --unsafe-fixes", "convert --to torch"):
            first, *options = command.split()
            check_tame(run(first, path, *options).output)
        check_tame(run("check", path, "--output-format", "github").output, commands=True)


@pytest.mark.parametrize("form", ["text", "json"])
def test_two_models_against_each_other(tmp_path: Path, form: str) -> None:
    paths = [tmp_path / f"{letter}{NAME[:100]}.onnx" for letter in "ab"]
    models_ = [whole(), whole()]
    (mode,) = [a for a in models_[1].graph.node[0].attribute if a.name.startswith("coordinate")]
    mode.s = b"half_pixel"
    for path, model in zip(paths, models_, strict=True):
        onnx.save(model, path)
    result = run("verify", *paths, "--output-format", form)
    assert result.exit_code == 1
    check_tame(result.output)
    if form == "text":
        check_told(result.output)


def test_recorded_arrays_of_hostile_names(tmp_path: Path) -> None:
    model, arrays = tmp_path / "m.onnx", tmp_path / f"{NAME[:100]}.npz"
    onnx.save(whole(), model)
    recorded: dict[str, Any] = {NAME: np.zeros((1, 1, 4, 4)), f"::error::{NAME}": np.zeros(2)}
    np.savez(arrays, **recorded)
    for result in (
        run("verify", model, arrays),
        run("verify", model, model, "--inputs", arrays),
        run("verify", model, model, "--inputs", f"{NAME}={arrays}"),
    ):
        assert result.exit_code in {1, 2}
        check_tame(result.output)


def test_keys_of_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = json.dumps(NAME.replace("\U000e0041", ""))  # TOML has no halves of characters
    for table in (
        f"{name} = 1", f"severity = {name}", f"select = [{name}]", f"expect = {{{name} = {name}}}",
    ):  # fmt: skip
        Path("pyproject.toml").write_text(f"[tool.halfpixel]\n{table}\n", encoding="utf-8")
        result = run("check", models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx")
        assert result.exit_code == 2, result.output
        check_tame(result.output)
        check_told(result.output)


WRONG = [
    ["check", "missing{}.onnx"],
    ["check", "--no-such-option{}"],
    ["{}"],
    ["check", "x", "--output-format", "{}"],
    ["check", ".", "--select", "{}"],
    ["check", "::error::{}"],
    ["explain", "{}("],
    ["explain", "F.interpolate(x, {}=1)"],
    ["explain", "{}"],
    ["compare", "{}(", "F.interpolate(x, 2)"],
    ["compare", "F.interpolate(x, 2)", "{}.onnx:{}"],
    ["compare", "F.interpolate(x, 2)", "F.interpolate(x, 2)", "--size", "{}"],
    ["fix", "m.onnx", "-o", "{}\0"],
    ["verify", "{}.onnx", "{}.npz"],
    ["verify", "m.onnx", "--shape", "{}"],
    ["convert", "{}:net", "-o", "m.onnx"],
    ["convert", "m.onnx", "--to", "torch", "-o", "{}"],
    ["rules", "new", "{}"],
    ["conformance", "--provider", "{}"],
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_errors_are_lines(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*(one.replace("{}", NAME) for one in arguments))
    assert result.exit_code == 2, result.output
    check_tame(result.output)
    assert len(result.output.splitlines()) <= 4


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "\udc80\udcff.onnx"
    onnx.save(whole(), path)
    for command in TEXTS:
        name, *options = command.split()
        check_tame(run(name, path, *options).output)
    result = run("check", path, "--output-format", "sarif")
    (found,) = json.loads(result.output)["runs"]
    assert found["artifacts"][0]["location"]["uri"].endswith("%80%FF.onnx")
    assert "\\udc80\\udcff.onnx" in run("check", path).output


@pytest.mark.parametrize("command", TEXTS)
def test_what_is_printed_of_a_core_ml_model_is_tame(command: str, tmp_path: Path) -> None:
    name, *options = command.split()
    result = run(name, coreml(tmp_path), *options)
    check_tame(result.output)
    check_told(result.output)


@pytest.mark.parametrize("place", ["path", "root", "text"])
def test_a_hostile_manifest_is_one_line(place: str, tmp_path: Path) -> None:
    package = coreml(tmp_path)
    root = NAME if place == "root" else "root"
    entries = {"root": {"path": f"{UGLY}/{UGLY}"}}
    manifest = {"itemInfoEntries": entries, "rootModelIdentifier": root}
    text = NAME if place == "text" else json.dumps(manifest)
    (package / "Manifest.json").write_text(text, encoding="utf-8")
    result = run("check", package)
    assert result.exit_code == 2, result.output
    check_tame(result.output)
