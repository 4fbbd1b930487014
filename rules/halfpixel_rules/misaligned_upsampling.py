"""A resize that aligns corners enlarges by a factor that leaves its pixels between samples.

## Why it matters
With aligned corners n pixels become m samples with a step of (n - 1) / (m - 1). Only where
m - 1 is a multiple of n - 1 does every input pixel fall on an output sample; 32 to 64 has a
step of 31 / 63, and the picture is stretched by 1.6 % against its stride.

## Where it comes from
nn.UpsamplingBilinear2d(scale_factor=2) and align_corners=True with sizes of stride * n.

## What is reported
A note with the length that would fit: networks that align corners on purpose resize by
(n - 1) * k + 1.

## Fix safety
None: another length is another network.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Site
from halfpixel_rules._aligned_resize import aligned_resize

DECLINED = "another length is another network"


def check(site: Site) -> Iterator[Finding]:
    """Compare the lengths of the site, less one each."""
    operator = aligned_resize(site)
    if operator is None:
        return
    ins, outs = site.operation.lengths
    for axis, _ in operator.axes:
        n_in, n_out = ins[axis], outs[axis]
        if n_in is None or n_out is None or n_in == 1 or (n_out - 1) % (n_in - 1) == 0:
            continue
        factor = max(round((n_out - 1) / (n_in - 1)), 1)
        yield Finding(
            f"length {n_in} to {n_out} (axis {axis}) with aligned corners has a step of "
            f"{n_in - 1}/{n_out - 1}: {factor * (n_in - 1) + 1} would keep every input pixel",
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
        Good(example_site("Resize", _UP, input_shape=(1, 3, 33), output_shape=(1, 3, 65))),
        Bad(
            example_site("Resize", _UP, input_shape=(1, 3, 32), output_shape=(1, 3, 64)),
            Finding(
                "length 32 to 64 (axis 2) with aligned corners has a step of 31/63: 63 would "
                "keep every input pixel",
                "note",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
)
