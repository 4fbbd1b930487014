"""coremltools, asked to write a module, with halfpixel's own pass."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.converting.onnx_export import Exported, ExportRefusal
from halfpixel.converting.quietly import quietly, reason_of
from halfpixel.converting.source import Source, exported
from halfpixel.errors import MissingExtraError

if TYPE_CHECKING:
    from halfpixel.converting.written_out import Kind

SUFFIXES: Final = (".mlpackage", ".mlmodel")
LONGEST: Final = 1024
"""Longest free length that the model is told to take."""


def export_coreml(
    source: Source,
    path: Path,
    targets: Sequence[str],
    kinds: "frozenset[Kind]",
    expect: Sequence[str],
) -> Exported:
    """Write a module as an ML Program, or as a neural network where the file is an .mlmodel.

    Args:
        source: the module.
        path: the file.
        targets: names of targets; `coreml-ios17` and the like say the oldest system.
        kinds: calls that are written in plain operators.
        expect: what is meant, as `--expect` has it.

    Raises:
        MissingExtraError: coremltools is not installed.
        ExportRefusal: it refuses the module.
    """
    try:
        with quietly():
            tools: Any = import_module("coremltools")
    except ImportError as error:
        raise MissingExtraError("coremltools", "coreml") from error
    from halfpixel.converting.written_out import written_out
    from halfpixel.plugins import coreml

    context = written_out(kinds) if kinds else nullcontext()
    network = path.suffix == ".mlmodel"
    refusals: list[str] = []
    for how in ("export", "trace"):
        try:
            with quietly():
                with context:
                    form = _form(source, how)
                model = tools.convert(
                    form,
                    inputs=_inputs(tools, source),
                    outputs=_outputs(tools, source),
                    convert_to="neuralnetwork" if network else "mlprogram",
                    minimum_deployment_target=_system(tools, targets, network=network),
                    compute_precision=None if network else tools.precision.FLOAT32,
                    compute_units=tools.ComputeUnit.CPU_ONLY,
                    skip_model_load=True,
                    pass_pipeline=coreml.pipeline(expect=expect),
                )
                model.save(str(path))
        except Exception as error:  # noqa: BLE001 - coremltools raises dozens of kinds
            refusals.append(f"by torch.{'export' if how == 'export' else 'jit.trace'}: "
                            f"{reason_of(error)}")  # fmt: skip
            continue
        return Exported(path)
    raise ExportRefusal(f"coremltools refuses: {'; '.join(dict.fromkeys(refusals))}")


def _form(source: Source, how: str) -> object:
    """Return what coremltools reads: an ExportedProgram, or a trace."""
    import torch

    if how == "trace":
        if source.scripted:
            return source.module
        trace = cast("Callable[..., object]", vars(torch.jit)["trace"])
        return trace(source.module, source.tensors(), check_trace=False)
    if source.program is None:
        raise ExportRefusal(source.problem)
    program: Any = exported(source)
    return cast("object", program.run_decompositions({}))


def _inputs(tools: Any, source: Source) -> list[object]:  # noqa: ANN401 - coremltools is untyped
    import numpy as np

    found: list[object] = []
    for port in source.inputs:
        free = source.free.get(port.name, ())
        shape = [
            tools.RangeDim(1 if source.program is None else 2, LONGEST, default=n)
            if axis in free
            else n
            for axis, n in enumerate(port.shape or ())
        ]
        kind = np.int32 if "int" in port.dtype or port.dtype == "bool" else np.float32
        found.append(tools.TensorType(name=port.name, shape=shape, dtype=kind))
    return found


def _outputs(tools: Any, source: Source) -> list[object] | None:  # noqa: ANN401 - likewise
    """Return the names that a file gave its outputs, where Core ML takes them."""
    taken = {*source.names, *source.outputs}
    distinct = len(taken) == len(source.names) + len(source.outputs)
    if not source.outputs or not distinct or not all(map(str.isidentifier, source.outputs)):
        return None
    return [tools.TensorType(name=name) for name in source.outputs]


def _system(tools: Any, targets: Sequence[str], *, network: bool) -> object:  # noqa: ANN401
    """Return the oldest system that is to run the model."""
    named = [name.rpartition("-ios")[2] for name in targets if "-ios" in name]
    known = tools.target
    chosen = next((getattr(known, f"iOS{n}", None) for n in named), None)
    return chosen or (known.iOS14 if network else known.iOS15)
