"""Which lengths of a site's output are asked for by what reads it."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.formats.onnx.read.scope import JOINING, Scope, name_of
from halfpixel.formats.onnx.read.taken import order_of
from halfpixel.sampling import ConvTranspose, Resize
from halfpixel.site import Lengths, Operation, known
from halfpixel.surroundings import Need
from halfpixel.work import spend

if TYPE_CHECKING:
    from onnx import NodeProto

FARTHEST: Final = 2048
"""Nodes behind a site that are looked at; what is farther is not known."""

FOLLOWED: Final = frozenset(
    {"Identity", "Cast", "Relu", "LeakyRelu", "PRelu", "Clip", "Sigmoid", "Tanh", "Elu", "Selu"}
    | {"HardSigmoid", "HardSwish", "Softplus", "Gelu", "Mish", "Erf", "Exp", "Log", "Sqrt", "Abs"}
    | {"Neg", "Round", "Floor", "Ceil", "Dropout", "BatchNormalization", "InstanceNormalization"}
    | {"QuantizeLinear", "DequantizeLinear", "Softmax", "LogSoftmax", "Transpose"}
)
"""Operators whose output has the lengths of their first input, if in another order."""


class _View(Struct, frozen=True):
    """A value that has the lengths of the site's output: its name, and the axis of each of its."""

    name: str
    axes: tuple[int, ...]


def needs_of(scope: Scope, node: "NodeProto", operation: Operation) -> tuple[Need, ...]:
    """Return which lengths of a site's output are asked for behind it, where its own are in doubt.

    In doubt are lengths that the file declares otherwise than they are computed, and those by a
    factor whose rounding to float32 may have changed them.

    Args:
        scope: the graph that the site stands in.
        node: its node.
        operation: what it computes.
    """
    if not node.output or not in_doubt(operation):
        return ()
    output = node.output[0]
    behind: frozenset[str] | None = None
    needs: list[Need] = []
    waiting = [_View(output, tuple(range(operation.rank)))]
    seen = {output}
    while waiting:
        view = waiting.pop()
        if view.name in scope.outputs:
            declared = scope.declared(view.name) or ()
            lengths = dict(zip(view.axes, declared, strict=False))
            needs += _needs(lengths, f"the {'graph' if scope.path else 'model'}'s output")
        for index in scope.readers.get(view.name, ()):
            spend()
            reader = scope.nodes[index]
            if reader.op_type in JOINING and behind is None:
                behind = _behind(scope, output)
                if behind is None:
                    return ()
            needs += _asked(scope, reader, view, behind or frozenset(), operation)
            after = _followed(scope, reader, view)
            if after is not None and after.name not in seen:
                seen.add(after.name)
                waiting.append(after)
    return tuple(dict.fromkeys(needs))


def in_doubt(operation: Operation) -> bool:
    """Whether an output's lengths are not those that the file declares, or hang on a rounding."""
    ins, outs = operation.lengths
    if not isinstance(operation.operator, Resize | ConvTranspose) or None in outs[2:]:
        return False
    declared = known(operation.declared, operation.rank)
    if any(told not in {None, n} for told, n in zip(declared, outs, strict=False)):
        return True
    scales = operation.scales
    if scales is None:
        return False
    pairs = [(n, scale) for n, scale in zip(ins, scales, strict=True) if n is not None]
    return any(_near_whole(n * scale) for n, scale in pairs)


def _near_whole(length: float) -> bool:
    """Whether rounding a factor to float32 may have carried a length over a whole number.

    The product of a float32 and a length is exact in float64; float32 has 24 binary digits.
    """
    return length != round(length) and abs(length - round(length)) <= length * 2**-22


def _behind(scope: Scope, output: str) -> frozenset[str] | None:
    """Return every value that depends on one; None where they are too many to look at."""
    found, waiting = {output}, [output]
    while waiting:
        for index in scope.readers.get(waiting.pop(), ()):
            spend()
            fresh = [name for name in scope.nodes[index].output if name and name not in found]
            found.update(fresh)
            waiting += fresh
        if len(found) > FARTHEST:
            return None
    return frozenset(found)


def _followed(scope: Scope, reader: "NodeProto", view: _View) -> _View | None:
    """Return what a reader makes of a value, where that has the same lengths."""
    if not reader.output or not reader.output[0] or not reader.input:
        return None
    if reader.op_type in JOINING and reader.op_type != "Concat":
        return _View(reader.output[0], view.axes)
    if reader.op_type not in FOLLOWED or reader.input[0] != view.name:
        return None
    if reader.op_type != "Transpose":
        return _View(reader.output[0], view.axes)
    places = order_of(scope, reader)
    if places is None:
        places = tuple(reversed(range(len(view.axes))))
    if sorted(places) != [*range(len(view.axes))]:
        return None
    return _View(reader.output[0], tuple(view.axes[place] for place in places))


def _asked(
    scope: Scope, reader: "NodeProto", view: _View, behind: frozenset[str], operation: Operation
) -> Iterator[Need]:
    """Yield which lengths one reader of a value asks for."""
    by = f"{reader.op_type} {name_of(reader)!r}"
    if reader.op_type == "Reshape" and len(reader.input) > 1 and reader.input[0] == view.name:
        target = scope.numbers(reader.input[1])
        if target is not None:
            yield from _reshaped([int(n) for n in target], view, operation.lengths[1], by)
        return
    if reader.op_type not in JOINING:
        return
    joined = scope.attributes(reader).get("axis") if reader.op_type == "Concat" else None
    for name in reader.input:
        shape = scope.shape(name) if name and name not in behind else None
        if shape is None or len(shape) > len(view.axes):
            continue
        axes = view.axes[len(view.axes) - len(shape) :]
        skipped = int(joined) % len(axes) if isinstance(joined, int) and axes else None
        lengths = {
            axis: dim
            for place, (axis, dim) in enumerate(zip(axes, shape, strict=True))
            if place != skipped and dim != 1
        }
        yield from _needs(lengths, by, inferred=True)


def _reshaped(target: Sequence[int], view: _View, lengths: Lengths, by: str) -> Iterator[Need]:
    """Yield what a Reshape to a constant shape asks for."""
    have = [lengths[axis] for axis in view.axes]
    if None in have or 0 in target:
        return
    total = prod(n for n in have if n is not None)
    fixed = prod(n for n in target if n != -1)
    if total == fixed or (-1 in target and fixed and total % fixed == 0):
        return
    long = [(axis, n) for axis, n in zip(view.axes, have, strict=True) if n != 1]
    wanted = [n for n in target if n != 1]
    if -1 not in wanted and len(long) == len(wanted):
        yield from _needs({axis: n for (axis, _), n in zip(long, wanted, strict=True)}, by)
    else:
        yield Need(None, fixed, by)


def _needs(
    lengths: "dict[int, int | str | None]", by: str, *, inferred: bool = False
) -> list[Need]:
    return [Need(axis, n, by, inferred) for axis, n in lengths.items() if isinstance(n, int)]
