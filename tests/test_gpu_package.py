"""With onnxruntime-gpu and no GPU: asking for CUDA is a clear error, never a run on the CPU."""

import os
import subprocess

import pytest

import example_models as models

PYTHON = os.environ.get("HALFPIXEL_GPU_PYTHON", "")
MODEL = str(models.MISMATCHES / "A3.onnx")

pytestmark = pytest.mark.skipif(
    not PYTHON, reason="HALFPIXEL_GPU_PYTHON names no interpreter that has onnxruntime-gpu"
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [PYTHON, "-m", "halfpixel", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def has_gpu() -> bool:
    """Whether a CUDA driver sees a device."""
    code = "import ctypes; c = ctypes.CDLL('libcuda.so.1'); c.cuInit(0) and exit(1)"
    return subprocess.run([PYTHON, "-c", code], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", f"{MODEL}@cuda", MODEL),
        ("verify", MODEL, "--provider", "cuda"),
        ("conformance", "--provider", "cuda", "--quick"),
    ],
)
def test_a_provider_that_cannot_run_is_an_error(arguments: tuple[str, ...]) -> None:
    if has_gpu():
        pytest.skip("there is a GPU")
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    assert "CUDAExecutionProvider cannot be used, onnxruntime would run on the CPU" in line
    assert "onnxruntime-gpu[cuda,cudnn]" in line


def test_the_cpu_provider_of_that_build_works() -> None:
    assert run("verify", f"{MODEL}@cpu", MODEL).returncode == 0
