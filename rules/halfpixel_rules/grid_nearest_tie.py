"""A nearest grid sample with reflection meets exact ties, which runtimes round differently.

## Why it matters
A sample beyond the border is reflected about the outer edges, and may land exactly half way
between two pixels. onnxruntime and ONNX's reference then choose the one, PyTorch often the
other. Samples within -1 and 1 agree.

## Where it comes from
F.grid_sample(mode="nearest", padding_mode="reflection", align_corners=False).

## What is reported
A note: only samples that fall exactly on a tie are affected.

## Fix safety
None: the coordinates are data.
"""

from collections.abc import Iterator

from halfpixel.dialect import ONNX
from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import GridSample
from halfpixel.site import Site

WORDS = (
    "nearest with reflection about the outer edges: samples beyond the border that land exactly "
    "half way between two pixels are read 1 px apart by PyTorch and onnxruntime"
)
DECLINED = "the coordinates are data"


def check(site: Site) -> Iterator[Finding]:
    """Look for nearest with reflection and without align_corners."""
    operator = site.operator
    if not isinstance(operator, GridSample) or operator.align_corners:
        return
    if operator.mode == "nearest" and operator.padding == "reflection":
        yield Finding(WORDS, "note", "simulated", declined=DECLINED)


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("GridSample", GridSample("nearest", "border", align_corners=False))),
        Bad(
            example_site("GridSample", GridSample("nearest", "reflection", align_corners=False)),
            Finding(WORDS, "note", "simulated", declined=DECLINED),
        ),
    ),
    dialects=(ONNX,),
)
