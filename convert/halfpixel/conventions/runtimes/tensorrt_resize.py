"""TensorRT's name: IResizeLayer, by what its Python interface calls its attributes.

========================= ==========================================================================
attribute                 values, the first where nothing is said
========================= ==========================================================================
resize_mode               NEAREST, LINEAR, CUBIC
coordinate_transformation ASYMMETRIC, ALIGN_CORNERS, HALF_PIXEL
selector_for_single_pixel FORMULA; UPPER reads pixel 0 where the output has one
nearest_rounding          FLOOR, CEIL, HALF_UP, HALF_DOWN
cubic_coeff               -0.75
exclude_outside           False; True leaves out what lies outside, and renormalises
========================= ==========================================================================

``shape`` or ``scales`` hold a value an axis, all of them. With scales the output length is
floor(n * scale). A layer gets its attributes one by one; they are arguments here, as in
``trt.IResizeLayer(x, shape=(1, 3, 20, 30), resize_mode=trt.InterpolationMode.LINEAR)``.

Sources: NVIDIA TensorRT 10 `NvInfer.h` (IResizeLayer), operator documentation, Resize;
onnx-tensorrt 10.1 `onnxOpImporters.cpp`. Read, not run.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Reading, Remark
from halfpixel.conventions.meaning import choice, flag
from halfpixel.conventions.python_call import (
    Symbol,
    exact,
    listed,
    name_of,
    number_of,
    open_length,
    parse,
)
from halfpixel.conventions.vocabulary import text_of_kernel
from halfpixel.errors import ConventionError
from halfpixel.sampling import Cubic, Linear, Nearest, Sampling
from halfpixel.sampling.coordinate import Coordinate
from halfpixel.sampling.kernel import Kernel, Rounding

ORDER: Final = (
    "input", "shape", "scales", "resize_mode", "coordinate_transformation",
    "selector_for_single_pixel", "nearest_rounding", "cubic_coeff", "exclude_outside",
)  # fmt: skip
MODES: Final = ("NEAREST", "LINEAR", "CUBIC")
COORDINATES: Final[dict[str, Coordinate]] = {
    "ASYMMETRIC": "asymmetric",
    "ALIGN_CORNERS": "align_corners",
    "HALF_PIXEL": "half_pixel",
}
ROUNDINGS: Final[dict[str, Rounding]] = {
    "FLOOR": "floor",
    "CEIL": "ceil",
    "HALF_UP": "round_prefer_ceil",
    "HALF_DOWN": "round_prefer_floor",
}
CUBE: Final = Fraction(-3, 4)


def _word(given: dict[str, object], name: str, names: tuple[str, ...]) -> str:
    return choice(name, str(name_of(given.get(name, names[0]))).upper(), names)


def _read(text: str, length: int | None) -> Reading:
    given = parse(text).bind(*ORDER)
    mode = _word(given, "resize_mode", MODES)
    coordinate = COORDINATES[_word(given, "coordinate_transformation", tuple(COORDINATES))]
    upper = _word(given, "selector_for_single_pixel", ("FORMULA", "UPPER")) == "UPPER"
    if upper and coordinate == "half_pixel":
        coordinate = "pytorch_half_pixel"
    kernel: Kernel = Linear()
    if mode == "NEAREST":
        kernel = Nearest(ROUNDINGS[_word(given, "nearest_rounding", tuple(ROUNDINGS))])
    elif mode == "CUBIC":
        kernel = Cubic(number_of("cubic_coeff", given.get("cubic_coeff", CUBE)))
    excluded = flag("exclude_outside", given.get("exclude_outside", False)) and mode == "CUBIC"
    sampling = Sampling(coordinate, kernel, exclude_outside=excluded)
    shape, scales = given.get("shape"), given.get("scales")
    if (shape is None) == (scales is None):
        raise ConventionError("one of shape and scales is given, not both or none")
    if shape is not None:
        sizes = tuple(open_length("shape", one) for one in _spatial(shape))
        return Reading((sampling,) * len(sizes), sizes)
    factors = [exact("scales", one) for one in _spatial(scales)]
    made = _by_scale(sampling, factors)
    return made if length is None else made.at((length,) * len(factors))


def _by_scale(sampling: Sampling, factors: list[Fraction]) -> Reading:
    used = sampling.coordinate != "align_corners"
    axes = tuple(replace(sampling, scale=one) if used else sampling for one in factors)

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        outs = tuple(math.floor(n * one) for n, one in zip(ins, factors, strict=True))
        if min(outs) < 1:
            raise ConventionError("the output has length 0")
        return Reading(axes, outs)

    return Reading(axes, (None,) * len(axes), by_lengths=by_lengths)


def _spatial(value: object) -> tuple[object, ...]:
    """Return what is given for the axes behind the first two."""
    if isinstance(value, Symbol):
        return (value,) * 2
    items = listed(value)
    if items is None or not 3 <= len(items) <= 5:
        raise ConventionError(f"{value!r} is given, expected a value for each of 3 to 5 axes")
    return items[2:]


def _write(sampling: Sampling, spatial: int) -> str | None:
    return text_of_kernel(sampling, partial(_texts, spatial), CUBE)


def _texts(
    spatial: int, scale: Fraction | None = None, a: Fraction = CUBE
) -> Iterator[tuple[str, Sampling]]:
    names = ("depth", "height", "width")[3 - spatial :]
    size = f"shape=({', '.join(('n', 'c', *names))})"
    if scale is not None:
        size = f"scales=({', '.join(['1', '1', *[str(float(scale))] * spatial])})"

    def text(mode: str, place: str, more: str = "") -> str:
        at = "" if place == "ASYMMETRIC" else f", {ORDER[4]}={TRANSFORM}.{place}"
        one = f"resize_mode=trt.InterpolationMode.{mode}"
        return f"trt.IResizeLayer(x, {size}, {one}{at}{more})"

    cube = "" if a == CUBE else f", cubic_coeff={float(a)}"
    for place, rule in COORDINATES.items():
        step = None if rule == "align_corners" else scale
        rules: list[tuple[Coordinate, str]] = [(rule, "")]
        if rule == "half_pixel":
            rules.append(("pytorch_half_pixel", f", {ORDER[5]}=trt.ResizeSelector.UPPER"))
        for coordinate, upper in rules:
            yield text("LINEAR", place, upper), Sampling(coordinate, Linear(), step)
            for word, rounding in ROUNDINGS.items():
                by = "" if word == "FLOOR" else f", {ORDER[6]}=trt.ResizeRoundMode.{word}"
                made = Sampling(coordinate, Nearest(rounding), step)
                yield text("NEAREST", place, upper + by), made
            if spatial != 2:
                continue
            for outside in (False, True):
                more = upper + cube + (", exclude_outside=True" if outside else "")
                yield (
                    text("CUBIC", place, more),
                    Sampling(coordinate, Cubic(a), step, exclude_outside=outside),
                )


TRANSFORM: Final = "trt.ResizeCoordinateTransformation"

CONVENTION = Convention(
    "TensorRT",
    ("trt.IResizeLayer", "tensorrt.IResizeLayer"),
    _read,
    _write,
    examples=tuple(_texts(2)),
    source="NVIDIA TensorRT 10 NvInfer.h (IResizeLayer); its operator documentation, Resize; "
    "onnx-tensorrt 10.1 onnxOpImporters.cpp",
    remarks=(
        Remark("axis order", "a shape or scales have a value for every axis, the batch first"),
        Remark(
            "release",
            "up to release 7 linear was asymmetric or align_corners alone",
            source="onnx/onnx-tensorrt#457, NVIDIA/TensorRT#273",
            kernels=("linear",),
        ),
        Remark("rounding", "results are float16, bfloat16 or int8 where the builder may choose"),
    ),
)
