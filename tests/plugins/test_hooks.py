"""The hooks in pre-commit, and the GitHub Action by its shell steps."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

import example_models as models
import halfpixel
from installed_packages import environment, needs_pip, shell

ROOT = Path(__file__).parents[2]

SCRIPTS = sysconfig.get_path("scripts")

GOOD = models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx"

WRONG = models.MISMATCHES / "A3.onnx"

WARNED = models.MISMATCHES / "B1.onnx"

NOTED = models.MODELS / "coreml" / "interpolate" / "nearest-6x10-to-9x7-ios15.mlpackage"

DEFAULT = models.MODELS / "coreml" / "variants" / "resize-up-linear-default-ios17.mlpackage"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a git repository whose hooks are this project's, run from what is installed here."""
    if importlib.util.find_spec("pre_commit") is None or shutil.which("git") is None:
        pytest.skip("pre-commit or git is not installed")
    folder = tmp_path / "repository"
    folder.mkdir()
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    local = [{**hook, "language": "system"} for hook in hooks]
    config = {"repos": [{"repo": "local", "hooks": local}]}
    (folder / ".pre-commit-config.yaml").write_text(json.dumps(config), encoding="utf-8")
    (folder / "notes.txt").write_text("no model", encoding="utf-8")
    shell("git", "init", "--quiet", folder=folder)
    return folder


