"""TensorFlow's names: tf.compat.v1.image.resize_* and tf.image.resize.

========= ====================== ========================= =============================
operator  both flags False       align_corners=True        half_pixel_centers=True
========= ====================== ========================= =============================
bilinear  asymmetric             align_corners             half_pixel
nearest   asymmetric, floor      align_corners, half up    tf_half_pixel_for_nn, floor
bicubic   asymmetric, a = -0.75  align_corners, a = -0.75  half_pixel, a = -0.5, outside
                                                           left out
area      mean, pixels counted   windows that have no      no such argument
          by overlap             name here
========= ====================== ========================= =============================

tf.image.resize (TensorFlow 2) is the last column, and area; with antialias=True bilinear and
bicubic widen the kernel when shrinking and leave out what lies outside. A size is always
given: the step is the ratio of the two lengths, or under align_corners of the lengths less
one, where an output length of 1 reads pixel 0.

These are the exact meanings. TensorFlow rounds in two places:

- nearest multiplies in float32. Where the coordinate (plus a half under align_corners) is a
  whole number, the product may fall short, and the pixel before is read: length 14 to 23,
  output 11, under either flag.
- bicubic without antialias looks its weights up at 1024 positions a pixel, so that a weight is
  off by up to half a position times the kernel's steepest slope, 7e-4.

Source: TensorFlow `core/kernels/image/resize_bilinear_op.cc`, `resize_bicubic_op.cc`,
`resize_nearest_neighbor_op.cc`, `resize_area_op.cc`, `scale_and_translate_op.cc`,
`core/util/image_resizer_state.h`, `python/ops/image_ops_impl.py`.
"""

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from msgspec.structs import replace

from halfpixel.convention import Convention, Library, Reading
from halfpixel.conventions.meaning import choice, flag
from halfpixel.conventions.python_call import Symbol, exact, name_of, open_lengths, parse
from halfpixel.errors import ConventionError
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Sampling
from halfpixel.sampling.canonical import canonical

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Method = Literal["nearest", "bilinear", "bicubic", "area"]

LEGACY_A: Final = Fraction(-3, 4)
KEYS_A: Final = Fraction(-1, 2)
METHODS: Final[tuple[Method, ...]] = ("nearest", "bilinear", "bicubic", "area")
SMOOTHED: Final[tuple[Method, ...]] = ("bilinear", "bicubic")
"""Methods that antialias=True changes."""

ALIGNED: Final = ", align_corners=True"
FLAGS: Final = ((False, False), (True, False), (False, True))
"""(align_corners, half_pixel_centers); both at once are refused."""


def read(method: Method, *, align_corners: bool, half_pixel_centers: bool) -> Sampling:
    """Return what a tf.compat.v1.image.resize_* call computes along one axis.

    Raises:
        ConventionError: both flags are set, or one is set for area.

    >>> read("bilinear", align_corners=False, half_pixel_centers=False).coordinate
    'asymmetric'
    """
    if align_corners and half_pixel_centers:
        raise ConventionError("align_corners and half_pixel_centers are both True")
    if method == "area":
        if align_corners or half_pixel_centers:
            flag = "align_corners" if align_corners else "half_pixel_centers"
            raise ConventionError(f"resize_area with {flag}=True is not described")
        return Sampling("half_pixel", Area("overlap"))
    if method == "nearest":
        if half_pixel_centers:
            return Sampling("tf_half_pixel_for_nn", Nearest("floor"))
        if align_corners:
            return Sampling("align_corners", Nearest("round_prefer_ceil"))
        return Sampling("asymmetric", Nearest("floor"))
    coordinate: Literal["align_corners", "asymmetric", "half_pixel"] = "asymmetric"
    if align_corners:
        coordinate = "align_corners"
    elif half_pixel_centers:
        coordinate = "half_pixel"
    if method == "bilinear":
        return Sampling(coordinate, Linear())
    a = KEYS_A if half_pixel_centers else LEGACY_A
    return Sampling(coordinate, Cubic(a), exclude_outside=half_pixel_centers)


def read_v2(method: Method, *, antialias: bool = False) -> Sampling:
    """Return what a tf.image.resize call computes along one axis.

    Nearest never smooths and area always does, whatever `antialias` says.

    >>> read_v2("bilinear", antialias=True).exclude_outside
    True
    """
    if method == "area":
        return read(method, align_corners=False, half_pixel_centers=False)
    if method == "nearest" or not antialias:
        return read(method, align_corners=False, half_pixel_centers=True)
    kernel = Linear(antialias=True) if method == "bilinear" else Cubic(KEYS_A, antialias=True)
    return Sampling("half_pixel", kernel, exclude_outside=True)


