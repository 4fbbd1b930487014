"""The inputs of a module: one a parameter of forward, or those that a program declares."""

from collections.abc import Sequence

from halfpixel.conversion import InputSpec
from halfpixel.errors import UsageError
from halfpixel.format import Port


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
            raise UsageError(f"{text}: no shape for input {name!r}: --input {name}=1x3x64x64")
    return [found[name] for name in names if name in found]


def specs_of_program(ports: Sequence[Port], text: str) -> list[InputSpec]:
    """Return the inputs of a program; a free length is one that it takes.

    Raises:
        UsageError: a shape that is not known.
    """
    found: list[InputSpec] = []
    for port in ports:
        shape = tuple(n if isinstance(n, int) else 16 for n in port.shape or ())
        if port.shape is None or not port.dtype:
            raise UsageError(f"{text}: the shape of input {port.name!r} is not known; --input")
        found.append(InputSpec(shape, port.name, port.dtype))
    return found
