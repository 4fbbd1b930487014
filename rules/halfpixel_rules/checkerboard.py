"""A transposed convolution covers its output unevenly.

## Why it matters
Where the kernel's length is no multiple of the stride, or its dilation shares a factor with
the stride, some outputs sum more inputs than their neighbours, or none. With equal weights the
output shows the pattern of the stride: a checkerboard that training has to unlearn. What
output_padding adds at the end sums fewer inputs, too, and stands on one side: an output of 2 n
samples from a kernel of 3 with stride 2 and padding 1 lies half a sample to the left.

## Where it comes from
Decoders with a kernel of 3 and a stride of 2, with output_padding=1 where they mirror a strided
encoder. A kernel of 4 or 2, or a resize followed by a convolution, covers evenly.

## What is reported
A note with the inputs that each phase of the output sums, and the lengths that share one input
length where output_padding chooses between them. Nothing where the file holds the weights of linear
interpolation, as Caffe's bilinear filler makes them: each phase adds up to 1.

## Fix safety
None: the weights were trained for this kernel, and the rest of the network expects the length.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import ConvTranspose
from halfpixel.site import Site

DECLINED = "the weights were trained for this kernel"


def check(site: Site) -> Iterator[Finding]:
    """Compare what reaches each phase, and look for samples that are added at the end."""
    operator = site.operator
    if not isinstance(operator, ConvTranspose) or operator.linear:
        return
    said = [text for text in (_uneven(operator), _added(operator)) if text]
    if said:
        yield Finding("; ".join(said), "note", "proven", declined=DECLINED)


def _uneven(operator: ConvTranspose) -> str:
    """Return how many inputs each phase of the output sums; empty where that is as many."""
    for axis, kernel in enumerate(operator.kernel):
        if operator.is_even(axis):
            continue
        stride, dilation = operator.strides[axis], operator.dilations[axis]
        coverage = operator.coverage(axis)
        if len(coverage) == stride:  # what is cut off the start shifts the phases
            cut = operator.cut(axis, 8)[1] % stride
            coverage = coverage[cut:] + coverage[:cut]
        counts = ", ".join(map(str, coverage)) + (", ..." if len(coverage) < stride else "")
        if dilation > 1:
            why = f"kernel {kernel} has a dilation of {dilation} and a stride of {stride}"
        else:
            why = f"kernel {kernel} is not divisible by stride {stride}"
        turns = f"{'even and odd' if stride == 2 else f'every {stride}'} outputs"
        return f"{why} (axis {axis + 2}): {turns} sum {counts} inputs, so a grid pattern can show"
    return ""


def _added(operator: ConvTranspose) -> str:
    """Return what output_padding adds; empty where output_shape or SAME padding fix the length."""
    if operator.output_shape is not None or operator.auto_pad.startswith("SAME"):
        return ""
    for axis, added in enumerate(operator.output_padding):
        if not added:
            continue
        first = operator.output_length(axis, 8) - added
        last = first + operator.strides[axis] - 1
        lengths = f"{first} to {last}" if last > first else f"{first} alone"
        return (
            f"output_padding {added} (axis {axis + 2}) is added at the end only: length 8 grows to "
            f"{first + added}, and the convolution takes {lengths} back to 8"
        )
    return ""


def _kernel(
    length: int, dilation: int = 1, added: int = 0, auto_pad: str = "NOTSET"
) -> ConvTranspose:
    return ConvTranspose((length,), (2,), (1,), (1,), (added,), (dilation,), auto_pad=auto_pad)


_UNEVEN = (
    "kernel 3 is not divisible by stride 2 (axis 2): even and odd outputs sum 1, 2 inputs, so a "
    "grid pattern can show"
)
_ADDED = (
    "output_padding 1 (axis 2) is added at the end only: length 8 grows to {}, and the convolution "
    "takes {} back to 8"
)


def _bad(operator: ConvTranspose, message: str) -> Bad:
    site = example_site("ConvTranspose", operator)
    return Bad(site, Finding(message, "note", "proven", declined=DECLINED))


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("ConvTranspose", _kernel(4))),
        Good(
            example_site("ConvTranspose", _kernel(4, added=1, auto_pad="SAME_UPPER")),
            because="SAME gives stride * n samples with or without it",
        ),
        Good(
            example_site("ConvTranspose", replace(_kernel(3), linear=True)),
            because="the weights are those of linear interpolation: each phase adds up to 1",
        ),
        _bad(_kernel(3), _UNEVEN),
        _bad(_kernel(3, added=1), f"{_UNEVEN}; {_ADDED.format(16, '15 to 16')}"),
        _bad(_kernel(4, added=1), _ADDED.format(17, "16 to 17")),
        _bad(
            _kernel(4, dilation=2),
            "kernel 4 has a dilation of 2 and a stride of 2 (axis 2): even and odd outputs sum 0, "
            "4 inputs, so a grid pattern can show",
        ),
    ),
    aliases=("output-padding",),
)
