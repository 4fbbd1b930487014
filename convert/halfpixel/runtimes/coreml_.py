"""Core ML: a package or file on Core ML itself, or lowered to ONNX where that is not.

`model.mlpackage@coreml` runs coremltools' `MLModel.predict`, which macOS alone has;
`@coreml:compute_units=cpu_only` (all, cpu_only, cpu_and_gpu, cpu_and_ne) chooses the units. With no
`@`, or with an execution provider of onnxruntime (`@cpu`, `@cuda`) or `@reference`, the program or
the neural network is lowered to ONNX and run there; its sites, values and inputs keep their names.
Inputs that are declared as images are pixels from 0 to 255 on Core ML: `--range 0,255` makes such
ones.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import WeakValueDictionary

from msgspec.structs import replace

from halfpixel.checking.check import opened
from halfpixel.errors import (
    MissingExtraError,
    RuntimeFailure,
    RuntimeRefusal,
    UsageError,
)
from halfpixel.format import Port
from halfpixel.runtime import Running, RunSettings, Runtime, Side
from halfpixel.runtimes.onnxruntime_ import OnnxRunning
from halfpixel.runtimes.provider import library
from halfpixel.runtimes.reference_ import ReferenceRunning

if TYPE_CHECKING:
    from halfpixel.arrays import Array
    from halfpixel.formats.coreml.model import CoremlModel


SUFFIXES: Final = (".mlpackage", ".mlmodel", ".mlmodelc")
COREML: Final = "coreml"
UNITS: Final = ("all", "cpu_only", "cpu_and_gpu", "cpu_and_ne")
MACOS: Final = "darwin"


@dataclass(frozen=True, eq=False)
class Program:
    """An ML Program or a neural network that was lowered to ONNX.

    Attributes:
        model: what was lowered.
        data: the ONNX model, serialized.
        values: the program's values that the ONNX model has, in the order of the program.
        precision: the coarsest float type that it computes in, where that is not the outputs'.
    """

    model: "CoremlModel"
    data: bytes
    values: tuple[str, ...]
    precision: str


class _Lowered:
    """What is told of a lowered program, wherever it runs."""

    program: Program

    @property
    def values(self) -> Sequence[str]:
        """Values inside it that can be asked for, in the order in which they are computed."""
        return self.program.values

    @property
    def precision(self) -> str:
        """The coarsest float type that it computes in."""
        return self.program.precision


@dataclass(eq=False)
class LoweredRunning(_Lowered, OnnxRunning):
    """An ML Program, lowered to ONNX, on an execution provider of onnxruntime.

    Attributes:
        program: the program.
    """

    program: Program = field(kw_only=True)

    @property
    def name(self) -> str:
        """What it is and where it runs."""
        return f"{super().name} (lowered to ONNX)"


@dataclass
class LoweredReference(_Lowered, ReferenceRunning):
    """An ML Program, lowered to ONNX, in onnx's reference evaluator."""

    program: Program = field(kw_only=True)

    @property
    def name(self) -> str:
        """What it is and where it runs."""
        return f"{super().name} (lowered to ONNX)"


