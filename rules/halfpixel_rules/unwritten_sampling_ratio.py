"""A RoiAlign leaves its sampling_ratio out, and runtimes read that differently.

## Why it matters
ONNX says that a sampling_ratio left out is 0: as many samples as a bin has pixels. OpenVINO
2026.4.1 (run) and TensorRT's importer (read) take one sample a bin there, which is off by up to 1.8
of an image of noise between 0 and 1 ([targets](targets.md)). Written out, 0 is 0 everywhere.

## Where it comes from
Exporters and graph editors that leave out what equals the default: torchvision's sampling_ratio=-1
is 0 in ONNX.

## What is reported
A note that names the runtimes by whose tables the node means something else than with 0 written
out, each run or read; with `--target` the [table of the target](targets.md) tells it instead.

## Fix safety
None: in ONNX's own meaning nothing is wrong.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from halfpixel.dialect import ONNX
from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import RoiAlign
from halfpixel.site import Operation, Site

NAME = "sampling_ratio"
RUNTIMES: Final = {"openvino": "OpenVINO", "tensorrt": "TensorRT"}
"""Targets that are asked, and what they are called."""

DECLINED = "sampling_ratio=0 written out says the same in every runtime"


def check(site: Site) -> Iterator[Finding]:
    """Look for a RoiAlign that leaves the number of its samples to the default."""
    operation = site.operation
    if operation.dialect != ONNX or not isinstance(operation.operator, RoiAlign):
        return
    if NAME in operation.attributes or operation.op != "RoiAlign":
        return
    known = _known(operation)
    if not known:
        return
    told = " and ".join(f"{RUNTIMES[name]} ({how})" for name, how in known.items())
    takes = "take" if len(known) > 1 else "takes"
    yield Finding(
        f"{NAME} is left out: ONNX takes as many samples as a bin has pixels, {told} {takes} one",
        "note",
        "simulated" if "run" in known.values() else "assumed",
        declined=DECLINED,
    )


def _known(operation: Operation) -> dict[str, str]:
    """Return the targets that compute something else where it is left out, each run or read."""
    from halfpixel.targets.target import load_target

    written = replace(operation, attributes={**operation.attributes, NAME: 0})
    found = dict[str, str]()
    for name in RUNTIMES.keys() - {*operation.origin.targets}:
        target = load_target(name)
        said, other = target.verdict(operation), target.verdict(written)
        if said is not None and said.verdict == "different" and said != other:
            found[name] = "run" if said.how == "measured" else "read"
    return dict(sorted(found.items()))


_OPERATOR = RoiAlign(aligned=True, output=(7, 7))

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("RoiAlign", _OPERATOR, opset=16, attributes={NAME: 0})),
        Good(
            example_site("RoiAlign", _OPERATOR, opset=16, targets=("openvino", "tensorrt")),
            because="the tables of these targets tell it, each for itself",
        ),
        Bad(
            example_site("RoiAlign", _OPERATOR, opset=16),
            Finding(
                "sampling_ratio is left out: ONNX takes as many samples as a bin has pixels, "
                "OpenVINO (run) and TensorRT (read) take one",
                "note",
                "simulated",
                declined=DECLINED,
            ),
        ),
    ),
)
