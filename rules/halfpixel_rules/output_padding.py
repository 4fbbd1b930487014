"""A transposed convolution pads its output on one side.

## Why it matters
A convolution of stride s takes s different lengths to one, so its transpose does not know
which to return to; output_padding chooses, by adding samples at the end. They are reached by
fewer taps than others, and the samples are not centred on the input any more: an output of
s * n samples from a kernel of 3 lies half an output sample to the left.

## Where it comes from
Decoders that mirror a strided encoder (kernel 3, stride 2, padding 1, output_padding 1). Some
converters drop the attribute or cut the samples off again.

## What is reported
A note with the lengths that share one input length. Nothing where output_shape or SAME padding
already fix the length.

## Fix safety
None: the length is what the rest of the network expects.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import ConvTranspose
from halfpixel.site import Site

DECLINED = "the length is what the rest of the network expects"


def check(site: Site) -> Iterator[Finding]:
    """Look for samples that are added at the end."""
    operator = site.operator
    if not isinstance(operator, ConvTranspose):
        return
    if operator.output_shape is not None or operator.auto_pad.startswith("SAME"):
        return  # the length is given, output_padding only moves the cut
    for axis, added in enumerate(operator.output_padding):
        if added:
            first = operator.output_length(axis, 8) - added
            last = first + operator.strides[axis] - 1
            lengths = f"{first} to {last}" if last > first else f"{first} alone"
            yield Finding(
                f"output_padding {added} (axis {axis + 2}) is added at the end only: length 8 "
                f"grows to {first + added}, and the convolution takes {lengths} back to 8",
                "note",
                "proven",
                declined=DECLINED,
            )
            return


def _padded(added: int, auto_pad: str = "NOTSET") -> ConvTranspose:
    return ConvTranspose((3,), (2,), (1,), (1,), (added,), (1,), auto_pad=auto_pad)


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("ConvTranspose", _padded(0))),
        Good(
            example_site("ConvTranspose", _padded(1, "SAME_UPPER")),
            because="SAME gives stride * n samples with or without it",
        ),
        Bad(
            example_site("ConvTranspose", _padded(1)),
            Finding(
                "output_padding 1 (axis 2) is added at the end only: length 8 grows to 16, and "
                "the convolution takes 15 to 16 back to 8",
                "note",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
)
