"""OpenCV's names: the interpolation argument of cv2.resize.

===================== ============================ ==============================
interpolation         source coordinate            kernel
===================== ============================ ==============================
INTER_NEAREST         asymmetric                   nearest, floor
INTER_NEAREST_EXACT   tf_half_pixel_for_nn         nearest, floor
INTER_LINEAR          half_pixel                   linear
INTER_CUBIC           half_pixel                   cubic, a = -0.75
INTER_AREA, shrinking windows                      mean, pixels counted by overlap
===================== ============================ ==============================

Nothing is antialiased but INTER_AREA. With fx and fy instead of a size the output length is
rounded to the nearest and the coordinates use the factor itself. Enlarging INTER_AREA is a
linear resize of its own kind, which has no name here. INTER_NEAREST_EXACT works in fixed point:
a coordinate that is exactly a whole number may fall short and read the pixel before.

Source: OpenCV `modules/imgproc/src/resize.cpp`.
"""

from fractions import Fraction
from typing import Final

from halfpixel.convention import Convention
from halfpixel.errors import ConventionError
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Sampling
from halfpixel.sampling.compare import canonical

MEANINGS: Final[dict[str, Sampling]] = {
    "INTER_NEAREST": Sampling("asymmetric", Nearest("floor")),
    "INTER_NEAREST_EXACT": Sampling("tf_half_pixel_for_nn", Nearest("floor")),
    "INTER_LINEAR": Sampling("half_pixel", Linear()),
    "INTER_CUBIC": Sampling("half_pixel", Cubic(Fraction(-3, 4))),
    "INTER_AREA": Sampling("half_pixel", Area("overlap")),
}


def read(interpolation: str) -> Sampling:
    """Return what cv2.resize computes along one axis; INTER_AREA where it shrinks.

    Raises:
        ConventionError: an interpolation that is not described here.

    >>> read("INTER_LINEAR").coordinate
    'half_pixel'
    """
    if interpolation not in MEANINGS:
        expected = ", ".join(MEANINGS)
        raise ConventionError(f"interpolation is {interpolation!r}, expected one of {expected}")
    return MEANINGS[interpolation]


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial > 2:
        return None
    wanted = canonical(sampling.by_size())
    size = "(width, height)"
    if sampling.scale is not None and sampling.scale != 1:
        factor = f"{float(sampling.scale):.9g}"
        size = f"None, fx={factor}, fy={factor}"
    for name, meaning in MEANINGS.items():
        if canonical(meaning) == wanted:
            return f"cv2.resize(x, {size}, interpolation=cv2.{name})"
    return None


CONVENTION = Convention("OpenCV", _write)
