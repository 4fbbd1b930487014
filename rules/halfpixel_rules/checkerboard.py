"""A transposed convolution covers its output unevenly.

## Why it matters
Where the kernel's length is no multiple of the stride, or its dilation shares a factor with
the stride, some output samples are reached by more kernel taps than their neighbours, or by
none. With equal weights the output shows the pattern of the
stride: a checkerboard that training has to unlearn.

## Where it comes from
Decoders with a kernel of 3 and a stride of 2. A kernel of 4 or 2, or a resize followed by a
convolution, covers evenly.

## What is reported
A note with the taps that reach each phase of the output. Nothing where the file holds the weights
of linear interpolation, as Caffe's bilinear filler makes them: each phase adds up to 1.

## Fix safety
None: the weights were trained for this kernel.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import ConvTranspose
from halfpixel.site import Site

DECLINED = "the weights were trained for this kernel"


def check(site: Site) -> Iterator[Finding]:
    """Compare the taps that reach each phase."""
    operator = site.operator
    if not isinstance(operator, ConvTranspose) or operator.linear:
        return
    for axis in range(len(operator.kernel)):
        if not operator.is_even(axis):
            coverage = operator.coverage(axis)
            more = ", ..." if len(coverage) < operator.strides[axis] else ""
            phases = ", ".join(map(str, coverage)) + more
            dilation = operator.dilations[axis]
            dilated = f", dilation {dilation}" if dilation > 1 else ""
            yield Finding(
                f"kernel {operator.kernel[axis]}{dilated} and stride {operator.strides[axis]} "
                f"(axis {axis + 2}): the phases of the output are reached by {phases} taps",
                "note",
                "proven",
                declined=DECLINED,
            )
            return


def _kernel(length: int, dilation: int = 1, *, linear: bool = False) -> ConvTranspose:
    return ConvTranspose((length,), (2,), (1,), (1,), (0,), (dilation,), linear=linear)


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("ConvTranspose", _kernel(4))),
        Good(
            example_site("ConvTranspose", _kernel(3, linear=True)),
            because="the weights are those of linear interpolation: each phase adds up to 1",
        ),
        Bad(
            example_site("ConvTranspose", _kernel(3)),
            Finding(
                "kernel 3 and stride 2 (axis 2): the phases of the output are reached by 2, 1 taps",
                "note",
                "proven",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site("ConvTranspose", _kernel(4, dilation=2)),
            Finding(
                "kernel 4, dilation 2 and stride 2 (axis 2): the phases of the output are reached "
                "by 4, 0 taps",
                "note",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
)
