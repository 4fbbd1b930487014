"""What the page of configuration shows is taken, and its schema says the same as the program."""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from halfpixel.cli.main import cli
from settings.trees import WARNED, run, tree

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_configuration_that_the_page_shows_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = PAGE.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    tree(tmp_path, {"halfpixel.toml": "", "a/halfpixel.toml": text, "a/depth.onnx": WARNED})
    monkeypatch.chdir(tmp_path)
    known = tmp_path / "a/halfpixel-baseline.json"
    assert run("check", "a", "--write-baseline", known).exit_code == 0
    result = run("check", "a")
    assert result.exit_code == 0, result.output
    shown = run("check", "a", "--show-settings").output
    assert f"# from {tmp_path}/a/halfpixel.toml, extending {tmp_path}/halfpixel.toml" in shown
    assert 'per-node."/head/*".ignore = ["nearest-off-by-one"]' in shown
    assert "expires = 2027-01-31" in shown


def test_the_schema_takes_what_is_taken_and_refuses_what_is_refused() -> None:
    schema = json.loads(PAGE.with_name("halfpixel.schema.json").read_text(encoding="utf-8"))
    text = PAGE.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    validator.validate(json.loads(json.dumps(tomllib.loads(text), default=str)))
    refused: list[dict[str, Any]] = [
        {"selct": []},
        {"severity": "loud"},
        {"suppress": [{"rule": "x"}]},
        {"select": 5},
    ]
    for wrong in refused:
        assert not validator.is_valid(wrong), wrong


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_that_the_page_shows_is_there(shell: str) -> None:
    assert f"_HALFPIXEL_COMPLETE={shell}_source halfpixel" in PAGE.read_text(encoding="utf-8")
    asked = {"_HALFPIXEL_COMPLETE": f"{shell}_source"}
    done = CliRunner().invoke(cli, [], prog_name="halfpixel", env=asked)
    assert f"_HALFPIXEL_COMPLETE={shell}_complete" in done.output
