"""A resize is written in other operators: gathers with index tables, or a pooling.

## Why it matters
Tools that look for Resize do not see it: delegates for mobile chips fall back, quantisers
treat it as data movement, and nobody reads its coordinates. What it computes is fixed for the
exported sizes.

## Where it comes from
torch.onnx.export(dynamo=True) decomposes nearest-exact and 1-D linear into GatherND, and area and
adaptive pooling into AveragePool, or into GatherND and a mean.

## What is reported
A note with the PyTorch call that the nodes are, found from their index tables and weights. An
AveragePool is named only where the exporter recorded that the user's own line resamples: others
are written by F.avg_pool2d, and are meant to be pooling.

## Fix safety
None: it computes what was meant.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Site

DECLINED = "it computes what was meant"


def check(site: Site) -> Iterator[Finding]:
    """Name the resize that a gather or pooling is."""
    operation = site.operation
    if not operation.hidden or "F.interpolate(" not in (operation.torch_call or ""):
        return
    if operation.op != "AveragePool" or operation.origin.resampling_line:
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
