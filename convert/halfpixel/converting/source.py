"""What is converted: the module or file, its inputs, free lengths, and PyTorch's own graph."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec.structs import replace

from halfpixel.converting.export.quietly import quietly
from halfpixel.converting.free_axes import Lengths, axis_names
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
    from halfpixel.converting.remembering import Remembering

FIXED: Final = "specialized it to be a constant"
"""What torch.export says of a free length that something took for fixed."""


def _untold(stage: str) -> None:
    """Tell nobody of a stage."""
    del stage


@dataclass
class Source:
    """A module on its way.

    Attributes:
        name: as it was named.
        made: the module, in evaluation mode; None for a file that is converted as it is.
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
        outputs: names of what the module returns, where it was a file that has such, or where
            they are given.
        lengths: lengths and names of free axes, by input and axis.
        notes: what there is to say of it.
        graph: what torch.export is given in its place: its own graph in strict mode.
        fast: it is run as exported alone.
        deferred: PyTorch's own graph is made where a trace warns or is not right, and of a file
            never; the calls are those of a run, or of the file.
        stage: told what is done next.
    """

    name: str
    made: "torch.nn.Module | None"
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
    lengths: Mapping[tuple[str, int], Lengths] = field(
        default_factory=dict[tuple[str, int], Lengths]
    )
    notes: tuple[str, ...] = ()
    graph: "torch.nn.Module | None" = None
    fast: bool = False
    deferred: bool = False
    stage: Callable[[str], None] = field(default=_untold)

    @property
    def module(self) -> "torch.nn.Module":
        """The module, of what is one."""
        if self.made is None:
            raise AssertionError(f"{self.name}: a file is no module")
        return self.made

    @cached_property
    def decisions(self) -> "Decisions":
        """What the module decides by the values of its inputs."""
        from halfpixel.converting.decisions import Decisions, decisions_of

        if self.scripted:
            return Decisions(counts=True)
        self.stage("trying what the module decides by values")
        return decisions_of(self.module, lambda: tensors_of(self.feeds))

    @cached_property
    def running(self) -> "Remembering":
        """The module as it runs, each of whose runs is made once."""
        from halfpixel.converting.remembering import remembering

        return remembering(self.module, self.name)

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
                    self.lengths_of(port.name, axis).nearest(
                        max(int(n or 1) * (self.stretch if axis else 1), 2)
                    )
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

    def lengths_of(self, name: str, axis: int) -> Lengths:
        """Return the lengths that a free axis takes, as far as the user says."""
        return self.lengths.get((name, axis), Lengths())

    @property
    def axis_names(self) -> dict[tuple[str, int], str]:
        """What each free axis is called, by input and axis."""
        return axis_names(self.inputs, self.free, self.lengths)

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


def export_program(source: Source, *, strict: bool = False) -> "torch.export.ExportedProgram":
    """Return the program that torch.export makes of the module; raises what it raises.

    A length that is a multiple of another is told to it, unless the module asks for more of it.
    In strict mode it reads the module's Python, and follows `float(x.shape[2])` too.
    """
    import torch

    stepped = any(one.step > 1 for one in source.lengths.values())
    for steps in (True, False) if stepped else (False,):
        shapes = shapes_of(source, steps=steps)
        try:
            with quietly():
                return torch.export.export(
                    source.graph or source.module,
                    source.tensors(),
                    dynamic_shapes=cast("Any", shapes) if any(source.free.values()) else None,
                    strict=strict,
                )
        except Exception as error:
            if not steps or FIXED in str(error):
                raise
    raise AssertionError  # the last way returns or raises


def shapes_of(source: Source, *, steps: bool) -> "tuple[dict[int, Any], ...]":
    """Return what torch.export is told of the free axes of each input.

    Args:
        source: the module.
        steps: lengths that are multiples of another are told as such.
    """
    return tuple(
        {axis: _dimension(source, name, axis, steps=steps) for axis in source.free.get(name, ())}
        for name in source.names
    )


def _dimension(source: Source, name: str, axis: int, *, steps: bool) -> Any:  # noqa: ANN401 - torch's own kinds
    """Return what torch.export is told of a free axis."""
    from torch.export import Dim

    one = source.lengths_of(name, axis)
    hint: Any = Dim.DYNAMIC
    if not one.bounded:
        return hint
    if not steps or one.step == 1:
        return hint(min=max(one.low, 2), max=one.high)
    low, high = -(-one.low // one.step), None if one.high is None else one.high // one.step
    return one.step * Dim(f"steps_{source.names.index(name)}_{axis}", min=max(low, 1), max=high)
