"""coremltools, asked to write a module, with halfpixel's own pass.

Of a program its gaps are filled first, and what it computes stays:

======================= ======================================================================
node                    what becomes of it
======================= ======================================================================
aten.alias, aten.lift   its input: coremltools knows no such operator
a node called floor     another name: coremltools takes rounding_mode="floor" for that node
aten.max_pool           the stride that was left out is written: it is the kernel, as in PyTorch
======================= ======================================================================

Source: coremltools 9.0 `converters/mil/frontend/torch/ops.py`; PyTorch
`aten/src/ATen/native/native_functions.yaml`.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.converting.cases import ranges
from halfpixel.converting.export.quietly import quietly
from halfpixel.converting.export.to_onnx import Exported, ExportRefusal, asked
from halfpixel.converting.result import NEURAL
from halfpixel.converting.source import Source, export_program
from halfpixel.dialect import ML_PROGRAM, NEURAL_NETWORK, SYSTEMS
from halfpixel.errors import MissingExtraError, UsageError
from halfpixel.targets.target import load_target, names

if TYPE_CHECKING:
    import torch

    from halfpixel.converting.calls import Kind

LONGEST: Final = 1024
"""Longest free length that the model is told to take."""

SCALARS: Final = "only 0-dimensional arrays can be converted to Python scalars"
"""What coremltools 9.0 raises of nearly every trace under NumPy 2.4 and later."""

DEPLOYMENT: Final = re.compile(
    r"(?:Please )?(?:update|set) (?:the )?minimum[_ ]deployment[_ ]target to (?:at least )?"
    r"(?:coremltools\.target\.)?iOS(\d+)\+?(?: or (?:later|newer|higher))?"
)
"""How coremltools 9.0 advises a newer system (`mil/ops/helper.py`, `mil/converter.py`)."""

SAME: Final = ("aten.alias.", "aten.lift_fresh_copy.", "aten.lift.")
ROUNDINGS: Final = frozenset({"floor", "trunc"})
POOLS: Final = ("aten.max_pool1d.", "aten.max_pool2d.", "aten.max_pool3d.")


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
        UsageError: a target whose system coremltools does not know.
        ExportRefusal: it refuses the module.
        ModelFileError: the file cannot be written.
    """
    try:
        with quietly():
            tools: Any = import_module("coremltools")
    except ImportError as error:
        raise MissingExtraError("coremltools", "coreml") from error
    from halfpixel.converting.plain.exporting import written_out
    from halfpixel.fixing import mil_pass as coreml

    network = path.suffix == NEURAL
    inputs, system = _inputs(tools, source), _system(tools, targets, network=network)
    passes = coreml.pipeline(expect=expect)
    refusals: list[str] = []
    for how in ("export", "trace"):
        asking = asked(f"by torch.{'export' if how == 'export' else 'jit.trace'}", path)
        try:
            with quietly():
                with written_out(kinds) if kinds else nullcontext():
                    form = asking(_form)(source, how)
                model = asking(tools.convert)(
                    form,
                    inputs=inputs,
                    outputs=_outputs(tools, source),
                    convert_to="neuralnetwork" if network else "mlprogram",
                    minimum_deployment_target=system,
                    compute_precision=None if network else tools.precision.FLOAT32,
                    compute_units=tools.ComputeUnit.CPU_ONLY,
                    skip_model_load=True,
                    pass_pipeline=passes,
                )
                _check_outputs(model)
                asking(model.save)(str(path))
        except ExportRefusal as refusal:
            refusals.append(_advised(str(refusal)))
            continue
        return Exported(path)
    raise ExportRefusal(f"coremltools refuses: {'; '.join(dict.fromkeys(refusals))}")


def _check_outputs(model: Any) -> None:  # noqa: ANN401 - coremltools is untyped
    """Refuse a model of two outputs with one name, of which no caller could have the second.

    Raises:
        ExportRefusal: there are two.
    """
    names = [str(one.name) for one in model.get_spec().description.output]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            told = "return it once, or a copy of it: x.clone()"
            raise ExportRefusal(f"it gives two outputs the name {name!r}: {told}")


