"""The output has another length than the file declares, or than a later node needs.

## Why it matters
A model that says 22 x 22 of an output that is 21 x 21 misleads whoever allocates a buffer by it.
Where an Add, a Concat or a Reshape behind the node has the declared length built in, the model
does not run, or runs and reads rows of the wrong length.

## Where it comes from
- Shape inference multiplies a float32 scale in float64, onnxruntime in float32: 124 times
  0.83064514 is 102 in one and 103 in the other. tf2onnx bakes the former into a Reshape where
  there is one channel.
- A scale that was rounded on its way (1.1 in float16 is 1.0996: 20 gives 21, not 22), or a size
  that was written as a scale.
- Shapes that somebody declared by hand, or that a tool left as they were when it changed the node.

## What is reported
An error where a node behind it needs another length, or another number of elements: it is named.
So too where the length is as needed and shape inference, in float64, gives another: the model does
not load.
A warning where the model's own output is declared otherwise than it is computed; a note where only
a value within the model is. Lengths are computed as onnxruntime computes them.

## Fix safety
Unsafe: the lengths that are needed, else declared, are given as sizes; by the factor where a short
one gives them in PyTorch's arithmetic.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.dialect import ONNX
from halfpixel.origin import Operator
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, Severity, example_site
from halfpixel.sampling import ConvTranspose, Linear, Resize, Sampling
from halfpixel.sampling.arithmetic import DIGITS, factors_of, float16, output_length_float64
from halfpixel.sampling.resize import given_scale
from halfpixel.site import Operation, Site, known
from halfpixel.surroundings import Need

DECLINED = "nothing in the file tells which of the two lengths is right"


def check(site: Site) -> Iterator[Finding]:
    """Hold the lengths that are computed against what is declared, and what is needed."""
    operation, operator = site.operation, site.operator
    if not isinstance(operator, Resize | ConvTranspose) or operation.opset < 11:
        return
    outs = operation.lengths[1]
    needed = [need for need in operation.surroundings.needs if not _met(need, operation)]
    if needed:
        yield from _needed(operation, operator, needed)
        return
    declared = known(operation.declared, len(outs))
    if len(declared) != len(outs):
        return
    for axis, (told, computed) in enumerate(zip(declared, outs, strict=True)):
        if told is None or computed is None or told == computed:
            continue
        fix = _fix(operator, {axis: told}, operation)
        text = f"the file declares length {told} (axis {axis}), and {computed} is computed"
        yield Finding(text, "note", "proven", fix, "" if fix else DECLINED)
        return


def _met(need: Need, operation: Operation) -> bool:
    """Whether a need is met by the lengths that are computed, and by those that are inferred."""
    if need.axis is None or operation.lengths[1][need.axis] not in {None, need.length}:
        return False
    return not need.inferred or _inferred(operation, need.axis) in {None, need.length}


def _inferred(operation: Operation, axis: int) -> int | None:
    """Return the length that shape inference gives, in float64; None where it gives none."""
    n_in, scales = operation.lengths[0][axis], operation.scales
    return None if n_in is None or scales is None else int(n_in * scales[axis])


def _needed(operation: Operation, operator: Operator, needed: list[Need]) -> Iterator[Finding]:
    """Report what is asked for and not given; a node that fails counts for more than an output."""
    worst = min(needed, key=_of_output)
    severity: Severity = "warning" if _of_output(worst) else "error"
    outs = operation.lengths[1]
    if worst.axis is None:
        total = 1
        for n in outs:
            total *= n or 0
        text = f"{total} elements are computed, and {worst.by} needs {worst.length}"
    elif outs[worst.axis] == worst.length:
        text = (
            f"length {worst.length} is computed (axis {worst.axis}) and {worst.by} needs it, but "
            f"shape inference gives {_inferred(operation, worst.axis)}: the model does not load"
        )
    else:
        text = (
            f"length {outs[worst.axis]} is computed (axis {worst.axis}), and {worst.by} "
            f"{'is declared with' if _of_output(worst) else 'needs'} {worst.length}"
        )
    lengths = {need.axis: need.length for need in needed if need.axis is not None}
    fix = _fix(operator, lengths, operation)
    declined = "" if fix else DECLINED
    if worst.axis is not None and outs[worst.axis] == worst.length:
        fix, declined = None, "the length is right in float32: give it by sizes"
    yield Finding(text, severity, "simulated", fix, declined)


def _of_output(need: Need) -> bool:
    return need.by.endswith("output")


def _fix(operator: Operator, lengths: dict[int, int], operation: Operation) -> Fix | None:
    """Return the resize to the lengths that are asked for; None for another operator."""
    scales = operation.scales
    if not isinstance(operator, Resize) or scales is None:
        return None
    if not lengths.keys() <= {axis for axis, _ in operator.axes}:
        return None
    axes: list[tuple[int, Sampling]] = []
    factors: list[float] = []
    for axis, sampling in operator.axes:
        n_in, n_out = operation.lengths[0][axis], operation.lengths[1][axis]
        if n_in is None or n_out is None:
            return None
        wanted = lengths.get(axis, n_out)
        factor = _factor(scales[axis], n_in, wanted)
        if factor is None:
            axes.append((axis, sampling.by_size()))
            factors.append((wanted + 0.25) / n_in)
        else:
            axes.append((axis, replace(sampling, scale=given_scale(factor))))
            factors.append(factor)
    return Fix("unsafe", Resize(tuple(axes)), tuple(factors))


def _factor(scale: float, n_in: int, n_out: int) -> float | None:
    """Return the factor that somebody had where the file has this scale, float16 perhaps.

    None where no such factor gives the length that is asked for.
    """
    found = [*factors_of(scale)]
    if float16(scale) == scale:
        decimals = (float(f"{scale:.{digits}g}") for digits in range(1, DIGITS + 1))
        found += [one for one in decimals if float16(one) == scale]
    return next((one for one in found if output_length_float64(n_in, one) == n_out), None)


_X2 = Resize(((2, Sampling("half_pixel", Linear(), given_scale(float16(1.1)))),))
_AT_20: Facts = {
    "by": "scales",
    "scales": (1.0, 1.0, float16(1.1)),
    "input_shape": (1, 3, 20),
    "output_shape": (1, 3, 21),
    "declared": (1, 3, 22),
}
_FIX = Fix("unsafe", Resize(((2, Sampling("half_pixel", Linear(), given_scale(1.1))),)), (1.1,))

RULE = Rule(
    __name__,
    __doc__,
    check,
    dialects=(ONNX,),
    examples=(
        Good(
            example_site("Resize", _X2, like=_AT_20, declared=(1, 3, 21)),
            because="the file declares what is computed",
        ),
        Bad(
            example_site("Resize", _X2, like=_AT_20),
            Finding(
                "the file declares length 22 (axis 2), and 21 is computed", "note", "proven", _FIX
            ),
        ),
        Bad(
            example_site("Resize", _X2, like=_AT_20, needs=(Need(2, 22, "the model's output"),)),
            Finding(
                "length 21 is computed (axis 2), and the model's output is declared with 22",
                "warning",
                "simulated",
                _FIX,
            ),
        ),
        Bad(
            example_site("Resize", _X2, like=_AT_20, needs=(Need(2, 22, "Add 'join'"),)),
            Finding(
                "length 21 is computed (axis 2), and Add 'join' needs 22",
                "error",
                "simulated",
                _FIX,
            ),
        ),
    ),
)
