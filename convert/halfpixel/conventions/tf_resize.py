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

tf.image.resize (TensorFlow 2) is the last column, area, and four kernels more, at half_pixel:

============== =============================================
method         kernel
============== =============================================
lanczos3       Lanczos, a = 3
lanczos5       Lanczos, a = 5
gaussian       Gaussian, sigma = 1/2, cut off at 3/2
mitchellcubic  cubic, B = C = 1/3
============== =============================================

These leave out what lies outside; with antialias=True so do bilinear and bicubic, and all six widen
the kernel when shrinking. gaussian and mitchellcubic change an axis whose length stays. A size is
always given: the step is the ratio of the two lengths, or under align_corners of the lengths less
one, where an output length of 1 reads pixel 0. tf.compat.v1.image.resize is resize_bilinear and the
like, by its method.

These are the exact meanings. TensorFlow rounds in three places:

- nearest multiplies in float32. Where the coordinate (plus a half under align_corners) is a
  whole number, the product may fall short, and the pixel before is read: length 14 to 23,
  output 11, under either flag.
- bicubic without antialias looks its weights up at 1024 positions a pixel, so that a weight is
  off by up to half a position times the kernel's steepest slope, 7e-4.
- gaussian is cut off where a pixel may lie, which float32 then counts or not: length 7 to 4 with
  antialias, by 6e-3.

Source: TensorFlow `core/kernels/image/resize_bilinear_op.cc`, `resize_bicubic_op.cc`,
`resize_nearest_neighbor_op.cc`, `resize_area_op.cc`, `scale_and_translate_op.cc`,
`core/util/image_resizer_state.h`, `python/ops/image_ops_impl.py`.
"""

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from msgspec.structs import replace

from halfpixel.convention import Convention, Library, Reading, Remark
from halfpixel.conventions.meaning import choice, flag
from halfpixel.conventions.python_call import Symbol, exact, name_of, open_lengths, parse
from halfpixel.errors import ConventionError
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.kernel import Filter
from halfpixel.sampling.kernels.base import Profile
from halfpixel.sampling.kernels.profiles import BCSpline, Gaussian, Lanczos

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Method = Literal["nearest", "bilinear", "bicubic", "area"]
Filtered = Literal["lanczos3", "lanczos5", "gaussian", "mitchellcubic"]

LEGACY_A: Final = Fraction(-3, 4)
KEYS_A: Final = Fraction(-1, 2)
METHODS: Final[tuple[Method, ...]] = ("nearest", "bilinear", "bicubic", "area")
SMOOTHED: Final[tuple[Method, ...]] = ("bilinear", "bicubic")
"""Methods of both versions that antialias=True changes."""

FILTERS: Final[dict[Filtered, Profile]] = {
    "lanczos3": Lanczos(3),
    "lanczos5": Lanczos(5),
    "gaussian": Gaussian(),
    "mitchellcubic": BCSpline(),
}
"""Methods of version 2 alone."""

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


def read_v2(method: Method | Filtered, *, antialias: bool = False) -> Sampling:
    """Return what a tf.image.resize call computes along one axis.

    Nearest never smooths and area always does, whatever `antialias` says.

    >>> read_v2("bilinear", antialias=True).exclude_outside
    True
    """
    if method == "area":
        return read(method, align_corners=False, half_pixel_centers=False)
    if method in FILTERS:
        filtered = Filter(FILTERS[method], antialias)
        return Sampling("half_pixel", filtered, exclude_outside=True)
    if method == "nearest" or not antialias:
        return read(cast("Method", method), align_corners=False, half_pixel_centers=True)
    smooth = Linear(antialias=True) if method == "bilinear" else Cubic(KEYS_A, antialias=True)
    return Sampling("half_pixel", smooth, exclude_outside=True)


def _v1(method: Method, flag: str = "") -> Sampling:
    return read(method, align_corners=flag == ALIGNED, half_pixel_centers=False)


V1: Final = "tf.compat.v1.image.resize_"
V2: Final = "tf.image.resize"
CALLS: Final[dict[str, Sampling]] = (
    {
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
    }
    | {
        f'{V2}(x, size, method="{method}", antialias=True)': read_v2(method, antialias=True)
        for method in SMOOTHED
    }
    | {
        f'{V2}(x, size, method="{method}"{", antialias=True" if antialias else ""})': read_v2(
            method, antialias=antialias
        )
        for method in FILTERS
        for antialias in (False, True)
    }
)
"""Every call that has a meaning of its own; half_pixel_centers=True is tf.image.resize."""


GROWN: Final = "[n * {} for n in x.shape[1:3]]"
"""A size that is a whole multiple of the input's."""