def _advised(refusal: str) -> str:
    """Return a refusal with what to do, where it is known.

    >>> _advised("TypeError: only 0-dimensional arrays can be converted to Python scalars")[-54:]
    'needs NumPy below 2.4 for it (pip install "numpy<2.4")'
    """
    refusal = DEPLOYMENT.sub(_as_target, refusal)
    if SCALARS not in refusal:
        return refusal
    return f'{refusal}: coremltools 9.0 needs NumPy below 2.4 for it (pip install "numpy<2.4")'


def _as_target(found: re.Match[str]) -> str:
    """Return what coremltools advises as an option of this command, where there is such a target.

    >>> _advised("ValueError: No gelu. Please set minimum_deployment_target to iOS17 or later.")
    'ValueError: No gelu. --target coreml-ios17 writes for iOS 17 and later.'
    """
    if f"coreml-ios{found[1]}" not in names():
        return found[0]
    return f"--target coreml-ios{found[1]} writes for iOS {found[1]} and later"


def _form(source: Source, how: str) -> object:
    """Return what coremltools reads: an ExportedProgram, or a trace."""
    import torch

    if how == "trace":
        if source.scripted:
            return source.module
        trace = cast("Callable[..., object]", vars(torch.jit)["trace"])
        return trace(source.module, source.tensors(), check_trace=False)
    if source.program is None:
        raise ExportRefusal(f"by torch.export: {source.problem}")
    program: Any = export_program(source)
    core: torch.export.ExportedProgram = program.run_decompositions({})
    fill_gaps(core)
    return core


def fill_gaps(program: "torch.export.ExportedProgram") -> None:
    """Rewrite the nodes of a program, in place, that coremltools has no words for."""
    graph: Any = program.graph
    for node in list(graph.nodes):
        target = str(node.target)
        if target.startswith(SAME):
            node.replace_all_uses_with(node.args[0])
            program.graph_signature.replace_all_uses(node.name, node.args[0].name)
            graph.erase_node(node)
        elif node.name in ROUNDINGS and node.op == "call_function":
            before = node.name
            node._rename(f"{before}_value")  # noqa: SLF001 - the only way to a name that is free
            program.graph_signature.replace_all_uses(before, node.name)
        elif target.startswith(POOLS) and len(node.args) == 2 and not node.kwargs:
            node.args = (*node.args, node.args[1])
    graph.lint()


def _inputs(tools: Any, source: Source) -> list[object]:  # noqa: ANN401 - coremltools is untyped
    """Return the inputs, free lengths as ranges that have the exported length in them."""
    import numpy as np

    held = ranges(source)
    shortest = 1 if source.program is None else 2
    found: list[object] = []
    for port in source.inputs:
        shape: list[object] = []
        for axis, n in enumerate(cast("tuple[int, ...]", port.shape or ())):
            if axis not in source.free.get(port.name, ()):
                shape.append(n)
                continue
            low, high = held.get((port.name, axis), (1, None))
            asked = source.lengths_of(port.name, axis)
            lower = min(n, max(shortest, low, asked.low))
            longest = asked.high or LONGEST
            upper = max(n, longest if high is None else min(longest, high))
            shape.append(tools.RangeDim(lower, upper, default=n))
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
    """Return the oldest system that is to run the model.

    Raises:
        UsageError: there is no such target, or coremltools does not know its system.
    """
    dialect = NEURAL_NETWORK if network else ML_PROGRAM
    systems = {
        one.specification: name
        for name in targets
        if (one := load_target(name).system) is not None and one.dialect == dialect
    }
    if not systems:
        return tools.target.iOS14 if network else tools.target.iOS15
    oldest = min(systems)
    system = getattr(tools.target, f"iOS{SYSTEMS[oldest]}", None)
    if system is None:
        told = f"--target {systems[oldest]!r}: coremltools {tools.__version__} writes nothing for"
        raise UsageError(f"{told} specification {oldest}, iOS {SYSTEMS[oldest]}")
    return cast("object", system)
