"""Packages that are installed from what is here alone, and shells that see them."""

import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

SCRIPTS = sysconfig.get_path("scripts")


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a shell in which halfpixel is installed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "INPUT_", "PYTEST_"))}
    return {**kept, "PATH": os.pathsep.join([SCRIPTS, os.environ["PATH"]]), **more}


def shell(*command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=folder, env=environment(**more)
    )


def installed(source: Path, target: Path) -> None:
    """Install a package into a folder, from what is here alone."""
    command = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    done = shell(
        sys.executable, *command, "--target", str(target), str(source), folder=target.parent
    )
    assert done.returncode == 0, done.stderr


needs_pip = pytest.mark.skipif(
    importlib.util.find_spec("pip") is None or importlib.util.find_spec("hatchling") is None,
    reason="pip or hatchling is not installed",
)
