"""Which axes a Resize is known to leave as they are, where their lengths are not known.

An axis of scale 1 stays, one that the attribute `axes` leaves out, one whose length carries one
symbol on both sides, and one whose size the graph takes from the very shape of the input.
"""

from math import prod
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.torch.text import claim
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.work import spend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import NodeProto

    from halfpixel.conventions.meaning import Meaning
    from halfpixel.formats.onnx.read.constants import Numbers
    from halfpixel.site import Operation
    from halfpixel.surroundings import Dim, Shape

    Known = dict[tuple[int, str], "Traced"]

DEEPEST: Final = 24
"""Nodes between a shape and the sizes that are followed."""

MANY: Final = 64
"""Numbers of a list of lengths; no tensor has more axes."""

CARRIES: Final = frozenset({"Cast", "Identity", "Unsqueeze", "Squeeze", "Reshape"})
"""Operators that hand on the lengths of a list, one after the other."""


class Source(Struct, frozen=True, eq=False):
    """Where a length comes from: an axis of a value's shape."""

    scope: Scope
    name: str
    axis: int

    @property
    def dim(self) -> "Dim":
        """The length, as far as it is declared."""
        shape = self.scope.shape(self.name)
        return shape[self.axis] if shape is not None and self.axis < len(shape) else None


class Traced(Struct, frozen=True):
    """The first numbers of a list: where each comes from, None each where that is not a shape."""

    sources: "tuple[Source | None, ...]" = ()
    whole: bool = False


def kept_axes(scope: Scope, sizes: str, data: str, shapes: "tuple[Shape, Shape]") -> frozenset[int]:
    """Return the axes whose length is the same on both sides by name or by computation.

    Args:
        scope: the graph.
        sizes: the value that gives the output lengths of every axis; empty for none.
        data: the value that is resized.
        shapes: its shape, and that of the output.
    """
    pairs = enumerate(zip(*shapes, strict=True))
    found = {axis for axis, (one, other) in pairs if isinstance(one, str) and one == other}
    if not sizes:
        return frozenset(found)
    here, name = scope.resolve(data)
    traced = _traced(scope, sizes, 0, {})
    for axis, source in enumerate(traced.sources[: len(shapes[0])]):
        if source is None:
            continue
        own = source.scope is here and source.name == name and source.axis == axis
        if own or (isinstance(source.dim, str) and source.dim == shapes[0][axis]):
            found.add(axis)
    return frozenset(found)


def dims_of(scope: Scope, name: str) -> "list[Dim]":
    """Return the numbers of a list of lengths, symbols where they are a value's own lengths.

    Of a list whose parts are joined each part counts; of one that is not known, one number. None
    at all of one that is too long.
    """
    numbers = short_list(scope, name)
    if numbers is not None:
        return [int(n) for n in numbers]
    found = scope.producer(name)
    if found is not None and found[1].op_type == "Concat":
        where, node = found
        return [dim for part in node.input[:MANY] for dim in _part_dims(where, part)]
    return _part_dims(scope, name)


def short_list(scope: Scope, name: str) -> "Numbers | None":
    """Return the numbers of a constant list; None where it is none, or longer than any shape."""
    dims = scope.constant_dims(name)
    return None if dims is None or prod(dims) > MANY else scope.numbers(name)


def _part_dims(scope: Scope, name: str) -> "list[Dim]":
    numbers = short_list(scope, name)
    if numbers is not None:
        return [int(n) for n in numbers]
    if scope.constant_dims(name) is not None:
        return []
    sources = _traced(scope, name, 0, {}).sources or (None,)
    return [None if source is None else source.dim for source in sources]


def _traced(scope: Scope, name: str, depth: int, known: "Known") -> Traced:
    """Return where the numbers of a list come from; each value is looked at once."""
    key = id(scope), name
    if key not in known:
        spend()
        known[key] = Traced()  # what depends on itself comes from nowhere
        known[key] = _looked_at(scope, name, depth, known)
    return known[key]


def _looked_at(scope: Scope, name: str, depth: int, known: "Known") -> Traced:
    numbers = scope.numbers(name)
    if numbers is not None:
        return Traced((None,) * len(numbers[:MANY]), whole=len(numbers) <= MANY)
    found = scope.producer(name)
    if found is None or depth > DEEPEST or not found[1].input:
        return Traced()
    where, node = found
    if node.op_type == "Shape":
        return _shape(where, node)
    if node.op_type == "Concat":
        return _joined([_traced(where, part, depth + 1, known) for part in node.input[:MANY]])
    if node.op_type not in {"Slice", "Gather", *CARRIES}:
        return Traced()
    inner = _traced(where, node.input[0], depth + 1, known)
    return inner if node.op_type in CARRIES else _part(where, node, inner)


def _shape(scope: Scope, node: "NodeProto") -> Traced:
    here, name = scope.resolve(node.input[0])
    shape = here.shape(name)
    given = scope.attributes(node)
    start, end = given.get("start", 0), given.get("end")
    sources = tuple(
        Source(here, name, axis) for axis in range(MANY if shape is None else len(shape))
    )
    if shape is None and (start or end is not None):
        return Traced()
    stop = len(sources) if end is None else int(str(end))
    return Traced(sources[int(str(start)) : stop], whole=shape is not None)


def _joined(parts: "Sequence[Traced]") -> Traced:
    sources: list[Source | None] = []
    for part in parts:
        sources += part.sources
        if not part.whole or len(sources) > MANY:
            return Traced(tuple(sources[:MANY]))
    return Traced(tuple(sources), whole=True)


def _part(scope: Scope, node: "NodeProto", whole: Traced) -> Traced:
    """Return a slice from a constant place to another, or the elements at constant places."""
    numbers = [scope.numbers(name) or () for name in node.input[1:]]
    if not numbers or any(value < 0 for value in numbers[0]):
        return Traced()
    count = len(whole.sources)
    if node.op_type == "Gather":
        places = [int(value) for value in numbers[0]]
    else:
        plain = len(numbers) > 1 and all(tuple(more) in {(0,), (1,)} for more in numbers[2:])
        if not plain or len(numbers[0]) != 1 or len(numbers[1]) != 1:
            return Traced()
        if len(numbers) > 2 and numbers[2] != (0,):
            return Traced()
        stop = int(numbers[1][0])
        if stop < 0 and not whole.whole:
            return Traced()
        places = list(range(count))[int(numbers[0][0]) : stop]
    if any(place >= count for place in places):
        return Traced()
    return Traced(tuple(whole.sources[place] for place in places), whole=True)


def with_claim(operation: "Operation", meaning: "Meaning", kept: frozenset[int]) -> "Operation":
    """Return an operation with the PyTorch call that it is.

    Args:
        operation: what is computed, its shapes settled.
        meaning: the same, as it was read.
        kept: axes that are known to stay, whatever their length is.
    """
    scales = operation.scales
    given = scales or meaning.sizes
    ranked = operation.input_shape is not None or (given and not operation.attributes.get("axes"))
    if not ranked or (operation.by == "scales" and scales is None):
        return operation
    policy = operation.attributes.get("keep_aspect_ratio_policy", "stretch")
    sizes = meaning.sizes or (None,) * meaning.rank
    if policy != "stretch" and any(sizes[axis] is None for axis, _ in meaning.resize.axes):
        return operation  # its one scale follows from lengths that are not known
    kept |= {axis for axis, scale in enumerate(scales or ()) if scale == 1}
    found = claim(meaning.resize, scales, *operation.lengths, kept)
    return replace(operation, torch_call=found.call, torch_where=found.where)
