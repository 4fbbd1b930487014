"""Paddle's names: paddle.nn.functional.interpolate and upsample, paddle.nn.Upsample.

======== ================================== =====================================================
mode     source coordinate                  kernel
======== ================================== =====================================================
nearest  asymmetric                         nearest, floor
linear   half_pixel, or align_corners, or   linear; bilinear and trilinear likewise
         asymmetric under align_mode=1
bicubic  half_pixel, or align_corners       cubic, a = -0.75, indices clamped
area     adaptive windows                   mean
======== ================================== =====================================================

align_mode counts where align_corners is False, and for the linear modes alone: 1 is what releases
before 2.0 were made for. An output length of 1 has a step of 0: under half_pixel it reads pixel 0
by linear, and coordinate -1/2, a blend, by bicubic. With scale_factor the output length is
floor(n * factor), coordinates use the factor itself, and an image whose lengths all stay is copied.
antialias=True, of bilinear and bicubic, is PyTorch's and Pillow's.

Sources: Paddle 3.3 `python/paddle/nn/functional/common.py` (interpolate),
`paddle/phi/kernels/cpu/interpolate_kernel.cc`, `funcs/interpolate_function.h`.
"""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Library, Reading, Remark
from halfpixel.conventions.meaning import choice, flag
from halfpixel.conventions.python_call import (
    PythonCall,
    exact,
    listed,
    open_length,
    parse,
)
from halfpixel.conventions.vocabulary import text_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Sampling

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AXES: Final = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2, "nearest": 2, "area": 2}
LINEAR: Final = ("linear", "bilinear", "trilinear")
SMOOTH: Final = (*LINEAR, "bicubic")
RAN: Final = "Paddle 3.3.1"

WORDS: Final = ("size", "scale_factor", "mode", "align_corners", "align_mode", "data_format")
ORDER: Final = ("x", *WORDS, "recompute_scale_factor", "antialias", "name")
MODULES: Final = {
    "Upsample": (*WORDS, "name"),
    "UpsamplingBilinear2D": ("size", "scale_factor", "data_format", "name"),
    "UpsamplingNearest2D": ("size", "scale_factor", "data_format", "name"),
}


def sampling_of(
    mode: str, *, corners: bool = False, align_mode: int = 0, antialias: bool = False
) -> Sampling:
    """Return what a mode computes along each axis, by size.

    >>> sampling_of("bilinear", align_mode=1).coordinate
    'asymmetric'
    """
    if mode == "nearest":
        return Sampling("asymmetric", Nearest("floor"))
    if mode == "area":
        return Sampling("half_pixel", Area("adaptive"))
    linear = mode in LINEAR
    if antialias:
        kernel = Linear(antialias=True) if linear else Cubic(Fraction(-1, 2), antialias=True)
        made = Sampling("half_pixel", kernel, exclude_outside=True)
        return replace(made, coordinate="pytorch_antialias_align_corners") if corners else made
    if corners:
        return Sampling("align_corners", Linear() if linear else Cubic())
    if linear:
        return Sampling("asymmetric" if align_mode else "pytorch_half_pixel", Linear())
    return Sampling("pytorch_1_9_half_pixel", Cubic())


def _read(text: str, length: int | None) -> Reading:
    given = _given(parse(text))
    mode = choice("mode", str(given.get("mode") or "nearest").lower(), AXES)
    corners, antialias, recomputed = (
        flag(name, given.get(name) or False)
        for name in ("align_corners", "antialias", "recompute_scale_factor")
    )
    align_mode = int(choice("align_mode", str(given.get("align_mode", 0)), ("0", "1")))
    if corners and mode not in SMOOTH:
        raise ConventionError(f"mode {mode} takes no align_corners")
    if antialias and mode not in {"bilinear", "bicubic"}:
        raise ConventionError(f"antialias is for bilinear and bicubic, not for {mode}")
    sampling = sampling_of(mode, corners=corners, align_mode=align_mode, antialias=antialias)
    size, factor = given.get("size"), given.get("scale_factor")
    if (size is None) == (factor is None):
        raise ConventionError("one of size and scale_factor is given, not both or none")
    values = _each(mode, factor if size is None else size)
    if size is not None:
        lengths = tuple(open_length("size", value) for value in values)
        return Reading((sampling,) * len(lengths), lengths)
    if mode == "area":
        raise ConventionError("mode area has a scale_factor, expected a size")
    factors = [exact("scale_factor", value) for value in values]
    made = _by_factor(sampling, factors, recomputed=recomputed)
    return made if length is None else made.at((length,) * len(factors))


