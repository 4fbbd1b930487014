"""Core ML's calls in an ML Program, as text: read, and written by size or by a whole factor."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Reading
from halfpixel.conventions.coreml.axes import last, writer
from halfpixel.conventions.coreml.mil import (
    FACTORS,
    FLAGS,
    NEAREST,
    REPEAT,
    RESIZES,
    TARGETS,
    corners_of,
    read,
)
from halfpixel.conventions.coreml.names import RULES
from halfpixel.conventions.meaning import choice, flag
from halfpixel.conventions.python_call import Symbol, listed, name_of, parse
from halfpixel.conventions.vocabulary import Words
from halfpixel.sampling import Linear, Sampling

RANK: Final = 4
NAMED: Final = frozenset({"sampling_mode", "interpolation_mode"})
BOOLEAN: Final = frozenset({"align_corners", "half_pixel_centers"})
PARAMETERS: Final[dict[str, tuple[str, ...]]] = {
    "upsample_nearest_neighbor": FACTORS,
    "upsample_bilinear": (*FACTORS, *sorted(BOOLEAN)),
    "resize_nearest_neighbor": TARGETS,
    "resize_bilinear": (*TARGETS, "sampling_mode"),
    "resize": ("shape", "resized_dims", "interpolation_mode", "sampling_mode"),
}
"""What each operator takes beside x."""

TO_SIZE: Final = "x, target_size_height=h, target_size_width=w"
CALLS: Final[dict[str, Sampling]] = {
    f'resize_bilinear({TO_SIZE}, sampling_mode="{mode}")': Sampling(rule, Linear())
    for mode, rule in RULES.items()
} | {f"resize_nearest_neighbor({TO_SIZE})": NEAREST}
"""Every call by size that has a meaning of its own."""


def _by_factor(factor: int) -> Iterator[tuple[str, Sampling]]:
    """Yield the calls that enlarge by a whole factor."""
    grown: dict[str, object] = {name: factor for name in FACTORS}  # noqa: C420 - typed so
    yield Words("upsample_nearest_neighbor", grown).text(), replace(REPEAT, scale=Fraction(factor))
    for flags in FLAGS:
        rule = corners_of(flags)
        scale = None if rule == "align_corners" else Fraction(factor)
        yield Words("upsample_bilinear", {**grown, **flags}).text(), Sampling(rule, Linear(), scale)


def _read(text: str, length: int | None) -> Reading:
    call = parse(text)
    op = choice("the operator", call.last, PARAMETERS)
    given = call.bind("x", *PARAMETERS[op], "name")
    attributes = {
        name: _value(name, value) for name, value in given.items() if name not in {"x", "name"}
    }
    meaning = read(op, attributes, (1, *(length,) * (RANK - 1)))
    count = attributes.get("resized_dims", 2)
    return meaning.along(last(RANK, count if isinstance(count, int) else 2))


def _value(name: str, value: object) -> object:
    """Return an argument as `read` takes it: None for a length that the text leaves open."""
    if name in NAMED:
        return name_of(value)
    if name in BOOLEAN:
        return flag(name, value)
    if name in {*TARGETS, "shape"} and isinstance(value, Symbol):
        return None
    if name == "shape":
        items = listed(value)
        return value if items is None else [None if isinstance(n, Symbol) else n for n in items]
    return value


CONVENTION = Convention(
    "Core ML ML Program",
    (*sorted(RESIZES), *(f"*mb.{op}" for op in sorted(RESIZES))),
    _read,
    writer(CALLS, _by_factor),
    examples=(*CALLS.items(), *_by_factor(2)),
    source="coremltools 9.0 converters/mil/mil/ops/defs/iOS15 to iOS17, image_resizing.py",
)
