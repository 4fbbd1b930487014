"""PyTorch's two exporters to ONNX, each asked the same way."""

import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct, field

from halfpixel.converting.export.names import name_axes, name_outputs, symbols
from halfpixel.converting.export.quietly import Constant, quietly, reason_of, tracing, unprinted
from halfpixel.converting.source import Source, export_program
from halfpixel.errors import HalfpixelError, ModelFileError, system_reason
from halfpixel.intents.exported_program import origins, placeholders

if TYPE_CHECKING:
    from halfpixel.converting.calls import Kind

USUAL: Final = 17
VOLUMES: Final = 20
NEWEST: Final = 20
"""Newest opset of the TorchScript exporter, for operators that older ones do not have."""
LARGEST: Final = 1 << 30
"""Bytes of weights beyond which they go to a file beside the model."""


class ExportRefusal(HalfpixelError):  # noqa: N818 - what happened is that it refused
    """An exporter that refuses a module, in its own words."""


class Exported(Struct, frozen=True):
    """What an exporter wrote.

    Attributes:
        path: the file.
        opset: its opset; None for Core ML.
        origins: for values in it, the call that each came from, where the exporter tells.
        constants: what PyTorch warned of while it traced.
    """

    path: Path
    opset: int | None = None
    origins: Mapping[str, str] = field(default_factory=dict[str, str])
    constants: tuple[Constant, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What PyTorch warned of, in words."""
        return tuple(one.note for one in self.constants)


@contextmanager
def asked(refusal: str, path: Path) -> Generator[None]:
    """Ask a library for an export: what it raises is its refusal.

    What halfpixel raises itself, in its plain operators too, is no refusal and is raised as it
    is; so is what the system says of the disk, with the file's name.

    Args:
        refusal: how the refusal begins.
        path: what is written.

    Raises:
        ExportRefusal: the library refuses.
        ModelFileError: the file cannot be written.
    """
    from halfpixel.converting.plain.exporting import own_error

    try:
        yield
    except (HalfpixelError, MemoryError):
        raise
    except Exception as error:
        if (own := own_error(error)) is not None:
            raise own from own.__cause__
        reason = _unwritten(error)
        if reason is not None:
            raise ModelFileError(Path(path.name), f"cannot be written: {reason}") from error
        raise ExportRefusal(f"{refusal}: {reason_of(error)}") from error


def _unwritten(error: Exception) -> str | None:
    """Return why a file cannot be written; None for an error of another kind.

    >>> _unwritten(OSError(28, "No space left on device"))
    'no space left on device'
    >>> _unwritten(OSError("could not get source code")) is None
    True
    """
    if isinstance(error, OSError) and error.errno is not None:
        return system_reason(error)
    text = str(error)  # as coremltools' own C++ has it, and shutil of a folder
    written = text.startswith("[MIL FileWriter]") or isinstance(error, shutil.Error)
    return " ".join(text.split()) if written else None


def export_onnx(
    source: Source, path: Path, exporter: str, opset: int | None, kinds: "frozenset[Kind]"
) -> Exported:
    """Write a module as ONNX.

    Args:
        source: the module.
        path: the file.
        exporter: dynamo or torchscript.
        opset: the opset; None for the exporter's own.
        kinds: calls that are written in plain operators.

    Raises:
        ExportRefusal: the exporter refuses, or writes another opset.
        ModelFileError: the file cannot be written.
    """
    from halfpixel.converting.plain.exporting import written_out

    context = written_out(kinds) if kinds else nullcontext()
    with quietly(), context:
        try:
            found = (
                _dynamo(source, path, opset, again=bool(kinds - source.needs))
                if exporter == "dynamo"
                else _torchscript(source, path, opset)
            )
        except ExportRefusal as refusal:
            if opset is not None or exporter == "dynamo" or "opset" not in str(refusal):
                raise
            found = _torchscript(source, path, NEWEST)
    if opset is not None and found.opset is not None and found.opset > opset:
        raise ExportRefusal(
            f"the {exporter} exporter wrote opset {found.opset} where {opset} was asked for: "
            "it could not convert down; --exporter torchscript writes older ones"
        )
    return found


def _dynamo(source: Source, path: Path, opset: int | None, *, again: bool) -> Exported:
    import torch

    program = source.program
    asking = asked("the dynamo exporter refuses", path)
    if again and program is not None:
        program = asking(export_program)(source)
    if program is None:
        raise ExportRefusal(f"torch.export refuses: {source.problem}")
    export = asking(cast("Callable[..., Any]", vars(torch.onnx)["export"]))
    own = [str(node.name) for node in placeholders(program)] == source.names
    made = export(
        program,
        dynamo=True,
        opset_version=opset,
        input_names=None if own else source.names,
        verbose=False,
    )
    if own:
        _named(made.model.graph, source.names)
    name_outputs(made.model.graph, source.outputs)
    name_axes(made.model.graph, symbols(program, source))
    size = sum(v.numel() * v.element_size() for v in program.state_dict.values() if _is_tensor(v))
    asking(made.save)(str(path), external_data=size > LARGEST)
    named = origins(made.exported_program, source.calls)
    return Exported(path, int(made.model.opset_imports[""]), named)


def _named(graph: Any, names: Sequence[str]) -> None:  # noqa: ANN401 - of the exporter's own kind
    """Give inputs their names, where one is returned as it came.

    The exporter calls the copy that is returned by the input's name, and given input_names it
    calls both so, and makes a cycle of them (PyTorch 2.13).
    """
    for value, name in zip(graph.inputs, names, strict=True):
        if value.name == name:
            continue
        for one in graph.outputs:
            if one.name == name:
                one.name = f"{name}_out"
        value.name = name


def _is_tensor(value: object) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


def _usual(source: Source) -> int:
    """Return the exporter's own opset, or the first one that samples volumes where one does."""
    volumes = any(c.kind == "grid" and len(c.input_shape or ()) == 5 for c in source.calls)
    return VOLUMES if volumes else USUAL


def _torchscript(source: Source, path: Path, opset: int | None) -> Exported:
    import torch

    axes: dict[str, dict[int, str]] = {}
    for (name, axis), called in source.axis_names.items():
        axes.setdefault(name, {})[axis] = called
    with unprinted(), tracing() as constants:
        asking = asked("the torchscript exporter refuses", path)
        export = asking(cast("Callable[..., Any]", vars(torch.onnx)["export"]))
        export(
            source.module,
            source.tensors(),
            str(path),
            dynamo=False,
            opset_version=opset or _usual(source),
            input_names=source.names,
            output_names=list(source.outputs) or None,
            dynamic_axes=axes or None,
        )
    from halfpixel.formats.onnx.structure import structure
    from halfpixel.formats.onnx.write.version_converter import opset_of

    return Exported(path, opset_of(structure(path)), constants=tuple(constants))