def _v1(method: Method, flag: str = "") -> Sampling:
    return read(method, align_corners=flag == ALIGNED, half_pixel_centers=False)


V1: Final = "tf.compat.v1.image.resize_"
V2: Final = "tf.image.resize"
CALLS: Final[dict[str, Sampling]] = {
    f"{V1}nearest_neighbor(x, size)": _v1("nearest"),
    f"{V1}nearest_neighbor(x, size{ALIGNED})": _v1("nearest", ALIGNED),
    f'{V2}(x, size, method="nearest")': read_v2("nearest"),
    f"{V1}bilinear(x, size)": _v1("bilinear"),
    f"{V1}bilinear(x, size{ALIGNED})": _v1("bilinear", ALIGNED),
    f'{V2}(x, size, method="bilinear")': read_v2("bilinear"),
    f"{V1}bicubic(x, size)": _v1("bicubic"),
    f"{V1}bicubic(x, size{ALIGNED})": _v1("bicubic", ALIGNED),
    f'{V2}(x, size, method="bicubic")': read_v2("bicubic"),
    f'{V2}(x, size, method="area")': read_v2("area"),
} | {
    f'{V2}(x, size, method="{method}", antialias=True)': read_v2(method, antialias=True)
    for method in SMOOTHED
}
"""Every call that has a meaning of its own; half_pixel_centers=True is tf.image.resize."""


GROWN: Final = "[n * {} for n in x.shape[1:3]]"
"""A size that is a whole multiple of the input's."""

GROWN_PATTERN: Final = re.compile(re.escape(GROWN).replace(r"\{\}", r"(?P<factor>\d{1,9})"))


def _read(text: str, length: int | None) -> Reading:
    call = parse(text)
    _, old, name = call.name.partition("resize_")
    if old:
        method = "nearest" if name == "nearest_neighbor" else name
        flags = ("align_corners",) if method == "area" else ("align_corners", "half_pixel_centers")
        given = call.bind("images", "size", *flags, "name")
    else:
        given = call.bind("images", "size", "method", "preserve_aspect_ratio", "antialias", "name")
        method = str(name_of(given.get("method", "bilinear"))).lower()
        method = "nearest" if method == "nearest_neighbor" else method
    chosen = cast("Method", choice("method", method, METHODS))
    corners, centres, antialias, keeps = (
        flag(one, given.get(one, False))
        for one in ("align_corners", "half_pixel_centers", "antialias", "preserve_aspect_ratio")
    )
    if keeps:
        raise ConventionError("preserve_aspect_ratio is True, which is not described")
    if old:
        sampling = read(chosen, align_corners=corners, half_pixel_centers=centres)
    else:
        sampling = read_v2(chosen, antialias=antialias)
    return _sized(sampling, given.get("size"), length)


def _sized(sampling: Sampling, size: object, length: int | None) -> Reading:
    """Return a reading with the lengths that a size gives, or the factor that it is made with."""
    if size is None:
        raise ConventionError("size is not given")
    grown = GROWN_PATTERN.fullmatch(size.text) if isinstance(size, Symbol) else None
    if grown is None:
        return Reading((sampling,) * 2, open_lengths("size", size, 2))
    factor = exact("size", int(grown["factor"]))
    if sampling.coordinate != "align_corners" and not isinstance(sampling.kernel, Area):
        sampling = replace(sampling, scale=factor)
    return Reading((sampling,) * 2, (None if length is None else int(factor) * length,) * 2)


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial > 2:
        return None
    size = "size"
    scale = None if isinstance(sampling.kernel, Area) else sampling.scale
    if scale is not None and scale != 1:
        if scale.denominator != 1:
            return None  # TensorFlow takes the ratio of the lengths, which is another step
        size = GROWN.format(scale)
    wanted = canonical(sampling.by_size())
    for text, meaning in CALLS.items():
        if canonical(meaning) == wanted:
            return text.replace("(x, size", f"(x, {size}")
    return None


def _image(image: "NDArray[np.generic]") -> object:
    return image[None, ..., None]


def _array(made: Any) -> "NDArray[np.generic]":  # noqa: ANN401 - a tensor
    found: NDArray[np.generic] = made.numpy()[0, ..., 0]
    return found


CONVENTION = Convention(
    "TensorFlow",
    (V2, *(f"{V1}{name}" for name in ("nearest_neighbor", *METHODS[1:]))),
    _read,
    _write,
    examples=tuple(CALLS.items()),
    library=Library((("tf", "tensorflow"),), _image, _array),
)
