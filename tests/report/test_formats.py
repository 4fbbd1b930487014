"""Every format: what it holds, letter by letter, and what its schema or a real parser takes."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from click.testing import CliRunner, Result
from markdown_it import MarkdownIt

import example_models as models
from golden.report import FORMS, REPORT
from halfpixel.cli.main import cli
from halfpixel.cli.output import FORMATS
from halfpixel.report.machine import as_sarif

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
SARIF = json.loads((HERE / "schemas" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
REPORTS = Path(as_sarif.__file__).with_name("report.schema.json")
ERROR, WARNED, NOTED = (str(models.MISMATCHES / f"{name}.onnx") for name in ("A3", "B1", "B4"))
GOOD = str(models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx")

GITLAB: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f:]+$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)."},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""GitLab's documentation, "Code Quality report format", as a schema: it publishes none."""


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


def check_sarif(text: str) -> None:
    validator = jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.FormatChecker())
    assert [error.message for error in validator.iter_errors(json.loads(text))] == []


def check_json(text: str, *, strict: bool = False) -> None:
    """Assert that the published schema takes a report; strictly, that it knows every field."""
    schema = json.loads(REPORTS.read_text(encoding="utf-8"))
    if strict:
        for one in objects(schema["$defs"]):
            if "required" in one:
                one["additionalProperties"] = False
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert [error.message for error in validator.iter_errors(json.loads(text))] == []


def objects(schema: object) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects(value)
    if isinstance(schema, list):
        for value in schema:
            yield from objects(value)


def check_gitlab(text: str) -> None:
    document = json.loads(text)
    jsonschema.Draft202012Validator(GITLAB).validate(document)
    prints = [issue["fingerprint"] for issue in document]
    assert len(set(prints)) == len(prints)


def check_junit(text: str) -> None:
    xmlschema.XMLSchema(str(HERE / "schemas" / "junit-10.xsd")).validate(io.StringIO(text))
    root = ET.fromstring(text)  # noqa: S314 - our own
    for suite in root:
        counts = [len(suite.findall(f"testcase{tail}")) for tail in ("", "/failure", "/error")]
        assert counts == [int(suite.attrib[key]) for key in ("tests", "failures", "errors")]


def check_csv(text: str) -> None:
    rows = list(csv.DictReader(io.StringIO(text), strict=True))
    assert all(None not in row and None not in row.values() for row in rows)


def check_markdown(text: str) -> None:
    """Assert that every row of a table is read as one."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    rows = sum(token.type == "tr_open" for token in tokens)
    lines = text.splitlines()
    assert rows == sum(line.startswith("| ") and "| ---" not in line for line in lines)
    assert rows or len(lines) < 6


def check_concise(text: str) -> None:
    for line in text.splitlines():
        where, _, said = line.partition(": ")
        assert ":" in where or said
        assert any(f" {kind} " in line for kind in ("error", "warning", "note"))


def check_github(text: str) -> None:
    for line in text.splitlines():
        assert line.startswith(("::error ", "::warning ", "::notice "))


CHECKS = {
    "json": check_json,
    "sarif": check_sarif,
    "gitlab": check_gitlab,
    "junit": check_junit,
    "csv": check_csv,
    "markdown": check_markdown,
    "concise": check_concise,
    "github": check_github,
    "text": str,
}

COMMANDS = {
    "check": ["check", ERROR, WARNED, NOTED, GOOD, "--severity", "note", "--statistics"],
    "check-targets": ["check", ERROR, WARNED, "--target", "tensorrt"],
    "fix": ["fix", ERROR, WARNED, "--diff"],
    "verify": ["verify", ERROR, GOOD],
    "verify-sites": ["verify", ERROR],
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


@pytest.mark.parametrize("command", ["check", "check-targets", "fix"])
def test_the_published_schema_knows_every_field(command: str) -> None:
    check_json(run(*COMMANDS[command], "--output-format", "json").stdout, strict=True)


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
