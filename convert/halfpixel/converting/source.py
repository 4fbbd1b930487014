"""What is converted: the module, its inputs, the lengths that are free, and PyTorch's own graph."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.converting.export.quietly import quietly, reason_of
from halfpixel.converting.given import given_cases, given_specs
from halfpixel.converting.inputs import BY_PLACE, specs_of, specs_of_program
from halfpixel.converting.result import ConvertSettings
from halfpixel.converting.state import stirred
from halfpixel.errors import UsageError
from halfpixel.format import Port
from halfpixel.intents.exported_program import GraphCall, graph_calls, placeholders, roles, unread
from halfpixel.runtime import Side
from halfpixel.runtimes.feeds import USUAL_RANGE, FeedSettings, made
from halfpixel.verifying.result import shapes_text

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from halfpixel.converting.plain.exporting import Kind

    Array = NDArray[np.generic]
    Feeds = dict[str, Array]

STRETCH: Final = 8
"""How many times as long free axes are while exporting, where an output would be 1 long."""


@dataclass
class Source:
    """A module on its way.

    Attributes:
        name: as it was named.
        module: the module, in evaluation mode.
        inputs: what it takes, with the lengths while exporting.
        free: free axes by input.
        program: PyTorch's own graph; None where there is none.
        problem: why there is none.
        scripted: it is TorchScript, which no Python runs.
        calls: the resampling calls of the program.
        feeds: the inputs, as they were asked for.
        limits: range of made inputs.
        ranged: that range was asked for.
        given: inputs that were given, case by case.
        ready: it was exported already: the ranges of its free lengths are its author's.
        restless: why the module is no function of its inputs; empty where it is one.
        moved: its buffers that a call changes.
        unread: its inputs of which no value is read, but for their lengths.
        needs: calls that have to be in plain operators for PyTorch to make a graph at all.
        stretch: how many times as long free axes are while exporting.
        reference: what the file that is written has to equal; None for the module itself.
        outputs: names of what the module returns, where it was a file that has such.
        notes: what there is to say of it.
    """

    name: str
    module: "torch.nn.Module"
    inputs: tuple[Port, ...]
    free: Mapping[str, tuple[int, ...]]
    program: "torch.export.ExportedProgram | None" = None
    problem: str = ""
    scripted: bool = False
    calls: tuple[GraphCall, ...] = ()
    feeds: "Feeds" = field(default_factory=dict[str, "Array"])
    limits: tuple[float, float] = USUAL_RANGE
    ranged: bool = False
    given: "tuple[Feeds, ...]" = ()
    ready: bool = False
    restless: str = ""
    moved: tuple[str, ...] = ()
    unread: frozenset[str] = frozenset()
    needs: "frozenset[Kind]" = frozenset()
    stretch: int = 1
    reference: Side | None = None
    outputs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def tensors(self) -> "tuple[torch.Tensor, ...]":
        """Return the inputs while exporting.

        PyTorch takes a length of 1, of an input or of what comes of it, for one that is fixed:
        free axes are exported at lengths where there is none.
        """
        ports = [
            replace(
                port,
                shape=tuple(
                    _traced(int(n or 1), self.stretch if axis else 1)
                    if axis in self.free.get(port.name, ())
                    else n
                    for axis, n in enumerate(port.shape or ())
                ),
            )
            for port in self.inputs
        ]
        if all(port.shape == self.feeds[port.name].shape for port in ports):
            return tensors_of(self.feeds)
        return tensors_of(feeds_of(ports, self.limits, 0))

    @property
    def names(self) -> list[str]:
        """Names of the inputs, in order."""
        return [port.name for port in self.inputs]


def tensors_of(feeds: "Feeds") -> "tuple[torch.Tensor, ...]":
    """Return inputs as tensors of their own."""
    import torch

    return tuple(cast("Any", torch).from_numpy(array.copy()) for array in feeds.values())


def load(source: object, settings: ConvertSettings) -> Source:
    """Return a source with its inputs, and PyTorch's graph of it where there is one.

    Args:
        source: `package.module:factory`, a .pt2, TorchScript or ONNX file, a torch.nn.Module
            in evaluation mode, or an ExportedProgram.
        settings: its inputs, and which axes are free.

    Raises:
        UsageError: no such factory, or inputs that it does not take.
        ModelFileError: a file that PyTorch cannot read.
        MissingExtraError: PyTorch is not installed.
    """
    from halfpixel.runtimes.torch_ import module_of, need_library, parameters_of, program_of

    need_library()
    import torch

    text = str(source) if isinstance(source, str | Path) else f"<{type(source).__name__}>"
    if text.endswith(".onnx"):
        return _from_onnx(text, settings)
    program: Any = source if isinstance(source, torch.export.ExportedProgram) else None
    with quietly():
        if text.endswith(".pt2"):
            program = program_of(Path(text))
        module, declared = module_of(Side(source if program is None else program))
    scripted = isinstance(module, torch.jit.ScriptModule | torch.jit.ScriptFunction)
    if program is not None and not settings.inputs and not settings.given:
        specs = specs_of_program(program, declared, text)
    else:
        parameters = parameters_of(module, declared)
        _check_named(module, text)
        specs = specs_of(settings.inputs or given_specs(settings, parameters), parameters, text)
    ports = tuple(Port(one.name, one.dtype, one.shape) for one in specs)
    free = {p.name: settings.dynamic.of(p.name, len(p.shape or ()), p.dtype) for p in ports}
    unknown = sorted(set(settings.dynamic.axes) - {port.name for port in ports})
    if unknown:
        known = ", ".join(port.name for port in ports)
        raise UsageError(f"--dynamic {unknown[0]}: no such input; there are: {known}")
    found = Source(text, module, ports, free, program, scripted=scripted, ready=program is not None)
    found.limits, found.ranged = settings.limits or USUAL_RANGE, settings.limits is not None
    if program is not None:
        if any(free.values()):
            raise UsageError(f"{text}: is exported already; its own free lengths stay as they are")
        found.free = _free(program, found.names)
    found.given = given_cases(settings, ports, found.free)
    found.feeds = found.given[0] if found.given else feeds_of(ports, found.limits, 0)
    _try(found)
    _trace(found)
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

    read = as_module(Path(text), settings)
    found = Source(text, read.module, read.inputs, {}, reference=Side(text), outputs=read.outputs)
    found.limits, found.notes = settings.limits or USUAL_RANGE, read.notes
    found.given = given_cases(settings, read.inputs, {})
    found.feeds = found.given[0] if found.given else feeds_of(read.inputs, found.limits, 0)
    _trace(found)
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


def feeds_of(ports: Sequence[Port], limits: tuple[float, float], seed: int) -> "Feeds":
    """Return made inputs, the same for the same seed."""
    low, high = limits
    return next(made(ports, FeedSettings(low=low, high=high, seed=seed)))


def _try(source: Source) -> None:
    """Run the module twice on the same inputs, and see whether it stays what it is.

    Raises:
        UsageError: it does not take the inputs.
    """
    shapes = shapes_text({name: array.shape for name, array in source.feeds.items()})
    try:
        with quietly():
            source.restless, source.moved = stirred(source.module, tensors_of(source.feeds))
    except Exception as error:
        raise UsageError(f"{source.name}: does not run on {shapes}: {reason_of(error)}") from error


def _trace(source: Source) -> None:
    """Let PyTorch make its own graph of the module, and read the calls from it."""
    import torch

    if source.scripted:
        source.problem = "a TorchScript file holds no such graph"
    elif source.program is None:
        _export(source)
    if source.program is not None:
        source.calls = graph_calls(source.program)
        source.unread = unread(source.program, source.names)
        told = roles(source.program)
        placed = zip(source.inputs, placeholders(source.program), strict=False)
        source.inputs = tuple(
            Port(p.name, p.dtype, p.shape, told.get(str(node.name), "")) for p, node in placed
        )
        if not source.given and not isinstance(source.module, torch.fx.GraphModule) and told:
            source.feeds = feeds_of(source.inputs, source.limits, 0)


def _export(source: Source) -> None:
    """Have torch.export make the program; it takes the free lengths of an affine_grid for fixed."""
    from halfpixel.converting.plain.exporting import AFFINE, Kind, written_out

    tries = [frozenset[Kind](), *([frozenset({AFFINE})] if any(source.free.values()) else [])]
    for source.needs in tries:
        try:
            with written_out(source.needs) if source.needs else nullcontext():
                source.program = exported(source)
                if _collapsed(source.program):
                    source.stretch = STRETCH
                    longer = exported(source)
                    if _collapsed(longer):
                        source.stretch = 1  # it is 1 at every length
                    else:
                        source.program = longer
        except Exception as error:  # noqa: BLE001 - it raises a dozen kinds
            source.stretch = 1
            source.problem = source.problem or reason_of(error)
        if source.program is not None:
            source.problem = ""
            return
    source.needs = frozenset()


def _collapsed(program: "torch.export.ExportedProgram") -> bool:
    """Whether a free length came to 1 in a call, which PyTorch takes for a fixed one."""
    free = {
        call.name
        for call in graph_calls(program)
        if call.kind == "resize" and any(isinstance(n, str) for n in call.input_shape or ())
    }
    nodes: Any = program.graph.nodes
    shapes = [node.meta["val"].shape for node in nodes if node.name in free]
    return any(1 in {n if isinstance(n, int) else _hint(n) for n in shape[2:]} for shape in shapes)


def _hint(symbol: object) -> object:
    """Return the length that a symbol stands for while exporting."""
    return getattr(getattr(symbol, "node", None), "hint", None)


def _traced(length: int, stretch: int) -> int:
    return max(length * stretch, 2)


def exported(source: Source) -> "torch.export.ExportedProgram":
    """Return the program that torch.export makes of the module; raises what it raises."""
    import torch

    free: Any = torch.export.Dim.DYNAMIC
    shapes = tuple(dict.fromkeys(source.free.get(name, ()), free) for name in source.names)
    with quietly():
        return torch.export.export(
            source.module,
            source.tensors(),
            dynamic_shapes=cast("Any", shapes) if any(source.free.values()) else None,
            strict=False,
        )