GROWN_PATTERN: Final = re.compile(re.escape(GROWN).replace(r"\{\}", r"(?P<factor>\d{1,9})"))


NUMBERS: Final = dict(enumerate(("bilinear", "nearest", "bicubic", "area")))
"""The methods of version 1 by value."""

VERSION_1: Final = "compat.v1.image."
METHOD_1: Final = ("method", "align_corners", "preserve_aspect_ratio", "name")
CAMEL: Final = re.compile("(?<=[a-z])(?=[A-Z])")
LOOKED_UP: Final = Remark(
    "arithmetic", "weights are looked up at 1024 positions a pixel", ran="TensorFlow 2.21.0"
)
_OLD: Final = ("", *(f"_{name}" for name in ("nearest_neighbor", *METHODS[1:], "images")))
# tf.image has the calls of version 1 too, up to release 1
_RAW: Final = ("NearestNeighbor", "Bilinear", "Bicubic", "Area")
_WHERE: Final = {"image.resize": _OLD, "compat.v1.image.resize": _OLD, "raw_ops.Resize": _RAW}
NAMES: Final = tuple(
    f"{root}.{where}{name}"
    for root in ("tf", "tensorflow")
    for where, names in _WHERE.items()
    for name in names
)
METHOD_2: Final = ("method", "preserve_aspect_ratio", "antialias", "name")


def _read(text: str, length: int | None) -> Reading:
    call = parse(text)
    name = CAMEL.sub("_", call.last).lower().removeprefix("resize").removeprefix("_")
    old = VERSION_1 in call.name or name != ""
    if name in {"", "images"}:
        given = call.bind("images", "size", *(METHOD_1 if old else METHOD_2))
        method = _method(given.get("method", "bilinear"))
    else:
        method = _method(name)
        flags = ("align_corners",) if method == "area" else ("align_corners", "half_pixel_centers")
        given = call.bind("images", "size", *flags, "name")
    if isinstance(given.get("images"), tuple):
        raise ConventionError(f"images is {given['images']!r}, expected an image")
    chosen = choice("method", method, METHODS if old else (*METHODS, *FILTERS))
    corners, centres, antialias, keeps = (
        flag(one, given.get(one, False))
        for one in ("align_corners", "half_pixel_centers", "antialias", "preserve_aspect_ratio")
    )
    if keeps:
        raise ConventionError("preserve_aspect_ratio is True, which is not described")
    if old:
        plain = cast("Method", chosen)
        sampling = read(plain, align_corners=corners, half_pixel_centers=centres)
    else:
        sampling = read_v2(cast("Method | Filtered", chosen), antialias=antialias)
    made = _sized(sampling, given.get("size"), length)
    cubic = sampling.kernel if isinstance(sampling.kernel, Cubic) else None
    return made if cubic is None or cubic.antialias else replace(made, remarks=(LOOKED_UP,))


def _method(value: object) -> str:
    """Return the name of a method that is given by its name or, in version 1, its number."""
    named = name_of(value)
    name = str(NUMBERS.get(named, named) if isinstance(named, int) else named).lower()
    return "nearest" if name == "nearest_neighbor" else name


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


LIBRARY: Final = Library((("tf", "tensorflow"),), _image, _array)
"""How a call is run on an image of one channel: among images, with its channels last."""

CONVENTION = Convention(
    "TensorFlow",
    NAMES,
    _read,
    _write,
    examples=tuple(CALLS.items()),
    source="TensorFlow 2.21 core/kernels/image/*.cc, python/ops/image_ops_impl.py",
    ran="TensorFlow 2.21.0",
    remarks=(
        Remark("axis order", "a size is (height, width)"),
        Remark("arithmetic", "coordinates are float32", ran="TensorFlow 2.21.0"),
        Remark(
            "input",
            "bytes become floats, but for nearest, and are not rounded back",
            dtype="uint8",
            kernels=("blend",),
            ran="TensorFlow 2.21.0",
        ),
    ),
    library=LIBRARY,
)
