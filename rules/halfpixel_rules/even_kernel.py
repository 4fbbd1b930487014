"""An even kernel strides on the way to a resize that aligns corners.

## Why it matters
With aligned corners the first feature has to lie on the first input pixel. A strided kernel of
even length has no middle: its features lie half a pixel beside the input's pixels, and no
padding puts the corners on each other.

## Where it comes from
Max pooling of 2 x 2 and strided convolutions of 2 x 2 or 4 x 4 in an encoder whose decoder
resizes with align_corners=True.

## What is reported
A note: networks that align corners on purpose have odd kernels (with SAME padding, resizes that
align corners, and input lengths of stride * n + 1).

## Fix safety
None: the weights were trained for this kernel.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Site
from halfpixel.surroundings import StridedLayer
from halfpixel_rules._aligned_resize import aligned_resize

DECLINED = "the weights were trained for this kernel"


def check(site: Site) -> Iterator[Finding]:
    """Look for even kernels among the strided layers before the site."""
    if aligned_resize(site) is None:
        return
    for layer in site.operation.surroundings.layers:
        pairs = zip(layer.kernel, layer.strides, strict=False)
        even = [kernel for kernel, stride in pairs if stride > 1 and kernel % 2 == 0]
        if even:
            yield Finding(
                f"a {layer.op} of kernel {even[0]} strides before this resize: with aligned "
                "corners strided kernels are odd",
                "note",
                "proven",
                declined=DECLINED,
            )
            return


_UP = Resize(((2, Sampling("align_corners", Linear())),))
_ODD = StridedLayer("Conv", (3,), (2,), same=True)
_EVEN = StridedLayer("MaxPool", (2,), (2,), same=False)

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _UP, layers=(_ODD,))),
        Good(
            example_site(
                "Resize", Resize(((2, Sampling("half_pixel", Linear())),)), layers=(_EVEN,)
            ),
            because="half pixels are right with even kernels",
        ),
        Bad(
            example_site("Resize", _UP, layers=(_ODD, _EVEN)),
            Finding(
                "a MaxPool of kernel 2 strides before this resize: with aligned corners strided "
                "kernels are odd",
                "note",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
)
