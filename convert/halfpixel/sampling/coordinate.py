"""Where an output sample reads the input: the source coordinate, as an exact line.

Every coordinate mode of every framework is affine in the output index `i`, once the two
lengths of the axis and (where one was given) the scale are fixed::

    x(i) = step * i + start            in input pixels, pixel centres on the integers

So a mode is a function from (n_in, n_out, scale, roi) to a `Line`, and two modes agree at
given lengths exactly when their lines do.

Sources: ONNX operator Resize-19 (attribute coordinate_transformation_mode); PyTorch
`aten/src/ATen/native/UpSample.h` (area_pixel_compute_scale and _source_index, in the
releases up to 1.9 and from 1.10 on) and `cpu/UpSampleKernel.cpp` for antialias; coremltools
`converters/mil/mil/ops/defs/iOS15/image_resizing.py` (sampling_mode of resize_bilinear).
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct

Coordinate = Literal[
    "align_corners",
    "half_pixel",
    "pytorch_half_pixel",
    "pytorch_1_9_half_pixel",
    "half_pixel_symmetric",
    "asymmetric",
    "tf_half_pixel_for_nn",
    "tf_crop_and_resize",
    "pytorch_antialias_align_corners",
    "coreml_offset_corners",
    "box_half_pixel",
    "box_start_half_pixel",
]
"""A name for one rule; those that ONNX has carry ONNX's name."""

HALF: Final = Fraction(1, 2)
ZERO: Final = Fraction(0)
ONE: Final = Fraction(1)
WHOLE: Final = (ZERO, ONE)
"""The roi of a whole axis."""


class Line(Struct, frozen=True):
    """The source coordinate of output sample `i` is ``step * i + start``, in input pixels.

    >>> Line(Fraction(1, 2), Fraction(-1, 4)).at(3)
    Fraction(5, 4)
    """

    step: Fraction
    start: Fraction

    def at(self, index: int) -> Fraction:
        """Return the source coordinate of output sample `index`."""
        return self.step * index + self.start


class Axis(Struct, frozen=True):
    """The lengths of one axis and what was given beside them.

    Attributes:
        n_in: input length, at least 1.
        n_out: output length, at least 1.
        scale: output samples an input sample as it was given; None where a size was given.
        roi: start and end of tf_crop_and_resize, in units of ``n_in - 1``; of box_half_pixel and
            box_start_half_pixel, edges in input pixels.
    """

    n_in: int
    n_out: int
    scale: Fraction | None = None
    roi: tuple[Fraction, Fraction] = WHOLE

    @property
    def ratio(self) -> Fraction:
        """Input pixels an output sample: 1 / scale where given, else n_in / n_out."""
        return Fraction(self.n_in, self.n_out) if self.scale is None else 1 / self.scale


def _half_pixel(axis: Axis) -> Line:
    return Line(axis.ratio, axis.ratio / 2 - HALF)


def _asymmetric(axis: Axis) -> Line:
    return Line(axis.ratio, ZERO)


def _tf_half_pixel_for_nn(axis: Axis) -> Line:
    return Line(axis.ratio, axis.ratio / 2)


def _pytorch_half_pixel(axis: Axis) -> Line:
    return _half_pixel(axis) if axis.n_out > 1 else Line(ZERO, ZERO)


def _pytorch_1_9_half_pixel(axis: Axis) -> Line:
    return _half_pixel(axis) if axis.n_out > 1 else Line(ZERO, -HALF)


def _half_pixel_symmetric(axis: Axis) -> Line:
    line = _half_pixel(axis)
    uncovered = axis.n_in - axis.n_out * axis.ratio
    return Line(line.step, line.start + uncovered / 2)


def _align_corners(axis: Axis) -> Line:
    step = Fraction(axis.n_in - 1, axis.n_out - 1) if axis.n_out > 1 else ZERO
    return Line(step, ZERO)


def _pytorch_antialias_align_corners(axis: Axis) -> Line:
    step = _align_corners(axis).step
    return Line(step, step / 2 - HALF)


def _tf_crop_and_resize(axis: Axis) -> Line:
    first, last = axis.roi
    if axis.n_out == 1:
        return Line(ZERO, (first + last) / 2 * (axis.n_in - 1))
    step = (last - first) * (axis.n_in - 1) / (axis.n_out - 1)
    return Line(step, first * (axis.n_in - 1))


