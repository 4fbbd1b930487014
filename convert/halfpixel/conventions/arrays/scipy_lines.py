"""What SciPy reads along a line of coordinates: ndimage.zoom's kernels, beyond the border too."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.conventions.arrays.scipy_zoom import read
from halfpixel.errors import ConventionError
from halfpixel.sampling import Coordinate, Linear, Nearest, Sampling
from halfpixel.sampling.coordinate import HALF, ZERO, Line
from halfpixel.sampling.kernel import Border
from halfpixel.sampling.kernels.spline import Spline

FOLDED: Final[Mapping[str, Border]] = {"reflect": "symmetric", "grid-mirror": "symmetric"}
"""Modes that turn the image over its edge, beyond which zoom reads no more than a pixel."""


def along(
    line: Coordinate | Line, count: int | None, order: int, mode: str, *, prefilter: bool = True
) -> tuple[Sampling, int | None]:
    """Return what an axis reads, and the one input length that it is for.

    Args:
        line: the rule that its coordinates follow, or the coordinates where no length is in them.
        count: output length, where it is known.
        order: degree of the spline.
        mode: what is beyond the border.
        prefilter: whether the spline goes through the pixels.

    Returns:
        The sampling; and a length, of a spline along a line, or None for any.

    Raises:
        ConventionError: an order or a mode that is not described there.

    >>> made, n_in = along(Line(Fraction(1, 2), Fraction(0)), 9, 3, "mirror")
    >>> made.coordinate, n_in
    ('align_corners', 5)
    """
    n_in: int | None = None
    if line == Line(ZERO, ZERO) and count == 1:
        line = "align_corners"
    if isinstance(line, Line) and order > 1:
        line, n_in = _of_one_length(line, count)
    if line == "align_corners":
        return read(order, mode, prefilter=prefilter), n_in
    made = read(order, mode, grid_mode=True, prefilter=prefilter)
    kernel = made.kernel
    if line == "half_pixel":
        return made, n_in
    if isinstance(kernel, Nearest) and mode not in {"constant", "nearest"}:
        if mode not in FOLDED or isinstance(line, Line):
            raise ConventionError(f"order 0 beyond the border of mode {mode} is not described")
    elif isinstance(kernel, Linear):
        made = replace(made, border=FOLDED.get(mode, made.border))
    if isinstance(line, Line):
        return _at_line(made, line, count), None
    kernel = replace(kernel, coordinate=line) if isinstance(kernel, Spline) else kernel
    return replace(made, coordinate=line, kernel=kernel), n_in


def _at_line(made: Sampling, line: Line, count: int | None) -> Sampling:
    step = line.step or Fraction(count == 1)  # one sample has none
    if step <= 0:
        raise ConventionError(f"the step {step} of the coordinates is not positive")
    if line.start == 0:
        return replace(made, coordinate="asymmetric", scale=1 / step)
    if line.start == step / 2 - HALF:
        return replace(made, coordinate="half_pixel", scale=1 / step)
    first = line.start - step / 2 + HALF
    roi = (first, first + 1)
    return replace(made, coordinate="box_start_half_pixel", scale=1 / step, roi=roi)


def _of_one_length(line: Line, count: int | None) -> tuple[Coordinate, int]:
    """Return the rule that a line follows for an image of one length."""
    if count is not None and count > 1:
        last, length = line.at(count - 1), line.step * count
        if line.start == 0 and last.denominator == 1:
            return "align_corners", int(last) + 1
        if line.start == line.step / 2 - HALF and length.denominator == 1:
            return "half_pixel", int(length)
    raise ConventionError(
        "a spline reads a line that ends at no last pixel: what it reads beyond is not described"
    )
