"""ncnn's names: the layer Interp, by the names of its parameters.

=========== ========== ====================================== ==================================
resize_type name       source coordinate                      kernel
=========== ========== ====================================== ==================================
1           nearest    asymmetric, whatever align_corner is   nearest, floor
2           bilinear   half_pixel, or align_corners           linear
3           bicubic    half_pixel, or align_corners           cubic, a = -0.75, indices clamped
=========== ========== ====================================== ==================================

In a file of parameters they are numbers: ``Interp up 1 1 in out 0=2 1=2.0 2=2.0 6=0`` is
``Interp(x, resize_type=2, height_scale=2.0, width_scale=2.0, align_corner=0)``. 3 and 4 are
output_height and output_width, which go before the scales where both are given. With scales the
output length is floor(n * scale) and coordinates use the scale itself; but bilinear copies an axis
whose length stays, nearest an image whose lengths all do, and bicubic none.

Source: ncnn `src/layer/interp.cpp`, `docs/developer-guide/operators.md` (Interp).
"""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Reading, Remark
from halfpixel.conventions.meaning import flag, whole
from halfpixel.conventions.python_call import Symbol, exact, open_length, parse
from halfpixel.conventions.vocabulary import text_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Cubic, Linear, Nearest, Sampling

ORDER: Final = (
    "x", "resize_type", "height_scale", "width_scale", "output_height", "output_width",
    "dynamic_target_size", "align_corner",
)  # fmt: skip
RAN: Final = "ncnn 1.0.20261020"
KINDS: Final[dict[int, Nearest | Linear | Cubic]] = {1: Nearest("floor"), 2: Linear(), 3: Cubic()}


def sampling_of(kind: int, *, corners: bool = False) -> Sampling:
    """Return what a resize_type computes along each axis, by size.

    >>> sampling_of(1, corners=True).coordinate
    'asymmetric'
    """
    if kind not in KINDS:
        raise ConventionError(f"resize_type is {kind}, expected 1, 2 or 3")
    if kind == 1:
        return Sampling("asymmetric", KINDS[kind])
    return Sampling("align_corners" if corners else "half_pixel", KINDS[kind])


def _read(text: str, length: int | None) -> Reading:
    given = parse(text).bind(*ORDER)
    kind = whole("resize_type", given.get("resize_type", 0))
    sampling = sampling_of(kind, corners=flag("align_corner", given.get("align_corner", 0)))
    size = [given.get(name, 0) for name in ("output_height", "output_width")]
    if any(isinstance(one, Symbol) or one for one in size):
        lengths = tuple(open_length("output", one) for one in size)
        return Reading((sampling,) * 2, lengths)
    scales = [exact(name, given.get(name, 1)) for name in ("height_scale", "width_scale")]
    made = _by_scale(sampling, scales)
    return made if length is None else made.at((length, length))


def _by_scale(sampling: Sampling, scales: Sequence[Fraction]) -> Reading:
    used = sampling.coordinate != "align_corners"
    axes = tuple(replace(sampling, scale=one) if used else sampling for one in scales)

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        outs = tuple(math.floor(n * one) for n, one in zip(ins, scales, strict=True))
        if min(outs) < 1:
            raise ConventionError("the output has length 0")
        if isinstance(sampling.kernel, Linear):  # an axis for itself
            pairs = zip(axes, ins, outs, strict=True)
            return Reading(tuple(None if n == m else one for one, n, m in pairs), outs)
        copies = outs == ins and isinstance(sampling.kernel, Nearest)
        return Reading((None, None) if copies else axes, outs)

    smooth = isinstance(sampling.kernel, Cubic)
    stays = used and not smooth and all(1 <= one < 2 for one in scales)
    shown = tuple(replace(one, copies_same_length=stays) for one in axes)
    return Reading(shown, (None, None), by_lengths=by_lengths)


def _write(sampling: Sampling, spatial: int) -> str | None:
    return None if spatial != 2 else text_of(sampling, _texts(sampling.scale))


def _texts(scale: Fraction | None = None) -> Iterator[tuple[str, Sampling]]:
    size = "output_height=height, output_width=width"
    if scale is not None:
        size = f"height_scale={float(scale)}, width_scale={float(scale)}"
    for kind in KINDS:
        for corners in (False, True) if kind > 1 else (False,):
            more = ", align_corner=1" if corners else ""
            made = sampling_of(kind, corners=corners)
            if scale is not None and not corners:
                copies = kind < 3 and 1 <= scale < 2
                made = replace(made, scale=scale, copies_same_length=copies)
            yield f"ncnn.Interp(x, resize_type={kind}, {size}{more})", made


CONVENTION = Convention(
    "ncnn",
    ("ncnn.Interp",),
    _read,
    _write,
    examples=tuple(_texts()),
    source="ncnn src/layer/interp.cpp, docs/developer-guide/operators.md",
    ran=RAN,
    remarks=(
        Remark(
            "release",
            "up to early 2026 coordinates used the ratio of the lengths where scales were given",
            source="Tencent/ncnn#6836",
        ),
        Remark("rounding", "results are float16 or bfloat16 where the options allow it"),
    ),
)
