"""A module on its way: loaded, run to see that it is a function, and traced by PyTorch itself."""

import dataclasses
from collections.abc import Callable, Sequence
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from halfpixel.converting.export.names import count_text
from halfpixel.converting.export.quietly import quietly, reason_of
from halfpixel.converting.inputs import (
    BY_PLACE,
    cases_of_arrays,
    rename_inputs,
    specs_of,
    specs_of_arrays,
    specs_of_program,
)
from halfpixel.converting.program import make_program
from halfpixel.converting.recorded import recorded_calls
from halfpixel.converting.result import ConvertSettings
from halfpixel.converting.source import Source, feeds_of, tensors_of
from halfpixel.errors import UsageError
from halfpixel.format import Port
from halfpixel.intents.exported_program import graph_calls, placeholders, roles, unread
from halfpixel.runtime import Side
from halfpixel.runtimes.drawn import USUAL_RANGE
from halfpixel.runtimes.torch_module import (
    module_of,
    need_library,
    parameters_of,
    program_of,
    restoring,
)
from halfpixel.verifying.result import shapes_text

if TYPE_CHECKING:
    import torch

    from halfpixel.arrays import Feeds

STRETCH: Final = 8
"""How many times as long free axes are while exporting, where an output would be 1 long."""


def load(
    source: object, settings: ConvertSettings, stage: Callable[[str], None] | None = None
) -> Source:
    """Return a source with its inputs, and PyTorch's graph of it where there is one.

    Args:
        source: `package.module:factory`, a .pt2, TorchScript or ONNX file, a torch.nn.Module
            in evaluation mode, or an ExportedProgram.
        settings: its inputs, and which axes are free.
        stage: told what is done next.

    Raises:
        UsageError: no such factory, or inputs that it does not take.
        ModelFileError: a file that PyTorch cannot read.
        MissingExtraError: PyTorch is not installed.
    """
    need_library()
    import torch

    text = str(source) if isinstance(source, str | Path) else f"<{type(source).__name__}>"
    if stage is not None:
        stage("loading and running the module")
    if text.endswith(".onnx"):
        return _from_onnx(text, settings)
    program: Any = source if isinstance(source, torch.export.ExportedProgram) else None
    with quietly():
        if text.endswith(".pt2"):
            program = program_of(Path(text))
        module, declared = module_of(Side(source if program is None else program))
    scripted = isinstance(module, torch.jit.ScriptModule | torch.jit.ScriptFunction)
    if program is not None and not settings.inputs and not settings.arrays:
        specs = specs_of_program(program, declared, text)
    else:
        parameters = parameters_of(module, declared)
        _check_named(module, text)
        specs = specs_of(settings.inputs or specs_of_arrays(settings, parameters), parameters, text)
    ports = tuple(Port(one.name, one.dtype, one.shape) for one in specs)
    free = {p.name: settings.dynamic.of(p.name, len(p.shape or ()), p.dtype) for p in ports}
    unknown = sorted(set(settings.dynamic.axes) - {port.name for port in ports})
    if unknown:
        known = ", ".join(port.name for port in ports)
        raise UsageError(f"--dynamic {unknown[0]}: no such input; there are: {known}")
    found = Source(text, module, ports, free, program, scripted=scripted, ready=program is not None)
    found.stage, found.fast = stage or found.stage, settings.fast
    found.limits, found.ranged = settings.limits or USUAL_RANGE, settings.limits is not None
    if program is not None:
        if any(free.values()):
            raise UsageError(f"{text}: is exported already; its own free lengths stay as they are")
        found.free = _free(program, found.names)
    found.arrays = cases_of_arrays(settings, ports, found.free)
    found.feeds = found.arrays[0] if found.arrays else feeds_of(ports, found.limits, 0)
    if program is None:
        found.lengths = {
            (p.name, axis): one
            for p in ports
            for axis, one in settings.dynamic.lengths_of(p.name, p.shape or (), p.dtype).items()
        }
    found.outputs = settings.output_names
    others = [name for name, _ in parameters_of(module, declared)]
    rename_inputs(found, settings.input_names, others)
    _try(found)
    _check_outputs(found)
    if not _deferred(found, settings):
        trace(found)
    return found


def _deferred(source: Source, settings: ConvertSettings) -> bool:
    """Have the calls of a run in place of PyTorch's own graph, where the file is a trace."""
    plain = source.program is None and not source.scripted and not settings.policies
    if settings.exporter != "torchscript" or not plain:
        return False
    source.stage("running the module at other lengths")
    calls = recorded_calls(source)
    if calls is not None:
        source.calls, source.deferred = calls, True
    return source.deferred


def _check_outputs(source: Source) -> None:
    """Refuse names of more or fewer outputs than there are."""
    if not source.outputs:
        return
    import torch

    with quietly(), torch.no_grad(), restoring(source.module):
        count = len(_leaves(source.module(*tensors_of(source.feeds))))
    if count != len(source.outputs):
        raise UsageError(count_text(count, source.outputs))


