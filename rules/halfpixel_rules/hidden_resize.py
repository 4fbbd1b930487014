"""A resize is written in other operators: gathers with index tables, a pooling, or copies.

## Why it matters
Tools that look for Resize do not see it: delegates for mobile chips fall back, quantisers
treat it as data movement, and nobody reads its coordinates. Index tables and windows are fixed for
the exported sizes.

## Where it comes from
torch.onnx.export(dynamo=True) decomposes nearest-exact and 1-D linear into GatherND, and area and
adaptive pooling into AveragePool, or into GatherND and a mean. Keras' UpSampling2D becomes Tile and
Reshape, or slices that are put back several times; PyTorch's repeat_interleave, or expand and
reshape, becomes Expand and Reshape; a pixel shuffle by hand becomes Reshape, Transpose and Reshape.

## What is reported
A note with the PyTorch call that the nodes are, found from their index tables, weights and shapes.
An AveragePool is named only where the exporter recorded that the user's own line resamples: others
are written by F.avg_pool2d, and are meant to be pooling.

## Fix safety
None: it computes that call.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Site

DECLINED = "it computes that call"


def check(site: Site) -> Iterator[Finding]:
    """Name the resize that a gather, a pooling or copies are."""
    operation = site.operation
    if not operation.hidden or not operation.torch_call:
        return
    if operation.op != "AveragePool" or (
        operation.origin.resampling_line and "F.interpolate(" in operation.torch_call
    ):
        message = f"{operation.torch_call} is written as {operation.hidden}"
        yield Finding(message, "note", "proven", declined=DECLINED)


_CALL = 'F.interpolate(x, size=(14,), mode="linear", align_corners=False)'
_RESIZE = Resize(((2, Sampling("half_pixel", Linear())),))
_AREA = 'F.interpolate(x, size=(7,), mode="area")'

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _RESIZE, torch_call=_CALL)),
        Good(
            example_site("AveragePool", None, hidden="AveragePool", torch_call=_AREA),
            because="nothing tells it from a pooling that is meant",
        ),
        Bad(
            example_site("GatherND", _RESIZE, hidden="GatherND", torch_call=_CALL),
            Finding(f"{_CALL} is written as GatherND", "note", "proven", declined=DECLINED),
        ),
    ),
)
