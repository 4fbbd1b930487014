"""TensorFlow's names: tf.compat.v1.image.resize_* and tf.image.resize.

=============== ========================= =============================== =====================
operator        legacy (both flags False) align_corners=True              half_pixel_centers=True
=============== ========================= =============================== =====================
bilinear        asymmetric                align_corners                   half_pixel
nearest         asymmetric, floor         align_corners, half up          tf_half_pixel_for_nn,
                                                                          floor
bicubic         asymmetric, a = -0.75     align_corners, a = -0.75        half_pixel, a = -0.5,
                                                                          outside left out
=============== ========================= =============================== =====================

tf.image.resize (TensorFlow 2) is the last column; with antialias=True it widens the kernel when
shrinking and leaves out what lies outside. The bicubic kernels look their weights up in a table
of 1024 positions, so that they agree with these to 1e-3.

Source: TensorFlow `core/kernels/image/resize_bilinear_op.cc`, `resize_bicubic_op.cc`,
`image_resizer_state.h`, `scale_and_translate_op.cc`, `python/ops/image_ops_impl.py`.
"""

from fractions import Fraction
from typing import Final, Literal

from halfpixel.convention import Convention
from halfpixel.errors import ConventionError
from halfpixel.sampling import Cubic, Linear, Nearest, Sampling
from halfpixel.sampling.compare import canonical

Method = Literal["bilinear", "nearest", "bicubic"]

LEGACY_A: Final = Fraction(-3, 4)
KEYS_A: Final = Fraction(-1, 2)
METHODS: Final[tuple[Method, ...]] = ("nearest", "bilinear", "bicubic")
FLAGS: Final = ((False, False), (True, False), (False, True))
"""(align_corners, half_pixel_centers); both at once are refused."""


def read(method: Method, *, align_corners: bool, half_pixel_centers: bool) -> Sampling:
    """Return what a tf.compat.v1.image.resize_* call computes along one axis.

    Raises:
        ConventionError: both flags are set.

    >>> read("bilinear", align_corners=False, half_pixel_centers=False).coordinate
    'asymmetric'
    """
    if align_corners and half_pixel_centers:
        raise ConventionError("align_corners and half_pixel_centers are both True")
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
    """Return what a tf.image.resize call computes along one axis; nearest never smooths.

    >>> read_v2("bilinear", antialias=True).exclude_outside
    True
    """
    if method == "nearest" or not antialias:
        return read(method, align_corners=False, half_pixel_centers=True)
    kernel = Linear(antialias=True) if method == "bilinear" else Cubic(KEYS_A, antialias=True)
    return Sampling("half_pixel", kernel, exclude_outside=True)


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial > 2:
        return None
    wanted = canonical(sampling.by_size())
    size = "size"
    if sampling.scale is not None and sampling.scale != 1:
        if sampling.scale.denominator != 1:
            return None  # TensorFlow takes the ratio of the lengths, which is another step
        size = f"[n * {sampling.scale} for n in x.shape[1:3]]"
    for method in METHODS:
        for corners, half in FLAGS:
            if canonical(read(method, align_corners=corners, half_pixel_centers=half)) != wanted:
                continue
            if half:
                return f'tf.image.resize(x, {size}, method="{method}")'
            flag = ", align_corners=True" if corners else ""
            name = "nearest_neighbor" if method == "nearest" else method
            return f"tf.compat.v1.image.resize_{name}(x, {size}{flag})"
        if canonical(read_v2(method, antialias=True)) == wanted:
            return f'tf.image.resize(x, {size}, method="{method}", antialias=True)'
    return None


CONVENTION = Convention("TensorFlow", _write)
