"""The process in which the interpreter runs: started with the first model, anew after a crash."""

import atexit
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from msgspec import Struct

from halfpixel.errors import MissingExtraError, RuntimeRefusal, said_of
from halfpixel.runtimes.interpreter import worker

if TYPE_CHECKING:
    from halfpixel.arrays import Array

LIBRARY: Final = "ai_edge_litert"
DTYPES: Final = frozenset(
    {"float16", "float32", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32",
     "int64", "uint64", "bool", "complex64", "complex128"}
)  # fmt: skip
"""Element types of arrays that come back."""

_NUMBERS: Final = count()


class Loading(Struct, frozen=True):
    """A model as the process is given it.

    Attributes:
        name: how it is called in what is refused.
        source: a file, or its bytes.
        kernel: which operators, by the library's name of their resolver.
        keep: values inside can be asked for.
        key: its number.
    """

    name: str
    source: Path | bytes
    kernel: str
    keep: bool
    key: int


def loading(name: str, source: Path | bytes, kernel: str, *, keep: bool) -> Loading:
    """Return a model with a number of its own.

    Raises:
        MissingExtraError: ai-edge-litert is not installed.
    """
    need_library()
    return Loading(name, source, kernel, keep, next(_NUMBERS))


def need_library() -> None:
    """Refuse where there is no interpreter.

    Raises:
        MissingExtraError: ai-edge-litert is not installed.
    """
    try:
        there = find_spec(LIBRARY) is not None
    except (ImportError, ValueError):
        there = False
    if not there:
        raise MissingExtraError("ai-edge-litert", "litert")


class _Crash(Exception):  # noqa: N818 - what happened
    """The process ended while it was asked."""


class _Process:
    """A process of the interpreter."""

    def __init__(self) -> None:
        path = [entry for entry in sys.path if entry]
        self.lock, self.owner = threading.Lock(), os.getpid()
        self.process = subprocess.Popen(  # noqa: S603 - our own file, by its path
            [sys.executable, "-P", str(worker.__file__)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "OMP_NUM_THREADS": "1"},
        )

    def ask(self, asked: Mapping[str, object], blobs: Sequence[bytes]) -> "Any":  # noqa: ANN401
        """Send a message; return the answer with its arrays.

        Raises:
            _Crash: the process ended.
        """
        import numpy as np

        with self.lock:
            try:
                stdin, stdout = self.process.stdin, self.process.stdout
                if stdin is None or stdout is None:
                    raise _Crash
                size = sum(map(len, blobs))
                stdin.write(msgspec.json.encode({**asked, "size": size}) + b"\n")
                for blob in blobs:
                    stdin.write(blob)
                stdin.flush()
                answer: dict[str, Any] = msgspec.json.decode(stdout.readline())
                arrays: list[Array] = []
                for dtype, shape in answer.get("arrays", ()):
                    kind = np.dtype(dtype if dtype in DTYPES else "V1")
                    size = kind.itemsize * int(np.prod(shape, dtype=np.int64))
                    arrays.append(np.frombuffer(stdout.read(size), kind).reshape(shape).copy())
            except (OSError, ValueError, TypeError, msgspec.MsgspecError) as error:
                raise _Crash(_ending(self.end())) from error
        return answer, arrays

    def end(self) -> int:
        """End the process, where it still runs; return its exit code."""
        self.process.kill()
        with suppress(OSError, ValueError):
            self.process.communicate()  # which closes both pipes
        return self.process.wait()


def _ending(code: int) -> str:
    """Return how a process ended, in words.

    >>> _ending(-11), _ending(3)
    ('SIGSEGV', 'exit code 3')
    """
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


HELD: Final[list[_Process]] = []
"""The process that runs, where one does."""


def _process() -> _Process:
    """Return the process, a new one where there is none that runs, or where this one was forked."""
    held = HELD[0] if HELD else None
    if held is None or held.owner != os.getpid() or held.process.poll() is not None:
        _end()
        HELD[:] = [_Process()]
    return HELD[0]


@atexit.register
def _end() -> None:
    """End the process with this one."""
    for held in HELD:
        if held.owner == os.getpid():
            held.end()


def run(model: Loading, feeds: "Mapping[int, Array]", wanted: Sequence[int]) -> "list[Array]":
    """Return tensors of a model, by their numbers.

    Args:
        model: the model.
        feeds: what it is given, by number of the tensor.
        wanted: which tensors are returned.

    Raises:
        RuntimeRefusal: the interpreter refuses the model or its inputs, or crashes on them.
    """
    given = [[place, str(array.dtype), list(array.shape)] for place, array in feeds.items()]
    asked = {"key": model.key, "feeds": given, "wanted": list(wanted)}
    blobs = [array.tobytes() for array in feeds.values()]
    answer, arrays = _asked(model, asked, blobs)
    if "absent" in answer:
        load(model)
        answer, arrays = _asked(model, asked, blobs)
    return cast("list[Array]", arrays)


def load(model: Loading) -> None:
    """Have a model in the process.

    Raises:
        RuntimeRefusal: the interpreter refuses it, or crashes on it.
    """
    asked: dict[str, object] = {"key": model.key, "kernel": model.kernel, "keep": model.keep}
    blobs: list[bytes] = []
    if isinstance(model.source, bytes):
        blobs.append(model.source)
    else:
        asked["path"] = str(model.source.absolute())
    _asked(model, asked, blobs)


def _asked(model: Loading, asked: Mapping[str, object], blobs: Sequence[bytes]) -> "Any":  # noqa: ANN401
    try:
        answer, arrays = _process().ask(asked, blobs)
    except _Crash as crash:
        told = f"the interpreter crashed on it ({crash})"
        raise RuntimeRefusal(model.name, told) from crash
    if "refused" in answer:
        raise RuntimeRefusal(model.name, said_of(ValueError(words_of(str(answer["refused"])))))
    return answer, arrays


def words_of(text: str) -> str:
    """Return what the interpreter says, in one line and without its own places in its source.

    >>> words_of("RuntimeError: tensorflow/lite/kernels/resize.cc:88 a != b (3 != 4)Node number 0")
    'a != b (3 != 4); Node number 0'
    """
    text = " ".join(text.split()).removeprefix("RuntimeError: ").removeprefix("ValueError: ")
    words = [word for word in text.split(" ") if not (".cc:" in word and "/" in word)]
    return " ".join(words).replace(")Node number", "); Node number")
