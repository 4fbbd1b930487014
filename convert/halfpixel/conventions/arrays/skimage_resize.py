"""scikit-image's names: transform.resize and transform.rescale.

=============== ================================================================================
anti_aliasing   what is computed
=============== ================================================================================
False           SciPy's ndimage.zoom of that order and mode, with grid_mode=True
True, None      the same behind a Gaussian blur of each axis that shrinks, with a standard
                deviation of (n_in / n_out - 1) / 2 pixels, cut off at 4 of them
=============== ================================================================================

The order is 1 where nothing is said, and the mode `reflect`, which turns the image over the border
pixel's centre: the first and last samples of an enlarged image are a blend of two pixels, where
other libraries copy the border pixel (mode edge or symmetric do that). None blurs what shrinks, as
True does, but no image of bool and no image of integers at order 0. A kernel is never widened: what
shrinks is blurred, and then sampled.

========== ================= ===================================================================
mode       SciPy's mode      the image goes on
========== ================= ===================================================================
reflect    mirror            turned over the border pixel's centre
symmetric  reflect           turned over its edge
edge       nearest           by the border pixel
constant   grid-constant     by cval
wrap       grid-wrap         again
========== ================= ===================================================================

rescale asks for the length n * scale, rounded to the nearest, ties to even, and 1 at least; the
step is the ratio of the two lengths.

Source: scikit-image 0.26 `transform/_warps.py` (resize, rescale), `_shared/utils.py`
(_to_ndimage_mode); SciPy 1.17 `ndimage/_filters.py` (gaussian_filter1d).
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Library, Reading, Remark
from halfpixel.conventions.arrays.scipy_zoom import read as read_zoom
from halfpixel.conventions.meaning import choice, flag, whole
from halfpixel.conventions.python_call import (
    Symbol,
    exact,
    listed,
    number_of,
    open_lengths,
    parse,
)
from halfpixel.errors import ConventionError
from halfpixel.sampling import Linear, Nearest, Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.kernel import Border
from halfpixel.sampling.kernels.chain import Blurred

MODES: Final = {
    "reflect": "mirror",
    "symmetric": "reflect",
    "edge": "nearest",
    "constant": "grid-constant",
    "wrap": "grid-wrap",
}
"""SciPy's names of the modes."""

BLURRED: Final[dict[str, Border]] = {
    "reflect": "mirror",
    "symmetric": "symmetric",
    "edge": "clamp",
    "constant": "zero",
    "wrap": "wrap",
}
"""What the blur reads beyond the border."""

MORE: Final = ("order", "mode", "cval", "clip", "preserve_range", "anti_aliasing")
SIGMA: Final = "anti_aliasing_sigma"


def read(
    order: int = 1,
    mode: str = "reflect",
    *,
    anti_aliasing: bool = True,
    sigma: Fraction | None = None,
) -> Sampling:
    """Return what transform.resize computes along one axis.

    Args:
        order: of the spline.
        mode: what is beyond the border.
        anti_aliasing: whether an axis that shrinks is blurred before.
        sigma: standard deviation of that blur in pixels; None for the one of the lengths.

    Raises:
        ConventionError: an order or a mode that there is not.

    >>> read(1, "edge", anti_aliasing=False).kernel
    Linear(antialias=False)
    """
    zoomed = read_zoom(order, MODES[choice("mode", mode, MODES)], grid_mode=True)
    if not anti_aliasing:
        return zoomed
    return Sampling("half_pixel", Blurred(zoomed, BLURRED[mode], sigma))


RESIZE: Final = "skimage.transform.resize(x, (height, width)"
SAID: Final = ((0, "reflect"), (1, "reflect"), (1, "edge"), (3, "reflect"), (3, "symmetric"))
"""(order, mode) of the examples, each blurred and not."""


def _text(order: int, mode: str, *, blurred: bool) -> str:
    said = f', mode="{mode}"' if mode != "reflect" else ""
    return f"{RESIZE}, order={order}{said}, anti_aliasing={blurred})"


EXAMPLES: Final = {
    _text(order, mode, blurred=blurred): read(order, mode, anti_aliasing=blurred)
    for order, mode in SAID
    for blurred in (True, False)
}


def _every() -> Iterator[tuple[str, Sampling]]:
    """Yield every call that has a meaning of its own, the examples first."""
    yield from EXAMPLES.items()
    for order in range(6):
        for mode in MODES:
            for blurred in (True, False):
                found = read(order, mode, anti_aliasing=blurred)
                yield _text(order, mode, blurred=blurred), found


