"""What this operator computes is left open by Core ML's documents, and devices may differ.

## Why it matters
A Core ML model runs on a CPU, a GPU or a Neural Engine as the system decides. Where the documents
give no formula, the three need not agree. Core ML's upsampling operators take factors and round the
length down, so coremltools writes (N + 0.0001) / X for a size: 1.500016689 to make 6 into 9. By the
documents upsample_bilinear takes its step from the two lengths, and nothing is off; a device that
used the factor itself would drift, by most at the far border. The documents of a nearest resize do
not say which: with the factor itself 3 / 1.500016689 falls short of 2, and 2 of the 9 samples a row
would read the pixel before.

## Where it comes from
Nearest resizes by a fraction, which Apple's own tests expect to fail on the GPU (source: apple/
coremltools, tests of upsample_nearest_neighbor in test_image_resizing.py), the NEAREST_NEIGHBOR of
iOS 17's resize, samples between pixels in a resample by pixel coordinates, crop_resize with
UNALIGN_CORNERS, an affine without align_corners. coremltools writes such factors for every size (or
recompute_scale_factor=True) that is no multiple of the input's length.

## What is reported
A note: what halfpixel says of such an operator is the reading that Apple's documents and tests
support, and nobody here has seen a device do otherwise. On a Mac,
`halfpixel verify model.mlpackage@coreml ...` shows what a device computes.

## Fix safety
Safe for a resize at lengths that the file fixes: the same samples, said by size, or gathered where
no operator says them without question. None otherwise.
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
    example_resize,
    example_site,
)
from halfpixel.sampling import Linear, Nearest, Resize, Sampling
from halfpixel.site import Operation, Site
from halfpixel_rules._coreml import otherwise_meant

DECLINED = "nothing at these lengths says it without question"
LONGEST = 1 << 14
"""Most output samples that are looked at one by one."""


def check(site: Site) -> Iterator[Finding]:
    """Report what is left open, and factors that stand for a ratio of lengths."""
    operation, operator = site.operation, site.operator
    factor = _factor(operation, operator) if isinstance(operator, Resize) else ""
    if not operation.doubt and (not factor or otherwise_meant(site)):
        return
    fix, declined = None, DECLINED
    if isinstance(operator, Resize) and _sayable(operation, operator) and not otherwise_meant(site):
        axes = tuple((axis, s.by_size() if factor else s) for axis, s in operator.axes)
        fix, declined = Fix("safe", Resize(axes)), ""
    doubt = f"ambiguous on device: {operation.doubt}" if operation.doubt else ""
    message = "; ".join(text for text in (doubt, factor) if text)
    yield Finding(message, "note", "simulated" if factor else "assumed", fix, declined)


def _sayable(operation: Operation, operator: Resize) -> bool:
    """Whether other words say it; those for the first pixel alone are a default of Core ML."""
    outs = operation.lengths[1]
    first = (s.coordinate == "asymmetric" and outs[axis] == 1 for axis, s in operator.axes)
    return not all(first)


def _factor(operation: Operation, operator: Resize) -> str:
    """Return what would follow from a factor that stands for a ratio; empty where none does."""
    ins, outs = operation.lengths
    told: list[tuple[int, float, str]] = []
    for axis, sampling in operator.axes:
        n_in, n_out = ins[axis], outs[axis]
        factor = 0.0 if operation.scales is None else operation.scales[axis]
        if n_in is None or n_out is None or factor <= 0 or not nudged(factor, n_in, n_out):
            continue
        flips = _flips(sampling, n_in, n_out, factor)
        drift = _drift(sampling, n_in, n_out, factor)
        text = f"scale {factor:.10g} stands for {n_out}/{n_in} (axis {axis}): "
        if flips:
            i, here, there = flips[0]
            text += (
                "no document tells whether a device divides the lengths; with the factor itself "
                f"{len(flips)} of {n_out} samples would read another pixel, output {i} pixel "
                f"{here} instead of {there}"
            )
        elif drift:
            text += (
                "the documents take the step from the lengths; with the factor itself the last "
                f"sample would be {drift:.2g} input px off"
            )
        else:
            text += "the step follows from the lengths, and nothing moves"
        told.append((len(flips), drift, text))
    return max(told, key=lambda one: one[:2])[2] if told else ""


def _drift(sampling: Sampling, n_in: int, n_out: int, factor: float) -> float:
    """Return how far the last sample would move, in input pixels."""
    if isinstance(sampling.kernel, Nearest) or sampling.coordinate == "align_corners":
        return 0.0
    return (n_out - 0.5) * (n_in / n_out - 1 / factor)


def _flips(sampling: Sampling, n_in: int, n_out: int, factor: float) -> list[tuple[int, int, int]]:
    """Return (output, pixel with the factor, pixel with the lengths) where they differ."""
    if not isinstance(sampling.kernel, Nearest):
        return []
    step = 1 / Fraction(factor)
    pairs = ((i, int(i * step), i * n_in // n_out) for i in range(min(n_out, LONGEST)))
    return [(i, here, there) for i, here, there in pairs if here != there]


_LIKE: Facts = {
    "dialect": ML_PROGRAM, "opset": 6, "by": "scales", "scales": (1.0, 1.0, 1.5, 1.5),
    "input_shape": (1, 2, 6, 6), "output_shape": (1, 2, 9, 9),
}  # fmt: skip
_NUDGED: Facts = {**_LIKE, "scales": (1.0, 1.0, 1.5000166893005371, 1.5000166893005371)}
_LINEAR = example_resize(Sampling("half_pixel", Linear()))
_NEAREST = example_resize(Sampling("asymmetric", Nearest()))
_DOUBT = "a fractional factor, which Apple's tests expect to fail on the GPU"
_FLIPS = (
    "scale 1.500016689 stands for 9/6 (axis 2): no document tells whether a device divides the "
    "lengths; with the factor itself 2 of 9 samples would read another pixel, output 3 pixel 1 "
    "instead of 2"
)


def _note(message: str, how: str) -> Finding:
    return Finding(message, "note", "simulated" if how else "assumed", Fix("safe", _NEAREST))


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("upsample_nearest_neighbor", _NEAREST, like=_LIKE)),
        Good(
            example_site("upsample_bilinear", _LINEAR, like=_LIKE),
            because="1.5 is 9/6 itself",
        ),
        Bad(
            example_site("upsample_nearest_neighbor", _NEAREST, doubt=_DOUBT, like=_LIKE),
            _note(f"ambiguous on device: {_DOUBT}", ""),
        ),
        Bad(
            example_site("affine", None, doubt="align_corners=False", like=_LIKE),
            Finding(
                "ambiguous on device: align_corners=False", "note", "assumed", declined=DECLINED
            ),
        ),
        Bad(
            example_site("upsample_bilinear", _LINEAR, like=_NUDGED),
            Finding(
                "scale 1.500016689 stands for 9/6 (axis 2): the documents take the step from the "
                "lengths; with the factor itself the last sample would be 6.3e-05 input px off",
                "note",
                "simulated",
                Fix("safe", _LINEAR),
            ),
        ),
        Bad(
            example_site("upsample_nearest_neighbor", _NEAREST, doubt=_DOUBT, like=_NUDGED),
            _note(f"ambiguous on device: {_DOUBT}; {_FLIPS}", "run"),
        ),
        Bad(
            example_site(
                "upsample", _NEAREST, like={**_NUDGED, "dialect": NEURAL_NETWORK, "opset": 3}
            ),
            _note(_FLIPS, "run"),
        ),
    ),
    dialects=CORE_ML,
    aliases=("nudged-scale",),
)  # fmt: skip
