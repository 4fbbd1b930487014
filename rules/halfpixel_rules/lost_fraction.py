"""A resize of small integers loses fractions, or all that is negative.

## Why it matters
ONNX leaves open how a weighted mean of integers becomes an integer. PyTorch rounds it; onnxruntime
cuts the fraction off, so that a linear resize of a uint8 image comes out darker by almost half a
level on average and by up to one. Its antialias clips at 0: of an int8 image all that is below
0 is gone.

## Where it comes from
Preprocessing that resizes uint8 before it casts; quantised models that resize the integers
themselves (the QOperator format), or whose DequantizeLinear and QuantizeLinear were taken away.

## What is reported
A note where fractions are cut off, a warning where negative values are lost, as onnxruntime 1.31
does on the CPU (run): with `--target onnxruntime-cpu` the [table of the target](targets.md) tells
that. Nothing where every weight is 0 or 1, and where nearest takes pixels as they are.

## Fix safety
None: a cast to float32 before, and rounding behind, are other nodes, and the range of what follows
is not in the file.
"""

from collections.abc import Iterator

from halfpixel.dialect import ONNX
from halfpixel.rule import Bad, Facts, Finding, Good, Rule, example_site
from halfpixel.sampling import Cubic, Linear, Nearest, Resize, Sampling
from halfpixel.sampling.axis import MAX_LENGTH
from halfpixel.site import Operation, Site
from halfpixel.targets.refusals import NAME, difference_of

SMALL = frozenset({"int8", "uint8"})
DECLINED = "a cast to float32 before it and rounding behind are other nodes"


def check(site: Site) -> Iterator[Finding]:
    """Look for means of integers."""
    operation = site.operation
    operator = operation.operator
    if operation.dtype not in SMALL or operation.dialect != ONNX or operation.hidden:
        return
    if not isinstance(operator, Resize) or not _blends(operation, operator):
        return
    smooth = [getattr(sampling.kernel, "antialias", None) for _, sampling in operator.axes]
    if any(smooth):
        row = None if NAME in operation.origin.targets else difference_of(operation)
        if row is not None and "dtype" in row.conditions.when:
            told = f"in onnxruntime {row.reason}"
            yield Finding(told, "warning", "simulated", declined=DECLINED)
    elif any(isinstance(sampling.kernel, Linear) for _, sampling in operator.axes):
        lower = "lower" if operation.dtype == "uint8" else "nearer to 0"
        yield Finding(
            f"onnxruntime cuts off the fractions of {operation.dtype}: values come out up to 1 "
            f"{lower}, where PyTorch rounds",
            "note",
            "simulated",
            declined=DECLINED,
        )


def _blends(operation: Operation, operator: Resize) -> bool:
    """Whether a weight is between 0 and 1, as far as the lengths are known."""
    ins, outs = operation.lengths
    for axis, sampling in operator.axes:
        n_in, n_out = ins[axis], outs[axis]
        if isinstance(sampling.kernel, Nearest):
            continue
        if n_in is None or n_out is None or not 0 < max(n_in, n_out) <= MAX_LENGTH:
            return True
        rows = sampling.weights(n_in, n_out).rows
        if any(weight.denominator != 1 for row in rows for _, weight in row):
            return True
    return False


def _up(kernel: Linear | Cubic | Nearest) -> Resize:
    return Resize(((2, Sampling("half_pixel", kernel)),))


_SHAPES: Facts = {"input_shape": (1, 3, 4), "output_shape": (1, 3, 8)}
_THIRD: Facts = {"input_shape": (1, 3, 9), "output_shape": (1, 3, 3)}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _up(Nearest("floor")), dtype="uint8", like=_SHAPES)),
        Good(example_site("Resize", _up(Linear()), dtype="float32", like=_SHAPES)),
        Good(
            example_site("Resize", _up(Linear()), dtype="uint8", like=_THIRD),
            because="every third pixel is taken as it is",
        ),
        Good(
            example_site("Resize", _up(Linear(antialias=True)), dtype="uint8", like=_SHAPES),
            because="onnxruntime rounds what its antialias computes",
        ),
        Good(
            example_site(
                "Resize",
                _up(Linear(antialias=True)),
                dtype="int8",
                attributes={"mode": "linear", "antialias": 1},
                targets=("onnxruntime-cpu",),
                like=_SHAPES,
            ),
            because="the table of the target tells it",
        ),
        Bad(
            example_site("Resize", _up(Linear()), dtype="uint8", like=_SHAPES),
            Finding(
                "onnxruntime cuts off the fractions of uint8: values come out up to 1 lower, "
                "where PyTorch rounds",
                "note",
                "simulated",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site(
                "Resize",
                _up(Linear(antialias=True)),
                dtype="int8",
                attributes={"mode": "linear", "antialias": 1},
                like=_SHAPES,
            ),
            Finding(
                "in onnxruntime with antialias every int8 below 0 becomes 0",
                "warning",
                "simulated",
                declined=DECLINED,
            ),
        ),
    ),
)
