"""Every format: what it holds, letter by letter, and what its schema or a real parser takes."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

import example_models as models
from golden.readers import CHECKS, check_json, check_sarif
from golden.report import FORMS, REPORT
from halfpixel.cli.main import cli
from halfpixel.cli.output import ENDINGS, FORMATS
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


@pytest.mark.parametrize("ending", sorted(ENDINGS))
@pytest.mark.parametrize("command", ["check", "fix", "verify"])
def test_the_format_is_that_of_the_ending(command: str, ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"report{ending}"
    option = "--report" if command == "fix" else "-o"
    for where in (0, len(COMMANDS[command])):
        words = COMMANDS[command].copy()
        words[max(where, 1) : max(where, 1)] = [option, str(file)]
        assert run(*words).stdout == ""
        CHECKS[ENDINGS[ending]](file.read_bytes().decode())
        assert run(*words, "--output-format", "text").stdout == ""
        CHECKS["text"](file.read_text(encoding="utf-8"))
        assert not file.read_text(encoding="utf-8").startswith(("<", "{"))


def test_any_other_ending_is_text(tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    run("check", ERROR, "-o", str(file))
    assert file.read_text(encoding="utf-8").startswith(ERROR)
    assert run("check", ERROR, "-o", "-").stdout.startswith(ERROR)


def test_a_report_that_cannot_be_written_is_one_line() -> None:
    result = CliRunner().invoke(cli, ["check", GOOD, "-o", "/absent/report.json"])
    assert result.exit_code == 2
    assert "halfpixel: /absent/report.json: cannot be written" in result.output


@pytest.mark.parametrize(
    ("arguments", "code", "failures", "told"),
    [
        (["check", WARNED], 1, 1, 0),
        (["check", WARNED, "--fail-on", "error"], 0, 0, 1),
        (["check", WARNED, ERROR, "--fail-on", "error"], 1, 1, 1),
        (["check", NOTED], 0, 0, 1),
        (["check", NOTED, "--fail-on", "note"], 1, 1, 0),
        (["fix", ERROR, "--diff"], 1, 1, 0),
        (["verify", ERROR, ERROR], 0, 0, 0),
        (["verify", ERROR, GOOD], 1, 1, 1),
    ],
)
def test_what_fails_in_junit_is_what_the_exit_code_says(
    arguments: list[str], code: int, failures: int, told: int
) -> None:
    result = run(*arguments, "--output-format", "junit")
    root = ET.fromstring(result.stdout)  # noqa: S314 - our own
    assert result.exit_code == code
    assert len(root.findall(".//failure")) == int(root.attrib["failures"])
    assert bool(root.findall(".//failure")) == bool(failures)
    assert len(root.findall(".//system-out")) == told


def test_a_file_fails_in_junit_by_what_is_settled_for_it(tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copy(WARNED, tmp_path / f"{name}.onnx")
    settled = '[per-file."a.onnx"]\nfail-on = "error"\n'
    (tmp_path / "halfpixel.toml").write_text(settled, encoding="utf-8")
    result = run("check", str(tmp_path), "--output-format", "junit")
    failures = [
        (Path(suite.attrib["name"]).name, suite.attrib["failures"])
        for suite in ET.fromstring(result.stdout)  # noqa: S314 - our own
    ]
    assert (result.exit_code, failures) == (1, [("a.onnx", "0"), ("b.onnx", "1")])


@pytest.mark.parametrize("form", FORMATS)
def test_statistics_are_told_or_said_to_have_no_place(form: str) -> None:
    result = run("check", ERROR, "--statistics", "--output-format", form)
    if form == "text":
        assert "     1  error    scale-or-size" in result.stdout
    elif form == "json":
        assert json.loads(result.stdout)["statistics"]
    else:
        told = f"--statistics: {form} has no place for it, text and json do\n"
        assert result.stderr == told
        CHECKS[form](result.stdout)
        assert run("check", ERROR, "--output-format", form).stderr == ""
        return
    assert result.stderr == ""


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
