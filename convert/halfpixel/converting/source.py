"""What is converted: the module, its inputs, the lengths that are free, and PyTorch's own graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace

from halfpixel.converting.export.quietly import quietly
from halfpixel.format import Port
from halfpixel.intents.exported_program import GraphCall
from halfpixel.runtime import Side
from halfpixel.runtimes.drawn import USUAL_RANGE
from halfpixel.runtimes.feeds import FeedSettings, make_feeds

if TYPE_CHECKING:
    import torch

    from halfpixel.arrays import Array, Feeds
    from halfpixel.converting.calls import Kind
    from halfpixel.converting.decisions import Decisions


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
        arrays: inputs that the user has, case by case.
        ready: it was exported already: the ranges of its free lengths are its author's.
        stateful: why the module is no function of its inputs; empty where it is one.
        changed_buffers: its buffers that a call changes.
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
    arrays: "tuple[Feeds, ...]" = ()
    ready: bool = False
    stateful: str = ""
    changed_buffers: tuple[str, ...] = ()
    unread: frozenset[str] = frozenset()
    needs: "frozenset[Kind]" = frozenset()
    stretch: int = 1
    reference: Side | None = None
    outputs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def decisions(self) -> "Decisions":
        """What the module decides by the values of its inputs."""
        from halfpixel.converting.decisions import Decisions, decisions_of

        if self.scripted:
            return Decisions(counts=True)
        return decisions_of(self.module, lambda: tensors_of(self.feeds))

    @cached_property
    def recorded(self) -> "tuple[tuple[str, Kind], ...]":
        """The resampling calls of one run, by ATen's name, where PyTorch has no graph of them."""
        from halfpixel.converting.calls import kind_of_aten
        from halfpixel.runtimes.torch_ import TorchRunning

        if self.program is not None or self.scripted:
            return ()
        with quietly():
            calls = TorchRunning(Side(self.module), self.module, "cpu").calls(self.feeds)
        kinds = ((call.name.split(".")[1], kind_of_aten(call)) for call in calls)
        return tuple((name, kind) for name, kind in kinds if kind is not None)

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


def feeds_of(ports: Sequence[Port], limits: tuple[float, float], seed: int) -> "Feeds":
    """Return made inputs, the same for the same seed."""
    low, high = limits
    return next(make_feeds(ports, FeedSettings(low=low, high=high, seed=seed)))


def _traced(length: int, stretch: int) -> int:
    return max(length * stretch, 2)


def export_program(source: Source) -> "torch.export.ExportedProgram":
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