def _given(call: PythonCall) -> dict[str, object]:
    if call.last not in MODULES:
        return call.bind(*ORDER)
    given = call.bind(*MODULES[call.last])
    if call.last == "UpsamplingBilinear2D":
        return {**given, "mode": "bilinear", "align_corners": True}
    return given


def _each(mode: str, value: object) -> Sequence[object]:
    """Return a size or factor for every spatial axis."""
    items = listed(value)
    if items is None:
        return (value,) * AXES[mode]
    either = mode in {"nearest", "area"} and 1 <= len(items) <= 3
    if not either and len(items) != AXES[mode]:
        raise ConventionError(f"{len(items)} values, mode {mode} is over {AXES[mode]} axes")
    return items


def _by_factor(sampling: Sampling, factors: Sequence[Fraction], *, recomputed: bool) -> Reading:
    by_size = recomputed or "align_corners" in sampling.coordinate
    axes = tuple(sampling if by_size else replace(sampling, scale=one) for one in factors)

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        outs = tuple(math.floor(n * one) for n, one in zip(ins, factors, strict=True))
        if min(outs) < 1:
            raise ConventionError("the output has length 0")
        return Reading((None,) * len(axes) if outs == ins else axes, outs)

    stays = any(1 <= one < 2 for one in factors)
    shown = tuple(replace(one, copies_same_length=stays and not by_size) for one in axes)
    return Reading(shown, (None,) * len(axes), by_lengths=by_lengths)


def _write(sampling: Sampling, spatial: int) -> str | None:
    scale = sampling.scale
    named = text_of(sampling.by_size(), _texts(spatial, scale))
    if named is None or scale in {None, Fraction(1)}:
        return named
    read = _read(named, None).samplings[0]
    return text_of(sampling, [] if read is None else [(named, read)])


def _texts(spatial: int, scale: Fraction | None = None) -> Iterator[tuple[str, Sampling]]:
    size = f"size=[{', '.join(('depth', 'height', 'width')[3 - spatial :])}]"
    if scale not in {None, Fraction(1)}:
        size = f"scale_factor={[float(scale or 1)] * spatial}"
    linear = LINEAR[spatial - 1]

    def text(mode: str, more: str = "") -> str:
        return f'{CALL}(x, {size}, mode="{mode}"{more})'

    yield text("nearest"), sampling_of("nearest")
    if scale is None:
        yield text("area"), sampling_of("area")
    yield text(linear, ", align_mode=1"), sampling_of(linear, align_mode=1)
    for mode in (linear, "bicubic") if spatial == 2 else (linear,):
        for corners in (False, True):
            more = ", align_corners=True" if corners else ""
            yield text(mode, more), sampling_of(mode, corners=corners)
            if spatial == 2:
                more += ", antialias=True"
                yield text(mode, more), sampling_of(mode, corners=corners, antialias=True)


CALL: Final = "paddle.nn.functional.interpolate"


def _image(image: "NDArray[np.generic]") -> object:
    from importlib import import_module

    return import_module("paddle").to_tensor(image)[None, None]


def _array(made: Any) -> "NDArray[np.generic]":  # noqa: ANN401 - a tensor
    found: NDArray[np.generic] = made.numpy()[0, 0]
    return found


CONVENTION = Convention(
    "Paddle",
    ("paddle.*interpolate", "paddle.*upsample", *(f"paddle.*{name}" for name in MODULES)),
    _read,
    _write,
    examples=tuple(_texts(2)),
    source="Paddle 3.3 python/paddle/nn/functional/common.py, "
    "paddle/phi/kernels/cpu/interpolate_kernel.cc",
    ran=RAN,
    remarks=(
        Remark(
            "release",
            "align_mode=1 was the default of fluid.layers.resize_bilinear up to release 1",
            source="Paddle 1.8 python/paddle/fluid/layers/nn.py",
        ),
    ),
    library=Library((("paddle", "paddle"),), _image, _array, ("float32",)),
)
