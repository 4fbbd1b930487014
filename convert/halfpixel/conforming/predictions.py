"""What onnxruntime computes where it differs: each known cause predicts what comes out."""

from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from halfpixel.checking.check import sites
from halfpixel.conforming.conformance import Result
from halfpixel.conforming.models import KEPT, Config, model_of
from halfpixel.sampling import GridSample, Linear, Nearest, Resize, Sampling
from halfpixel.sampling.difference import ULP
from halfpixel.sampling.resize import along_axis
from halfpixel.verifying.measure import difference, rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array


CLOSE: Final = Fraction(1, 100_000)
"""Distance from a rounding boundary, in pixels, at which float32 decides on a short axis."""

ROUNDED: Final = 2 * ULP
"""The same an input pixel, on a long one: four roundings of a number up to the length."""


TWO_PASSES: Final = 2.5
"""Error of two truncations, of which the second blends the first."""

TIE_TOLERANCE: Final = 5e-4
"""Error of a float32 blend of unit noise."""

AFTER_PASSES: Final = 2
"""Error of fixed-point weights after two roundings."""


def attribute_of(result: Result, name: str) -> object:
    """Return an attribute of what was run; None where it has none of the name."""
    return dict(result.config.attributes).get(name)


def numbers_of(result: Result) -> "tuple[Array, Array, NDArray[np.float64]] | None":
    """Return input, output and exact output; None where they cannot be compared."""
    import numpy as np

    given, found, meant = result.given, result.found, result.meant
    if given is None or found is None or meant is None or found.shape != meant.shape:
        return None
    finite = np.isfinite(found.astype(np.float64)).all()
    return (given, found, meant.astype(np.float64)) if finite else None


def copies(result: Result) -> bool:
    """Whether the output is the input, whatever the scale."""
    numbers = numbers_of(result)
    if numbers is None or result.config.op != "Resize" or result.config.case != KEPT:
        return False
    given, found, _ = numbers
    return difference(found, given).equal


def ties(result: Result) -> bool:
    """Whether each wrong sample is the neighbour across a boundary that its coordinate is on."""
    operator, numbers = operator_of(result), numbers_of(result)
    if not isinstance(operator, Resize) or numbers is None:
        return False
    axes = dict(operator.axes)
    given, found, meant = numbers
    choices = [
        _pixels(axes.get(axis), given.shape[axis], length)
        for axis, length in enumerate(found.shape)
    ]
    if any(choice is None for choice in choices):
        return False
    for place in zip(*(found != rounded(meant, found)).nonzero(), strict=True):
        near = [(choice or ())[int(i)] for choice, i in zip(choices, place, strict=True)]
        if not any(given[pixel] == found[place] for pixel in product(*near)):
            return False
    return True


def _pixels(sampling: Sampling | None, n_in: int, n_out: int) -> tuple[tuple[int, ...], ...] | None:
    """Return the pixels that float32 may read for each output sample; None where not nearest."""
    if sampling is None:
        return tuple((i,) for i in range(n_out))
    kernel = sampling.kernel
    if not isinstance(kernel, Nearest):
        return None
    exact = sampling.weights(n_in, n_out)
    positions = replace(sampling, kernel=Linear()).weights(n_in, n_out).positions
    halves = Fraction(1, 2) if kernel.rounding.startswith("round") else Fraction(0)
    found: list[tuple[int, ...]] = []
    for row, position in zip(exact.rows, positions, strict=True):
        pixel = row[0][0] if row else 0
        moved = position + halves
        near = abs(moved - round(moved)) < max(CLOSE, n_in * ROUNDED)
        around = (pixel - 1, pixel, pixel + 1) if near else (pixel,)
        found.append(tuple(p for p in around if 0 <= p < n_in))
    return tuple(found)


def operator_of(result: Result) -> object:
    """Return the exact description of what was run."""
    return _described(result.config) if result.operator is None else result.operator


@lru_cache(maxsize=64)
def _described(config: Config) -> object:
    (site,) = sites(model_of(config))
    return site.operator


def keeps_negative(result: Result) -> bool:
    """Whether each negative axis stayed under a policy, and the shape is wrong for it."""
    axes, policy = attribute_of(result, "axes"), attribute_of(result, "keep_aspect_ratio_policy")
    if result.given is None or result.found is None or policy in {None, "stretch"}:
        return False
    negative = [axis for axis in cast("Sequence[int]", axes or ()) if axis < 0]
    return bool(negative) and all(
        result.found.shape[axis] == result.given.shape[axis] for axis in negative
    )


