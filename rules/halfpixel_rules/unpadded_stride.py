"""A strided layer without SAME padding stands before a resize that aligns corners.

## Why it matters
Aligned corners need the first and last feature on the first and last pixel. A strided odd
kernel does that with SAME padding, (kernel - 1) / 2 on each side; with less the features start
inside the image, and the resize stretches them to its edges.

## Where it comes from
VALID convolutions and poolings in an encoder whose decoder resizes with align_corners=True.

## What is reported
A note: networks that align corners on purpose have SAME padding.

## Fix safety
None: another padding is another network.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Site
from halfpixel.surroundings import StridedLayer
from halfpixel_rules._aligned_resize import aligned_resize

DECLINED = "another padding is another network"


def check(site: Site) -> Iterator[Finding]:
    """Look for strided odd kernels that are not padded to SAME."""
    if aligned_resize(site) is None:
        return
    for layer in site.operation.surroundings.layers:
        pairs = zip(layer.kernel, layer.strides, strict=False)
        odd = [kernel for kernel, stride in pairs if stride > 1 and kernel % 2]
        if odd and not layer.same:
            yield Finding(
                f"a {layer.op} of kernel {odd[0]} strides before this resize without SAME "
                "padding: its features do not reach the corners that are aligned",
                "note",
                "proven",
                declined=DECLINED,
            )
            return


_UP = Resize(((2, Sampling("align_corners", Linear())),))

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _UP, layers=(StridedLayer("Conv", (3,), (2,), same=True),))),
        Bad(
            example_site("Resize", _UP, layers=(StridedLayer("Conv", (3,), (2,), same=False),)),
            Finding(
                "a Conv of kernel 3 strides before this resize without SAME padding: its "
                "features do not reach the corners that are aligned",
                "note",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
)
