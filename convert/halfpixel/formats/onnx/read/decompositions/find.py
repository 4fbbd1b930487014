"""Which gathers of a graph resize, each with what stands around it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from msgspec.structs import replace

from halfpixel.formats.onnx.read.decompositions.combined import Found, combined_of
from halfpixel.formats.onnx.read.decompositions.gathers import (
    Gather,
    blend_of,
    read_gather,
)
from halfpixel.formats.onnx.read.decompositions.pattern import Decomposition
from halfpixel.formats.onnx.read.decompositions.single import squeezed
from halfpixel.formats.onnx.read.decompositions.tables import Blended, Gathered
from halfpixel.formats.onnx.read.decompositions.windows import windows_of
from halfpixel.formats.onnx.read.evaluation import if_sound
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.formats.onnx.read.taken import order_of
from halfpixel.work import TooMuchWork, one_node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import NodeProto


P = ParamSpec("P")
T = TypeVar("T")


def decompositions_of(
    scope: Scope, nodes: "Mapping[int, NodeProto]"
) -> list[tuple[int, Decomposition | str]]:
    """Return what may be resizes among the gathers of a graph.

    A gather whose parts do not belong together is left out, and no other with it.

    Args:
        scope: the graph.
        nodes: its GatherND nodes, by their places.

    Returns:
        The place of each, and what it is, or why it is too much work.
    """
    refused: dict[int, str] = {}

    def each(index: int, read: Callable[P, T], *given: P.args, **named: P.kwargs) -> T | None:
        try:
            with one_node():
                return if_sound(read, *given, **named)
        except TooMuchWork as error:
            refused[index] = str(error)
            return None

    read = [each(index, read_gather, scope, node, index) for index, node in nodes.items()]
    sound = [one for one in read if one is not None]
    gathers = {name: one for one in sound for name in (one.node.output[0], one.end)}
    blends = {one.index: each(one.index, blend_of, scope, one, gathers) for one in sound}
    seconds = {blend[0].index for blend in blends.values() if blend is not None}
    sums: dict[int, Found] = {}
    for one in sound:
        if one.index in seconds or blends[one.index] is not None:
            continue
        added = each(one.index, combined_of, scope, one, gathers)
        if added is not None:
            sums[one.index] = added
            seconds |= added.gathers - {one.index}
    found: dict[int, Decomposition | str] = {}
    for one in sound:
        if one.index not in seconds and one.index not in refused:
            whole = sums.get(one.index)
            made = each(one.index, _decomposition, scope, one, blends[one.index], whole)
            found |= {} if made is None else {one.index: made}
    return sorted((found | refused).items())


def _decomposition(
    scope: Scope, gather: Gather, blend: tuple[Gather, str, str] | None, whole: Found | None
) -> Decomposition:
    """Return the resize that a gather may be, with what stands around it."""
    return _wider(_narrow(scope, gather, blend, whole))


def _narrow(
    scope: Scope, gather: Gather, blend: tuple[Gather, str, str] | None, whole: Found | None
) -> Decomposition:
    axes = gather.perm[: gather.count]
    if whole is not None:
        return Decomposition(
            scope, gather.node, gather.index, gather.data, whole.output, axes, gather.layout,
            whole.form,
        )  # fmt: skip
    windows = windows_of(scope, gather) if blend is None else None
    if windows is not None:
        form, output, layout = windows.form, windows.output, windows.layout
        return Decomposition(
            scope, gather.node, gather.index, gather.data, output, windows.axes, layout, form
        )
    if blend is not None:
        second, weights, output = blend
        after = len(gather.perm) - 1 - gather.layout.index(axes[0])
        blended = Blended(gather.indices, second.indices, weights, after)
        return Decomposition(
            scope, gather.node, gather.index, gather.data, output, axes, gather.layout, blended
        )
    ends = gather.behind is None or len(gather.behind) == len(gather.perm)
    output = gather.end if ends else gather.node.output[0]
    layout = gather.layout if ends else gather.perm
    return Decomposition(
        scope, gather.node, gather.index, gather.data, output, axes, layout,
        Gathered(gather.indices),
    )  # fmt: skip


def _wider(found: Decomposition) -> Decomposition:
    """Return a resize with what stands around it for its layout's sake alone.

    That is a Transpose behind it that puts the axes back in their order, or an axis that is put in
    before it and taken out behind it.
    """
    scope = found.scope
    readers = scope.readers.get(found.output, ())
    behind = scope.nodes[readers[0]] if len(readers) == 1 else None
    if found.is_turned and behind is not None and behind.op_type == "Transpose" and behind.output:
        order = order_of(scope, behind)
        if order is not None and sorted(order) == sorted(found.layout):
            layout = tuple(found.layout[place] for place in order)
            if layout == tuple(sorted(layout)) and found.output not in scope.outputs:
                return replace(found, output=behind.output[0], layout=layout)
    outer = None if found.is_turned else squeezed(scope, found.data, found.output)
    if outer is None:
        return found
    data, output, axis = outer
    return replace(found, data=data, output=output, single=axis)
