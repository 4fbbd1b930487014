"""The command line: exit codes, formats, options, and one clear line for whatever is wrong."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import example_models as models
from halfpixel.cli import commands
from halfpixel.cli.main import cli

GOOD = str(models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx")
BAD = str(models.MISMATCHES / "A1.onnx")
WARNED = str(models.MISMATCHES / "B1.onnx")
NOTED = str(models.MISMATCHES / "B4.onnx")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([GOOD], 0),
        ([BAD], 1),
        ([WARNED], 1),
        ([NOTED], 0),
        ([BAD, "--exit-zero"], 0),
        ([BAD, "--ignore", "differs-from-intent"], 0),
        ([BAD, "--ignore", "differs-*"], 0),
        ([BAD, "--select", "asymmetric-linear"], 0),
        ([BAD, "--select", "differs-from-intent,asymmetric-linear"], 1),
        ([WARNED, "--severity", "error"], 0),
        ([GOOD, "--expect", "align_corners=true"], 1),
        ([GOOD, "--expect", "align_corners=false"], 0),
        ([GOOD, "--expect", "other*:align_corners=true"], 2),
        ([GOOD, "--expect", "align_corners=perhaps"], 2),
        ([GOOD, "--expect", "corners=true"], 2),
        ([GOOD, "--select", "no-such-rule"], 2),
        (["absent.onnx"], 2),
        ([GOOD, "absent.onnx"], 2),
        (["absent/*.onnx"], 2),
        ([], 2),
        ([GOOD, "--output-format", "yaml"], 2),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    result = run("check", *arguments)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output


def test_a_folder_and_a_pattern_name_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("one.onnx", "deep/two.onnx", "deep/notes.txt"):
        shutil.copy(GOOD, tmp_path / name)
    assert "2 sites in 2 files: all is as it was meant" in run("check", str(tmp_path)).output
    assert "in 1 file" in run("check", str(tmp_path / "*.onnx")).output


def test_json_has_the_promised_fields() -> None:
    result = run("check", "--output-format", "json", BAD, GOOD)
    document = json.loads(result.output)
    assert document["version"] == 1
    first, second = document["files"]
    assert first["path"] == BAD
    assert first["error"] is None
    (site,) = first["sites"]
    assert site["node"] == "node__upsample_bilinear2d_aa"
    assert (site["op"], site["opset"]) == ("Resize", 20)
    assert site["torch_call"] is None
    assert "align_corners=True, antialias=True" in site["intent"]
    assert (site["input_shape"], site["output_shape"]) == ([1, 2, 5, 7], [1, 2, 3, 4])
    (finding,) = first["findings"]
    assert finding["rule"] == "differs-from-intent"
    assert (finding["severity"], finding["fix"]) == ("error", "safe")
    assert finding["node"] == site["node"]
    assert finding["source"] == "exporter_mismatches.py:70"
    assert "0.5 input px" in finding["message"]
    assert second["findings"] == []
    assert second["sites"][0]["torch_call"].startswith("F.interpolate(x, scale_factor=2.0")


def test_json_says_why_a_file_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"no model")
    result = run("check", "--output-format", "json", str(path))
    assert result.exit_code == 2
    (file,) = json.loads(result.output)["files"]
    assert file["error"].startswith(f"{path}: not an ONNX model")
    assert file["sites"] == file["findings"] == []


def test_text_names_file_node_call_numbers_and_line() -> None:
    output = run("check", BAD).output
    for words in (
        f"{BAD}\n",
        "  node__upsample_bilinear2d_aa (Resize, opset 20) 1x2x5x7 -> 1x2x3x4",
        'meant  F.interpolate(x, size=(3, 4), mode="bilinear", align_corners=True, antialias',
        "from   exporter_mismatches.py:70",
        "error differs-from-intent:",
        "samples are up to 0.5 input px off",
        "fix (safe): written as matmul",
        "1 site in 1 file: 1 error; halfpixel fix would mend 1",
    ):
        assert words in output
    assert "\x1b" not in output


def test_statistics_count_rules() -> None:
    output = run("check", "--statistics", BAD, WARNED).output
    assert "     1  error    differs-from-intent" in output
    assert "     1  warning  asymmetric-linear" in output


def test_rules_are_listed() -> None:
    rows = json.loads(run("rules", "--output-format", "json").output)
    names = [row["rule"] for row in rows]
    assert names == sorted(names)
    assert {"asymmetric-linear", "differs-from-intent"} <= set(names)
    lines = run("rules").output.splitlines()
    assert len(lines) == len(rows)


def test_settings_come_from_pyproject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "pyproject.toml"
    config.write_text('[tool.halfpixel]\nignore = ["differs-from-intent"]\n', encoding="utf-8")
    assert run("check", BAD).exit_code == 0
    config.write_text('[tool.halfpixel.expect]\n"*" = "align_corners=true"\n', encoding="utf-8")
    assert run("check", GOOD).exit_code == 1
    for text in (
        "[tool.halfpixel]\nselct = []\n",
        "[tool.halfpixel\n",
        '[tool]\nhalfpixel = "x"\n',
    ):
        config.write_text(text, encoding="utf-8")
        result = run("check", GOOD)
        assert result.exit_code == 2
        assert str(config) in result.output


def child(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "halfpixel", *arguments]
    return subprocess.run(command, check=False, text=True, stdout=stdout, stderr=subprocess.PIPE)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_plain_check_imports_no_more_than_it_needs(form: str) -> None:
    absent = {
        "onnx", "numpy", "rich", "onnxruntime", "torch",  # whose import takes longer than a check
        "importlib.metadata", "tempfile", "hashlib", "logging",
        "halfpixel.cli.commands.fix", "halfpixel.cli.commands.convert",
        "halfpixel.targets.target", "halfpixel.conventions.coreml.mil",
        "halfpixel.formats.coreml.model", "halfpixel.formats.onnx.write.rewrite",
    }  # fmt: skip
    code = (
        "import sys\n"
        "from halfpixel.__main__ import main\n"
        f"sys.argv = ['halfpixel', 'check', '--output-format', {form!r}, {GOOD!r}]\n"
        "try:\n    main()\n"
        "finally:\n"
        f"    print(sorted({absent!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, text=True, capture_output=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_file_of_commands_is_a_command_of_its_name() -> None:
    files = {path.stem for path in Path(commands.__path__[0]).glob("[!_]*.py")}
    with click.Context(cli) as context:
        found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    assert found.keys() == files
    assert all(command is not None and command.name == name for name, command in found.items())


def test_a_command_that_is_none_is_refused() -> None:
    result = run("chek")
    assert result.exit_code == 2
    assert "No such command 'chek'" in result.output


def test_a_reader_that_goes_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = child("check", BAD, stdout=writer)
    os.close(writer)
    assert "Traceback" not in done.stderr


def test_help_and_version() -> None:
    assert "check" in child("--help").stdout
    assert child("--version").stdout.startswith("halfpixel")