def _coreml_offset_corners(axis: Axis) -> Line:
    step = Fraction(max(1, axis.n_in - 1), axis.n_out)
    return Line(step, step / 2)


def _box_half_pixel(axis: Axis) -> Line:
    first, last = axis.roi
    step = (last - first) / axis.n_out
    return Line(step, first + step / 2 - HALF)


def _box_start_half_pixel(axis: Axis) -> Line:
    line = _half_pixel(axis)
    return Line(line.step, axis.roi[0] + line.start)


_LINES: Final[dict[Coordinate, Callable[[Axis], Line]]] = {
    "align_corners": _align_corners,
    "half_pixel": _half_pixel,
    "pytorch_half_pixel": _pytorch_half_pixel,
    "pytorch_1_9_half_pixel": _pytorch_1_9_half_pixel,
    "half_pixel_symmetric": _half_pixel_symmetric,
    "asymmetric": _asymmetric,
    "tf_half_pixel_for_nn": _tf_half_pixel_for_nn,
    "tf_crop_and_resize": _tf_crop_and_resize,
    "pytorch_antialias_align_corners": _pytorch_antialias_align_corners,
    "coreml_offset_corners": _coreml_offset_corners,
    "box_half_pixel": _box_half_pixel,
    "box_start_half_pixel": _box_start_half_pixel,
}

COORDINATES: Final[tuple[Coordinate, ...]] = tuple(_LINES)


def source_line(coordinate: Coordinate, axis: Axis) -> Line:
    """Return the line of source coordinates along one axis.

    ======================== ======================== =======================
    coordinate               step                     start
    ======================== ======================== =======================
    half_pixel               r                        r/2 - 1/2
    asymmetric               r                        0
    tf_half_pixel_for_nn     r                        r/2
    align_corners            (n_in-1)/(n_out-1)       0
    half_pixel_symmetric     r                        r/2 - 1/2 + (n_in - r n_out)/2
    tf_crop_and_resize       (r1-r0)(n_in-1)/(n_out-1) r0 (n_in-1)
    coreml_offset_corners    d = max(1, n_in-1)/n_out d/2
    box_half_pixel           b = (r1-r0)/n_out        r0 + b/2 - 1/2
    box_start_half_pixel     r                        r0 + r/2 - 1/2
    ======================== ======================== =======================

    with ``r = 1 / scale`` where a scale was given and ``n_in / n_out`` where a size was.
    ``pytorch_half_pixel`` is half_pixel except that output length 1 reads pixel 0;
    ``pytorch_1_9_half_pixel``, what PyTorch up to 1.9 computed, reads coordinate -1/2 there
    (pixel 0 for a linear kernel, which clamps; a blend for a cubic one, which does not).
    ``pytorch_antialias_align_corners`` takes its step from align_corners and its start from
    half_pixel, as PyTorch's antialias kernels do. ``coreml_offset_corners`` takes the middles
    of n_out equal parts of [0, n_in - 1], so that an axis whose length stays is not a copy.
    ``box_half_pixel`` stretches a part of the image, from the edge r0 to the edge r1 in pixels, to
    the output, and ``box_start_half_pixel`` starts at an edge r0: neighbours beyond it are read.

    >>> source_line("half_pixel", Axis(4, 8))
    Line(step=Fraction(1, 2), start=Fraction(-1, 4))
    >>> source_line("align_corners", Axis(3, 5)).at(4)
    Fraction(2, 1)
    >>> [float(source_line("coreml_offset_corners", Axis(4, 4)).at(i)) for i in range(4)]
    [0.375, 1.125, 1.875, 2.625]
    """
    return _LINES[coordinate](axis)


def stretch(coordinate: Coordinate, axis: Axis) -> Fraction:
    """Return by how much an antialias kernel is widened: the step, and never below 1.

    ONNX widens by 1 / scale in every coordinate mode; PyTorch by its own step, which under
    align_corners is (n_in - 1) / (n_out - 1); a box is widened by its own step.

    >>> stretch("align_corners", Axis(5, 3)), stretch("half_pixel", Axis(3, 5))
    (Fraction(5, 3), Fraction(1, 1))
    """
    if coordinate in {"pytorch_antialias_align_corners", "box_half_pixel"}:
        return max(ONE, source_line(coordinate, axis).step)
    return max(ONE, axis.ratio)
