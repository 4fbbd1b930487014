"""A cubic or antialiased resize weighs pixels as no PyTorch call does.

## Why it matters
PyTorch's bicubic has a = -0.75 and repeats the border pixel; its antialiased kernels leave out what
lies beyond the border and renormalise the rest, which ONNX calls exclude_outside=1, and the cubic
one has a = -0.5. Another a changes weights everywhere: a = -0.5 (Keys; TensorFlow, Pillow) is
softer and overshoots less. Another border changes three outputs a side at x2 and six at x4 of a
cubic enlargement, and of an antialiased reduction all whose kernel reaches over the edge. Both
change values, not positions.

## Where it comes from
ONNX's defaults (a = -0.75 and exclude_outside=0 with antialias too), in graphs written by hand;
onnxscript up to 0.7.0 left exclude_outside at 0 and up to 0.6.2 cubic_coeff_a at -0.75; TensorFlow
(a = -0.5 with half_pixel_centers) and Pillow. Source: models/exporter_mismatches H1 to H4, written
by those releases; TensorFlow, core/kernels/image/resize_bicubic_op.cc.

## What is reported
A warning where the weights differ at the lengths in question and nothing is known of what was
meant, or PyTorch wrote the model; nothing where the call is recorded (differs-from-intent compares
with it) or the exporter writes what TensorFlow computes. A warning where TensorFlow computes
otherwise at these coordinates: tf2onnx writes a = -0.5 whatever the flags. An antialiased linear
kernel differs only where it shrinks: of unknown lengths this is said where the file's shape
arithmetic shrinks, or where the image comes from the user as it is (a model's input, what
DecodeImage reads), and shown at 64 to 32.

## Fix safety
Unsafe: it may have been meant.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec.structs import replace

from halfpixel.intents.exporter_habit import as_written, instead
from halfpixel.origin import Producer
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Cubic, Linear, Resize, Sampling, compare_resize
from halfpixel.site import Lengths, Operation, Site
from halfpixel.surroundings import FreeLengths

if TYPE_CHECKING:
    from halfpixel.intents.exporter import Row

PYTORCH_A, KEYS_A = Fraction(-3, 4), Fraction(-1, 2)
NAMES = ("antialias-border", "foreign-cubic")
SHOWN = 64
"""A length of an image of any length, at half of which the difference is shown."""


def check(site: Site) -> Iterator[Finding]:
    """Compare a cubic or antialiased kernel with PyTorch's."""
    operator, intent = site.operator, site.intent
    if not isinstance(operator, Resize) or (intent is not None and intent.how != "assumed"):
        return
    if not any(_smooth(sampling) for _, sampling in operator.axes):
        return
    found = instead(site.operation, "cubic")
    if found is not None:
        yield from _never(site, operator, *found)
        return
    fixed = replace(operator, axes=tuple((a, _pytorch(s)) for a, s in operator.axes))
    if fixed == operator or as_written(site.operation, "cubic"):
        return
    for lengths in _lengths(site.operation, operator):
        verdict = compare_resize(operator, fixed, *lengths)
        if verdict.negligible:
            continue
        axis = verdict.worst.axis
        sampling = operator.sampling(axis) or operator.axes[0][1]
        n_in, n_out = verdict.worst.verdict.witness or (0, 0)
        off = float(verdict.worst.verdict.weight_difference)
        message = (
            f"{_words(sampling)}: at length {n_in} to {n_out} (axis {axis}) interpolation weights "
            f"are up to {off:.3g} from PyTorch's, {_words(_pytorch(sampling))}"
        )
        yield Finding(message, "warning", "proven", Fix("unsafe", fixed))
        return


def _smooth(sampling: Sampling) -> bool:
    """Whether a kernel has a coefficient or a border to be judged."""
    kernel = sampling.kernel
    return isinstance(kernel, Cubic) or (isinstance(kernel, Linear) and kernel.antialias)


