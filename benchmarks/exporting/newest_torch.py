"""Run the tests of convert under another PyTorch than the one that they are pinned to.

    python benchmarks/exporting/newest_torch.py [--environment FOLDER] [--index URL] [TEST ...]
        [-- ARGUMENTS]

Without --environment the newest release goes into a virtual environment of its own, which is gone
afterwards; with it, the environment that has one is used, and stays as it is: what the tests
need beside PyTorch, ONNX and onnxruntime goes into a folder beside. TESTs are those of convert and
of the plugins by default; ARGUMENTS are pytest's. The first line says what is run; the exit code
is that of pytest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ("tests/converting", "tests/plugins")
FRAMEWORKS = ("torch", "torchvision")
RUNNING = ("onnx", "onnx-ir", "onnxscript", "onnxruntime")
TESTING = ("click", "msgspec", "rich", "pytest>=9", "hypothesis", "PyYAML")
INDEX = "https://download.pytorch.org/whl/cpu"
VERSIONS = (
    "import importlib.metadata as m; "
    f"print(', '.join(f'{{n}} {{m.version(n)}}' for n in {('torch', *RUNNING)}))"
)


def main() -> int:
    """Make the environment where it is not given, and run the tests in it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tests", nargs="*", default=list(TESTS))
    parser.add_argument("--environment", type=Path, help="an environment that has a PyTorch")
    parser.add_argument("--index", default=INDEX, help="where PyTorch is taken from")
    mine, separator, theirs = list(sys.argv[1:]), "--", list[str]()
    if separator in mine:
        place = mine.index(separator)
        mine, theirs = mine[:place], mine[place + 1 :]
    asked = parser.parse_args(mine)
    with tempfile.TemporaryDirectory() as folder:
        python = asked.environment and asked.environment / "bin" / "python"
        if python is None:
            python = environment(Path(folder) / "env", asked.index)
        beside = Path(folder) / "beside"
        install(python, "--target", str(beside), *TESTING)
        install(python, "--target", str(beside), "--no-deps", str(ROOT))  # its entry points
        sources = [str(ROOT / "convert"), str(ROOT / "rules"), str(beside)]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sources)}
        subprocess.run([python, "-c", VERSIONS], check=True, env=environ)
        tests = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *asked.tests, *theirs]
        return subprocess.run(tests, check=False, env=environ, cwd=ROOT).returncode


def environment(folder: Path, index: str) -> Path:
    """Make an environment with the newest PyTorch; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    install(python, "--index-url", index, *FRAMEWORKS)
    install(python, *RUNNING)
    return python


def install(python: Path, *arguments: str) -> None:
    """Install packages."""
    subprocess.run([python, "-m", "pip", "install", "-q", *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main())
