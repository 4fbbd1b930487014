"""The output size is a constant of the file, and the input's size is not.

## Why it matters
A size that was computed from the input in Python, such as `int(s * 1.5)`, is traced as the
number that it had. The model then resizes every input to the size of the example image:
right for that one, stretched for all others.

## Where it comes from
PyTorch's exporters, where a dynamic length becomes a number of Python's on the way (run with 2.13):
torch.onnx.export(dynamo=True) freezes `int(s * 1.5)`, and keeps it as arithmetic where it is given
a program of torch.export with strict=True; `int(s) * 2` and math.floor() stay arithmetic. Tracing
by TorchScript freezes int(), math.floor() and math.ceil(); a scripted module keeps the arithmetic.
round() is refused by both. Lengths that stay symbolic (`s * 2`, `s // 2`, `y.shape[2:]`, a scale
factor) are exported as arithmetic.

## What is reported
A warning, unless the exporter kept the source line and it spells the size out in digits. A
fixed size can have been meant (a network that works at one resolution): then ignore it. The
file alone cannot show which it was. A size of 1 is taken for meant; so is every one of a converter
that reads a graph and traces nothing, such as TensorFlow's.

## Fix safety
None: the arithmetic that was lost is not in the file.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.intents.aten_call import GRAPH
from halfpixel.intents.exporter_habit import as_written
from halfpixel.origin import Intent, Origin
from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Operation, Site

DECLINED = "the arithmetic that was lost is not in the file"


def check(site: Site) -> Iterator[Finding]:
    """Look for constant sizes on inputs whose lengths are free."""
    operation = site.operation
    if operation.by != "sizes" or operation.hidden or _says_so(site):
        return
    if as_written(operation, "sizes") is not None:
        return  # nothing was traced: the user gave a constant
    if not operation.constant_lengths:
        yield from _tried(operation)
        return
    model, shape, sizes = operation.surroundings.model_shape, operation.input_shape, operation.sizes
    if operation.origin.literal_size or model is None or shape is None or sizes is None:
        return
    if all(isinstance(dim, int) for dim in model[2:]) or len(sizes) != len(shape):
        return
    for axis, (dim, size) in enumerate(zip(shape, sizes, strict=True)):
        if axis >= 2 and not isinstance(dim, int) and size not in {None, 1}:
            yield _finding(size, axis)
            return


def _says_so(site: Site) -> bool:
    """Whether PyTorch's own graph, exported with free lengths, has numbers for the size.

    A record in the file does not tell: its lengths may have been freed afterwards.
    """
    intent = site.intent
    if intent is None or intent.call is None or not intent.origin.startswith(GRAPH):
        return False
    size = intent.call.size
    return size is not None and None not in size


def _tried(operation: Operation) -> Iterator[Finding]:
    """Look for lengths that the graph computes to one number whatever the input."""
    trials = operation.surroundings.free_lengths.trials
    if len(trials) < 2 or operation.origin.literal_size:
        return
    count = len(trials[0][0])
    for place in range(count):
        ins = {lengths[place] for lengths, _ in trials}
        outs = {lengths[place] for _, lengths in trials}
        if len(ins) > 1 and len(outs) == 1 and outs != {1}:
            yield _finding(outs.pop(), operation.rank - count + place)
            return


def _finding(size: int | None, axis: int) -> Finding:
    return Finding(
        f"every input is resized to length {size} (axis {axis}), whatever its own length: "
        "right only if a fixed size was meant",
        "warning",
        "assumed",
        declined=DECLINED,
    )


_BOTH = Resize(tuple((axis, Sampling("half_pixel", Linear())) for axis in (2, 3)))
_FROZEN = example_site(
    "Resize",
    _BOTH,
    by="sizes",
    input_shape=(1, 3, "height", "width"),
    output_shape=(1, 3, 9, 12),
    sizes=(1, 3, 9, 12),
    model_shape=(1, 3, "height", "width"),
)

_WRITTEN = Intent(
    "recorded", GRAPH, "the call", parse_call('F.interpolate(x, size=(9, 12), mode="bilinear")')
)

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            replace(_FROZEN, operation=replace(_FROZEN.operation, constant_lengths=False)),
            because="the size is computed in the graph",
        ),
        Good(
            replace(
                _FROZEN,
                operation=replace(_FROZEN.operation, origin=Origin(literal_size=True)),
            ),
            because="the user wrote the size in digits",
        ),
        Good(
            replace(_FROZEN, operation=_FROZEN.operation.meaning(_WRITTEN)),
            because="PyTorch's own graph has that size",
        ),
        Bad(
            _FROZEN,
            Finding(
                "every input is resized to length 9 (axis 2), whatever its own length: right "
                "only if a fixed size was meant",
                "warning",
                "assumed",
                declined=DECLINED,
            ),
        ),
    ),
)
