"""Both calls of a comparison, run on the same images: how far apart they really are.

Either is held against its own exact weights too, which tells what it does beside them.
"""

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.checking.comparing.result import Comparison, Measured, Measurement
from halfpixel.checking.comparing.side import Side
from halfpixel.checking.equivalents import filled
from halfpixel.convention import Library
from halfpixel.errors import ConventionError, HalfpixelError, UsageError
from halfpixel.runtimes.size import MOST_EXACT, check_values
from halfpixel.sampling import Resize
from halfpixel.verifying.libraries.call import is_installed, release, run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

USUAL: Final = (7, 9)
"""Input length and output length of an axis of which nothing is known."""

LEVELS: Final = 255


def measured(found: Comparison, seed: int = 0) -> Comparison:
    """Return a comparison with what running both of its calls came to, or why they were not run."""
    try:
        made = measure(found, seed)
    except HalfpixelError as error:
        made = Measurement(str(error))
    return replace(found, measurement=made)


def measure(found: Comparison, seed: int = 0) -> Measurement:
    """Run both calls of a comparison on the same images.

    Args:
        found: the comparison, of two calls over two axes.
        seed: of the images, which are noise.

    Raises:
        UsageError: a side is no call, its library is not there, or lengths are open.
        RuntimeRefusal: a library refuses its call.
    """
    sides = found.a, found.b
    a, b = (_library(side) for side in sides)
    if found.lengths:
        raise UsageError("their output lengths differ")
    ins, outs = _lengths(found)
    check_values("an image", ins, outs, most=MOST_EXACT)
    calls = tuple(_written(side, ins, outs) for side in sides)
    types = [dtype for dtype in a.dtypes if dtype in b.dtypes]
    return Measurement(
        "", ins, outs, (calls[0], calls[1]), (release(a), release(b)),
        tuple(_measured(found, calls, dtype, ins, outs, seed) for dtype in types),
    )  # fmt: skip


def _library(side: Side) -> Library:
    """Return the library of a side.

    Raises:
        UsageError: it is no call, or its library is not there.
    """
    convention = side.convention
    if convention is None or side.site is not None or side.axes != len(USUAL):
        raise UsageError(f"{side.text}: calls that resize images are run")
    if convention.library is None or not is_installed(convention):
        raise UsageError(f"{side.text}: what runs {side.name} is not installed")
    return convention.library


def _lengths(found: Comparison) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return lengths at which both are run: those that are compared, or those that show it."""
    pairs: list[tuple[int, int]] = []
    for axis in found.axes or ():
        n_in, n_out = axis.lengths
        if axis.shown is not None:
            n_in, n_out = axis.shown.n_in, axis.shown.n_out
        if n_in is None:
            n_in = USUAL[0]
        pairs.append((n_in, n_out or _made(found, len(pairs), n_in)))
    if len(pairs) != len(USUAL):
        raise UsageError("images of two axes are run")
    return tuple(n for n, _ in pairs), tuple(m for _, m in pairs)


def _made(found: Comparison, axis: int, n_in: int) -> int:
    """Return what a factor makes of a length; a usual one where nothing says."""
    for side in (found.a, found.b):
        try:
            length = side.at((n_in,) * side.axes).lengths[axis]
        except ConventionError:
            continue
        if length is not None:
            return length
    return max(1, int(n_in * found.scale)) if found.scale is not None else USUAL[1]


def _written(side: Side, ins: tuple[int, ...], outs: tuple[int, ...]) -> str:
    """Return a call with every length written out."""
    if side.convention is None:
        return side.text
    return filled(side.convention, side.text, list(zip(ins, outs, strict=True)))


def _measured(  # noqa: PLR0913, PLR0917 - both calls, and the image
    found: Comparison,
    calls: tuple[str, ...],
    dtype: str,
    ins: tuple[int, ...],
    outs: tuple[int, ...],
    seed: int,
) -> Measured:
    import numpy as np

    image = noise(ins, dtype, seed)
    made: list[NDArray[np.float64]] = []
    own: list[float | None] = []
    for side, text in zip((found.a, found.b), calls, strict=True):
        if side.convention is None:
            continue
        array = np.asarray(run(side.convention, text, image), np.float64)
        made.append(array)
        exact = _exact(side, image, outs)
        fits = exact is not None and exact.shape == array.shape
        own.append(float(np.abs(array - exact).max()) if fits and exact is not None else None)
    if made[0].shape != made[1].shape:
        raise UsageError(f"a makes {made[0].shape} of an image of {ins}, b {made[1].shape}")
    gap = np.abs(made[0] - made[1])
    return Measured(dtype, float(gap.max()), float(gap.mean()), (own[0], own[1]))


def _exact(
    side: Side, image: "NDArray[np.generic]", outs: tuple[int, ...]
) -> "NDArray[np.float64] | None":
    """Return what a call's exact weights make of an image; None where they are not known."""
    try:
        samplings = side.at(image.shape).samplings
        axes = tuple((axis, one) for axis, one in enumerate(samplings) if one is not None)
        return Resize(axes).evaluate(image, outs)
    except (HalfpixelError, ValueError):
        return None


def noise(shape: tuple[int, ...], dtype: str, seed: int = 0) -> "NDArray[np.generic]":
    """Return an image of noise, of 0 to 1, or of every level of whole numbers.

    >>> noise((2, 3), "uint8").dtype.name, noise((2, 3), "float32").shape
    ('uint8', (2, 3))
    """
    import numpy as np

    random = np.random.default_rng(seed)
    if dtype == "uint8":
        return random.integers(0, LEVELS + 1, shape, np.uint8)
    return random.random(shape).astype(dtype)
