"""SciPy's names: ndimage.zoom with its order, mode and grid_mode.

========================= ============== ==================================================
order                     grid_mode      source coordinate and kernel
========================= ============== ==================================================
0                         False          align_corners, nearest, half up
0                         True           half_pixel, nearest, half up
1                         False          align_corners, linear
1                         True           half_pixel, linear; what is beyond the border by mode
2 to 5                    False          align_corners, a spline through the pixels
2 to 5                    True           half_pixel, a spline through the pixels
========================= ============== ==================================================

Modes say what is beyond the border, and so what the spline's prefilter takes to be there:

========================= ==================================================================
mode                      the image goes on
========================= ==================================================================
constant, wrap            turned over the border pixel's centre, as `mirror`: their own border
                          is for coordinates outside the image, which only grid_mode has
mirror                    turned over the border pixel's centre
reflect, grid-mirror      turned over its edge
nearest                   by 12 pixels of the border pixel, then as `reflect`
grid-constant             by 12 pixels of cval, then as `mirror`
grid-wrap                 again
========================= ==================================================================

The default is order 3, mode constant, grid_mode False: a cubic spline at align_corners. Nothing is
antialiased. zoom is a factor, and the output length n * zoom is rounded to the nearest, ties to
even; coordinates then use the ratio of the two lengths, never the factor. A size is asked for by
``zoom=(height / x.shape[0], width / x.shape[1])``.

SciPy computes coordinates in float64: one that is the last pixel's, or on a tie, may be beyond it.
There mode constant gives cval, and order 0 reads the neighbour (length 50 to 99, order 0).

Source: SciPy 1.17 `ndimage/_interpolation.py` (zoom, _prepad_for_spline_filter),
`ndimage/src/ni_interpolation.c` (NI_ZoomShift, map_coordinate), `ni_splines.c`.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Library, Reading, Remark
from halfpixel.conventions.meaning import RATIOS, choice, flag, whole
from halfpixel.conventions.meaning import length as a_length
from halfpixel.conventions.python_call import Symbol, exact, listed, parse
from halfpixel.errors import ConventionError
from halfpixel.sampling import Coordinate, Linear, Nearest, Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.kernel import Border
from halfpixel.sampling.kernels.spline import Spline

BORDERS: Final[dict[str, Border]] = {
    "constant": "mirror",
    "wrap": "mirror",
    "mirror": "mirror",
    "reflect": "symmetric",
    "grid-mirror": "symmetric",
    "nearest": "symmetric",
    "grid-constant": "mirror",
    "grid-wrap": "wrap",
}
"""How the spline's prefilter goes on beyond the border, and beyond what is put around it."""

PADDED: Final[dict[str, Border]] = {"nearest": "clamp", "grid-constant": "zero"}
"""Modes that put 12 pixels around the image, and what these are."""

PAD: Final = 12

LINEAR: Final[dict[str, Border]] = {
    "reflect": "clamp",
    "grid-mirror": "clamp",
    "nearest": "clamp",
    "mirror": "mirror",
    "grid-constant": "zero",
    "grid-wrap": "wrap",
}
"""What is beyond the border of grid_mode at order 1; a linear kernel reaches one pixel beyond."""


def read(
    order: int = 3, mode: str = "constant", *, grid_mode: bool = False, prefilter: bool = True
) -> Sampling:
    """Return what ndimage.zoom computes along one axis.

    Raises:
        ConventionError: an order or a mode that there is not, or that is not described.

    >>> read(1, "nearest", grid_mode=True)
    Sampling(coordinate='half_pixel', kernel=Linear(antialias=False), scale=None, \
exclude_outside=False, roi=(Fraction(0, 1), Fraction(1, 1)), extrapolate=False, \
copies_same_length=False, border='clamp')
    """
    choice("mode", mode, BORDERS)
    if not 0 <= order <= 5:
        raise ConventionError(f"order is {order}, expected 0 to 5")
    loose = grid_mode and mode in {"constant", "wrap"}
    if loose and (order > 1 or mode == "wrap"):
        raise ConventionError(
            f"mode {mode} beside grid_mode=True and order {order} is not described, "
            f"SciPy itself recommends grid-{mode}"
        )
    coordinate: Coordinate = "half_pixel" if grid_mode else "align_corners"
    if order == 0:
        return Sampling(coordinate, Nearest("round_prefer_ceil"), extrapolate=loose)
    if order == 1:
        border = LINEAR.get(mode, "clamp") if grid_mode else "clamp"
        return Sampling(coordinate, Linear(), extrapolate=loose, border=border)
    if prefilter:
        padding = PADDED.get(mode)
        pad = 0 if padding is None else PAD
        kernel = Spline(order, coordinate, BORDERS[mode], pad, padding or "clamp")
    elif grid_mode and mode == "nearest":
        raise ConventionError("mode nearest beside prefilter=False is not described in grid_mode")
    else:
        kernel = Spline(order, coordinate, PADDED.get(mode, BORDERS[mode]), prefilter=False)
    return Sampling(coordinate, kernel)


ZOOM: Final = "ndimage.zoom(x, zoom"
SAID: Final = (
    (0, "", False),
    (1, "", False),
    (3, "", False),
    (3, "reflect", False),
    (3, "nearest", False),
    (0, "nearest", True),
    (1, "nearest", True),
    (1, "mirror", True),
    (1, "grid-constant", True),
    (1, "grid-wrap", True),
    (3, "nearest", True),
    (3, "reflect", True),
    (3, "mirror", True),
    (3, "grid-constant", True),
    (3, "grid-wrap", True),
)
"""(order, mode, grid_mode) of the examples; no mode is the default."""


