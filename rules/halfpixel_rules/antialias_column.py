"""PyTorch itself is wrong on this antialiased resize to a single column.

## Why it matters
On the CPU, from a contiguous tensor, PyTorch's antialiased resize to an output width of 1
repeats the first row where the height changes, too: `[[1..7], [10..70]]` to (3, 1) gives three
times 4 instead of 4, 22, 40. The exported node is right, and a comparison with eager PyTorch
says that it is not.

## Where it comes from
A fault of the CPU kernel (run with PyTorch 2.13). Two calls give the right answer where the first
changes the height alone; width first repeats the row all the same, and so does a channels_last
tensor of one channel.

## What is reported
A note where the recorded call is antialiased and the output is one column: what the model
computes is not what eager PyTorch showed.

## Fix safety
None: there is nothing wrong in the file.
"""

from collections.abc import Iterator

from halfpixel.conventions.torch.faults import repeats_first_row
from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.rule import Bad, Finding, Good, Rule, example_record, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Site

DECLINED = "there is nothing wrong in the file"


def check(site: Site) -> Iterator[Finding]:
    """Look for recorded antialiased calls whose output is one column."""
    intent = site.intent
    if intent is None or intent.how != "recorded" or intent.call is None:
        return
    if not intent.call.antialias or not repeats_first_row(*site.operation.lengths):
        return
    yield Finding(
        "the node is right and eager PyTorch is not: on the CPU its antialiased resize of "
        "contiguous tensors to width 1 repeats the first row",
        "note",
        "simulated",
        declined=DECLINED,
    )


_CALL = parse_call('F.interpolate(x, size=(3, 1), mode="bilinear", antialias=True)')
_RECORD = example_record(_CALL)
_SMOOTH = Sampling("half_pixel", Linear(antialias=True), exclude_outside=True)
_BOTH = Resize(((2, _SMOOTH), (3, _SMOOTH)))

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site(
                "Resize",
                _BOTH,
                intent=_RECORD,
                input_shape=(1, 1, 2, 7),
                output_shape=(1, 1, 3, 2),
            )
        ),
        Bad(
            example_site(
                "Resize",
                _BOTH,
                intent=_RECORD,
                input_shape=(1, 1, 2, 7),
                output_shape=(1, 1, 3, 1),
            ),
            Finding(
                "the node is right and eager PyTorch is not: on the CPU its antialiased resize "
                "of contiguous tensors to width 1 repeats the first row",
                "note",
                "simulated",
                declined=DECLINED,
            ),
        ),
    ),
)
