"""DirectML's names: the operators Resample and Upsample2D, as structures and in DirectMLX.

An output sample stands at (input + InputPixelOffset) * Scale + OutputPixelOffset, so that output i
reads x = (i - OutputPixelOffset) / Scale - InputPixelOffset, clamped to the image.

================== =================== ===================== ==================================
InputPixelOffset   OutputPixelOffset   coordinate            who has it
================== =================== ===================== ==================================
0.5                -0.5                half_pixel            RESAMPLE, UPSAMPLE_2D, DirectMLX
0                  0                   asymmetric            RESAMPLE1, 2 and 3
0                  -0.5                tf_half_pixel_for_nn  likewise
any                any                 i / Scale + a start   likewise, with Scales
================== =================== ===================== ==================================

Nearest is floor(x + 1/2) but in RESAMPLE2 and 3, which take floor(x) where RoundingDirection is
DECREASING and ceil(x) where it is INCREASING. Antialiased widens linear where 1 / Scale is above 2;
what is outside the image then is not said, and such a call is refused.

Scales need not be those of the lengths: the output is cropped, or its edge goes on. Tensors are
given by their lengths here, as DirectMLX has them; the first two of more than two are no image's.
Where no tensor is given its length is floor(n * scale), and where no scales are, they are those of
the lengths. ``DML_SIZE_2D`` is (width, height).

Sources, read and never run: Microsoft's documentation of directml.h, DML_RESAMPLE_OPERATOR_DESC,
DML_RESAMPLE1_, DML_RESAMPLE2_, DML_RESAMPLE3_ and DML_UPSAMPLE_2D_OPERATOR_DESC; DirectML
`Libraries/DirectMLX.h` (Resample, Upsample2D); how onnxruntime asks for ONNX's modes,
`core/providers/dml/DmlExecutionProvider/src/Operators/DmlOperatorResize.cpp`.
"""

import math
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Reading, Remark
from halfpixel.conventions.meaning import choice, flag, whole
from halfpixel.conventions.python_call import (
    Symbol,
    exact,
    listed,
    name_of,
    number_of,
    open_length,
    parse,
)
from halfpixel.conventions.vocabulary import text_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Linear, Nearest, Sampling
from halfpixel.sampling.coordinate import HALF, ZERO, Coordinate
from halfpixel.sampling.kernel import Rounding

MODE: Final = "DML_INTERPOLATION_MODE_"
MODES: Final = (f"{MODE}NEAREST_NEIGHBOR", f"{MODE}LINEAR")
KERNELS: Final[Mapping[str, Linear | Nearest]] = {
    MODES[0]: Nearest("round_prefer_ceil"),
    MODES[1]: Linear(),
}
DIRECTION: Final = "DML_AXIS_DIRECTION_"
OFFSETS: Final = ("InputPixelOffsets", "OutputPixelOffsets")
_TENSORS: Final = ("InputTensor", "OutputTensor")
STRUCTURES: Final[Mapping[str, tuple[str, ...]]] = {
    "DML_RESAMPLE_OPERATOR_DESC": (*_TENSORS, "InterpolationMode", "ScaleCount", "Scales"),
    "DML_RESAMPLE1_OPERATOR_DESC": (
        *_TENSORS, "InterpolationMode", "DimensionCount", "Scales", *OFFSETS,
    ),
    "DML_RESAMPLE2_OPERATOR_DESC": (
        *_TENSORS, "InterpolationMode", "RoundingDirection", "DimensionCount", "Scales", *OFFSETS,
    ),
    "DML_RESAMPLE3_OPERATOR_DESC": (
        *_TENSORS, "InterpolationMode", "RoundingDirection", "DimensionCount", "Scales", *OFFSETS,
        "Antialiased",
    ),
    "DML_UPSAMPLE_2D_OPERATOR_DESC": (*_TENSORS, "ScaleSize", "InterpolationMode"),
    "dml.Resample": (*_TENSORS, "InterpolationMode", "Scales", *OFFSETS),
    "dml.Upsample2D": ("InputTensor", "ScaleSize", "InterpolationMode"),
}  # fmt: skip
"""What a call is named, and its fields or arguments in order."""

WORDS: Final = {
    "input": "InputTensor", "outputSizes": "OutputTensor", "mode": "InterpolationMode",
    "scales": "Scales", "inputPixelOffsets": OFFSETS[0], "outputPixelOffsets": OFFSETS[1],
    "scaleSize": "ScaleSize",
}  # fmt: skip
"""How DirectMLX calls these."""

NAMED: Final[Mapping[tuple[Fraction, Fraction], Coordinate]] = {
    (HALF, -HALF): "half_pixel",
    (ZERO, ZERO): "asymmetric",
    (ZERO, -HALF): "tf_half_pixel_for_nn",
}
"""Offsets of the input and the output whose coordinates have a name."""

