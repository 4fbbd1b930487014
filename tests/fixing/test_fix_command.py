"""The command fix: where it writes, what it says, and its exit status."""

import io
import json
from pathlib import Path

import onnx
import pytest
from click.testing import CliRunner, Result

import example_models as models
from halfpixel.cli.main import cli
from halfpixel.errors import UsageError
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixSettings


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


def copied(folder: Path, name: str, case: str) -> Path:
    path = folder / name
    path.write_bytes((models.MISMATCHES / f"{case}.onnx").read_bytes())
    return path


def test_the_command_writes_beside_the_model_and_touches_nothing_else(tmp_path: Path) -> None:
    path = copied(tmp_path, "m.onnx", "A3")
    before = path.read_bytes()
    result = run("fix", path)
    assert result.exit_code == 0
    assert "scale-or-size: set scales 1, 1, 0.5, 0.5 (safe)" in result.output
    assert result.output.endswith("1 fixed, 0 declined; written to " + f"{tmp_path}/m.fixed.onnx\n")
    assert path.read_bytes() == before
    fixed = tmp_path / "m.fixed.onnx"
    again = run("fix", path)
    assert again.exit_code == 0
    told = f"nothing is left to do: {fixed} is the model with 1 site fixed, 0 declined"
    assert told in " ".join(again.output.split())
    assert "scale-or-size" not in again.output
    fixed.write_bytes(before)
    other = run("fix", path)
    assert other.exit_code == 2
    assert "m.fixed.onnx: is there already; --force replaces it" in other.output
    assert run("fix", path, "--force").exit_code == 0
    untouched = run("fix", fixed)
    assert untouched.exit_code == 0
    words = "0 fixed, 0 declined; not touched: nothing is left to do, 1 change recorded before"
    assert words in untouched.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.fixed.onnx", "m.onnx"]


def test_the_command_writes_where_it_is_told(tmp_path: Path) -> None:
    path = copied(tmp_path, "m.onnx", "A3")
    before = path.read_bytes()
    out = tmp_path / "o.onnx"
    assert run("fix", path, "-o", out).exit_code == 0
    fixed = out.read_bytes()
    assert path.read_bytes() == before
    assert run("fix", path, "-o", path).exit_code == 2
    assert run("fix", path, "-o", out, "--in-place").exit_code == 2
    assert run("fix", path, "--backup").exit_code == 2
    assert run("fix", path, "--in-place", "--backup").exit_code == 0
    assert path.read_bytes() == fixed
    assert (tmp_path / "m.onnx.bak").read_bytes() == before
    right = run("fix", out, "-o", tmp_path / "copy.onnx")
    assert right.exit_code == 0
    assert (tmp_path / "copy.onnx").read_bytes() == fixed


def test_the_command_writes_to_standard_output(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    from halfpixel.cli.destination import Destination, fixed

    path = copied(tmp_path, "m.onnx", "A3")
    list(fixed([path], FixSettings(), Destination(output="-")))
    model = onnx.load_from_string(capfdbinary.readouterr().out)
    assert model == fix(path).model


def test_the_command_shows_a_diff_and_writes_nothing(tmp_path: Path) -> None:
    path = copied(tmp_path, "m.onnx", "B1")
    result = run("fix", path, "--unsafe-fixes", "--diff")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert "-opset 10" in lines
    assert "+opset 11" in lines
    assert "+  coordinate_transformation_mode = half_pixel" in lines
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"]


def test_the_command_speaks_json(tmp_path: Path) -> None:
    path = copied(tmp_path, "m.onnx", "A1")
    frozen = copied(tmp_path, "n.onnx", "A6")
    result = run("fix", path, frozen, "--output-format", "json")
    assert result.exit_code == 1
    first, second = json.load(io.StringIO(result.output))["files"]
    (change,) = first["changes"]
    assert change["why"] == "differs-from-intent"
    assert change["safety"] == "safe"
    assert [c["multiply_adds"] for c in change["cost"]] == [192, 200]
    assert first["output"] == str(tmp_path / "m.fixed.onnx")
    assert first["remaining"] == []
    assert second["changes"] == []
    assert second["output"] is None
    (declined,) = second["declined"]
    assert declined["why"] == "frozen-size"
    assert second["remaining"][0]["rule"] == "frozen-size"


def test_check_can_fix_first(tmp_path: Path) -> None:
    path = copied(tmp_path, "m.onnx", "A3")
    assert run("check", path).exit_code == 1
    result = run("check", path, "--fix")
    assert result.exit_code == 0
    assert (tmp_path / "m.fixed.onnx").exists()
    assert run("check", path, "--fix", "--in-place").exit_code == 0
    assert run("check", path).exit_code == 0
    assert run("check", path, "--in-place").exit_code == 2


def test_a_cap_and_a_lowering_are_given_to_the_command(tmp_path: Path) -> None:
    path = copied(tmp_path, "m.onnx", "B1")
    out = tmp_path / "o.onnx"
    capped = run("fix", path, "-o", out, "--unsafe-fixes", "--max-opset", "10")
    assert "written as matmul" in capped.output
    assert onnx.load(out).opset_import[0].version == 10
    assert run("fix", path, "-o", out, "--lower", "nothing").exit_code == 2
    lowered = run("fix", path, "-o", out, "--unsafe-fixes", "--lower", "*=gridsample")
    assert "written as gridsample" in lowered.output
    assert "opset 10 to 16" in lowered.output


def test_a_model_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"nonsense")
    result = run("fix", path)
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert str(path) in result.output
    missing = fix(tmp_path / "missing.onnx")
    assert missing.error is not None
    assert "no such file" in missing.error
    with pytest.raises(UsageError, match="no such file"):
        missing.save(tmp_path / "out.onnx")
