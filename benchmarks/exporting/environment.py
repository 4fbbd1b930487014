"""Environments of exporters: a virtual environment a framework, a folder a release on top of it.

An exporter that runs on any release of its framework (tf2onnx, coremltools) is installed without
what it depends on, into a folder that goes before the environment's own packages: TensorFlow is
installed once for ten releases of tf2onnx.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TABLE = HERE / "environments.toml"
INSTALLING = 1800
"""Seconds after which an installation is given up."""


class UnavailableError(Exception):
    """An environment that cannot be made here; says why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A framework's own environment.

    Attributes:
        name: its folder's name.
        python: the Python that it needs, such as "3.8".
        packages: what pip installs, releases pinned.
    """

    name: str
    python: str
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One release of an exporter.

    Attributes:
        exporter: its table's name in `intents/exporters`.
        release: the exporter's own release, or the tool's.
        environment: where it runs.
        layer: packages on top of the environment, installed without what they depend on.
        script: what makes the models, beside this file.
        arguments: of that script, before the folder.
    """

    exporter: str
    release: str
    environment: Environment
    layer: tuple[str, ...]
    script: str
    arguments: tuple[str, ...]

    @property
    def name(self) -> str:
        """The folder's name."""
        return f"{self.exporter}-{self.release}".replace(" ", "-")


def runs() -> list[Run]:
    """Return the runs of the table, in order."""
    body: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    known = {
        one["name"]: Environment(one["name"], one["python"], tuple(one["packages"]))
        for one in body["environment"]
    }
    return [
        Run(
            one["exporter"],
            one["release"],
            known[one["environment"]],
            tuple(one.get("layer", ())),
            one["script"],
            tuple(one.get("arguments", ())),
        )
        for one in body["run"]
    ]


def interpreter(version: str) -> str:
    """Return a Python of a version, on the path or among pyenv's.

    Raises:
        UnavailableError: there is none.
    """
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(root.glob(f"{version}.*/bin/python{version}"))
    there = str(found[-1]) if found else shutil.which(f"python{version}")
    if there is None:
        raise UnavailableError(f"no Python {version} here")
    return there


def made(environment: Environment, folder: Path) -> Path:
    """Return the Python of an environment; make it where it is not there.

    Raises:
        UnavailableError: a Python or a release cannot be had.
    """
    at, told = folder / environment.name, folder / f"{environment.name}.packages"
    python, listed = at / "bin" / "python", "\n".join(environment.packages)
    if not (told.exists() and told.read_text(encoding="utf-8") == listed):
        folder.mkdir(parents=True, exist_ok=True)
        command([interpreter(environment.python), "-m", "venv", "--clear", str(at)])
        command([str(python), "-m", "pip", "install", "-q", *environment.packages])
        told.write_text(listed, encoding="utf-8")
    return python


def layered(python: Path, packages: tuple[str, ...], folder: Path) -> Path | None:
    """Return the folder of packages that go before an environment's own; None for none.

    Raises:
        UnavailableError: a release cannot be had.
    """
    if not packages:
        return None
    at = folder / "layers" / f"{python.parents[1].name}+{packages[0].replace('==', '-')}"
    if not at.exists():
        told = ["--no-deps", "--target", str(at), *packages]
        command([str(python), "-m", "pip", "install", "-q", *told])
    return at


def command(words: list[str]) -> None:
    """Run an installing command.

    Raises:
        UnavailableError: it fails, with its last error.
    """
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=INSTALLING, check=False
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"gave up after {INSTALLING} s: {' '.join(words[-2:])}") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "rror" in line]
        raise UnavailableError((lines or done.stderr.splitlines() or ["failed"])[-1].strip()[:160])


def export(run: Run, environments: Path, out: Path) -> None:
    """Let a release export its cases into a folder.

    Raises:
        UnavailableError: it cannot be had, or fails as a whole.
    """
    python = made(run.environment, environments)
    layer = layered(python, run.layer, environments)
    path = "" if layer is None else str(layer)
    told = {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}
    out.mkdir(parents=True, exist_ok=True)
    words = [str(python), str(HERE / run.script), *run.arguments, str(out)]
    done = subprocess.run(
        words, env=told, capture_output=True, text=True, timeout=INSTALLING, check=False
    )
    if done.returncode or not (out / "cases.json").exists():
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise UnavailableError((lines or ["failed"])[-1].strip()[:160])