def at_lengths(source: Source, feeds: "Feeds") -> Source:
    """Return a source as it is exported at the lengths of other inputs."""
    inputs = tuple(replace(port, shape=feeds[port.name].shape) for port in source.inputs)
    found = dataclasses.replace(
        source,
        inputs=inputs,
        program=None,
        problem="",
        calls=(),
        needs=frozenset(),
        graph=None,
        stretch=1,
    )
    found.feeds, found.running = dict(feeds), source.running
    trace(found)
    return found


def _check_named(module: "torch.nn.Module", text: str) -> None:
    """Refuse an input that is given by name alone: no exporter is told of it here."""
    try:
        parameters = signature(module.forward).parameters.values()
    except (AttributeError, ValueError):  # TorchScript, which has no Python signature
        return
    for one in parameters:
        if one.kind is one.KEYWORD_ONLY and one.default is one.empty:
            raise UsageError(f"{text}: input {one.name!r} is given by name alone; {BY_PLACE}")


def _from_onnx(text: str, settings: ConvertSettings) -> Source:
    """Return an ONNX model as a source; what it becomes has to equal the file."""
    from halfpixel.converting.onnx_in.module import as_module

    if settings.input_names or settings.output_names:
        raise UsageError(f"{text}: has names already, which stay as they are")
    read = as_module(Path(text), settings)
    found = Source(text, read.module, read.inputs, {}, reference=Side(text), outputs=read.outputs)
    found.limits, found.notes = settings.limits or USUAL_RANGE, read.notes
    found.arrays = cases_of_arrays(settings, read.inputs, {})
    found.feeds = found.arrays[0] if found.arrays else feeds_of(read.inputs, found.limits, 0)
    trace(found)
    sites = {call.name: read.sites.get(call.module) for call in found.calls}
    found.calls = tuple(
        replace(
            call,
            source=(site.source or f"node {site.path}") if (site := sites[call.name]) else None,
            source_text="",
        )
        for call in found.calls
    )
    return found


def _free(
    program: "torch.export.ExportedProgram", names: Sequence[str]
) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for name, node in zip(names, placeholders(program), strict=False):
        shape = node.meta["val"].shape
        found[name] = tuple(axis for axis, n in enumerate(shape) if not isinstance(n, int))
    return found


def _try(source: Source) -> None:
    """Run the module twice on the same inputs, and see whether it stays what it is.

    Raises:
        UsageError: it does not take the inputs.
    """
    shapes = shapes_text({name: array.shape for name, array in source.feeds.items()})
    try:
        with quietly():
            source.stateful, source.changed_buffers = state_of(
                source.module, tensors_of(source.feeds)
            )
    except Exception as error:
        raise UsageError(f"{source.name}: does not run on {shapes}: {reason_of(error)}") from error


def trace(source: Source) -> None:
    """Let PyTorch make its own graph of the module, and read the calls from it."""
    import torch

    source.deferred, source.calls = False, ()
    if source.scripted:
        source.problem = "a TorchScript file holds no such graph"
    elif source.program is None:
        source.stage("torch.export")
        make_program(source)
    if source.program is not None:
        source.calls = graph_calls(source.program)
        source.unread = unread(source.program, source.names)
        told = roles(source.program)
        placed = zip(source.inputs, placeholders(source.program), strict=False)
        source.inputs = tuple(
            Port(p.name, p.dtype, p.shape, told.get(str(node.name), "")) for p, node in placed
        )
        if not source.arrays and not isinstance(source.module, torch.fx.GraphModule) and told:
            source.feeds = feeds_of(source.inputs, source.limits, 0)


def state_of(
    module: "torch.nn.Module", tensors: "Sequence[torch.Tensor]"
) -> tuple[str, tuple[str, ...]]:
    """Call a module twice on the same inputs; its buffers are put back.

    Returns:
        Why it is no function of its inputs, empty where it is; and the buffers that a call changes.
    """
    import torch

    with torch.no_grad(), restoring(module) as before:
        first = _leaves(module(*(one.clone() for one in tensors)))
        changed = tuple(
            name for name, now in module.named_buffers() if not torch.equal(now, before[name])
        )
        second = _leaves(module(*(one.clone() for one in tensors)))
    same = len(first) == len(second) and all(map(_close, first, second))
    if same:
        return "", changed
    state = f"its state ({', '.join(changed)})" if changed else "its state, or draws numbers"
    why = f"called twice on the same inputs the module gives other outputs: it changes {state}"
    return why, changed


def _leaves(made: object) -> "list[torch.Tensor]":
    import torch
    from torch.utils import _pytree

    leaves: list[Any] = _pytree.tree_leaves(made)
    return [one.clone() for one in leaves if isinstance(one, torch.Tensor)]


def _close(one: "torch.Tensor", other: "torch.Tensor") -> bool:
    """Whether two outputs are equal, but for what threads add up in another order."""
    import torch

    if one.shape != other.shape or not one.is_floating_point():
        return torch.equal(one, other)
    return torch.allclose(one.double(), other.double(), 1e-4, 1e-6, equal_nan=True)
