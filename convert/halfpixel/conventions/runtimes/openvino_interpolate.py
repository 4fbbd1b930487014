"""OpenVINO's names: Interpolate of opsets 1, 4 and 11.

=============== ============================================================================
mode            kernel
=============== ============================================================================
nearest         nearest, by nearest_mode
linear          linear; with antialias widened, what lies outside left out
linear_onnx     linear; antialias has no effect
cubic           cubic, a = cube_coeff, indices clamped; antialias has no effect
bilinear_pillow Pillow's BILINEAR, whatever the coordinates are; from opset 11 on
bicubic_pillow  Pillow's BICUBIC, a = -0.5 whatever cube_coeff is, likewise
=============== ============================================================================

Coordinates have ONNX's names. With ``scales`` the coordinates use the scale itself, and the output
length is floor(n * scale). An axis whose length stays is copied. Without axes all are resampled.

Interpolate-1 has align_corners alone, True where nothing is said. Without it nearest and cubic are
asymmetric; linear is so over axes 2 and 3 of an image of four axes, and half_pixel over others.
Nearest is ``simple``: floor, or ceil where the axis shrinks. Python's opset4 has this operator
too; the one of opset 4 is made by its type, as ``opset4.Interpolate(...)`` is written here.

Sources: OpenVINO 2026.4 `docs/.../operation-specs/image/Interpolate_{1,4,11}.rst`, its Python API,
`src/common/transformations/.../op_conversions/convert_interpolate1_to_interpolate4.cpp`.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import partial
from typing import Final, cast

from msgspec.structs import replace

from halfpixel.convention import Convention, Reading, Remark
from halfpixel.conventions.meaning import choice, flag
from halfpixel.conventions.python_call import (
    PythonCall,
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

NEWEST: Final = 16
ROOTS: Final = ("openvino", "ov", "openvino.runtime")
COORDINATES: Final[tuple[Coordinate, ...]] = (
    "half_pixel", "pytorch_half_pixel", "asymmetric", "tf_half_pixel_for_nn", "align_corners",
)  # fmt: skip
ROUNDINGS: Final[tuple[Rounding, ...]] = (
    "round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "simple",
)  # fmt: skip
PILLOW: Final = ("bilinear_pillow", "bicubic_pillow")
WIDENED: Final = "linear, antialias=True"
MODES: Final = ("nearest", "linear_onnx", "linear", "cubic")
CUBE: Final = Fraction(-3, 4)
PILLOW_A: Final = Fraction(-1, 2)

WORDS: Final = ("coordinate_transformation_mode", "nearest_mode", "antialias", "cube_coeff")
PADS: Final = ("pads_begin", "pads_end")
_HOW: Final = ("mode", "shape_calculation_mode", *PADS, *WORDS)
ORDER_10: Final = ("image", "output_shape", "scales", *_HOW, "axes")
ORDER_11: Final = ("image", "scales_or_sizes", *_HOW, "axes", "name")
ORDER_4: Final = ("image", "output_shape", "scales", "axes", *_HOW)


def sampling_of(
    mode: str,
    coordinate: Coordinate = "half_pixel",
    nearest: Rounding = "round_prefer_floor",
    *,
    a: Fraction = CUBE,
    scale: Fraction | None = None,
) -> Sampling:
    """Return what Interpolate-4 and -11 compute along an axis.

    Mode linear is called `WIDENED` where antialias is True.

    >>> sampling_of(WIDENED).exclude_outside
    True
    """
    widened = mode == WIDENED or mode in PILLOW
    kernel: Kernel = Linear(antialias=widened)
    if mode == "nearest":
        kernel = Nearest(nearest)
    elif mode in {"cubic", PILLOW[1]}:
        kernel = Cubic(PILLOW_A if widened else a, antialias=widened)
    where: Coordinate = "half_pixel" if mode in PILLOW else coordinate
    used = None if where == "align_corners" else scale
    copies = used is not None
    return Sampling(where, kernel, used, exclude_outside=widened, copies_same_length=copies)


def _read(text: str, length: int | None) -> Reading:
    call = parse(text)
    opset = call.name.rpartition(".")[0].rpartition("opset")[2]
    newest = int(opset) if opset.isdecimal() else NEWEST
    if call.last == "interpolate" and newest != 10:
        made = _of_11(call) if newest >= 11 else _of_1(call)
    else:
        made = _of_4(call, ORDER_10 if call.last == "interpolate" else ORDER_4)
    if length is None or made.by_lengths is None:
        return made
    return made.at((length,) * len(made.samplings))


def _of_1(call: PythonCall) -> Reading:
    given = call.bind("image", "output_shape", "attrs", "name")
    attrs = given.get("attrs")
    if not isinstance(attrs, dict):
        raise ConventionError("attrs is not given as attributes by name")
    found = cast("Mapping[str, object]", attrs)
    mode = choice("mode", found.get("mode"), ("nearest", "linear", "linear_onnx", "cubic"))
    _no_pads(found)
    axes = tuple(cast("list[int]", found.get("axes") or ()))
    coordinate: Coordinate = "asymmetric"
    if flag("align_corners", found.get("align_corners", True)):
        coordinate = "align_corners"
    elif mode.startswith("linear") and set(axes) != {2, 3}:
        coordinate = "half_pixel"
    name = "linear_onnx" if mode == "linear" else mode
    sampling = sampling_of(name, coordinate, "simple")
    sizes = _spatial(given.get("output_shape"), len(axes) or None)
    lengths = tuple(open_length("output_shape", size) for size in sizes)
    return Reading((sampling,) * len(lengths), lengths)


def _of_4(call: PythonCall, order: tuple[str, ...]) -> Reading:
    given = call.bind(*order)
    by_scale = _by_scale(given)
    wanted = given.get("scales" if by_scale else "output_shape")
    return _sized(given, wanted, MODES, by_scale=by_scale)


def _of_11(call: PythonCall) -> Reading:
    given = call.bind(*ORDER_11)
    wanted = given.get("scales_or_sizes")
    return _sized(given, wanted, (*MODES, *PILLOW), by_scale=_by_scale(given))


def _by_scale(given: Mapping[str, object]) -> bool:
    named = name_of(given.get("shape_calculation_mode"))
    return choice("shape_calculation_mode", named, ("sizes", "scales")) == "scales"


def _sized(
    given: Mapping[str, object], wanted: object, modes: tuple[str, ...], *, by_scale: bool
) -> Reading:
    mode = choice("mode", name_of(given.get("mode")), modes)
    where = name_of(given.get(WORDS[0], "half_pixel"))
    coordinate = cast("Coordinate", choice(WORDS[0], where, COORDINATES))
    how = name_of(given.get(WORDS[1], ROUNDINGS[0]))
    nearest = cast("Rounding", choice(WORDS[1], how, ROUNDINGS))
    if flag("antialias", given.get("antialias", False)) and mode == "linear":
        mode = WIDENED
    a = number_of("cube_coeff", given.get("cube_coeff", CUBE))
    _no_pads(given)
    axes = listed(_array(given.get("axes")))
    values = _spatial(wanted, None if axes is None else len(axes))
    known = [None if not by_scale else exact("scales", value) for value in values]
    found = tuple(sampling_of(mode, coordinate, nearest, a=a, scale=scale) for scale in known)
    remarks = (ANTIALIAS, NARROWED) if mode == WIDENED else ()
    lengths = (None,) * len(values) if by_scale else tuple(
        open_length("sizes", value) for value in values
    )  # fmt: skip

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        outs = tuple(
            n_out if scale is None else one.output_length(n)
            if one.scale is not None else int(n * scale)
            for n, n_out, one, scale in zip(ins, lengths, found, known, strict=True)
        )  # fmt: skip
        if any(n_out is not None and n_out < 1 for n_out in outs):
            raise ConventionError("the output has length 0")
        axes_ = tuple(
            None if n == n_out else replace(one, copies_same_length=False)
            for n, n_out, one in zip(ins, outs, found, strict=True)
        )
        return Reading(axes_, outs, remarks)

    return Reading(found, lengths, remarks, by_lengths)


def _no_pads(given: Mapping[str, object]) -> None:
    for name in PADS:
        pads = _array(given.get(name))
        if pads and any(listed(pads) or cast("list[int]", pads)):
            raise ConventionError(f"{name} is {pads!r}, which is not described")


def _array(value: object) -> object:
    """Return what `np.array` is given."""
    if isinstance(value, Symbol) and value.text.startswith(("np.array(", "numpy.array(")):
        return parse(value.text).positional[0]
    return value


def _spatial(value: object, count: int | None) -> tuple[object, ...]:
    """Return the values of spatial axes: of all axes where none are named, but for two of four."""
    value = _array(value)
    items = listed(value)
    if isinstance(value, Symbol):
        return (value,) * (count or 2)
    if items is None or (count is not None and len(items) != count):
        raise ConventionError(f"{value!r} is given, expected one value an axis")
    spatial = items if count is not None or len(items) < 4 else items[2:]
    if not 1 <= len(spatial) <= 3:
        raise ConventionError(f"{len(spatial)} spatial axes, expected 1 to 3")
    return spatial


def _write(sampling: Sampling, spatial: int) -> str | None:
    return text_of_kernel(sampling, partial(_texts, spatial), CUBE)


def _texts(
    spatial: int, scale: Fraction | None = None, a: Fraction = CUBE
) -> Iterator[tuple[str, Sampling]]:
    names = ("depth", "height", "width")[3 - spatial :]
    size = f"[{', '.join(names)}]" if scale is None else str([_number(scale)] * spatial)
    how = "sizes" if scale is None else "scales"
    axes = f"axes={list(range(2, 2 + spatial))}"
    cube = "" if a == CUBE else f", cube_coeff={_number(a)}"

    def text(mode: str, more: str = "") -> str:
        return f'ov.opset11.interpolate(x, {size}, "{mode}", "{how}"{more}, {axes})'

    for place in COORDINATES:
        at = "" if place == "half_pixel" else f', coordinate_transformation_mode="{place}"'
        yield text("linear_onnx", at), sampling_of("linear_onnx", place, scale=scale)
        yield text("cubic", at + cube), sampling_of("cubic", place, a=a, scale=scale)
        for nearest in ROUNDINGS:
            by = "" if nearest == ROUNDINGS[0] else f', nearest_mode="{nearest}"'
            yield text("nearest", at + by), sampling_of("nearest", place, nearest, scale=scale)
        if place == "half_pixel":
            yield text(PILLOW[0]), sampling_of(PILLOW[0], scale=scale)
            yield text(PILLOW[1]), sampling_of(PILLOW[1], scale=scale)
        else:
            widened = sampling_of(WIDENED, place, scale=scale)
            yield text("linear", f"{at}, antialias=True"), widened


def _number(value: Fraction) -> str | float:
    text = f"{float(value):.9g}"
    return float(text) if Fraction(text) == value else float(value)


ANTIALIAS: Final = Remark(
    "input",
    "the CPU leaves antialias out of mode linear where the input has up to four axes",
    source="openvinotoolkit/openvino#35893",
    ran="OpenVINO 2026.4.1",
)
NARROWED: Final = Remark(
    "lengths",
    "antialias narrows the kernel of mode linear where an axis grows, so that a sample may read "
    "one pixel, or none and be 0",
    ran="OpenVINO 2026.4.1",
)

CONVENTION = Convention(
    "OpenVINO",
    (
        *(f"{at}.opset{n}.interpolate" for at in ROOTS for n in range(NEWEST, 0, -1)),
        *(f"openvino.opset{n}.Interpolate" for n in range(NEWEST, 3, -1)),
        *(f"*.opset{n}.interpolate" for n in range(NEWEST, 0, -1)),
    ),
    _read,
    _write,
    examples=tuple(_texts(2)),
    source="OpenVINO 2026.4 operation-specs/image/Interpolate_1.rst, Interpolate_4.rst, "
    "Interpolate_11.rst, convert_interpolate1_to_interpolate4.cpp",
    ran="OpenVINO 2026.4.1",
    remarks=(
        Remark(
            "input",
            "Interpolate-1 without align_corners is asymmetric where mode linear is over axes 2 "
            "and 3 of four, and half_pixel over others",
            ran="OpenVINO 2026.4.1",
        ),
        Remark(
            "arithmetic",
            "bicubic_pillow has a = -0.5 on the CPU; the specification takes cube_coeff",
            ran="OpenVINO 2026.4.1",
        ),
        Remark(
            "arithmetic",
            "coordinates are float32: one near a tie may fall on either side",
            kernels=("nearest",),
        ),
        Remark("rounding", "the CPU may compute in bfloat16 where it has it, unless told float32"),
    ),
)
