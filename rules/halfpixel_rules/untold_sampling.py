"""An operator resamples, and the file does not tell how.

## Why it matters
Nothing found is no verdict where nothing was judged: what such an operator reads is neither proven
right nor wrong here, and a half pixel that is lost in it stays.

## Where it comes from
LiteRT models with FlexCropAndResize, FlexScaleAndTranslate, MediaPipe's TransformTensorBilinear
and other custom operators, whose boxes, scales or matrices are computed while the model runs; a
TRANSPOSE_CONV of free lengths; Flex resizes whose options cannot be read; a STABLEHLO_COMPOSITE
that is called upsample, for which a runtime may have a kernel of its own. Source: TensorFlow,
lite/delegates/flex; MediaPipe, util/tflite/operations.

## What is reported
A note with what the file lacks. The graph that a composite stands for is read too, and what it
resamples is a site of its own.

## Fix safety
None: nothing is known to be wrong. `halfpixel verify MODEL ORIGINAL` holds its outputs against the
model that it was made from.
"""

from collections.abc import Iterator

from halfpixel.dialect import LITERT
from halfpixel.rule import Bad, Finding, Good, Rule, example_resize, example_site
from halfpixel.sampling import Linear, Sampling
from halfpixel.site import Site

MESSAGE = "the file does not tell what it samples: {}"
DECLINED = "verify holds the model against the one that it was made from"


def check(site: Site) -> Iterator[Finding]:
    """Look for what is left open."""
    operation = site.operation
    if operation.operator is None and operation.doubt and not operation.problem:
        yield Finding(MESSAGE.format(operation.doubt), "note", "proven", declined=DECLINED)


_RESIZE = example_resize(Sampling("half_pixel", Linear()))
_GIVEN = "its inputs say where it reads while the model runs"

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("FlexResizeBilinear", _RESIZE, dialect=LITERT)),
        Bad(
            example_site("FlexCropAndResize", None, dialect=LITERT, doubt=_GIVEN),
            Finding(MESSAGE.format(_GIVEN), "note", "proven", declined=DECLINED),
        ),
    ),
    dialects=(LITERT,),
)