def copies_axis(result: Result) -> bool:
    """Whether axes whose length stays were copied, and the others are as they should be.

    What a crop says lies outside is outside along such an axis, too.
    """
    numbers, operator = numbers_of(result), operator_of(result)
    if numbers is None or not isinstance(operator, Resize):
        return False
    given, found, _ = numbers
    moved = [(a, s) for a, s in operator.axes if given.shape[a] != found.shape[a]]
    if len(moved) == len(operator.axes):
        return False
    y = Resize(tuple(moved), operator.extrapolation_value).evaluate(given, found.shape)
    for axis, sampling in operator.axes:
        outside = sampling.weights(given.shape[axis], found.shape[axis]).outside
        y.swapaxes(0, axis)[sorted(outside)] = operator.extrapolation_value
    return difference(found, rounded(y, found)).equal


def nearest_grid(result: Result) -> bool:
    """Whether the pixels of a nearest GridSample are those of float32 coordinates."""
    import numpy as np

    numbers, operator, grid = numbers_of(result), operator_of(result), result.grid
    if numbers is None or grid is None or not isinstance(operator, GridSample):
        return False
    if operator.mode != "nearest" or grid.dtype != np.float32:
        return False
    given, found, _ = numbers
    lengths = np.array(given.shape[:1:-1], np.float32)
    one, half, moved = np.float32(1), np.float32(0.5), grid.astype(np.float32) + np.float32(1)
    places = moved * half * (lengths - one)
    if not operator.align_corners:
        places = (moved * lengths - one) * half
    y = operator.sample(given, np.rint(places).astype(np.float64))
    return difference(found, rounded(y, found)).equal


def whole_numbers(result: Result) -> bool:
    """Whether a blend was truncated, or with antialias rounded and clipped after each axis."""
    import numpy as np

    numbers = numbers_of(result)
    if numbers is None or result.config.dtype not in {"int32", "int64", "uint8", "int8"}:
        return False
    _, found, meant = numbers
    off = np.abs(found.astype(np.float64) - meant.astype(np.float64)).max()
    if not attribute_of(result, "antialias"):
        return bool(off < 1 + CLOSE)
    if result.config.dtype == "int32":
        return bool(off < TWO_PASSES)
    low, high = (0, 255) if result.config.dtype == "uint8" else (-128, 127)
    return _by_passes(result, low, high)


def unsigned(result: Result) -> bool:
    """Whether the passes of an antialiased int8 image were clipped to 0 to 255."""
    return result.config.dtype == "int8" and _by_passes(result, 0, 255)


def _by_passes(result: Result, low: int, high: int) -> bool:
    """Whether each axis in turn, the last first, was rounded and clipped."""
    import numpy as np

    numbers, operator = numbers_of(result), operator_of(result)
    if numbers is None or not isinstance(operator, Resize) or not attribute_of(result, "antialias"):
        return False
    given, found, _ = numbers
    y = given.astype(np.float64)
    for axis, sampling in reversed(operator.axes):
        y = along_axis(sampling.weights(y.shape[axis], found.shape[axis]), y, axis)
        y = np.clip(np.rint(y), low, high).astype(np.int64).astype(found.dtype).astype(np.float64)
    return bool(np.abs(found.astype(np.float64) - y).max() <= AFTER_PASSES)


def single_row(result: Result) -> bool:
    """Whether the corners of one pixel were taken to be at +1."""
    numbers = numbers_of(result)
    aligned = attribute_of(result, "align_corners") == 1
    if numbers is None or result.config.op != "AffineGrid" or not aligned:
        return False
    theta, found, _ = numbers
    lengths = result.config.outs[2:]
    return difference(found, _grid(theta.astype("float64"), lengths)).equal


def _grid(theta: "NDArray[np.float64]", lengths: tuple[int, ...]) -> "NDArray[np.float64]":
    """Return an aligned grid that starts at +1 where there is one sample."""
    import numpy as np

    base = [np.linspace(-1, 1, n) if n > 1 else np.ones(1) for n in lengths]
    axes = np.meshgrid(*base, indexing="ij")
    points = np.stack([*reversed(axes), np.ones_like(axes[0])], axis=-1)
    flat = points.reshape(-1, points.shape[-1])
    grids = [flat @ one.T for one in theta]
    return np.stack(grids).reshape(len(theta), *lengths, len(lengths))