def _read(text: str, length: int | None) -> Reading:
    call = parse(text)
    by_factor = call.last == "rescale"
    asked = "scale" if by_factor else "output_shape"
    more = [*MORE, SIGMA, *(["channel_axis"] if by_factor else [])]
    given = call.bind("image", asked, *more)
    if given.get(asked) is None:
        raise ConventionError(f"{asked} is not given")
    order = given.get("order")
    sampling = [
        read(
            1 if order is None else whole("order", order),
            str(given.get("mode", "reflect")),
            anti_aliasing=_blurs(given.get("anti_aliasing")),
            sigma=sigma,
        )
        for sigma in _sigmas(given.get(SIGMA))
    ]
    remarks = _remarks(sampling[0])
    if not by_factor:
        return Reading(tuple(sampling), _lengths(given[asked]), remarks)
    factors = _factors(given[asked])

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        outs = tuple(
            None if factor is None else max(1, round(n_in * float(factor)))
            for n_in, factor in zip(ins, factors, strict=True)
        )
        return Reading(tuple(sampling), outs, remarks)

    scaled = tuple(_by_factor(*pair) for pair in zip(sampling, factors, strict=True))
    found = Reading(scaled, (None, None), remarks, by_lengths)
    return found if length is None else found.at((length, length))


def _lengths(shape: object) -> tuple[int | None, ...]:
    """Return the lengths of a shape, without that of the channels."""
    items = listed(shape)
    if items is None or len(items) != 3:
        return open_lengths("output_shape", shape, 2)
    return open_lengths("output_shape", items, 3)[:2]


def _blurs(value: object) -> bool:
    return True if value is None else flag("anti_aliasing", value)


def _sigmas(value: object) -> tuple[Fraction | None, ...]:
    """Return the standard deviation along each axis; None for that of the lengths."""
    items = listed(value) or (value, value)
    if value is None:
        return (None, None)
    found = tuple(number_of(SIGMA, item) for item in items)
    if len(found) not in {2, 3} or min(found) < 0:
        raise ConventionError(f"{SIGMA} is {value!r}, expected a number of at least 0 an axis")
    return found[:2]


def _factors(value: object) -> tuple[Fraction | None, ...]:
    items = listed(value)
    items = (value, value) if items is None else items * (2 if len(items) == 1 else 1)
    if len(items) != 2:
        raise ConventionError(f"scale is {value!r}, expected one number or two")
    return tuple(None if isinstance(item, Symbol) else exact("scale", item) for item in items)


def _by_factor(sampling: Sampling, factor: Fraction | None) -> Sampling:
    """Return a sampling with a whole factor as its scale: the ratio of its lengths is the same."""
    whole_one = factor is not None and factor.denominator == 1
    plain = isinstance(sampling.kernel, Linear | Nearest)
    return replace(sampling, scale=factor) if whole_one and plain else sampling


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial > 2:
        return None
    scale = None if sampling.scale == 1 else sampling.scale
    if scale is not None and scale.denominator != 1:
        return None
    wanted = canonical(sampling.by_size())
    for text, meaning in _every():
        if canonical(meaning) == wanted:
            by_factor = text.replace(RESIZE, f"skimage.transform.rescale(x, {scale}")
            return text if scale is None else by_factor
    return None


CLIPPED: Final = Remark(
    "rounding",
    "results are cut off at the least and the greatest value of the image, unless clip=False",
    ran="scikit-image 0.26.0",
)


def _remarks(sampling: Sampling) -> tuple[Remark, ...]:
    """Return what a call does beside the weights: a mean of pixels needs no cutting off."""
    then = sampling.kernel.then if isinstance(sampling.kernel, Blurred) else sampling
    mean = isinstance(then.kernel, Linear | Nearest) and then.border != "zero"
    return () if mean else (CLIPPED,)


CONVENTION = Convention(
    "scikit-image",
    ("skimage.transform.resize", "skimage.transform.rescale"),
    _read,
    _write,
    examples=tuple(EXAMPLES.items()),
    source="scikit-image 0.26 transform/_warps.py, SciPy 1.17 ndimage/_filters.py",
    ran="scikit-image 0.26.0",
    remarks=(
        Remark("axis order", "a size is (height, width)"),
        Remark(
            "input",
            "bytes become floats from 0 to 1, unless preserve_range=True or order=0",
            dtype="uint8",
        ),
        Remark("input", "an image of integers is not blurred at order 0 where nothing is said"),
        Remark("output length", "scale times the length is rounded to the nearest, ties to even"),
    ),
    library=Library(
        (("skimage", "skimage"), ("transform", "skimage.transform")),
        lambda image: image,
        lambda made: made,
    ),
)
