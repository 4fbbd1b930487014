"""Folders with configuration and models in them, and the command line over them."""

import shutil
from pathlib import Path

from click.testing import CliRunner, Result

import example_models as models
from halfpixel.cli.main import cli

WRONG = models.MISMATCHES / "A1.onnx"  # an error: differs-from-intent
WARNED = models.MISMATCHES / "B1.onnx"  # a warning: asymmetric-linear
NOTED = models.MISMATCHES / "B4.onnx"  # a note: scale-or-size
GOOD = models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments])


def tree(folder: Path, files: dict[str, str | Path]) -> None:
    """Write files: a text as it is, a path as the model that it names."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copy(content, path)
        else:
            path.write_text(content, encoding="utf-8")
