"""Inputs that were given as arrays: what they say of shapes, and the cases to verify with."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from halfpixel.converting.result import ConvertSettings, InputSpec
from halfpixel.errors import UsageError
from halfpixel.format import Port

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Feeds = dict[str, NDArray[np.generic]]


def given_specs(
    settings: ConvertSettings, parameters: Sequence[tuple[str, bool]]
) -> list[InputSpec]:
    """Return the inputs that the first case says, by name or, under other names, by place."""
    if not settings.given:
        return []
    first = settings.given[0]
    names = {name for name, _ in parameters}
    known = names & first.keys()
    return [
        InputSpec(array.shape, name if known or not names else "", str(array.dtype))
        for name, array in first.items()
        if not known or name in known
    ]


def given_cases(
    settings: ConvertSettings, ports: Sequence[Port], free: Mapping[str, Sequence[int]]
) -> "tuple[Feeds, ...]":
    """Return the cases under the names of the inputs, and in their order.

    Raises:
        UsageError: an input is missing, or has another length where it is not free.
    """
    found: list[Feeds] = []
    for place, case in enumerate(settings.given, 1):
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