ROUNDED: Final[Mapping[Rounding, tuple[Fraction, Rounding]]] = {
    "floor": (HALF, "round_prefer_ceil"),
    "ceil": (-HALF, "round_prefer_floor"),
}
"""By how much the input's offset is more for another rounding of the same pixels."""


def sampling_of(
    kernel: Linear | Nearest, before: Fraction, after: Fraction, scale: Fraction | None = None
) -> Sampling:
    """Return what is read along an axis.

    Args:
        kernel: what is put at a coordinate.
        before: InputPixelOffset.
        after: OutputPixelOffset.
        scale: output samples an input pixel; None for the ratio of the lengths.

    Raises:
        ConventionError: offsets without a name, and no scale.

    >>> sampling_of(Linear(), Fraction(1), Fraction(0), Fraction(2)).line(4, 8).at(3)
    Fraction(1, 2)
    """
    if isinstance(kernel, Nearest) and (before, after) not in NAMED and kernel.rounding in ROUNDED:
        shift, rounding = ROUNDED[kernel.rounding]
        if (before + shift, after) in NAMED:
            kernel, before = Nearest(rounding), before + shift
    coordinate = NAMED.get((before, after))
    if coordinate is not None:
        return Sampling(coordinate, kernel, scale)
    if scale is None:
        raise ConventionError(f"{OFFSETS[0]} {before} and {OFFSETS[1]} {after} ask for Scales")
    start = HALF - (after + HALF) / scale - before
    return Sampling("box_start_half_pixel", kernel, scale, roi=(start, start + 1))


def _respelled(text: str) -> str:
    """Return a call of C++ as one of Python.

    >>> _respelled("dml::Upsample2D(x, DML_SIZE_2D{2, 2}, m)"), _respelled("f({1: 2})")
    ('dml.Upsample2D(x, [2, 2], m)', 'f({1: 2})')
    >>> _respelled("dml::Resample(x, {}, m, {1.f, 2.5f})")
    'dml.Resample(x, [], m, [1., 2.5])'
    """
    if "dml::" not in text and "DML_" not in text:
        return text
    text = text.replace("dml::", "dml.").replace("DML_SIZE_2D{", "{")
    return re.sub(r"(\d\.?)f\b", r"\1", text.replace("{", "[").replace("}", "]"))


def _read(text: str, length: int | None) -> Reading:
    call = parse(text)
    name = f"dml.{call.last}" if f"dml.{call.last}" in STRUCTURES else call.last
    named = {WORDS.get(word, word): value for word, value in call.named.items()}
    given = replace(call, named=named).bind(*STRUCTURES[choice("the call", name, STRUCTURES)])
    mode = choice("InterpolationMode", name_of(given.get("InterpolationMode")), MODES)
    read = _upsampled if "ScaleSize" in STRUCTURES[name] else _resampled
    return read(mode, given, length)


def _upsampled(mode: str, given: Mapping[str, object], length: int | None) -> Reading:
    items = listed(given.get("ScaleSize")) or ()
    if len(items) != 2:
        raise ConventionError(f"ScaleSize is {given.get('ScaleSize')!r}, expected width and height")
    scales = [Fraction(whole("ScaleSize", item)) for item in reversed(items)]
    if min(scales) < 1:
        raise ConventionError("ScaleSize is below 1")
    return _made(
        [sampling_of(KERNELS[mode], HALF, -HALF, scale) for scale in scales], (None,) * 2, length
    )


def _resampled(mode: str, given: Mapping[str, object], length: int | None) -> Reading:
    kernel = KERNELS[mode]
    if mode == MODES[0] and "RoundingDirection" in given:
        named = str(name_of(given["RoundingDirection"])).removeprefix(DIRECTION)
        up = choice("RoundingDirection", named, ("INCREASING", "DECREASING")) == "INCREASING"
        kernel = Nearest("ceil" if up else "floor")
    lengths = _of_image("OutputTensor", given.get("OutputTensor"))
    scales = _of_image("Scales", given.get("Scales"))
    count = len(lengths or scales or (None, None))
    before, after = (_of_image(name, given.get(name)) for name in OFFSETS)
    before, after = before or (HALF,) * count, after or (-HALF,) * count
    places = lengths or (None,) * count
    factors = scales or (None,) * count
    if not count == len(before) == len(after) == len(places) == len(factors):
        raise ConventionError(f"Scales, {OFFSETS[0]} and {OFFSETS[1]} are not of one length")
    _refuse_other_axes(given)
    known = [None if isinstance(one, Symbol | None) else exact("Scales", one) for one in factors]
    smooth = flag("Antialiased", given.get("Antialiased", False)) and mode == MODES[1]
    if smooth and any(scale is None or scale < HALF for scale in known):
        raise ConventionError("Antialiased widens at its scale, and its border is not described")
    samplings = [
        sampling_of(kernel, number_of(OFFSETS[0], start), number_of(OFFSETS[1], end), scale)
        for start, end, scale in zip(before, after, known, strict=True)
    ]
    outs = tuple(open_length("OutputTensor", place) for place in places)
    return _made(samplings, outs, length)


