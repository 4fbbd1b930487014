"""A Resize names coordinates that its opset does not have.

## Why it matters
tf_half_pixel_for_nn was taken out in opset 13 and half_pixel_symmetric came in with opset 19
(source: ONNX, docs/Changelog.md, Resize-13 and Resize-19).
Nothing says what they mean there. onnxruntime and ONNX's checker do not look and let both
through; ONNX's reference evaluator refuses tf_half_pixel_for_nn, other runtimes refuse or
replace either.

## Where it comes from
onnx.version_converter, which keeps the text whatever the target opset; tf2onnx at opset 13.

## What is reported
A warning; a note where the name says what the exporter's framework computes, which onnxruntime
runs right.

## Fix safety
Safe for tf_half_pixel_for_nn with floor: half_pixel with round_prefer_ceil is proven to pick
the same pixels. Safe for half_pixel_symmetric: the model is taken to opset 19, where the name
means what it says; with `--max-opset` below that it is declined.
"""

from collections.abc import Iterator

from halfpixel.conventions.onnx.resize import attributes_of
from halfpixel.intents.exporter_habit import as_written
from halfpixel.rule import Bad, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Linear, Nearest, Resize, Sampling
from halfpixel.site import Site

DECLINED = "no attribute of this opset can say it"


def check(site: Site) -> Iterator[Finding]:
    """Compare the coordinates with those that the opset has."""
    operator = site.operator
    if site.op != "Resize" or not isinstance(operator, Resize):
        return
    for _, sampling in operator.axes:
        name = sampling.coordinate
        early = name == "half_pixel_symmetric" and 11 <= site.opset < 19
        late = name == "tf_half_pixel_for_nn" and site.opset >= 13
        if not early and not late:
            continue
        bounds = "came with opset 19" if early else "was taken out in opset 13"
        words = None if early else attributes_of(sampling, site.opset)
        fix = None
        if early or (words is not None and isinstance(sampling.kernel, Nearest)):
            fix = Fix("safe", operator)
        message = f"{name} {bounds}, this is opset {site.opset}: not every runtime takes it"
        runs = late and as_written(site.operation, "rounding") is not None
        yield Finding(
            message, "note" if runs else "warning", "proven", fix, "" if fix else DECLINED
        )
        return


_TF = Resize(((2, Sampling("tf_half_pixel_for_nn", Nearest("floor"))),))
_SYMMETRIC = Resize(((2, Sampling("half_pixel_symmetric", Linear())),))

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _TF, opset=11)),
        Good(example_site("Resize", _SYMMETRIC, opset=19)),
        Bad(
            example_site("Resize", _TF, opset=13),
            Finding(
                "tf_half_pixel_for_nn was taken out in opset 13, this is opset 13: not every "
                "runtime takes it",
                "warning",
                "proven",
                Fix(
                    "safe",
                    _TF,
                ),
            ),
        ),
        Bad(
            example_site("Resize", _SYMMETRIC, opset=18),
            Finding(
                "half_pixel_symmetric came with opset 19, this is opset 18: not every runtime "
                "takes it",
                "warning",
                "proven",
                Fix("safe", _SYMMETRIC),
            ),
        ),
    ),
)