@dataclass
class CoremlRunning:
    """A model on Core ML itself.

    Attributes:
        side: the model and where it runs.
        predict: coremltools' MLModel.predict.
        inputs: what it takes.
        images: inputs that are declared as images: they are given as pixels.
        outputs: names of what it returns.
        precision: the coarsest float type that it may compute in.
    """

    side: Side
    predict: Any
    inputs: Sequence[Port]
    images: frozenset[str]
    outputs: Sequence[str]
    precision: str = "float16"
    values: Sequence[str] = ()
    placement: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        """What it is and where it runs."""
        units = self.side.options.get("compute_units", "")
        return f"{self.side.text}:{units}" if units else self.side.text

    def run(self, feeds: "Mapping[str, Array]", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Return the outputs; what is inside a model, Core ML does not tell."""
        import numpy as np

        known = {port.name for port in self.inputs}
        given = {name: array for name, array in feeds.items() if name in known}
        try:
            found: Mapping[str, object] = self.predict(
                {n: _pixels(v) if n in self.images else v for n, v in given.items()}
            )
        except Exception as error:
            raise RuntimeRefusal(self.name, f"{type(error).__name__}: {error}") from error
        arrays = {name: np.asarray(value) for name, value in found.items()}
        return {name: arrays[name] for name in wanted or self.outputs if name in arrays}


def _pixels(array: "Array") -> object:
    """Return an array (1, C, H, W) of 0 to 255 as the image that predict takes."""
    import numpy as np

    image = import_module("PIL.Image")
    bytes_ = np.clip(np.rint(array.astype(np.float32)), 0, 255).astype(np.uint8)[0]
    found: object = image.fromarray(bytes_[0] if len(bytes_) == 1 else np.moveaxis(bytes_, 0, -1))
    return found


def _start(side: Side, settings: RunSettings) -> Running:
    if side.where == COREML:
        return _on_coreml(side)
    if side.where != "reference":
        library()
    program = _program(side)
    if side.where == "reference":
        from onnx import ModelProto

        proto = ModelProto.FromString(program.data)
        return LoweredReference(side, program.model, proto, program=program)
    inside = replace(side, source=program.data, label=side.label or str(side.source))
    return LoweredRunning(inside, settings, program.model, program.data, program=program)


_PROGRAMS: "WeakValueDictionary[object, Program]" = WeakValueDictionary()
"""Programs that are running: a side is started twice, and its weights need not be there twice."""


def _program(side: Side) -> Program:
    """Return a program lowered to ONNX, the one that is running where it has not changed."""
    from halfpixel.formats.coreml.model import CoremlModel
    from halfpixel.runtimes.mil_as_onnx.program import lowered
    from halfpixel.runtimes.network_as_onnx.network import lowered as network_lowered

    model = opened(side.source)
    if not isinstance(model, CoremlModel):
        raise UsageError(f"{side.text}: expected a Core ML model")
    model.check_weights()
    files = [model.package.local, *(model.package.model_path / name for name in model.data_files)]
    stamps = tuple((file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    key = (str(files[0].absolute()), stamps)
    found = _PROGRAMS.get(key)
    if found is None:
        network = model.contents.network
        proto = lowered(model) if network is None else network_lowered(model, network)
        made = {name for node in proto.graph.node for name in node.output if name}
        values = tuple(value.name for value in model.values if value.name in made)
        try:
            data = proto.SerializeToString()
        except ValueError as error:  # more than protobuf's 2 GB
            raise RuntimeRefusal(side.text, str(error)) from error
        found = _PROGRAMS[key] = Program(model, data, values, _precision(model))
    return found


def _precision(model: "CoremlModel") -> str:
    """Return float16 where a program computes in it anywhere, else nothing."""
    scope = model.contents.main
    if scope is None:
        return ""
    halves = (
        scope.dtype(out.name) == "float16"
        for operation in scope.block.operations
        if operation.type != "const"
        for out in operation.outputs
    )
    return "float16" if any(halves) else ""


def need_macos(asked: str, hint: str = "") -> None:
    """Refuse Core ML where there is none.

    Raises:
        RuntimeFailure: this is not macOS.
    """
    if sys.platform != MACOS:
        raise RuntimeFailure(asked, f"Core ML runs on macOS only{hint}")


def _on_coreml(side: Side) -> CoremlRunning:
    """Start a model on Core ML.

    Raises:
        RuntimeFailure: this is not macOS, or Core ML does not load the model.
        UsageError: an option that it does not have.
    """
    stray = [name for name in side.options if name != "compute_units"]
    units = side.options.get("compute_units", "all").lower()
    if stray or units not in UNITS:
        wrong = stray[0] if stray else f"compute_units={units}"
        told = f"expected compute_units={'|'.join(UNITS)}, not {wrong}"
        raise UsageError(f"{side.text}: {told}")
    need_macos(
        side.text,
        "; leave @coreml out to run it lowered to ONNX, or give arrays recorded there as .npz",
    )
    try:
        tools = import_module("coremltools")
    except ImportError as error:
        raise MissingExtraError("coremltools", "coreml") from error
    model = cast("CoremlModel", opened(side.source))
    model.check_weights()
    chosen = getattr(tools.ComputeUnit, units.upper())
    try:
        loaded = tools.models.MLModel(str(side.source), compute_units=chosen)
    except Exception as error:
        raise RuntimeRefusal(side.text, f"{type(error).__name__}: {error}") from error
    coarse = _precision(model) if units == "cpu_only" else "float16"
    own = model.contents
    return CoremlRunning(side, loaded.predict, own.inputs, own.images, own.outputs, coarse)


RUNTIME: Final = Runtime(COREML, _start, SUFFIXES, optimises=True)
