"""A RoiAlign leaves its sampling_ratio out, and runtimes read that differently.

## Why it matters
ONNX says that a sampling_ratio left out is 0: as many samples as a bin has pixels. OpenVINO
2026.4.1 (run) and TensorRT's importer (read) take one sample a bin there, which is off by up to 1.8
of an image of noise between 0 and 1 ([targets](targets.md)). Written out, 0 is 0 everywhere.

## Where it comes from
Exporters and graph editors that leave out what equals the default: torchvision's sampling_ratio=-1
is 0 in ONNX.

## What is reported
A note; with `--target` the [table of the target](targets.md) tells what that runtime makes of it.

## Fix safety
None: in ONNX's own meaning nothing is wrong.
"""

from collections.abc import Iterator

from halfpixel.dialect import ONNX
from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import RoiAlign
from halfpixel.site import Site

NAME = "sampling_ratio"
DECLINED = "sampling_ratio=0 written out says the same in every runtime"


def check(site: Site) -> Iterator[Finding]:
    """Look for a RoiAlign that leaves the number of its samples to the default."""
    operation = site.operation
    if operation.dialect != ONNX or not isinstance(operation.operator, RoiAlign):
        return
    if NAME in operation.attributes or operation.op != "RoiAlign":
        return
    yield Finding(
        f"{NAME} is left out: ONNX takes as many samples as a bin has pixels, OpenVINO and "
        "TensorRT take one",
        "note",
        "proven",
        declined=DECLINED,
    )


_OPERATOR = RoiAlign(aligned=True, output=(7, 7))

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("RoiAlign", _OPERATOR, opset=16, attributes={NAME: 0})),
        Bad(
            example_site("RoiAlign", _OPERATOR, opset=16),
            Finding(
                "sampling_ratio is left out: ONNX takes as many samples as a bin has pixels, "
                "OpenVINO and TensorRT take one",
                "note",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
)
