"""Lengths that a graph computes from its own free dimensions, tried at concrete ones."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from halfpixel.formats.onnx.read.lengths.shape_arithmetic import factors
from halfpixel.formats.onnx.read.lengths.trial import Trial
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.site import Operation
from halfpixel.surroundings import FreeLengths

if TYPE_CHECKING:
    from onnx import NodeProto


def with_free_lengths(
    main: Scope, node: "NodeProto", operation: Operation, attempts: list[Trial]
) -> Operation:
    """Return an operation completed with the lengths that the graph computes for it.

    Args:
        main: the main graph.
        node: the site's node.
        operation: what is known of it.
        attempts: trials of the free dimensions.
    """
    free = resize_trials(main, node, operation, attempts)
    surroundings = replace(operation.surroundings, free_lengths=free)
    return replace(operation, surroundings=surroundings)


def resize_trials(
    main: Scope, node: "NodeProto", operation: Operation, attempts: list[Trial]
) -> FreeLengths:
    """Return the lengths of a resize, and the factors that its shape arithmetic uses.

    Args:
        main: the main graph.
        node: a Resize or Upsample whose scales or sizes are computed.
        operation: what is known of it; lengths that are known make trials needless.
        attempts: trials of the free dimensions.
    """
    name = node.input[-1]
    constants = factors(main, name)
    ins, outs = operation.lengths
    fixed_in = tuple(n for n in ins[2:] if n is not None)
    fixed_out = tuple(n for n in outs[2:] if n is not None)
    if len(fixed_in) == len(fixed_out) == operation.rank - 2:
        return (
            FreeLengths(((fixed_in, fixed_out),), factors=constants) if constants else FreeLengths()
        )
    pairs: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    for trial in attempts:
        lengths = trial.lengths(node.input[0])
        value = trial.value(name)
        if lengths is None or value is None:
            continue
        numbers = [float(v) for v in value.ravel().tolist()]
        if len(numbers) != len(lengths):
            continue
        if operation.by == "scales":
            out = tuple(output_length_float32(n, s) for n, s in zip(lengths, numbers, strict=True))
        else:
            out = tuple(int(v) for v in numbers)
        pairs.append((lengths[2:], out[2:]))
    return FreeLengths(tuple(pairs), factors=constants)
