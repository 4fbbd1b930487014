"""PyTorch's mode lanczos, of F.interpolate from release 2.14 on: Pillow's LANCZOS.

It is over two axes, and asks for antialias=True: the kernel of a = 3 is widened where an axis
shrinks, and what lies outside is left out. align_corners=True is refused. With scale_factor the
coordinates use the factor itself.

Source: PyTorch 2.14 `torch/nn/functional.py` (interpolate); run with 2.14.1.
"""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Reading
from halfpixel.conventions.python_call import exact, listed, open_length
from halfpixel.conventions.vocabulary import text_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Sampling
from halfpixel.sampling.arithmetic import output_length_float64, simplest
from halfpixel.sampling.kernel import Filter
from halfpixel.sampling.kernels.profiles import Lanczos

KERNEL: Final = Sampling("half_pixel", Filter(Lanczos(3), antialias=True), exclude_outside=True)
CALL: Final = 'F.interpolate(x, {}, mode="lanczos", antialias=True)'
LANCZOS: Final = ((CALL.format("size=(height, width)"), KERNEL),)
"""Its example, with the sampling of each axis."""


def read_lanczos(given: Mapping[str, object], length: int | None) -> Reading:
    """Return what a call computes, of its arguments by name.

    Raises:
        ConventionError: arguments that the mode does not take.
    """
    if given.get("antialias") is not True:
        raise ConventionError("mode is lanczos, which asks for antialias=True")
    if given.get("align_corners"):
        raise ConventionError("mode lanczos takes no align_corners=True")
    size, factor = given.get("size"), given.get("scale_factor")
    if (size is None) == (factor is None):
        raise ConventionError("one of size and scale_factor is given, not both or none")
    value = factor if size is None else size
    items = listed(value) or (value, value)
    if len(items) != 2:
        raise ConventionError(f"{value!r} has {len(items)} values, mode lanczos is over 2 axes")
    if size is not None:
        return Reading((KERNEL,) * 2, tuple(open_length("size", item) for item in items))
    factors = [float(exact("scale_factor", item)) for item in items]
    scales = [None if given.get("recompute_scale_factor") else simplest(one) for one in factors]
    lengths = [None if length is None else output_length_float64(length, one) for one in factors]
    return Reading(tuple(replace(KERNEL, scale=scale) for scale in scales), tuple(lengths))


def write_lanczos(sampling: Sampling, spatial: int) -> str | None:
    """Return the call that a sampling is, or None.

    >>> write_lanczos(KERNEL, 2)
    'F.interpolate(x, size=(height, width), mode="lanczos", antialias=True)'
    """
    if spatial != 2 or not isinstance(sampling.kernel, Filter):
        return None
    scale = sampling.scale
    size = "size=(height, width)" if scale is None else f"scale_factor={float(scale)}"
    return text_of(sampling, [(CALL.format(size), replace(KERNEL, scale=scale))])
