"""A resize was meant to antialias and does not, or does and was not meant to.

## Why it matters
Shrinking without antialias reads every k-th pixel and its neighbours: detail folds into
patterns that were not there, and a network that was trained on smoothed images sees others.

## Where it comes from
coremltools drops it where a model comes from TorchScript (source: docs/coreml-interpolate.md, run
with 9.0), as do tools that rebuild attributes. Resize knows antialias from opset 18 on, and onnx's
version converter refuses to take it below.

## What is reported
An error where the call is recorded or expected (`--expect antialias=true`), a warning where it
is assumed. A plain resize of which nothing is known is not reported: most are meant. A note stands
at a linear resize of Core ML that shrinks, came from TorchScript and has no record: coremltools
drops antialias=True there without a word. `--expect antialias=false` answers it.

## Fix safety
Safe where the call is recorded or expected and the opset has antialias.
"""

from collections.abc import Iterator

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.dialect import ML_PROGRAM, ONNX
from halfpixel.intents.exporter_habit import cannot_be_known
from halfpixel.origin import Producer
from halfpixel.rule import (
    Bad,
    Facts,
    Finding,
    Fix,
    Good,
    Rule,
    example_record,
    example_resize,
    example_site,
)
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Attribute, Operation, Site
from halfpixel_rules._meant import findings

_UNTOLD = "nothing tells whether it was meant"


def check(site: Site) -> Iterator[Finding]:
    """Compare the site's kernel with that of its intent."""
    yield from findings(site, frozenset({"antialias"}), "antialias is not as it was meant")
    yield from _dropped_unheard(site.operation)


def _dropped_unheard(operation: Operation) -> Iterator[Finding]:
    """Yield a note where a converter would have dropped it, and the file cannot tell."""
    intent, operator = operation.intent, operation.operator
    told = intent is not None and intent.how != "assumed"
    if told or operation.dialect == ONNX or not isinstance(operator, Resize):
        return
    ins, outs = operation.lengths
    for axis, sampling in operator.axes:
        n_in, n_out = ins[axis], outs[axis]
        if n_in is None or n_out is None or n_out >= n_in or sampling.kernel != Linear():
            continue
        exporter = cannot_be_known(operation, "antialias")
        if exporter is None:
            return
        yield Finding(
            f"length {n_in} shrinks to {n_out} (axis {axis}) without antialias, which "
            f"{exporter.title} drops without a word: if it was meant, say --expect antialias=true",
            "note",
            "assumed",
            declined=_UNTOLD,
        )
        return


_CALL = parse_call('F.interpolate(x, size=(3, 3), mode="bilinear", antialias=True)')
_RECORD = example_record(_CALL)
_SIZES: Facts = {"input_shape": (1, 3, 6, 6), "output_shape": (1, 3, 3, 3), "by": "sizes"}
_PLAIN = Sampling("half_pixel", Linear())
_SMOOTH = Sampling(
    "half_pixel", Linear(antialias=True), exclude_outside=True, copies_same_length=True
)
_COREML: Facts = {
    **_SIZES, "dialect": ML_PROGRAM, "opset": 7,
    "producer": Producer("coremltools"), "framework": "torch==2.13.0",
}  # fmt: skip
_WRITTEN: dict[str, Attribute] = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", example_resize(_SMOOTH), intent=_RECORD, like=_SIZES)),
        Good(
            example_site("Resize", example_resize(_PLAIN), like=_SIZES),
            because="nothing is known of what was meant",
        ),
        Bad(
            example_site("resize_bilinear", example_resize(_PLAIN), like=_COREML),
            Finding(
                "length 6 shrinks to 3 (axis 2) without antialias, which coremltools drops without "
                "a word: if it was meant, say --expect antialias=true",
                "note",
                "assumed",
                declined=_UNTOLD,
            ),
        ),
        Bad(
            example_site(
                "Resize", example_resize(_PLAIN), attributes=_WRITTEN, intent=_RECORD, like=_SIZES
            ),
            Finding(
                "antialias is not as it was meant: at length 6 to 3 (axis 2) interpolation weights "
                'are up to 0.143 off; F.interpolate(x, size=(3, 3), mode="bilinear", '
                "align_corners=False, antialias=True) was meant",
                "error",
                "proven",
                Fix("safe", example_resize(_SMOOTH)),
            ),
        ),
    ),
)
