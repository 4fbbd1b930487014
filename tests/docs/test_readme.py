"""What the README shows is what the program prints."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from halfpixel.cli.main import cli
from halfpixel.rule import load_rules

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_command_prints_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    command = re.search(r"halfpixel (check models/\S+)", README)
    assert command is not None
    shown = README.split("call:\n\n```\n")[1].split("\n```")[0]
    result = CliRunner().invoke(cli, command[1].split())
    assert result.output.strip() == shown
    assert result.exit_code == 1


def test_the_test_command_is_that_of_ci() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "-c constraints.txt -e '.[test]'" in README
    assert "-c constraints.txt -e '.[test]'" in script


def test_every_rule_that_the_readme_names_exists() -> None:
    names = {rule.name for rule in load_rules()}
    assert set(re.findall(r"halfpixel explain ([a-z-]+)$", README, re.MULTILINE)) <= names
