"""A neural network blends pixels where a nearest resize may have been meant.

## Why it matters
A neural network has no nearest resize by a fraction. coremltools writes a bilinear one with aligned
corners in its place and warns on the console: every sample between two pixels is a blend, and a
label map gets classes that it never had.

## Where it comes from
coremltools 6.3 to 9.0, `convert_to="neuralnetwork"`, for F.interpolate(mode="nearest") to lengths
that are no multiple; 5.0 to 6.2 refuse it (source: the wheels, run). A bilinear resize with
align_corners=True looks just the same in the file.

## What is reported
An error where the layer still has the name of PyTorch's nearest. Where the name says nothing, a
note: it is right if the network has align_corners=True here.

## Fix safety
Safe where the name or `--expect mode=nearest` tells: no layer says a nearest resize by a fraction,
so the pixels are gathered. None where nothing tells which of the two was meant.
"""

from collections.abc import Iterator

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.dialect import NEURAL_NETWORK
from halfpixel.intents.deviation import deviation
from halfpixel.intents.exporter_habit import cannot_be_known
from halfpixel.origin import Intent, Producer
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Resize
from halfpixel.site import Site
from halfpixel_rules._coreml import linear

DECLINED = "the file does not say which of the two was meant"


def check(site: Site) -> Iterator[Finding]:
    """Look for a fractional upsampling with aligned corners that coremltools wrote."""
    operation = site.operation
    given = operation.attributes
    if operation.op != "upsample" or given.get("linearUpsampleMode") != "ALIGN_CORNERS_TRUE":
        return
    if "fractionalScalingFactor" not in given or not isinstance(operation.operator, Resize):
        return
    call = None if operation.intent is None else operation.intent.call
    if call is not None and call.family.startswith("nearest") and operation.intent is not None:
        found = deviation(operation)
        off = "" if found is None else f": {found.where} {found.amount}"
        message = f"pixels are blended{off}; {operation.intent.text} was meant"
        meant = call.resize(operation.rank)
        yield Finding(message, "error", "proven", Fix("safe", meant))
        return
    exporter = cannot_be_known(operation, "mode")
    if call is not None or exporter is None:
        return
    yield Finding(
        f"{exporter.title} writes this for a nearest resize as well as for a bilinear one with "
        "align_corners=True; --expect mode=nearest or mode=bilinear tells which",
        "note",
        "assumed",
        declined=DECLINED,
    )


_LIKE: Facts = {
    "dialect": NEURAL_NETWORK, "opset": 5, "by": "scales",
    "scales": (1.0, 1.0, 1.500016689, 1.500016689),
    "input_shape": (1, 2, 6, 6), "output_shape": (1, 2, 9, 9),
    "attributes": {
        "mode": "BILINEAR", "linearUpsampleMode": "ALIGN_CORNERS_TRUE",
        "fractionalScalingFactor": (1.500016689, 1.500016689),
    },
    "producer": Producer("coremltools", (9, 0)),
    "framework": "torch==2.13.0",
}  # fmt: skip
_CALL = parse_call('F.interpolate(x, size=(9, 9), mode="nearest")')
_NOTE = Finding(
    "coremltools writes this for a nearest resize as well as for a bilinear one with "
    "align_corners=True; --expect mode=nearest or mode=bilinear tells which",
    "note",
    "assumed",
    declined=DECLINED,
)

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("upsample", linear("corners"), like={**_LIKE, "producer": Producer()})),
        Bad(example_site("upsample", linear("corners"), like=_LIKE), _NOTE),
        Bad(
            example_site(
                "upsample", linear("corners"), like=_LIKE,
                intent=Intent("recorded", "its name", _CALL.text(), _CALL),
            ),
            Finding(
                "pixels are blended: at length 6 to 9 (axis 2) samples are up to 0.625 input px "
                "off, interpolation weights up to 0.625; F.interpolate(x, size=(9, 9), "
                'mode="nearest") was meant',
                "error",
                "proven",
                Fix("safe", _CALL.resize(4)),
            ),
        ),
    ),
)  # fmt: skip
