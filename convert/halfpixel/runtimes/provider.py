"""What an execution provider of onnxruntime is: its names, and what brings it and its libraries."""

import contextlib
import ctypes
import io
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

from halfpixel.errors import MissingExtraError, RuntimeFailure

CPU: Final = "CPUExecutionProvider"
NAMES: Final[Mapping[str, str]] = {
    "": CPU,
    "cpu": CPU,
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "trt": "TensorrtExecutionProvider",
    "nvtensorrtrtx": "NvTensorRTRTXExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "dml": "DmlExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "qnn": "QNNExecutionProvider",
    "webgpu": "WebGpuExecutionProvider",
    "xnnpack": "XnnpackExecutionProvider",
}
"""Short names of execution providers; a full name is taken as it is."""

PACKAGES: Final[Mapping[str, str]] = {
    "CUDAExecutionProvider": "onnxruntime-gpu",
    "TensorrtExecutionProvider": "onnxruntime-gpu",
    "MIGraphXExecutionProvider": "onnxruntime-migraphx",
    "DmlExecutionProvider": "onnxruntime-directml",
    "OpenVINOExecutionProvider": "onnxruntime-openvino",
    "QNNExecutionProvider": "onnxruntime-qnn",
    "WebGpuExecutionProvider": "onnxruntime-webgpu",
}
"""The package on PyPI whose build of onnxruntime has a provider."""

EXTRAS: Final[Mapping[str, str]] = {
    "CUDAExecutionProvider": "pip install 'onnxruntime-gpu[cuda,cudnn]' brings them",
    "TensorrtExecutionProvider": "pip install tensorrt 'onnxruntime-gpu[cuda,cudnn]' brings them",
}
"""What brings the libraries of a provider."""

LIBRARIES: Final[Mapping[str, str]] = {
    "CUDAExecutionProvider": "onnxruntime_providers_cuda",
    "TensorrtExecutionProvider": "onnxruntime_providers_tensorrt",
}


def library() -> ModuleType:
    """Return onnxruntime.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        found = import_module("onnxruntime")
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "verify") from error
    found.set_default_logger_severity(4)  # what it refuses is raised too, and told once
    return found


def full_name(where: str) -> str:
    """Return the name of an execution provider.

    >>> full_name("cuda"), full_name("CustomExecutionProvider")
    ('CUDAExecutionProvider', 'CustomExecutionProvider')
    """
    return NAMES.get(where.lower(), where)


def short_name(provider: str) -> str:
    """Return the short name of an execution provider.

    >>> short_name("CUDAExecutionProvider")
    'cuda'
    """
    return provider.removesuffix("ExecutionProvider").lower()


def available(where: str, text: str) -> str:
    """Return the full name of a provider that this build of onnxruntime has.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        RuntimeFailure: the build has no such provider.
    """
    onnxruntime = library()
    has: list[str] = onnxruntime.get_available_providers()
    wanted = full_name(where)
    by_case = {name.lower(): name for name in has}
    wanted = by_case.get(wanted.lower(), by_case.get(f"{where}executionprovider".lower(), wanted))
    if wanted in has:
        return wanted
    hint = f"; pip install {PACKAGES[wanted]}" if wanted in PACKAGES else ""
    listed = ", ".join(short_name(name) for name in has)
    reason = f"onnxruntime {onnxruntime.__version__} has no {wanted}, it has {listed}{hint}"
    raise RuntimeFailure(text, reason)


def unloadable(provider: str) -> str:
    """Return why a provider that the build has is not there in a session, and what to install."""
    reason = "no device is there, or its libraries cannot be loaded"
    stem = LIBRARIES.get(provider)
    folder = Path(str(library().__file__)).parent / "capi"
    if stem is not None:
        shared = {"win32": f"{stem}.dll", "darwin": f"lib{stem}.dylib"}
        try:
            ctypes.CDLL(str(folder / shared.get(sys.platform, f"lib{stem}.so")))
        except OSError as error:
            reason = str(error)
    hint = EXTRAS.get(provider, "")
    told = f"{provider} cannot be used, onnxruntime would run on the CPU: {reason}"
    return f"{told}; {hint}" if hint else told


def preload() -> None:
    """Load the CUDA libraries that PyTorch or pip brought, where they are."""
    onnxruntime = library()
    if hasattr(onnxruntime, "preload_dlls"):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
            onnxruntime.preload_dlls()