def _lengths(operation: Operation, operator: Resize) -> Iterator[tuple[Lengths, Lengths]]:
    """Yield the lengths at which two kernels are compared: such as the model takes.

    Where the file tells none, its shape arithmetic may. Where that tells none either, a cubic
    differs at any length, and a linear kernel wherever it shrinks an image that the user gives; of
    another, which may only ever enlarge, nothing is known.
    """
    ins, outs = operation.lengths
    axes = [axis for axis, _ in operator.axes]
    around = operation.surroundings
    free = {a for a, s in operator.axes if ins[a] is None is outs[a] and s.scale is None}
    cubic = any(isinstance(sampling.kernel, Cubic) for _, sampling in operator.axes)
    trials = [pair for pair in around.free_lengths.trials if len(pair[0]) == len(axes)]
    if free:
        yield from ((_put(ins, axes, here), _put(outs, axes, there)) for here, there in trials)
    if not free or (cubic and not trials):
        yield ins, outs
    elif {axis for axis, _ in around.ranges} >= free and _falls(trials):
        here = [SHOWN if axis in free else ins[axis] or 1 for axis in axes]
        there = [SHOWN // 2 if axis in free else ins[axis] or 1 for axis in axes]
        yield _put(ins, axes, here), _put(outs, axes, there)


def _falls(trials: Sequence[tuple[Sequence[int], Sequence[int]]]) -> bool:
    """Whether a longer image gets a smaller factor, so that one that is long enough shrinks."""
    pairs = sorted((here[0], there[0]) for here, there in trials if here[0] > 0)
    if not pairs:
        return True
    (short, first), (long, last) = pairs[0], pairs[-1]
    return last * short < first * long


def _put(lengths: Lengths, axes: list[int], told: Sequence[int]) -> Lengths:
    at = dict(zip(axes, told, strict=True))
    return tuple(at.get(axis, length) for axis, length in enumerate(lengths))


def _never(site: Site, operator: Resize, row: "Row", meant: Resize) -> Iterator[Finding]:
    """Yield that a framework weighs pixels otherwise, whatever it was asked for."""
    verdict = compare_resize(operator, meant, *site.operation.lengths)
    if verdict.negligible:
        return
    (_, written), (_, other) = operator.axes[-1], meant.axes[-1]
    off = float(verdict.worst.verdict.weight_difference)
    message = (
        f"{_words(written)} at {written.coordinate} coordinates: interpolation weights are up to "
        f"{off:.3g} from those of {row.framework}, {_words(other)}; {row.note}"
    )
    yield Finding(message, "warning", "assumed", Fix("unsafe", meant))


def _words(sampling: Sampling) -> str:
    """Return the kernel, the coefficient and the border in words."""
    kernel = sampling.kernel
    smooth = "antialiased " if isinstance(kernel, Linear | Cubic) and kernel.antialias else ""
    border = f"a {'renormalised' if sampling.exclude_outside else 'repeated'} border"
    if isinstance(kernel, Cubic):
        return f"{smooth}cubic with a = {float(kernel.a):g} and {border}"
    return f"{smooth}linear with {border}"


def _pytorch(sampling: Sampling) -> Sampling:
    kernel = sampling.kernel
    if isinstance(kernel, Cubic):
        a = KEYS_A if kernel.antialias else PYTORCH_A
        return replace(sampling, kernel=replace(kernel, a=a), exclude_outside=kernel.antialias)
    if isinstance(kernel, Linear) and kernel.antialias:
        return replace(sampling, exclude_outside=True)
    return sampling


def _cubic(a: Fraction, *, antialias: bool = False) -> Resize:
    kernel = Cubic(a, antialias=antialias)
    return Resize(((2, Sampling("half_pixel", kernel, exclude_outside=antialias)),))


def _linear(*, excluded: bool) -> Resize:
    sampling = Sampling("half_pixel", Linear(antialias=True), exclude_outside=excluded)
    return Resize(((2, sampling),))


_UP: Facts = {"input_shape": (1, 3, 4), "output_shape": (1, 3, 8), "by": "sizes"}
_DOWN: Facts = {"input_shape": (1, 3, 5), "output_shape": (1, 3, 3), "by": "sizes"}
_OWN = ((2, range(1, 1 << 31)),)
_TRIED: Facts = {"by": "sizes", "free_lengths": FreeLengths((((7,), (14,)), ((9,), (18,))))}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _cubic(PYTORCH_A), _UP)),
        Good(
            example_site("Resize", _cubic(KEYS_A), _UP, producer=Producer("tf2onnx")),
            because="TensorFlow's bicubic has a = -0.5",
        ),
        Good(example_site("Resize", _linear(excluded=True), _DOWN)),
        Good(
            example_site("Resize", _linear(excluded=False), _UP),
            because="an enlarging antialiased linear kernel reaches over no edge that counts",
        ),
        Good(
            example_site("Resize", _linear(excluded=False), by="sizes"),
            because="nothing tells whether it shrinks",
        ),
        Good(
            example_site("Resize", _linear(excluded=False), _TRIED),
            because="it enlarges at every length that the graph computes",
        ),
        Bad(
            example_site("Resize", _linear(excluded=False), by="scales", ranges=_OWN),
            Finding(
                "antialiased linear with a repeated border: at length 64 to 32 (axis 2) "
                "interpolation weights are up to 0.0714 from PyTorch's, antialiased linear with a "
                "renormalised border",
                "warning",
                "proven",
                Fix("unsafe", _linear(excluded=True)),
            ),
        ),
        Bad(
            example_site("Resize", _cubic(KEYS_A), _UP),
            Finding(
                "cubic with a = -0.5 and a repeated border: at length 4 to 8 (axis 2) "
                "interpolation weights are up to 0.0352 from PyTorch's, cubic with a = -0.75 and a "
                "repeated border",
                "warning",
                "proven",
                Fix("unsafe", _cubic(PYTORCH_A)),
            ),
        ),
        Bad(
            example_site("Resize", _linear(excluded=False), _DOWN),
            Finding(
                "antialiased linear with a repeated border: at length 5 to 3 (axis 2) "
                "interpolation weights are up to 0.0536 from PyTorch's, antialiased linear with a "
                "renormalised border",
                "warning",
                "proven",
                Fix("unsafe", _linear(excluded=True)),
            ),
        ),
        Bad(
            example_site("Resize", _cubic(PYTORCH_A, antialias=True), _DOWN),
            Finding(
                "antialiased cubic with a = -0.75 and a renormalised border: at length 5 to 3 "
                "(axis 2) interpolation weights are up to 0.0197 from PyTorch's, antialiased cubic "
                "with a = -0.5 and a renormalised border",
                "warning",
                "proven",
                Fix("unsafe", _cubic(KEYS_A, antialias=True)),
            ),
        ),
    ),
    aliases=NAMES,
)
