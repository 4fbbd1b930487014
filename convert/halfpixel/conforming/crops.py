"""What onnxruntime computes of tf_crop_and_resize where it differs: predictions, as the others."""

import dataclasses

from msgspec.structs import replace

from halfpixel.conforming.conformance import Result
from halfpixel.conforming.predictions import (
    CLOSE,
    ROUNDED,
    TIE_TOLERANCE,
    attribute_of,
    numbers_of,
    operator_of,
    ties,
)
from halfpixel.sampling import Resize, Sampling
from halfpixel.sampling.coordinate import ONE, WHOLE, stretch
from halfpixel.sampling.kernel import Smooth, radius_of
from halfpixel.verifying.measure import difference, rounded

WITHIN, OUTSIDE, EDGE = 0, 1, 2
"""Of a sample of a crop: inside the image, outside, or on its border, where float32 decides."""


def skips_roi(result: Result) -> bool:
    """Whether axes whose length stays were taken whole, and the others as they should be."""
    numbers = numbers_of(result)
    operator = operator_of(result)
    cropped = attribute_of(result, "coordinate_transformation_mode") == "tf_crop_and_resize"
    if numbers is None or not cropped or not isinstance(operator, Resize):
        return False
    given, found, _ = numbers
    for kept in (_by_one, _kept):
        moved = tuple([one for one in operator.axes if not kept(result, *one)])
        left = [sampling for axis, sampling in operator.axes if (axis, sampling) not in moved]
        if all(sampling.roi == WHOLE for sampling in left):
            continue
        whole = Resize(moved, operator.extrapolation_value)
        meant = whole.evaluate(given, found.shape)
        rest = dataclasses.replace(result, operator=whole, meant=meant)
        if difference(found, rounded(meant, found)).equal or border_ties(rest):
            return True
    return False


def _kept(result: Result, axis: int, _: Sampling) -> bool:
    """Whether the length of an axis stays."""
    return result.config.shape[axis] == result.config.outs[axis]


def _by_one(result: Result, axis: int, sampling: Sampling) -> bool:
    """Whether the scale of an axis is 1."""
    return _kept(result, axis, sampling) and sampling.scale in {None, 1}


def writes_planes(result: Result) -> bool:
    """Whether a crop of axes 1 and 2 has its constant where it would lie, came the channels first.

    What lies outside is a sample like any other, 0 beyond the reach of the image, and the constant
    stands on others.
    """
    import numpy as np

    numbers, operator = numbers_of(result), operator_of(result)
    if numbers is None or not isinstance(operator, Resize) or numbers[0].ndim != 4:
        return False
    given, found, _ = numbers
    cropped = [one for one in operator.axes if not _by_one(result, *one)]
    moved = [one for one in cropped if not _kept(result, *one)]  # a length that stays is copied
    if not moved or not {axis for axis, _ in cropped} <= {1, 2}:
        return False
    inside = Resize(tuple((axis, replace(s, extrapolate=False)) for axis, s in moved))
    sampled = inside.evaluate(given, found.shape)
    batch, height, width, channels = found.shape
    planes = np.full((batch, channels, height, width), WITHIN)
    for axis, sampling in cropped:
        n_in, n_out = given.shape[axis], found.shape[axis]
        rows = planes.swapaxes(0, axis + 1)
        rows[_edges(sampling, n_in, n_out)] |= EDGE
        rows[sorted(sampling.weights(n_in, n_out).outside)] |= OUTSIDE
        if n_in != n_out:
            sampled.swapaxes(0, axis)[_unreached(sampling, n_in, n_out)] = 0
    where = planes.reshape(found.shape)  # the same numbers, in another order
    constant = np.isclose(found, operator.extrapolation_value)
    sample = np.isclose(found, sampled, atol=TIE_TOLERANCE, rtol=TIE_TOLERANCE)
    either = constant | sample
    return bool(np.where(where & EDGE, either, np.where(where, constant, sample)).all())


def border_ties(result: Result) -> bool:
    """Whether each wrong sample of a crop lies on the border, where float32 falls in or out."""
    import numpy as np

    numbers, operator = numbers_of(result), operator_of(result)
    if numbers is None or not isinstance(operator, Resize):
        return False
    given, found, meant = numbers
    inside = Resize(tuple((axis, replace(s, extrapolate=False)) for axis, s in operator.axes))
    sampled = inside.evaluate(given, found.shape)
    near = np.zeros(found.shape, bool)
    for axis, sampling in operator.axes:
        edges = _edges(sampling, given.shape[axis], found.shape[axis])
        shape = [1] * found.ndim
        shape[axis] = len(edges)
        near |= np.array(edges).reshape(shape)
    outside = np.isclose(found, operator.extrapolation_value)
    right = np.isclose(found, meant, atol=TIE_TOLERANCE, rtol=TIE_TOLERANCE)
    either = outside | np.isclose(found, sampled, atol=TIE_TOLERANCE, rtol=TIE_TOLERANCE)
    if (right | (near & either)).all():
        return True
    rest = np.where(near & either, rounded(meant, found), found)
    return ties(dataclasses.replace(result, found=rest))


def _edges(sampling: Sampling, n_in: int, n_out: int) -> list[bool]:
    """Return of each output sample of a crop whether it lies on the border of the image."""
    if not sampling.extrapolate or sampling.roi == WHOLE:  # which float32 comes to exactly
        return [False] * n_out
    last, line = n_in - 1, sampling.line(n_in, n_out)
    near_by = max(CLOSE, last * ROUNDED)
    places = [line.at(i) for i in range(n_out)]
    return [min(abs(x), abs(x - last)) < near_by for x in places]


def _unreached(sampling: Sampling, n_in: int, n_out: int) -> list[bool]:
    """Return of each output sample whether its kernel has no weight inside the image.

    A cubic has none a pixel outside either: it is 0 at every other pixel's centre.
    """
    kernel, last = sampling.kernel, n_in - 1
    wide = radius_of(kernel)
    widened = stretch(sampling.coordinate, sampling.axis(n_in, n_out))
    if not (isinstance(kernel, Smooth) and kernel.antialias):
        widened = ONE
    line = sampling.line(n_in, n_out)
    beyond = [max(-x, x - last) for x in map(line.at, range(n_out))]
    holes = wide > 1 and widened == 1
    return [x >= wide * widened or (holes and abs(x - 1) < CLOSE) for x in beyond]
