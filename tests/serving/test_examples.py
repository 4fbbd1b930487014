"""What is shown for running the service is true: options that there are, a unit that is one."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from halfpixel.cli.commands.serve import COMMAND

FOLDER = Path(__file__).parents[2] / "docs" / "serving"
UNIT = FOLDER / "halfpixel-serve.service"


def commands() -> list[list[str]]:
    """Return the commands of the unit, of the container and of the page."""
    unit = re.findall(r"^ExecStart=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    container = (FOLDER / "Containerfile").read_text(encoding="utf-8")
    shown = (FOLDER.parent / "commands" / "serve.md").read_text(encoding="utf-8")
    page = re.findall(r"^halfpixel serve .*$", shown, re.MULTILINE)
    return [
        *map(shlex.split, [*unit, *page]),
        *(json.loads(text) for text in re.findall(r"^CMD (.*)$", container, re.MULTILINE)),
    ]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_option_is_one_of_the_command(command: list[str]) -> None:
    assert [Path(command[0]).name, command[1]] == ["halfpixel", "serve"]
    context = COMMAND.make_context("serve", command[2:])
    assert context.params["hostname"][-1] == "gate.example.org"


def test_the_unit_is_one(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not installed here")
    text = UNIT.read_text(encoding="utf-8").replace("/opt/halfpixel/bin/halfpixel", "/bin/true")
    unit = tmp_path / UNIT.name
    unit.write_text(text, encoding="utf-8")
    done = subprocess.run([analyze, "verify", unit], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
