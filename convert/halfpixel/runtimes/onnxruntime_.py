"""onnxruntime, on any execution provider that the installed build has.

A provider that was asked for and is missing, cannot load its libraries, or leaves a resampling
node to the CPU is an error: onnxruntime itself would run on the CPU without a word.
"""

import contextlib
import ctypes
import io
import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from weakref import WeakSet, WeakValueDictionary

from halfpixel.checking.check import opened
from halfpixel.errors import RuntimeFailure, RuntimeRefusal
from halfpixel.format import Port
from halfpixel.formats import onnx_file
from halfpixel.formats.onnx.memory import in_memory
from halfpixel.formats.onnx.read.external_data import size_of_data, with_real_names
from halfpixel.formats.onnx.read.lengths.values import with_outputs
from halfpixel.formats.onnx.read.resize import OPS
from halfpixel.runtime import RunSettings, Runtime, Side
from halfpixel.runtimes.provider import (
    ASSIGNMENT,
    CPU,
    Argument,
    Session,
    available,
    element_type,
    library,
    placed_nodes,
    preload,
    short_name,
    unloadable,
    words_of,
)

if TYPE_CHECKING:
    from halfpixel.arrays import Array
    from halfpixel.format import Opened


BFLOAT16: Final = 16
"""TensorProto.DataType."""

MOST_ALIVE: Final = 1 << 29
"""Bytes of models whose sessions are kept alive side by side."""