def _text(order: int, mode: str, *, grid_mode: bool, prefilter: bool = True) -> str:
    more = f', mode="{mode}"' if mode else ""
    more += ", grid_mode=True" if grid_mode else ""
    return f"{ZOOM}, order={order}{more}{'' if prefilter else ', prefilter=False'})"


EXAMPLES: Final = {
    _text(order, mode, grid_mode=grid): read(order, mode or "constant", grid_mode=grid)
    for order, mode, grid in SAID
}


def _every() -> Iterator[tuple[str, Sampling]]:
    """Yield every call that has a meaning of its own, the examples first."""
    yield from EXAMPLES.items()
    for order in range(6):
        for mode in ("", *BORDERS):
            for grid in (False, True):
                for prefilter in (True, False):
                    try:
                        found = read(order, mode or "constant", grid_mode=grid, prefilter=prefilter)
                    except ConventionError:
                        continue
                    yield _text(order, mode, grid_mode=grid, prefilter=prefilter), found


BY_SHAPE: Final = re.compile(r"(?P<length>\S+) / [\w.]+\.shape\[-?\d\]")
"""A factor that makes a length of the input's."""


def _read(text: str, length: int | None) -> Reading:
    given = parse(text).bind(
        "input", "zoom", "output", "order", "mode", "cval", "prefilter", "grid_mode"
    )
    prefilter, grid = flag("prefilter", given.get("prefilter", True)), given.get("grid_mode", False)
    sampling = read(
        whole("order", given.get("order", 3)),
        str(given.get("mode", "constant")),
        grid_mode=flag("grid_mode", grid),
        prefilter=prefilter,
    )
    if given.get("zoom") is None:
        raise ConventionError("zoom is not given")
    factors = [_factor(item) for item in _axes(given["zoom"])]
    samplings = tuple(_by_factor(sampling, factor) for factor in factors)
    asked = tuple(factor if isinstance(factor, int) else None for factor in factors)
    if not any(isinstance(factor, Fraction) for factor in factors):
        return Reading(samplings, asked)

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        outs = tuple(
            output_length(n_in, factor) if isinstance(factor, Fraction) else factor
            for n_in, factor in zip(ins, factors, strict=True)
        )
        if 0 in outs:
            raise ConventionError("the output has length 0")
        return Reading(samplings, outs)

    found = Reading(samplings, asked, by_lengths=by_lengths)
    return found if length is None else found.at((length,) * len(factors))


def output_length(n_in: int, factor: Fraction) -> int:
    """Return the output length that a zoom asks for, rounded as SciPy does.

    >>> output_length(5, Fraction(1, 2)), output_length(7, Fraction(1, 2))
    (2, 4)
    """
    return round(n_in * float(factor))


def _axes(zoom: object) -> tuple[object, ...]:
    """Return the factor of each spatial axis; one number is for all, and of three a last 1 none."""
    items = listed(zoom)
    if items is None:
        return (zoom, zoom)
    items = items[:-1] if len(items) == 3 and items[-1] == 1 else items
    if not 1 <= len(items) <= 3:
        raise ConventionError(f"zoom has {len(items)} factors, expected 1 to 3")
    return items


def _factor(value: object) -> Fraction | int | None:
    """Return a factor; the output length where it is written as one; None where it is open."""
    if not isinstance(value, Symbol):
        return exact("zoom", value)
    found = BY_SHAPE.fullmatch(value.text)
    return a_length("zoom", found["length"]) if found and found["length"].isdecimal() else None


def _by_factor(sampling: Sampling, factor: Fraction | int | None) -> Sampling:
    """Return a sampling with a whole factor as its scale: the ratio of its lengths is the same."""
    whole_one = isinstance(factor, Fraction) and factor.denominator == 1
    smooth = isinstance(sampling.kernel, Linear | Nearest) and sampling.coordinate in RATIOS
    return replace(sampling, scale=factor) if whole_one and smooth else sampling


def _write(sampling: Sampling, spatial: int) -> str | None:
    del spatial  # a factor for every axis
    scale = None if sampling.scale == 1 else sampling.scale
    if scale is not None and scale.denominator != 1:
        return None
    wanted = canonical(sampling.by_size())
    for text, meaning in _every():
        if canonical(meaning) == wanted:
            return text if scale is None else text.replace("(x, zoom", f"(x, {scale}")
    return None


CUT_OFF: Final = Remark(
    "rounding", "results are cut off to whole grey levels", dtype="uint8", kernels=("blend",)
)

CONVENTION = Convention(
    "SciPy",
    ("scipy.ndimage.zoom", "ndimage.zoom", "ndi.zoom"),
    _read,
    _write,
    examples=tuple(EXAMPLES.items()),
    source="SciPy 1.17 ndimage/_interpolation.py, ndimage/src/ni_interpolation.c, ni_splines.c",
    ran="SciPy 1.17.1",
    remarks=(
        Remark("output length", "zoom times the length is rounded to the nearest, ties to even"),
        Remark(
            "arithmetic",
            "a coordinate in float64 may be beyond the last pixel, where mode constant gives cval",
            ran="SciPy 1.17.1",
        ),
        CUT_OFF,
        Remark("axis order", "zoom has a factor for every axis, that of the channels too"),
    ),
    library=Library(
        (("scipy", "scipy"), ("ndimage", "scipy.ndimage"), ("ndi", "scipy.ndimage")),
        lambda image: image,
        lambda made: made,
    ),
)
