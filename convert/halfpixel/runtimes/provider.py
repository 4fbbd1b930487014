"""What an execution provider of onnxruntime is: its names, libraries, nodes and words."""

import contextlib
import ctypes
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol, cast

from halfpixel.errors import MissingExtraError, RuntimeFailure

CPU: Final = "CPUExecutionProvider"
ASSIGNMENT: Final = "get_provider_graph_assignment_info"
"""What a session has, from onnxruntime 1.31 on, that says where its nodes run."""

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

KIND: Final = re.compile(r"[ ,]*\b(?:Type )?Error:? ")
"""onnxruntime's word for the kind of an error, in the middle of what it says."""

CODE: Final = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : ")
SIGNATURE: Final = re.compile(r"^.*\[with [^]]*\] ")
SOURCE_PLACES: Final = re.compile(
    r"\S*/onnxruntime\S*:\d+ (?:onnxruntime::[\w:~]+\([^)]*\) |onnxruntime::\S+ )?"
)

RUNNING_NODE: Final = re.compile(r"while running \w+ node\. Name:'([^']*)'")


class Argument(Protocol):
    """What onnxruntime says of an input or output."""

    name: str
    type: str
    shape: list[int | str | None]


class Session(Protocol):
    """An onnxruntime.InferenceSession, as far as it is used here."""

    def get_inputs(self) -> list[Argument]:
        """Return what it takes."""
        ...

    def get_outputs(self) -> list[Argument]:
        """Return what it gives."""
        ...

    def get_providers(self) -> list[str]:
        """Return the providers that were loaded."""
        ...

    def end_profiling(self) -> str:
        """Return the name of the file of its profile."""
        ...

    def run(self, names: list[str], feeds: Mapping[str, object]) -> list[object]:
        """Return the values of these names."""
        ...


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


def placed_nodes(session: Session) -> dict[str, tuple[str, str]]:
    """Return (provider, operator) of each node, by name.

    A session of onnxruntime before 1.31 knows it from the profile of its run, which it ends.
    """
    if not hasattr(session, ASSIGNMENT):
        return dict(_profiled_nodes(session))
    placed: dict[str, tuple[str, str]] = {}
    for part in cast("Any", session).get_provider_graph_assignment_info():
        for node in part.get_nodes():
            name = str(node.name) or f"{node.op_type}_{len(placed)}"
            if name in placed:  # a subgraph has a node of that name too
                name = f"{name}#{len(placed)}"
            placed[name] = str(part.ep_name), node.op_type
    return placed


def _profiled_nodes(session: Session) -> Iterator[tuple[str, tuple[str, str]]]:
    path = Path(session.end_profiling())
    try:
        events: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    finally:
        path.unlink(missing_ok=True)
    for event in events:
        arguments = event.get("args", {})
        if event.get("cat") == "Node" and "provider" in arguments:
            name = str(event["name"]).removesuffix("_kernel_time")
            yield name, (arguments["provider"], arguments.get("op_name", ""))


def words_of(error: Exception) -> str:
    """Return what onnxruntime says, in one line and without its own places in its source.

    The node that it was running, where it names one, comes last.

    >>> words_of(Exception("[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : no kernel"))
    'no kernel'
    >>> words_of(Exception("an invalid model. Type Error: Type 'tensor(bool)' is invalid"))
    "an invalid model. Type 'tensor(bool)' is invalid"
    """
    text = " ".join(str(error).split())
    last = CODE.split(text)[-1].rpartition("Status Message: ")[2]
    told = SOURCE_PLACES.sub("", SIGNATURE.sub("", last)).strip() or text
    node = RUNNING_NODE.search(text)
    return KIND.sub(" ", told) + (f" (node '{node[1]}')" if node and node[1] else "")


DTYPES: Final[Mapping[str, str]] = {
    "float": "float32",
    "double": "float64",
    "float16": "float16",
    "bfloat16": "bfloat16",
}


def element_type(text: str) -> str:
    """Return an element type; a sequence or map has none.

    >>> element_type("tensor(float)"), element_type("tensor(int64)")
    ('float32', 'int64')
    """
    if not text.startswith("tensor("):
        return ""
    name = text.removeprefix("tensor(").removesuffix(")")
    return DTYPES.get(name, name)