def _numbered(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield a name of its own for each output, and the value: a value may be returned twice.

    >>> dict(_numbered(["y", "z", "y"]))
    {'y': 'y', 'z': 'z', 'y#2': 'y'}
    """
    for place, name in enumerate(names):
        before = names[:place].count(name)
        yield (f"{name}#{before + 1}" if before else name), name


@dataclass(eq=False)
class OnnxRunning:
    """One model on one execution provider.

    Attributes:
        side: the model and where it runs.
        settings: how it runs.
        model: its structure.
        data: the model's bytes; None for a file that is opened by its name. The external data of
            bytes that stand for a file lie beside it.
        size: bytes of the model and its external data.
    """

    side: Side
    settings: RunSettings
    model: "Opened"
    data: bytes | None
    size: int = field(init=False)
    provider: str = field(init=False)
    inputs: Sequence[Port] = field(init=False)
    outputs: Sequence[str] = field(init=False)
    placement: Mapping[str, str] = field(default_factory=dict[str, str])
    _name: str = ""
    _values: Sequence[str] | None = None
    _repeated: Sequence[str] = ()
    _types: dict[str, str] = field(default_factory=dict[str, str])
    _session: Session | None = None

    def __post_init__(self) -> None:
        """Start it."""
        text = self.side.text
        self.provider = available(self.side.where, text)
        self._name = text if self.side.where else f"{text}@{short_name(self.provider)}"
        self.size = self._measured()
        session = self._own()
        declared = {port.name: port for port in self.model.inputs}
        self.inputs = tuple(_port(one, declared.get(one.name)) for one in session.get_inputs())
        self._repeated = tuple(one.name for one in session.get_outputs())
        self.outputs = tuple(dict(_numbered(self._repeated)))
        if hasattr(session, ASSIGNMENT):
            self._place(session)

    @property
    def name(self) -> str:
        """What it is and where it runs."""
        return self._name

    @property
    def values(self) -> Sequence[str]:
        """Values of the main graph, in the order they are computed."""
        if self._values is None:
            self._values = tuple(value.name for value in self.model.values)
        return self._values

    def run(self, feeds: "Mapping[str, Array]", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Return the outputs, or the values that are wanted."""
        names = list(dict.fromkeys(wanted or self._repeated))
        extra = [name for name in names if name not in self.outputs]
        known = {one.name for one in self.inputs}
        given = {name: _fed(array) for name, array in feeds.items() if name in known}
        if extra and self.size > MOST_ALIVE:
            self._session = None  # its weights need not be there twice
        session = self._started(extra) if extra else self._own()
        try:
            found = session.run(names, given)
        except Exception as error:
            raise RuntimeRefusal(self.name, words_of(error)) from error
        if not self.placement and not extra:
            self._place(session)
        del session
        with contextlib.suppress(AttributeError, OSError, TypeError):
            ctypes.CDLL(None).malloc_trim(0)  # glibc gives free memory back to the system
        arrays = dict(_arrays(zip(names, found, strict=True)))
        if wanted or len(names) == len(self._repeated):
            return arrays
        return {name: arrays[value] for name, value in _numbered(self._repeated)}

    def _own(self) -> Session:
        """Return the session of the model as it is; large ones are not alive side by side."""
        if self._session is None:
            alive = [one for one in _ALIVE if one is not self]
            if self.size + sum(one.size for one in alive) > MOST_ALIVE:
                for one in alive:
                    one._session = None  # noqa: SLF001 - of its own kind
                _ALIVE.clear()
            self._session = self._started(())
            _ALIVE.add(self)
        return self._session

    def _measured(self) -> int:
        """Return how many bytes the model and its external data are; judge where they lie."""
        if not isinstance(self.side.source, str | Path):
            return len(self.data or b"")
        path = Path(self.side.source)
        return path.stat().st_size + size_of_data(self.model.data_files, path)

    def _started(self, extra: Sequence[str]) -> Session:
        onnxruntime = import_module("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.enable_cpu_mem_arena = False  # memory goes back to the system after a run
        if not self.settings.optimised:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        source: str | bytes
        path = self.side.source if isinstance(self.side.source, str | Path) else None
        if extra or self.data is not None or path is None:
            data = self.data if path is None or self.data else Path(path).read_bytes()
            data = data or b""
            if path is not None:
                data, folder = with_real_names(data, self.model.data_files, Path(path))
                key = "session.model_external_initializers_file_folder_path"
                options.add_session_config_entry(key, str(folder))
            source = with_outputs(data, extra)
        else:
            source = str(path)
        if not hasattr(onnxruntime.InferenceSession, ASSIGNMENT):
            options.enable_profiling = not extra and not self.placement
            place = Path(tempfile.gettempdir(), f"halfpixel-{os.getpid()}-{id(self)}")
            options.profile_file_prefix = str(place)
        providers: list[str | tuple[str, dict[str, str]]] = [
            (self.provider, dict(self.side.options)) if self.side.options else self.provider
        ]
        if self.provider != CPU:
            providers.append(CPU)
            preload()
        try:
            # what it prints of providers that it cannot load is no part of a report
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                session: Session = onnxruntime.InferenceSession(
                    source, options, providers=providers
                )
        except Exception as error:
            raise RuntimeRefusal(self.side.text, words_of(error)) from error
        if self.provider not in session.get_providers():
            raise RuntimeFailure(self.side.text, unloadable(self.provider))
        return session

    def _place(self, session: Session) -> None:
        """Learn where nodes run: from 1.31 on at the start, before that from a profiled run."""
        nodes = placed_nodes(session)
        self.placement = {name: provider for name, (provider, _) in nodes.items()}
        self._types = {name: kind for name, (_, kind) in nodes.items()}
        self.refuse_fallback()

    def refuse_fallback(self) -> None:
        """Refuse a resampling node that the asked provider leaves to the CPU."""
        if self.provider == CPU or self.settings.fallback:
            return
        left = [
            name
            for name, provider in self.placement.items()
            if provider == CPU and self._types.get(name) in OPS
        ]
        if left:
            more = f" and {len(left) - 1} more" if len(left) > 1 else ""
            kind = self._types[left[0]]
            reason = (
                f"{self.provider} leaves node {left[0]!r} ({kind}){more} to the CPU; "
                "--allow-fallback takes that"
            )
            raise RuntimeFailure(self.side.text, reason)


_ALIVE: Final[WeakSet[OnnxRunning]] = WeakSet()
"""Models whose sessions are alive."""


def _port(argument: Argument, declared: Port | None) -> Port:
    """Return an input; an unknown rank looks like a scalar to onnxruntime."""
    shape = tuple(argument.shape) if declared is None else declared.shape
    return Port(
        argument.name, element_type(argument.type), shape, declared.role if declared else ""
    )


def _fed(array: "Array") -> object:
    """Return an array as onnxruntime takes it."""
    import numpy as np

    if str(array.dtype) != "bfloat16":
        return np.asarray(array)
    raw = np.ascontiguousarray(array).view(np.uint16)
    return library().OrtValue.ortvalue_from_numpy_with_onnx_type(raw, BFLOAT16)


def _arrays(named: "Iterable[tuple[str, object]]") -> "Iterator[tuple[str, Array]]":
    """Yield the arrays of a result; those of a sequence each by themselves, no maps."""
    import numpy as np

    for name, value in named:
        if isinstance(value, np.ndarray):
            yield name, cast("Array", value)
        elif isinstance(value, list):
            parts = cast("list[object]", value)
            yield from _arrays((f"{name}[{place}]", part) for place, part in enumerate(parts))


_MODELS: "WeakValueDictionary[object, Opened]" = WeakValueDictionary()
"""Files whose models are running: a side is started twice, optimised and not, and is read once."""


def _opened(path: Path) -> "Opened":
    """Return the structure of a file, the one that is running where it has not changed."""
    try:
        about = path.stat()
    except OSError:
        return opened(path)  # which says what is wrong with it
    key = path.absolute(), about.st_mtime_ns, about.st_size
    found = _MODELS.get(key)
    if found is None:
        found = _MODELS[key] = opened(path)
    return found


def _start(side: Side, settings: RunSettings) -> OnnxRunning:
    if isinstance(side.source, str | Path):
        return OnnxRunning(side, settings, _opened(Path(side.source)), None)
    proto = in_memory(side.source)
    try:
        data = proto.SerializeToString()
    except ValueError as error:  # more than protobuf's 2 GB
        raise RuntimeRefusal(side.text, str(error)) from error
    return OnnxRunning(side, settings, opened(proto), data)


RUNTIME: Final = Runtime(
    "onnxruntime", _start, (".onnx",), onnx_file.takes_serialized, optimises=True
)
