"""Models whose numbers lie in other files, and folders to keep them in."""

import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from onnx import ModelProto, TensorProto, helper

import example_models as models
from halfpixel.cli.main import cli

SCALES = np.array([1, 1, 2, 2], "<f4").tobytes()
WEIGHTS = np.arange(16, dtype="<f4").tobytes()
EXPECT = ("--expect", "up:align_corners=false")
COMMANDS = (["check"], ["fix", *EXPECT], ["fix", *EXPECT, "--diff"], ["explain"])
ASYMMETRIC = {"coordinate_transformation_mode": "asymmetric"}

links = pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")


def external(
    name: str, dims: tuple[int, ...], location: str | None, **entries: object
) -> TensorProto:
    """Return a float32 tensor whose numbers lie in another file."""
    tensor = TensorProto(name=name, data_type=1, data_location=TensorProto.EXTERNAL, dims=dims)
    for key, value in {"location": location, **entries}.items():
        if value is not None:
            tensor.external_data.add(key=key, value=str(value))
    return tensor


def model(scales: TensorProto | None = None, weights: TensorProto | None = None) -> ModelProto:
    """Return a product with weights, resized asymmetrically by scales."""
    nodes = [helper.make_node("Mul", ["x", "w"], ["m"]), models.resize("m", "y", "up", ASYMMETRIC)]
    constants = [
        scales or models.scales(),
        weights or external("w", (1, 1, 4, 4), "weights.bin", offset=0, length=64),
    ]
    made = models.model(nodes, initializers=constants)
    made.ir_version = 8  # which every onnxruntime takes
    return made


def home(tmp_path: Path) -> Path:
    """Return a folder with data, beside another with somebody's secrets."""
    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    away.mkdir()
    (home / "weights.bin").write_bytes(WEIGHTS)
    (home / "scales.bin").write_bytes(SCALES)
    (away / "secret.bin").write_bytes(bytes(64))
    (away / "scales.bin").write_bytes(np.array([1, 1, 7, 7], "<f4").tobytes())
    return home


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli, list(map(str, words)))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