def _of_image(name: str, value: object) -> tuple[object, ...] | None:
    """Return the values of spatial axes, at most three; None where none are given."""
    items = listed(value)
    if not items:
        return None
    if len(items) > 5:
        raise ConventionError(f"{name} has {len(items)} values, expected up to 5")
    return items[2:] if len(items) > 2 else items


def _refuse_other_axes(given: Mapping[str, object]) -> None:
    """Refuse a scale of the first two of more than two axes, or a move along them."""
    found = [listed(given.get(name)) or () for name in ("Scales", *OFFSETS)]
    scales, before, after = (items[:2] if len(items) > 2 else () for items in found)
    if any(not isinstance(one, Symbol) and one != 1 for one in scales):
        raise ConventionError(f"Scales is {found[0]!r}: the first two axes are no image's")
    usual = (HALF, HALF), (-HALF, -HALF)
    pairs = zip(before or usual[0], after or usual[1], strict=False)
    if any(number_of(OFFSETS[0], a) + number_of(OFFSETS[1], b) for a, b in pairs):
        raise ConventionError(f"{OFFSETS[0]} moves the first two axes, which are no image's")


def _made(
    samplings: list[Sampling], lengths: tuple[int | None, ...], length: int | None
) -> Reading:
    """Return a reading; a length that is open is that of the scale."""
    outs = tuple(
        m
        if m is not None or one.scale is None or length is None
        else math.floor(length * one.scale)
        for m, one in zip(lengths, samplings, strict=True)
    )
    if 0 in outs:
        raise ConventionError("the output has length 0")
    return Reading(tuple(samplings), outs)


def _write(sampling: Sampling, spatial: int) -> str | None:
    return None if spatial != 2 else text_of(sampling, _texts(sampling.scale))


def _texts(scale: Fraction | None = None) -> Iterator[tuple[str, Sampling]]:
    size = "[n, c, height, width]"
    factors = "[]" if scale is None else f"[1, 1, {float(scale):.9g}, {float(scale):.9g}]"
    for before, after in NAMED:
        usual = before == HALF
        more = "" if usual and scale is None else f", {factors}"
        more += "" if usual else f", {_offsets(HALF, before)}, {_offsets(-HALF, after)}"
        for mode, kernel in KERNELS.items():
            made = sampling_of(kernel, before, after, scale)
            yield f"dml.Resample(x, {size}, {mode}{more})", made
        for shift, towards, rounding in _DIRECTIONS:
            if rounding == "round_prefer_floor" and NAMED[before, after] == "tf_half_pixel_for_nn":
                continue  # the ceil of half_pixel
            made = sampling_of(Nearest(rounding), before, after, scale)
            places = f"{_offsets(HALF, before + shift)}, {_offsets(-HALF, after)}"
            how = f"{MODES[0]}, {DIRECTION}{towards}, 4, {factors}, {places}"
            yield f"DML_RESAMPLE2_OPERATOR_DESC(x, {size}, {how})", made


_DIRECTIONS: Final[tuple[tuple[Fraction, str, Rounding], ...]] = (
    (HALF, "INCREASING", "round_prefer_floor"),
    (ZERO, "DECREASING", "floor"),
    (ZERO, "INCREASING", "ceil"),
)
"""How much more the input is moved for a rounding, and where RESAMPLE2 rounds then."""


def _offsets(other: Fraction, own: Fraction) -> str:
    return f"[{', '.join(f'{float(one):g}' for one in (other, other, own, own))}]"


CONVENTION = Convention(
    "DirectML",
    tuple(STRUCTURES),
    _read,
    _write,
    examples=tuple(_texts()),
    source="Microsoft's documentation of directml.h, DML_RESAMPLE_OPERATOR_DESC, DML_RESAMPLE1_, "
    "2_ and 3_, DML_UPSAMPLE_2D_; DirectMLX.h; onnxruntime DmlOperatorResize.cpp",
    remarks=(
        Remark("axis order", "scales are those of the axes, height before width; a DML_SIZE_2D is "
               "width before height"),
        Remark("lengths", "the lengths of the tensors hold whatever the scales are: the output is "
               "cropped, or its edge goes on"),
        Remark(
            "release",
            "how RESAMPLE2's nearest becomes RESAMPLE1's is said of the output's offset in the "
            "documentation, and done by the input's in onnxruntime, which is read here",
        ),
    ),
    respell=_respelled,
)  # fmt: skip
