"""The resampling calls of a run, where PyTorch's own graph need not be asked for them.

A trace in which no number of a tensor became one of Python's follows every length that PyTorch
follows. Two runs at other lengths then say which lengths of a call are free, in less time than
torch.export takes.
"""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import currentframe
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.converting.export.quietly import quietly
from halfpixel.converting.source import Source, feeds_of, tensors_of
from halfpixel.intents.aten_call import read_call
from halfpixel.intents.exported_program import GraphCall
from halfpixel.intents.pytorch_record import user_line

if TYPE_CHECKING:
    from halfpixel.arrays import Feeds
    from halfpixel.surroundings import Shape

FLOAT = "float32"


class Recorded(Struct, frozen=True):
    """One operator that a run called.

    Attributes:
        target: the ATen operator.
        values: its arguments, tensors as texts.
        shapes: shapes of those that are tensors, None for the others.
        made: shape of what it returns.
        module: path of the module that calls.
        place: place of the module's own line.
        line: that line.
    """

    target: str
    values: tuple[object, ...]
    shapes: "tuple[Shape | None, ...]"
    made: "Shape | None"
    module: str
    place: str | None
    line: str


def recorded_calls(source: Source) -> tuple[GraphCall, ...] | None:
    """Return the calls of a run, with symbols for free lengths; None where runs do not tell."""
    if any(port.dtype != FLOAT for port in source.inputs):
        return None  # what whole numbers mean is told by PyTorch's own graph
    first = _calls(source, source.feeds)
    other = first
    if any(source.free.values()):
        longer = filter(None, (_longer(source, factor) for factor in (2, 3)))
        runs = (_calls(source, feeds) for feeds in longer)
        other = next((run for run in runs if run is not None), None)
    if first is None or other is None or [a.target for a in first] != [b.target for b in other]:
        return None
    pairs = zip(first, other, strict=True)
    return tuple(_call(number, *pair) for number, pair in enumerate(pairs))


def _longer(source: Source, factor: int) -> "Feeds | None":
    """Return inputs of which every free length is another; None where bounds do not allow it.

    Each axis grows by a factor of its own, so that a height is not taken for a width as long.
    """
    free = sorted({axis for axes in source.free.values() for axis in axes})
    factors = {axis: factor + place for place, axis in enumerate(free)}
    ports = [
        replace(
            port,
            shape=tuple(
                source.lengths_of(port.name, axis).nearest(factors[axis] * int(n or 1))
                if axis in source.free.get(port.name, ())
                else n
                for axis, n in enumerate(port.shape or ())
            ),
        )
        for port in source.inputs
    ]
    for port, before in zip(ports, source.inputs, strict=True):
        pairs = list(zip(port.shape or (), before.shape or (), strict=True))
        if any(pairs[axis][0] == pairs[axis][1] for axis in source.free.get(port.name, ())):
            return None
    return feeds_of(ports, source.limits, 1)


def _calls(source: Source, feeds: "Feeds") -> list[Recorded] | None:
    """Return what one run calls that resamples; None where the module takes no such inputs."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    found: list[Recorded] = []
    named = cast("Iterator[tuple[str, object]]", source.module.named_modules())
    paths = {id(module): path for path, module in named}

    class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(
            self,
            func: Callable[..., Any],
            types: object,
            args: tuple[Any, ...] = (),
            kwargs: dict[str, Any] | None = None,
        ) -> Any:  # noqa: ANN401 - torch's own signature
            del types
            result = func(*args, **(kwargs or {}))
            given = [*args, *(kwargs or {}).values()]
            values, shapes = tuple(map(_plain, given)), tuple(map(_shape, given))
            if read_call(str(func), values, shapes) is not None:
                frame = cast("FrameType", cast("FrameType", currentframe()).f_back)
                lines = "".join(traceback.format_list(traceback.extract_stack(frame)))
                place, line = user_line(lines) or (None, "")
                module = _module(frame, paths)
                found.append(
                    Recorded(str(func), values, shapes, _shape(result), module, place, line)
                )
            return result

    try:
        with torch.no_grad(), quietly(), Recorder():  # type: ignore[no-untyped-call]
            source.module(*tensors_of(feeds))
    except Exception:  # noqa: BLE001 - whatever a module raises, it does not take them
        return None
    return found


def _plain(value: object) -> object:
    """Return an argument with tensors as texts."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in cast("Sequence[object]", value)]
    return value if value is None or isinstance(value, bool | int | float | str) else "%x"


def _shape(value: object) -> "Shape | None":
    import torch

    return tuple(value.shape) if isinstance(value, torch.Tensor) else None


def _module(frame: FrameType | None, paths: Mapping[int, str]) -> str:
    """Return the path of the innermost module that calls."""
    for one in _frames(frame):
        path = paths.get(id(one.f_locals.get("self")))
        if path is not None:
            return path
    return ""


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _call(number: int, one: Recorded, other: Recorded) -> GraphCall:
    """Return a call with symbols for the lengths in which two runs differ.

    >>> size = lambda n: Recorded("aten.upsample_nearest1d.default", ("%x", [2 * n], None),
    ...                           ((1, 1, n), None, None), (1, 1, 2 * n), "", None, "")
    >>> found = _call(0, size(4), size(7))
    >>> found.input_shape, found.output_shape
    ((1, 1, 's4_7'), (1, 1, '2*s4_7'))
    """
    values = [_merged(a, b) for a, b in zip(one.values, other.values, strict=True)]
    pairs = zip(one.shapes, other.shapes, strict=True)
    shapes = [_symbols(a, b) for a, b in pairs]
    read = read_call(one.target, values, shapes) or ("", None)
    outs = _symbols(one.made, other.made)
    axes = range(len(one.made or ()))
    if outs is not None and one.shapes[0] is not None and len(one.shapes[0]) == len(outs):
        ins = one.shapes[0], other.shapes[0] or ()
        outs = tuple(
            _multiple(outs[k], (one.made or ())[k], ins[0][k], ins[1][k], (other.made or ())[k])
            for k in axes
        )
    name = f"{one.target.split('.')[1]}_{number}"
    kind, intent = read
    return GraphCall(
        name, one.target, kind, intent, shapes[0], outs, one.module, one.place, one.line
    )


def _merged(one: object, other: object) -> object:
    """Return an argument; a number in which two runs differ is a symbol."""
    lists = [cast("list[object]", value) for value in (one, other) if isinstance(value, list)]
    if len(lists) == 2:
        return list(map(_merged, *lists))
    return one if one == other else "%s"


def _symbols(one: "Shape | None", other: "Shape | None") -> "Shape | None":
    if one is None or other is None:
        return None
    return tuple(n if n == m else f"s{n}_{m}" for n, m in zip(one, other, strict=False))


def _multiple(length: Any, made: Any, n: Any, m: Any, then: Any) -> Any:  # noqa: ANN401 - lengths
    """Return a length as a multiple of the free one that it comes of, where it is one."""
    if not isinstance(length, str) or not n or n == m or made % n or made * m != then * n:
        return length
    return f"{made // n}*s{n}_{m}" if made > n else f"s{n}_{m}"
