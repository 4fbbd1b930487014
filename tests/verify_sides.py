"""Models and helpers that the tests of verify share."""

from typing import Any

import numpy as np
import pytest

Array = np.ndarray[Any, np.dtype[Any]]


def one_image() -> dict[str, Array]:
    return {"x": np.random.default_rng(0).random((1, 2, 5, 6), np.float32)}


def skip_with_cuda() -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this build of onnxruntime has CUDA")
