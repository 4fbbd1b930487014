"""The model's input length is not stride * n + 1, though its resizes align corners.

## Why it matters
With odd strided kernels and SAME padding the features lie on input pixels 0, s, 2 s ... and the
last one lies on the last pixel only where the length is s * n + 1. At 512 instead of 513 the
last feature misses the edge by stride - 1 pixels, and the resize that aligns the corners
stretches the whole image by that much.

## Where it comes from
Networks of the DeepLab family run at 512 x 512; their own sizes are 513, 321, 769 ...

## What is reported
A note with the nearest length that fits: networks that align corners on purpose take inputs of
stride * n + 1. Only where the strided layers have odd kernels and SAME padding.

## Fix safety
None: the input's size is the user's.
"""

from collections.abc import Iterator
from math import prod

from halfpixel.rule import Bad, Facts, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Site
from halfpixel.surroundings import StridedLayer
from halfpixel_rules._aligned_resize import aligned_resize

DECLINED = "the input's size is the user's"


def check(site: Site) -> Iterator[Finding]:
    """Compare the model's input lengths with the strides before the site."""
    operation = site.operation
    if aligned_resize(site) is None or operation.surroundings.model_shape is None:
        return
    pairs = [
        zip(layer.kernel, layer.strides, strict=False) for layer in operation.surroundings.layers
    ]
    even = any(stride > 1 and kernel % 2 == 0 for layer in pairs for kernel, stride in layer)
    if even or not all(
        layer.same for layer in operation.surroundings.layers if max(layer.strides, default=1) > 1
    ):
        return  # a network that breaks the first two rules does not follow the fourth
    for place, length in enumerate(operation.surroundings.model_shape[2:]):
        stride = prod(
            layer.strides[place]
            for layer in operation.surroundings.layers
            if len(layer.strides) > place
        )
        if isinstance(length, int) and stride > 1 and (length - 1) % stride:
            fitting = (length - 1) // stride * stride + 1
            yield Finding(
                f"the model's input has length {length} (axis {place + 2}), strides of {stride} in "
                f"all: {fitting} or {fitting + stride} puts the last feature on the last pixel",
                "note",
                "proven",
                declined=DECLINED,
            )
            return


_UP = Resize(((2, Sampling("align_corners", Linear())), (3, Sampling("align_corners", Linear()))))
_HALVING = StridedLayer("Conv", (3, 3), (2, 2), same=True)
_TWO: Facts = {"layers": (_HALVING, _HALVING)}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _UP, _TWO, model_shape=(1, 3, 513, 513))),
        Bad(
            example_site("Resize", _UP, _TWO, model_shape=(1, 3, 512, 512)),
            Finding(
                "the model's input has length 512 (axis 2), strides of 4 in all: 509 or 513 "
                "puts the last feature on the last pixel",
                "note",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
)
