"""Every format: what it holds, letter by letter, and what its schema or a real parser takes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import example_models as models
from golden.readers import CHECKS, check_json, check_sarif
from golden.report import FORMS, REPORT
from halfpixel.cli.main import cli
from halfpixel.cli.output import FORMATS
from halfpixel.report.machine import as_sarif

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
ERROR, WARNED, NOTED = (str(models.MISMATCHES / f"{name}.onnx") for name in ("A3", "B1", "B4"))
GOOD = str(models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx")


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exit_code in {0, 1}, result.output
    return result


@pytest.fixture(autouse=True)
def fixed(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "golden" in request.node.name:
        monkeypatch.setattr(as_sarif, "load_rules", tuple)
        monkeypatch.setattr(as_sarif, "version", "1.2.3".format)
        monkeypatch.chdir("/")


@pytest.mark.parametrize("name", FORMS)
def test_golden(name: str) -> None:
    """To renew one: `python -c "from golden.report import *; ..."` writes `FORMS[name]()`."""
    with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
        assert FORMS[name]() == file.read()


def test_golden_sarif_is_valid() -> None:
    check_sarif(FORMS["check.sarif"]())


COMMANDS = {
    "check": ["check", ERROR, WARNED, NOTED, GOOD, "--severity", "note", "--statistics"],
    "check-targets": ["check", ERROR, WARNED, "--target", "tensorrt"],
    "fix": ["fix", ERROR, WARNED, "--diff"],
    "verify": ["verify", ERROR, GOOD],
    "verify-sites": ["verify", ERROR],
}
JSON = {
    **COMMANDS,
    "torch": ["convert", ERROR, "--to", "torch"],
    "verify-equal": ["verify", WARNED, WARNED],
}
"""Commands of which every format is read back."""


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_printed_is_what_its_readers_take(command: str, form: str, tmp_path: Path) -> None:
    arguments = [*COMMANDS[command], "--output-format", form]
    printed = run(*arguments)
    CHECKS[form](printed.stdout)
    option = "--report" if command == "fix" else "-o"
    file = tmp_path / "report"
    written = run(*arguments, option, str(file))
    assert (written.exit_code, written.stdout) == (printed.exit_code, "")
    with file.open(encoding="utf-8", newline="") as opened:
        text = opened.read()
    if form not in {"text", "csv"} and "sites" not in command:
        assert text == printed.stdout
    CHECKS[form](text)


@pytest.mark.parametrize("command", JSON)
def test_the_published_schema_knows_every_field(command: str) -> None:
    check_json(run(*JSON[command], "--output-format", "json").stdout, strict=True)


def test_a_report_that_cannot_be_written_is_one_line() -> None:
    result = CliRunner().invoke(cli, ["check", GOOD, "-o", "/absent/report.json"])
    assert result.exit_code == 2
    assert "halfpixel: /absent/report.json: cannot be written" in result.output


def test_statistics_are_in_json() -> None:
    document = json.loads(FORMS["check.json"]())
    assert document["statistics"] == [
        {"severity": "error", "rule": "shifted-linear", "count": 2},
        {"severity": "warning", "rule": "shifted-linear", "count": 1},
        {"severity": "note", "rule": "shifted-linear", "count": 1},
    ]
    assert len(REPORT.findings) == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "m.onnx", "-o", "m.onnx"],
        ["check", "m.onnx", "--sarif", "m.ONNX"],
        ["check", "m.onnx", "--write-baseline", "m.mlmodel"],
        ["verify", "m.onnx", "-o", "m.mlpackage/"],
        ["fix", "m.onnx", "--report", "m.onnx"],
        ["explain", "m.onnx", "--html", "m.onnx"],
    ],
)
def test_a_report_takes_no_models_place(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert "is the name of a model, and what is written there is none" in result.output