def hook(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    shell("git", "add", "--all", folder=folder)
    command = [sys.executable, "-m", "pre_commit", "run", name, "--all-files", "--verbose"]
    return shell(*command, folder=folder, PRE_COMMIT_HOME=str(folder.parent / "cache"))


def test_a_file_that_is_called_as_an_option_is_a_file(repository: Path) -> None:
    shutil.copy(GOOD, repository / "--sarif=notes.txt.onnx")
    done = hook(repository, "halfpixel-check")
    assert done.returncode == 0, done.stdout
    assert "1 site in 1 file" in done.stdout
    found = {path.name for path in repository.iterdir()} - {".git", ".pre-commit-config.yaml"}
    assert found == {"--sarif=notes.txt.onnx", "notes.txt"}


def test_pre_commit_takes_the_manifest() -> None:
    pytest.importorskip("pre_commit", reason="pre-commit runs the hooks")
    command = ["-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"]
    done = shell(sys.executable, *command, folder=ROOT)
    assert done.returncode == 0, done.stdout


def test_the_check_hook_sees_models_and_packages(repository: Path) -> None:
    assert "no files to check" in hook(repository, "halfpixel-check").stdout
    shutil.copy(GOOD, repository / "good.onnx")
    done = hook(repository, "halfpixel-check")
    assert done.returncode == 0, done.stdout
    assert "1 site in 1 file" in done.stdout
    shutil.copy(WRONG, repository / "wrong model.onnx")
    shutil.copytree(DEFAULT, repository / "net.mlpackage")
    done = hook(repository, "halfpixel-check")
    assert done.returncode == 1
    assert "wrong model.onnx\n  node__upsample_bilinear2d_aa" in done.stdout
    assert "net.mlpackage\n" in done.stdout
    assert "in 3 files" in done.stdout


def test_the_fix_hook_changes_the_files_and_then_passes(repository: Path) -> None:
    shutil.copy(WRONG, repository / "wrong.onnx")
    shutil.copytree(NOTED, repository / "net.mlpackage")
    (repository / "pyproject.toml").write_text('[tool.halfpixel]\nseverity = "note"\n')
    before = halfpixel.check(repository / "net.mlpackage").count("note")
    done = hook(repository, "halfpixel-fix")
    assert done.returncode == 1
    assert "files were modified by this hook" in done.stdout
    assert halfpixel.check(repository / "wrong.onnx").findings == ()
    assert before > halfpixel.check(repository / "net.mlpackage").count("note")
    again = hook(repository, "halfpixel-fix")
    assert again.returncode == 0, again.stdout
    assert sorted(path.name for path in repository.iterdir() if path.name != ".git") == [
        ".pre-commit-config.yaml", "net.mlpackage", "notes.txt", "pyproject.toml", "wrong.onnx",
    ]  # fmt: skip


ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


class Runner:
    """Runs the shell steps of the action as GitHub's runner does."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        """Set the inputs; the others keep their defaults."""
        self.work, self.temp = folder / "work", folder / "temp"
        self.work.mkdir()
        self.temp.mkdir()
        given = {name: one["default"] for name, one in ACTION["inputs"].items()} | inputs
        self.values = {f"inputs.{name}": value for name, value in given.items()}
        self.values["github.action_path"] = str(ROOT)
        self.values["steps.python.outputs.python-path"] = sys.executable
        self.values["steps.install.outputs.bin"] = SCRIPTS
        self.log = ""
        self.uploaded: list[Path] = []

    def run(self, *, install: bool = False) -> int:
        """Run the steps; return the exit code of the first that fails, or 0."""
        for step in ACTION["runs"]["steps"]:
            if not self.told(step.get("if", "")):
                continue
            if "uses" in step:
                if "upload-sarif" in step["uses"]:
                    self.uploaded.append(Path(self.filled(step["with"]["sarif_file"])))
                continue
            if step["name"] == "Install halfpixel" and not install:
                continue
            code = self.step(step)
            if code:
                return code
        return 0

    def step(self, step: dict[str, Any]) -> int:
        script, output = self.temp / "step.sh", self.temp / "output"
        script.write_text(step["run"], encoding="utf-8")
        output.write_text("", encoding="utf-8")
        given = {name: self.filled(value) for name, value in step.get("env", {}).items()}
        given |= {"RUNNER_TEMP": str(self.temp), "GITHUB_OUTPUT": str(output)}
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)]
        env = {**environment(), **given}
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self.work, env=env
        )
        self.log += done.stdout + done.stderr
        for line in output.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            self.values[f"steps.{step.get('id')}.outputs.{name}"] = value
        return done.returncode

    def filled(self, text: str) -> str:
        """Return a text with its expressions replaced."""
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda m: self.values.get(m[1], ""), text)

    def told(self, condition: str) -> bool:
        """Whether a condition of equalities joined by && holds."""
        for part in filter(None, condition.split(" && ")):
            name, sign, value = part.split(" ")
            if (self.values.get(name, "") == value.strip("'")) != (sign == "=="):
                return False
        return True


@pytest.mark.parametrize(
    ("inputs", "code", "levels"),
    [
        ({"paths": "good.onnx"}, 0, []),
        ({"paths": "wrong.onnx good.onnx"}, 1, ["error"]),
        ({}, 1, ["warning", "error"]),
        ({"paths": "warned.onnx"}, 1, ["warning"]),
        ({"paths": "warned.onnx", "fail-on": "error"}, 0, ["warning"]),
        ({"paths": "*.onnx\nnets", "fail-on": "never"}, 0, ["warning", "error"]),
        ({"args": "--ignore scale-or-size --ignore asymmetric-linear"}, 0, []),
        ({"paths": "notes.txt", "fail-on": "never"}, 2, []),
        ({"paths": "wrong.onnx", "upload": "false"}, 1, None),
        ({"args": "--no-such-option"}, 2, None),
        ({"paths": "absent/*.onnx"}, 2, None),
        ({"fail-on": "sometimes"}, 2, None),
        ({"paths": "$(touch hit) `touch hit`; touch hit"}, 2, []),
    ],
)
def test_the_action_by_its_steps(
    tmp_path: Path, inputs: dict[str, str], code: int, levels: list[str] | None
) -> None:
    runner = Runner(tmp_path, **inputs)
    for model, name in ((GOOD, "good"), (WRONG, "wrong"), (WARNED, "warned")):
        shutil.copy(model, runner.work / f"{name}.onnx")
    (runner.work / "nets").mkdir()
    shutil.copy(GOOD, runner.work / "nets")
    (runner.work / "notes.txt").write_text("no model", encoding="utf-8")
    assert runner.run() == code, runner.log
    assert not (runner.work / "hit").exists()
    if levels is None:
        assert runner.uploaded == []
        return
    (sarif,) = runner.uploaded
    (run,) = json.loads(sarif.read_text(encoding="utf-8"))["runs"]
    assert [one["level"] for one in run["results"]] == levels
    if code == 1:
        assert re.search(r"^::(error|warning) file=", runner.log, re.MULTILINE)


def test_the_action_leaves_the_callers_python_alone() -> None:
    (python,) = [one for one in ACTION["runs"]["steps"] if "setup-python" in one.get("uses", "")]
    assert python["with"]["update-environment"] is False
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert not any("GITHUB_PATH" in text or "GITHUB_ENV" in text for text in scripts)
    assert sum(text.count('halfpixel" check') for text in scripts) == 1


@needs_pip
def test_the_action_installs_what_it_comes_with(tmp_path: Path) -> None:
    """The install step in an environment of its own, which borrows the dependencies from here."""
    runner = Runner(tmp_path, paths="wrong.onnx")
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    site = runner.temp / "halfpixel" / "lib" / version / "site-packages"
    site.mkdir(parents=True)
    (site / "here.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    shutil.copy(WRONG, runner.work / "wrong.onnx")
    os.environ.update({"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"})
    try:
        assert runner.run(install=True) == 1, runner.log
    finally:
        for name in ("PIP_NO_INDEX", "PIP_NO_DEPS", "PIP_NO_BUILD_ISOLATION"):
            del os.environ[name]
    assert (site / "halfpixel" / "rule.py").exists()
    assert runner.values["steps.install.outputs.bin"] == str(runner.temp / "halfpixel" / "bin")
    assert len(runner.uploaded) == 1
