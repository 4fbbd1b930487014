"""Why two samplings differ: the one property that, set right alone, makes them equal."""

from collections.abc import Iterator
from typing import Final, Literal

from msgspec.structs import replace

from halfpixel.sampling import Cubic, Linear, Nearest, Sampling, compare
from halfpixel.sampling.coordinate import ONE

Cause = Literal[
    "copy",
    "arithmetic",
    "asymmetric",
    "single pixel",
    "rounding",
    "antialias",
    "scale",
    "cubic",
    "border",
    "coordinates",
    "kernel",
]
"""The property that, set right alone, makes the two equal; `kernel` where none does."""

SINGLE: Final = frozenset({"pytorch_half_pixel", "pytorch_1_9_half_pixel"})
"""Coordinates that are half_pixel but for an output length of 1."""


def cause_of(one: Sampling, other: Sampling, n_in: int, n_out: int) -> Cause:
    """Return the one property that repairs `one`, tried in a fixed order."""
    for cause, repaired in _repairs(one, other, n_in, n_out):
        if compare(repaired, other, n_in, n_out).negligible:
            return cause
    return "kernel"


def _repairs(
    one: Sampling, other: Sampling, n_in: int, n_out: int
) -> Iterator[tuple[Cause, Sampling]]:
    if n_in == n_out and (other.copies_same_length or other.scale == ONE):
        yield "copy", other
    if one.scale != other.scale:
        yield "scale", replace(one, scale=other.scale)
    a, b = one.kernel, other.kernel
    if isinstance(a, Linear | Cubic) and isinstance(b, Linear | Cubic):
        if isinstance(a, Cubic) and isinstance(b, Cubic) and a.a != b.a:
            yield "cubic", replace(one, kernel=replace(a, a=b.a))
            both = replace(one, kernel=replace(a, a=b.a), exclude_outside=other.exclude_outside)
            yield "border", both
        if a.antialias != b.antialias and type(a) is type(b):
            both = replace(one, kernel=b, exclude_outside=other.exclude_outside)
            yield "antialias", both
        if one.exclude_outside != other.exclude_outside:
            yield "border", replace(one, exclude_outside=other.exclude_outside)
    if isinstance(a, Nearest) and isinstance(b, Nearest) and a != b:
        yield "rounding", replace(one, kernel=b)
        yield "rounding", replace(one, kernel=b, coordinate=other.coordinate)
    if one.coordinate != other.coordinate:
        name = _named(one, other)
        moved = replace(one, coordinate=other.coordinate)
        yield name, moved
        yield name, replace(moved, scale=other.scale)


def _named(one: Sampling, other: Sampling) -> Cause:
    """Return what a difference of coordinates is called."""
    if isinstance(one.kernel, Nearest) and isinstance(other.kernel, Nearest):
        return "rounding"
    if {one.coordinate, other.coordinate} <= SINGLE | {"half_pixel"}:
        return "single pixel"
    return "asymmetric" if one.coordinate == "asymmetric" else "coordinates"
