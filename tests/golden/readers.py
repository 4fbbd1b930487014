"""What reads a report: the schema of its format, or a parser of it."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import xmlschema
from markdown_it import MarkdownIt
from tinyhtml5.parser import HTMLParser

from halfpixel.report import machine

SCHEMAS = Path(__file__).parents[1] / "report" / "schemas"
SARIF = json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
REPORTS = Path(machine.__file__).with_name("report.schema.json")

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
    xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd")).validate(io.StringIO(text))
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


def check_html(text: str) -> None:
    """Assert that a page is read without an error, by the rules that browsers read by."""
    parser = HTMLParser()
    parser.parse(text)
    assert parser.errors == []


def check_jsonl(text: str) -> None:
    """Assert that every line is an object: a file of a check, or an entry of another command."""
    schema = json.loads(REPORTS.read_text(encoding="utf-8"))
    files = {"$ref": "#/$defs/file", "$defs": schema["$defs"]}
    for line in text.splitlines():
        one = json.loads(line)
        if "sites" in one:
            jsonschema.Draft202012Validator(files).validate(one)
        else:
            assert one["file"]
            assert one["message"]
    assert not text or text.endswith("\n")


CHECKS: dict[str, Callable[[str], object]] = {
    "json": check_json,
    "jsonl": check_jsonl,
    "sarif": check_sarif,
    "gitlab": check_gitlab,
    "junit": check_junit,
    "csv": check_csv,
    "markdown": check_markdown,
    "concise": check_concise,
    "github": check_github,
    "html": check_html,
    "text": str,
}
