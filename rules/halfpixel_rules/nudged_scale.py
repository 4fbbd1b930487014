"""A size was converted into a scale that is a little too large.

## Why it matters
`F.interpolate(x, size=...)` names lengths. Core ML's upsampling operators take factors and round
the length down, so coremltools writes (N + 0.0001) / X in place of N / X: 1.500016689 to make 6
into 9. By the documents upsample_bilinear takes its step from the two lengths again, and nothing
is off. A device that used the factor itself would drift, by most at the far border. A nearest
neighbour has no such documents, and with the factor itself it flips: 3 / 1.500016689 falls short
of 2, so that a third of the 9 samples would read the pixel before.

## Where it comes from
coremltools, for every size (or recompute_scale_factor=True) that is no multiple of the input's
length, in ML Programs and in neural networks.

## What is reported
A note with the drift at the far border where a linear resize hides it; an error where a nearest
resize would read other pixels with the factor itself.

## Fix safety
Safe: the same samples, said by size, or gathered where no operator or layer has them by size
(from specification 4 on).
"""

from collections.abc import Iterator
from fractions import Fraction

from halfpixel.dialect import CORE_ML, ML_PROGRAM, NEURAL_NETWORK
from halfpixel.intents.factors import nudged
from halfpixel.rule import (
    Bad,
    Facts,
    Finding,
    Fix,
    Good,
    Rule,
    Severity,
    example_resize,
    example_site,
)
from halfpixel.sampling import Linear, Nearest, Resize, Sampling
from halfpixel.site import Operation, Site
from halfpixel_rules._coreml import otherwise_meant

LONGEST = 1 << 14
"""Most output samples that are looked at one by one."""


def check(site: Site) -> Iterator[Finding]:
    """Compare given factors with the ratio of the two lengths."""
    operation, operator = site.operation, site.operator
    if not isinstance(operator, Resize) or operation.scales is None:
        return
    if otherwise_meant(site):
        return
    ins, outs = operation.lengths
    drifts: list[tuple[float, int, int, int, float]] = []
    for axis, sampling in operator.axes:
        n_in, n_out, factor = ins[axis], outs[axis], operation.scales[axis]
        if n_in is None or n_out is None or not nudged(factor, n_in, n_out):
            continue
        drifts.append((_drift(sampling, n_in, n_out, factor), axis, n_in, n_out, factor))
    if not drifts:
        return
    flips = {axis: _flips(operation, axis, operator) for _, axis, *_ in drifts}
    flipped = sum(len(rows) for rows in flips.values())
    worst, axis, n_in, n_out, factor = max(drifts, key=lambda one: (len(flips[one[1]]), one[0]))
    told = f"scale {factor:.10g} stands for {n_out}/{n_in} (axis {axis})"
    severity: Severity = "error" if flipped else "note"
    if flipped:
        first = flips[axis][0]
        message = (
            f"{told}: no document tells whether a device divides the lengths; with the factor "
            f"itself {flipped} samples read another pixel, output {first[0]} pixel {first[1]} "
            f"instead of {first[2]}"
        )
    elif not worst:
        message = f"{told}: the step follows from the lengths, and nothing moves"
    else:
        message = (
            f"{told}: the documents take the step from the lengths; with the factor itself the "
            f"last sample would be {worst:.2g} input px off"
        )
    fix = Fix("safe", _by_size(operator))
    yield Finding(message, severity, "simulated" if flipped else "proven", fix)


def _by_size(operator: Resize) -> Resize:
    return Resize(tuple((axis, sampling.by_size()) for axis, sampling in operator.axes))


def _drift(sampling: Sampling, n_in: int, n_out: int, factor: float) -> float:
    """Return how far the last sample would move, in input pixels."""
    if isinstance(sampling.kernel, Nearest) or sampling.coordinate == "align_corners":
        return 0.0
    return (n_out - 0.5) * (n_in / n_out - 1 / factor)


def _flips(operation: Operation, axis: int, operator: Resize) -> list[tuple[int, int, int]]:
    """Return (output, pixel with the factor, pixel with the lengths) where they differ."""
    sampling = operator.sampling(axis)
    ins, outs = operation.lengths
    n_in, n_out = ins[axis], outs[axis]
    if sampling is None or not isinstance(sampling.kernel, Nearest):
        return []
    if n_in is None or n_out is None or operation.scales is None:
        return []
    step = 1 / Fraction(operation.scales[axis])
    found: list[tuple[int, int, int]] = []
    for i in range(min(n_out, LONGEST)):
        here, there = int(i * step), i * n_in // n_out
        if here != there:
            found.append((i, here, there))
    return found


_SIZES: Facts = {
    "dialect": ML_PROGRAM, "opset": 6, "by": "scales",
    "input_shape": (1, 2, 6, 6), "output_shape": (1, 2, 9, 9),
    "scales": (1.0, 1.0, 1.5000166893005371, 1.5000166893005371),
}  # fmt: skip
_WHOLE: Facts = {**_SIZES, "scales": (1.0, 1.0, 2.0, 2.0), "output_shape": (1, 2, 12, 12)}
_LINEAR = Sampling("half_pixel", Linear())
_NEAREST = Sampling("asymmetric", Nearest())
RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("upsample_bilinear", example_resize(_LINEAR), like=_WHOLE)),
        Good(
            example_site(
                "upsample_bilinear",
                example_resize(_LINEAR),
                like={**_SIZES, "scales": (1.0, 1.0, 1.5, 1.5)},
            ),
            because="1.5 is 9/6 itself",
        ),
        Bad(
            example_site("upsample_bilinear", example_resize(_LINEAR), like=_SIZES),
            Finding(
                "scale 1.500016689 stands for 9/6 (axis 2): the documents take the step from the "
                "lengths; with the factor itself the last sample would be 6.3e-05 input px off",
                "note",
                "proven",
                Fix("safe", example_resize(_LINEAR)),
            ),
        ),
        Bad(
            example_site("upsample_nearest_neighbor", example_resize(_NEAREST), like=_SIZES),
            Finding(
                "scale 1.500016689 stands for 9/6 (axis 2): no document tells whether a device "
                "divides the lengths; with the factor itself 4 samples read another pixel, output "
                "3 pixel 1 instead of 2",
                "error",
                "simulated",
                Fix("safe", example_resize(_NEAREST)),
            ),
        ),
        Bad(
            example_site(
                "upsample", example_resize(_NEAREST),
                like={**_SIZES, "dialect": NEURAL_NETWORK, "opset": 3},
            ),
            Finding(
                "scale 1.500016689 stands for 9/6 (axis 2): no document tells whether a device "
                "divides the lengths; with the factor itself 4 samples read another pixel, output "
                "3 pixel 1 instead of 2",
                "error",
                "simulated",
                Fix("safe", example_resize(_NEAREST)),
            ),
        ),
    ),
    dialects=CORE_ML,
)  # fmt: skip
