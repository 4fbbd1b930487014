"""MXNet's names: contrib.BilinearResize2D and UpSampling.

================= ===================== =====================================================
operator          align_corners         what is computed
================= ===================== =====================================================
BilinearResize2D  True, if not said     linear, align_corners
BilinearResize2D  False                 linear, half_pixel; an output length of 1 reads pixel 0
UpSampling        none                  sample_type nearest: each pixel `scale` times
================= ===================== =====================================================

With scale_height and scale_width the output length is int(n * scale), and coordinates use the ratio
of the lengths. UpSampling with sample_type bilinear is a transposed convolution of weights that are
given to it, and no resize.

Sources: MXNet 1.9 `src/operator/contrib/bilinear_resize-inl.h`, `bilinear_resize.cc`,
`src/operator/nn/upsampling-inl.h`.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Reading, Remark
from halfpixel.conventions.meaning import choice, flag
from halfpixel.conventions.meaning import length as a_length
from halfpixel.conventions.python_call import exact, open_length, parse
from halfpixel.conventions.vocabulary import text_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Linear, Nearest, Sampling

BILINEAR: Final = (
    "data", "like", "height", "width", "scale_height", "scale_width", "mode", "align_corners",
    "name",
)  # fmt: skip
UP: Final = (
    "data", "scale", "num_filter", "sample_type", "multi_input_mode", "num_args", "workspace",
    "name",
)  # fmt: skip
CORNERS: Final = Sampling("align_corners", Linear())
CENTRES: Final = Sampling("pytorch_half_pixel", Linear())
REPEATED: Final = Sampling("asymmetric", Nearest("floor"))
PARITY: Final[dict[str, Callable[[int], int]]] = {
    "to_even_down": lambda n: n - n % 2,
    "to_even_up": lambda n: n + n % 2,
    "to_odd_down": lambda n: n - 1 + n % 2,
    "to_odd_up": lambda n: n + 1 - n % 2,
}


def _read(text: str, length: int | None) -> Reading:
    call = parse(text)
    made = _repeated(call.bind(*UP)) if call.last == "UpSampling" else None
    made = _bilinear(call.bind(*BILINEAR)) if made is None else made
    return made if length is None or made.by_lengths is None else made.at((length, length))


def _repeated(given: dict[str, object]) -> Reading:
    choice("sample_type", given.get("sample_type"), ("nearest",))
    scale = a_length("scale", given.get("scale"))
    axis = replace(REPEATED, scale=Fraction(scale))
    return _by((axis, axis), lambda ins: tuple(scale * n for n in ins))


def _bilinear(given: dict[str, object]) -> Reading:
    corners = flag("align_corners", given.get("align_corners", True))
    axes = (CORNERS if corners else CENTRES,) * 2
    mode = choice("mode", given.get("mode", "size"), ("size", "odd_scale", "like", *PARITY))
    if mode == "like":
        return Reading(axes, (None, None))
    if mode in PARITY:
        return _by(axes, lambda ins: tuple(PARITY[mode](n) for n in ins))
    names = ("scale_height", "scale_width")
    if mode == "size" and given.get(names[0]) is None:
        sizes = tuple(open_length(name, given.get(name, 1)) for name in ("height", "width"))
        return Reading(axes, sizes)
    scales = [float(exact(name, given.get(name))) for name in names]
    odd = mode == "odd_scale"

    def outs(ins: tuple[int, ...]) -> tuple[int, ...]:
        pairs = zip(ins, scales, strict=True)
        return tuple(int((n - 1) * s) + 1 if odd and n % 2 else int(n * s) for n, s in pairs)

    return _by(axes, outs)


def _by(axes: tuple[Sampling, ...], outs: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Reading:
    def by_lengths(ins: tuple[int, ...]) -> Reading:
        found = outs(ins)
        if min(found) < 1:
            raise ConventionError("the output has length 0")
        return Reading(axes, found)

    return Reading(axes, (None, None), by_lengths=by_lengths)


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial != 2:
        return None
    scale = sampling.scale
    if scale is not None and scale.denominator == 1:
        text = f'mx.nd.UpSampling(x, scale={scale}, sample_type="nearest")'
        return text_of(sampling, [(text, replace(REPEATED, scale=scale))])
    return text_of(sampling, list(CALLS.items())[:2])


RESIZE: Final = "mx.nd.contrib.BilinearResize2D(x, height=height, width=width"
CALLS: Final = {
    f"{RESIZE}, align_corners=True)": CORNERS,
    f"{RESIZE}, align_corners=False)": CENTRES,
    'mx.nd.UpSampling(x, scale=2, sample_type="nearest")': replace(REPEATED, scale=Fraction(2)),
}

CONVENTION = Convention(
    "MXNet",
    (
        *(f"mx.{kind}.contrib.BilinearResize2D" for kind in ("nd", "sym")),
        *(f"mx.{kind}.UpSampling" for kind in ("nd", "sym")),
    ),
    _read,
    _write,
    examples=tuple(CALLS.items()),
    source="MXNet 1.9 src/operator/contrib/bilinear_resize-inl.h, bilinear_resize.cc, "
    "src/operator/nn/upsampling-inl.h",
    ran="MXNet 1.9.1",
    remarks=(
        Remark("release", "older ones have no align_corners, and compute what True does"),
        Remark("axis order", "height and width stand by name; images are NCHW"),
    ),
)
