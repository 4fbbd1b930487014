"""What Core ML's resample, affine and crop_resize compute, in formulas."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

from halfpixel.sampling import AffineGrid, AffineSample, CropResize, Resample
from halfpixel.sampling.crop import CropCoordinate
from halfpixel.sampling.resample import Units

UNITS: Final[Mapping[Units, tuple[str, str, tuple[Fraction, ...]]]] = {
    "unnormalized": ("g", "g", tuple(Fraction(k) for k in range(-1, 4))),
    "normalized_minus_one_to_one": (
        "(g + 1) / 2 * (n - 1)",
        "((g + 1) * n - 1) / 2",
        tuple(Fraction(k, 2) for k in range(-2, 3)),
    ),
    "normalized_zero_to_one": (
        "g * (n - 1)",
        "g * n - 1/2",
        tuple(Fraction(k, 4) for k in range(5)),
    ),
}
"""Where a coordinate lies with the corners aligned, without, and coordinates that are shown."""

BOXES: Final[Mapping[CropCoordinate, str]] = {
    "align_corners": "i * (X - 1) / (N - 1); 0 where N is 1",
    "tf_crop_and_resize": "i * (X - 1) / (N - 1); (X - 1) / 2 where N is 1",
    "asymmetric": "i * X / N",
    "coreml_offset_corners": "(i + 1/2) * max(1, X - 1) / N",
    "half_pixel": "(i + 1/2) * X / N - 1/2",
}
"""How far from the start of a box sample i of N lies, where the box is X pixels long."""


def sampler_lines(operator: Resample | AffineSample | CropResize, length: int) -> Iterator[str]:
    """Yield what an operator computes.

    Args:
        operator: the operator.
        length: the length that numbers are shown for.

    >>> list(sampler_lines(Resample("linear", "constant", 1.5), 4))[0].strip()
    'kernel: linear; beyond the border: 1.5'
    """
    match operator:
        case Resample():
            yield from _resample(operator, length)
        case AffineSample(grid, sample, output):
            height, width = output
            yield f"  an image of {height} x {width}, sampled at theta times (x, y, 1)"
            yield f"  base coordinate of output i along an axis of length n: {_base(grid)}"
            yield from _resample(sample, length)
        case CropResize():
            yield from _crop_resize(operator)


def _base(grid: AffineGrid) -> str:
    if not grid.align_corners:
        return "(2 * i + 1) / n - 1"
    return f"2 * i / (n - 1) - 1; {grid.single:g} where n is 1"


def _resample(operator: Resample, length: int) -> Iterator[str]:
    outside = {
        "constant": f"{operator.value:g}",
        "border": "the border pixel",
        "reflection": "the image, mirrored at the centres of the border pixels",
        "symmetric": "the image, mirrored at the outer edges of the border pixels",
    }
    aligned, halves, places = UNITS[operator.coordinates]
    formula = aligned if operator.align_corners else halves
    yield f"  kernel: {operator.mode}; beyond the border: {outside[operator.padding]}"
    yield f"  source coordinate of grid value g along an axis of length n: {formula}"
    shown = " ".join(f"{float(g):g}" for g in places)
    read = " ".join(f"{float(operator.source_coordinate(g, length)):g}" for g in places)
    yield f"  at length {length}, grid values {shown} read: {read}"


def _crop_resize(operator: CropResize) -> Iterator[str]:
    order = operator.order.replace("_", " ").lower()
    units = "0 and 1 are the centres of the border pixels" if operator.normalized else "in pixels"
    scale = f", times {operator.spatial_scale:g}" if operator.spatial_scale != 1 else ""
    height, width = operator.output
    yield f"  boxes as {order}, {units}{scale}; patches of {height} x {width}"
    yield f"  kernel: {operator.mode}; beyond the border: {operator.pad_value or 0:g}"
    away = BOXES[operator.coordinate]
    yield f"  sample i of N, in a box of X = end - start + 1 pixels: start + {away}"
