"""The inputs of a module: one a parameter of forward, those of a program, or arrays of the user."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec.structs import replace

from halfpixel.converting.result import ConvertSettings, InputSpec
from halfpixel.errors import UsageError
from halfpixel.format import Port
from halfpixel.intents.exported_program import placeholders
from halfpixel.quoting import shell_word

if TYPE_CHECKING:
    import torch

    from halfpixel.arrays import Feeds
    from halfpixel.converting.source import Source


BY_PLACE: Final = "export a module whose inputs are tensors, each in a place of its own"
USUAL: Final = 16
"""Free length of a program without an example, where its ranges allow it."""


def specs_of(
    inputs: Sequence[InputSpec], parameters: Sequence[tuple[str, bool]], text: str
) -> list[InputSpec]:
    """Return one input a parameter, in their order.

    Raises:
        UsageError: too many, too few, or one of another name.
    """
    names = [name for name, _ in parameters] or [
        one.name or f"input_{k}" for k, one in enumerate(inputs)
    ]
    listed = ", ".join(names) or "nothing"
    if len(inputs) > len(names):
        raise UsageError(f"{text}: {len(inputs)} inputs are given; forward takes {listed}")
    found: dict[str, InputSpec] = {}
    for place, one in enumerate(inputs):
        name = one.name or names[place]
        if name not in names or name in found:
            why = "given twice" if name in found else f"no such input; forward takes {listed}"
            raise UsageError(f"{text}: --input {name}: {why}")
        found[name] = InputSpec(one.shape, name, one.dtype)
    last = max((names.index(name) for name in found), default=-1)
    for place, (name, needed) in enumerate(parameters):
        if name not in found and (needed or place < last):
            hint = f"--input {shell_word(name)}=1x3x64x64"
            raise UsageError(f"{text}: no shape for input {name!r}: {hint}")
    return [found[name] for name in names if name in found]


def specs_of_program(
    program: "torch.export.ExportedProgram", ports: Sequence[Port], text: str
) -> list[InputSpec]:
    """Return the inputs of a program; a free length is that of its own example.

    A program without an example gets a length that its ranges allow, for each of its symbols.

    Raises:
        UsageError: an input that is no tensor in a place of its own, or a shape that is not known.
    """
    import torch
    from torch.utils import _pytree

    _check_places(program, [port.name for port in ports], text)
    names = program.graph_signature.user_inputs
    leaves = cast("list[object]", _pytree.tree_leaves(program.example_inputs))
    examples = {
        str(name): tuple(leaf.shape)
        for name, leaf in zip(names, leaves, strict=False)
        if isinstance(leaf, torch.Tensor)
    }
    allowed = _allowed(program)
    found: list[InputSpec] = []
    for port in ports:
        if port.shape is None or not port.dtype:
            raise UsageError(f"{text}: the shape of input {port.name!r} is not known; --input")
        shape = examples.get(port.name) or tuple(
            n if isinstance(n, int) else allowed[port.name][axis]
            for axis, n in enumerate(port.shape)
        )
        found.append(InputSpec(shape, port.name, port.dtype))
    return found


def _check_places(
    program: "torch.export.ExportedProgram", tensors: Sequence[str], text: str
) -> None:
    """Refuse inputs that are given by name alone, that lie in others, or that are no tensors."""
    from torch.utils import _pytree

    names = list(program.graph_signature.user_inputs)
    unflatten = cast("Callable[..., Any]", _pytree.tree_unflatten)
    given, named = unflatten(names, program.call_spec.in_spec)
    for name in named:
        raise UsageError(f"{text}: input {name!r} is given by name alone; {BY_PLACE}")
    for place, one in enumerate(given):
        if one not in tensors:
            name = type(cast("object", one)).__name__
            told = f"a {name}" if name in {"list", "tuple", "dict"} else repr(one)
            raise UsageError(f"{text}: input {place + 1} is {told}, no tensor; {BY_PLACE}")


def _allowed(program: "torch.export.ExportedProgram") -> dict[str, list[int]]:
    """Return lengths that the ranges of a program allow, by input."""
    told = cast("Mapping[Any, Any]", getattr(program, "range_constraints", {}))
    usual = {
        symbol: int(min(max(USUAL, limit.lower), limit.upper))
        for symbol, limit in told.items()
        if symbol.is_Symbol
    }
    return {
        str(node.name): [
            n if isinstance(n, int) else int(n.node.expr.subs(usual))
            for n in node.meta["val"].shape
        ]
        for node in placeholders(program)
        if hasattr(node.meta.get("val"), "shape")
    }


def specs_of_arrays(
    settings: ConvertSettings, parameters: Sequence[tuple[str, bool]]
) -> list[InputSpec]:
    """Return the inputs that the first case says, by name or, under other names, by place."""
    if not settings.arrays:
        return []
    first = settings.arrays[0]
    names = {name for name, _ in parameters}
    known = names & first.keys()
    return [
        InputSpec(array.shape, name if known or not names else "", str(array.dtype))
        for name, array in first.items()
        if not known or name in known
    ]


def cases_of_arrays(
    settings: ConvertSettings, ports: Sequence[Port], free: Mapping[str, Sequence[int]]
) -> "tuple[Feeds, ...]":
    """Return the cases under the names of the inputs, and in their order.

    Raises:
        UsageError: an input is missing, or has another length where it is not free.
    """
    found: list[Feeds] = []
    for place, case in enumerate(settings.arrays, 1):
        named = dict(case)
        if not any(port.name in case for port in ports) and len(case) == len(ports):
            named = {port.name: array for port, array in zip(ports, case.values(), strict=True)}
        for port in ports:
            if port.name not in named:
                has = ", ".join(case) or "nothing"
                raise UsageError(f"--inputs: case {place} has no {port.name!r}, it has {has}")
            shape, wanted = named[port.name].shape, port.shape or ()
            fixed = [axis for axis in range(len(wanted)) if axis not in free.get(port.name, ())]
            told = f"--inputs: case {place}: {port.name} is {'x'.join(map(str, shape))}"
            if len(shape) != len(wanted):
                raise UsageError(f"{told}, expected {len(wanted)} axes")
            for axis in fixed:
                if shape[axis] != wanted[axis]:
                    raise UsageError(
                        f"{told}, expected {wanted[axis]} on axis {axis}, which is not free"
                    )
        found.append({port.name: named[port.name] for port in ports})
    return tuple(found)


def rename_inputs(source: "Source", names: Sequence[str], parameters: Sequence[str]) -> None:
    """Give the inputs of a source other names, where there are any, which are those of its file.

    Raises:
        UsageError: too many or too few, or the name of another parameter of the module.
    """
    before = source.names
    if not names:
        return
    if len(names) != len(before):
        told = f"{len(names)} are given, the module takes {len(before)}: {', '.join(before)}"
        raise UsageError(f"--input-names {','.join(names)}: {told}")
    for old, new in zip(before, names, strict=True):
        if new != old and new in parameters:
            raise UsageError(f"--input-names {new}: another input is called so")
    to = dict(zip(before, names, strict=True))
    source.inputs = tuple(replace(port, name=to[port.name]) for port in source.inputs)
    source.free = {to[name]: free for name, free in source.free.items()}
    source.lengths = {(to[name], axis): one for (name, axis), one in source.lengths.items()}
    source.arrays = tuple({to[k]: array for k, array in case.items()} for case in source.arrays)
    source.feeds = {to[name]: array for name, array in source.feeds.items()}
