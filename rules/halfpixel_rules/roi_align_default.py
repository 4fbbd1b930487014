"""A RoiAlign leaves its coordinate mode out, and the default changed at opset 16.

## Why it matters
RoiAlign-10 computes what opset 16 calls output_half_pixel, torchvision's aligned=False. From
opset 16 on leaving the attribute out means half_pixel, aligned=True: every box moves by half a
feature pixel, and boxes smaller than a pixel are no longer enlarged to one.

## Where it comes from
Models whose opset number was raised without converting the node; onnx.version_converter adds
the attribute.

## What is reported
A note that names the torchvision call, since the default may be what was meant.

## Fix safety
None: the file does not say which of the two was meant.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import RoiAlign
from halfpixel.site import Site

NAME = "coordinate_transformation_mode"
DECLINED = "the file does not say which of the two was meant"


def check(site: Site) -> Iterator[Finding]:
    """Look for a RoiAlign whose meaning hangs on its opset."""
    given = site.operation.attributes
    if site.op != "RoiAlign" or site.opset < 16 or NAME in given or site.operation.problem:
        return
    yield Finding(
        f"{NAME} is left out: at opset {site.opset} that is half_pixel (aligned=True), up to "
        "opset 15 it was output_half_pixel (aligned=False), 0.5 feature px away",
        "note",
        "proven",
        declined=DECLINED,
    )


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("RoiAlign", RoiAlign(aligned=False), opset=10)),
        Good(
            example_site(
                "RoiAlign", RoiAlign(aligned=True), opset=16, attributes={NAME: "half_pixel"}
            )
        ),
        Bad(
            example_site("RoiAlign", RoiAlign(aligned=True), opset=16),
            Finding(
                f"{NAME} is left out: at opset 16 that is half_pixel (aligned=True), up to opset "
                "15 it was output_half_pixel (aligned=False), 0.5 feature px away",
                "note",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
)
