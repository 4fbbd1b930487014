"""An antialiased resize counts samples beyond the border, or is cubic with a not -1/2.

## Why it matters
PyTorch leaves out what lies beyond the image and renormalises the rest, which ONNX calls
exclude_outside=1, and its antialiased bicubic has a = -0.5. ONNX's defaults repeat the border
pixel and have a = -0.75: every sample near an edge differs, for a cubic every sample.

## Where it comes from
onnxscript up to 0.7.0 left exclude_outside at 0 (and, up to 0.6.2, cubic_coeff_a at -0.75);
graphs written by hand with ONNX's defaults.

## What is reported
A warning where the two differ at the sizes in question and nothing stronger is known; where
the call is recorded, differs-from-intent compares with it. A note where no length and no factor
is known: a linear kernel differs only where it shrinks.

## Fix safety
Unsafe: that PyTorch's kernel was meant is an assumption.
"""

from collections.abc import Iterator
from fractions import Fraction

from msgspec.structs import replace

from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Cubic, Linear, Resize, Sampling, compare_resize
from halfpixel.site import Site


def check(site: Site) -> Iterator[Finding]:
    """Compare an antialiased kernel with PyTorch's."""
    operator, intent = site.operator, site.intent
    if not isinstance(operator, Resize) or (intent is not None and intent.how != "assumed"):
        return
    fixed = replace(operator, axes=tuple((a, _pytorch(s)) for a, s in operator.axes))
    if fixed == operator:
        return
    verdict = compare_resize(operator, fixed, *site.operation.lengths)
    if verdict.negligible:
        return
    worst = verdict.worst
    off = float(worst.verdict.weight_difference)
    n_in, n_out = worst.verdict.witness or (0, 0)
    pairs = [(s, _pytorch(s)) for _, s in operator.axes]
    border = any(s.exclude_outside != told.exclude_outside for s, told in pairs)
    cubic = any(s.kernel != told.kernel for s, told in pairs)
    words = ", ".join(["exclude_outside=1"] * border + ["cubic_coeff_a=-0.5"] * cubic)
    message = (
        f"antialias without {words}: at length {n_in} to {n_out} (axis {worst.axis}) weights are "
        f"up to {off:.3g} from PyTorch's"
    )
    _, sampling = operator.axes[0]
    ins, outs = site.operation.lengths
    open_ = sampling.scale is None and all(ins[a] is None is outs[a] for a, _ in operator.axes)
    if open_ and not cubic:
        message += ", if it shrinks at all: no length or factor in the file says so"
    yield Finding(
        message, "note" if open_ and not cubic else "warning", "proven", Fix("unsafe", fixed)
    )


def _pytorch(sampling: Sampling) -> Sampling:
    kernel = sampling.kernel
    if not isinstance(kernel, Linear | Cubic) or not kernel.antialias:
        return sampling
    if isinstance(kernel, Cubic):
        kernel = replace(kernel, a=Fraction(-1, 2))
    return replace(sampling, kernel=kernel, exclude_outside=True)


def _smooth(*, excluded: bool) -> Resize:
    sampling = Sampling("half_pixel", Linear(antialias=True), exclude_outside=excluded)
    return Resize(((2, sampling),))


def _keys(a: Fraction) -> Resize:
    sampling = Sampling("half_pixel", Cubic(a, antialias=True), exclude_outside=True)
    return Resize(((2, sampling),))


_SIZES: Facts = {"input_shape": (1, 3, 5), "output_shape": (1, 3, 3), "by": "sizes"}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _smooth(excluded=True), _SIZES)),
        Bad(
            example_site("Resize", _smooth(excluded=False), _SIZES),
            Finding(
                "antialias without exclude_outside=1: at length 5 to 3 (axis 2) weights are up "
                "to 0.0536 from PyTorch's",
                "warning",
                "proven",
                Fix("unsafe", _smooth(excluded=True)),
            ),
        ),
        Bad(
            example_site("Resize", _smooth(excluded=False), by="sizes"),
            Finding(
                "antialias without exclude_outside=1: at length 3 to 1 (axis 2) weights are up "
                "to 0.0952 from PyTorch's, if it shrinks at all: no length or factor in the file "
                "says so",
                "note",
                "proven",
                Fix("unsafe", _smooth(excluded=True)),
            ),
        ),
        Bad(
            example_site("Resize", _keys(Fraction(-3, 4)), _SIZES),
            Finding(
                "antialias without cubic_coeff_a=-0.5: at length 5 to 3 (axis 2) weights are up "
                "to 0.0197 from PyTorch's",
                "warning",
                "proven",
                Fix("unsafe", _keys(Fraction(-1, 2))),
            ),
        ),
    ),
)
