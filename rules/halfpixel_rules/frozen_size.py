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
factor) are exported as arithmetic. Position embeddings that are resized to the image's own grid
become a constant that is resized to a constant; a batch that is frozen in sizes resizes the batch
itself, so that four images give one.

## What is reported
A warning where the batch is free and its size a number; one where a constant of the file is
resized by a constant size or factor, though the model takes inputs of any lengths. Where the image
is resized, a warning, unless the exporter kept the source line and it spells the size out in
digits. A fixed size can have been meant (a network that works at one resolution): then ignore it.
The file alone cannot show which it was. A size of 1 is taken for meant; so is every one of a
converter that reads a graph and traces nothing, such as TensorFlow's.

## Fix safety
Unsafe for a batch: the length of the input's own batch comes in the place of the number. Otherwise
none: the arithmetic that was lost is not in the file.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.intents.aten_call import GRAPH
from halfpixel.intents.exporter_habit import as_written
from halfpixel.intents.frozen import frozen_batch
from halfpixel.origin import Intent, Origin
from halfpixel.rule import Bad, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Operation, Site

DECLINED = "the arithmetic that was lost is not in the file"


def check(site: Site) -> Iterator[Finding]:
    """Look for constant sizes on inputs whose lengths are free."""
    operation = site.operation
    if operation.hidden or _says_so(site):
        return
    if frozen_batch(operation) is not None:
        yield from _batch(operation)
    elif operation.by and as_written(operation, "sizes") is not None:
        return  # nothing was traced: the user gave a constant
    elif operation.surroundings.frozen and operation.constant_lengths and operation.by:
        yield from _constant(operation)
    elif operation.by == "sizes":
        yield from _of_image(operation) if operation.constant_lengths else _tried(operation)


def _of_image(operation: Operation) -> Iterator[Finding]:
    """Look for a constant size of what has the image's free lengths."""
    model, shape, sizes = operation.surroundings.model_shape, operation.input_shape, operation.sizes
    if operation.origin.literal_size or model is None or shape is None or sizes is None:
        return
    if all(isinstance(dim, int) for dim in model[2:]) or len(sizes) != len(shape):
        return
    for axis, (dim, size) in enumerate(zip(shape, sizes, strict=True)):
        if axis >= 2 and not isinstance(dim, int) and size not in {None, 1}:
            yield _finding(size, axis)
            return


def _batch(operation: Operation) -> Iterator[Finding]:
    operator = operation.operator
    if not isinstance(operator, Resize):
        return
    fixed = replace(operator, axes=tuple(pair for pair in operator.axes if pair[0] > 0))
    yield Finding(
        f"the batch is resized to {frozen_batch(operation)}, whatever the number of images: it is "
        "a number in sizes and free in the input",
        "warning",
        "proven",
        Fix("unsafe", fixed) if fixed.axes else None,
        "" if fixed.axes else "nothing else is resized",
    )


def _constant(operation: Operation) -> Iterator[Finding]:
    """Say that a constant is resized by constants, whatever the image."""
    if operation.origin.literal_size:
        return
    out = operation.lengths[1][2:]
    size = " x ".join("?" if n is None else str(n) for n in out)
    yield Finding(
        f"a constant of the file is resized to {size} for every input, whatever its lengths: "
        "position embeddings that follow the image in PyTorch keep the exported size",
        "warning",
        "assumed",
        declined=DECLINED,
    )


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

_POSITIONS = example_site(
    "Resize",
    _BOTH,
    by="sizes",
    input_shape=(1, 8, 14, 14),
    output_shape=(1, 8, 16, 16),
    sizes=(1, 8, 16, 16),
    frozen=True,
)
_BATCH = example_site(
    "Resize",
    Resize(((0, Sampling("half_pixel", Linear())), *_BOTH.axes)),
    by="sizes",
    input_shape=("batch", 3, 6, 6),
    output_shape=(1, 3, 9, 12),
    sizes=(1, 3, 9, 12),
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
        Good(
            replace(_POSITIONS, operation=replace(_POSITIONS.operation, constant_lengths=False)),
            because="their size follows the image",
        ),
        Bad(
            _POSITIONS,
            Finding(
                "a constant of the file is resized to 16 x 16 for every input, whatever its "
                "lengths: position embeddings that follow the image in PyTorch keep the exported "
                "size",
                "warning",
                "assumed",
                declined=DECLINED,
            ),
        ),
        Bad(
            _BATCH,
            Finding(
                "the batch is resized to 1, whatever the number of images: it is a number in "
                "sizes and free in the input",
                "warning",
                "proven",
                Fix("unsafe", _BOTH),
            ),
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
