"""The pass inside Olive's own engine, by its Python call and its command line."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

import example_models as models
import halfpixel

if importlib.util.find_spec("olive") is None:
    reason = "olive-ai is not installed: it brings transformers, optuna and pandas"
    pytest.skip(reason, allow_module_level=True)

WRONG = models.MISMATCHES / "A3.onnx"
RIGHT = models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx"
UNSAFE = models.MISMATCHES / "B1.onnx"


def workflow(model: Path, folder: Path, **options: object) -> dict[str, object]:
    return {
        "input_model": {"type": "ONNXModel", "model_path": str(model)},
        "passes": {"resampling": {"type": "FixResampling", **options}},
        "output_dir": str(folder / "out"),
        "cache_dir": str(folder / "cache"),
        "evaluate_input_model": False,
    }


def run(*command: str, folder: Path) -> str:
    """Run a command of Olive's; CI turns its telemetry off."""
    done = subprocess.run(
        [sys.executable, *command],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "CI": "true"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("model", "options", "changed"),
    [
        (WRONG, {}, True),
        (WRONG, {"ignore": ["scale-or-size"]}, False),
        (RIGHT, {}, False),
        (RIGHT, {"expect": ["align_corners=true"]}, True),
        (UNSAFE, {"unsafe_fixes": True}, True),
    ],
)
def test_olive_runs_the_pass(
    tmp_path: Path, model: Path, options: dict[str, object], *, changed: bool
) -> None:
    config = json.dumps(workflow(model, tmp_path, **options))
    program = (
        "import json, sys, olive\n"
        "from halfpixel.plugins.olive import package_config\n"
        "olive.run(json.loads(sys.argv[1]), package_config=package_config())\n"
    )
    run("-c", program, config, folder=tmp_path)
    (written,) = (tmp_path / "out").rglob("*.onnx")
    record = {entry.key for entry in onnx.load(written).metadata_props}
    assert ("halfpixel.fix" in record) == changed
    if changed:
        expect = options.get("expect", [])
        assert isinstance(expect, list)
        assert halfpixel.check(written, severity="warning", expect=expect).findings == ()


def test_the_command_line_takes_the_package_configuration(tmp_path: Path) -> None:
    packages, config = tmp_path / "packages.json", tmp_path / "workflow.json"
    packages.write_text(run("-m", "halfpixel.plugins.olive", folder=tmp_path), encoding="utf-8")
    config.write_text(json.dumps(workflow(WRONG, tmp_path)), encoding="utf-8")
    command = ["-m", "olive", "run", "--config", str(config), "--package-config", str(packages)]
    run(*command, folder=tmp_path)
    (written,) = (tmp_path / "out").rglob("*.onnx")
    assert halfpixel.check(written).findings == ()
