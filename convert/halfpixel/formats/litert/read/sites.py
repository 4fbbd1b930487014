"""The sites of a LiteRT graph: what ONNX's walk finds, in LiteRT's own words again."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.litert.resize import read
from halfpixel.dialect import LITERT
from halfpixel.errors import ConventionError, GraphError
from halfpixel.formats.litert.edit import RECORD, LitertEdit
from halfpixel.formats.litert.graph import Graph, Node
from halfpixel.formats.litert.read.as_onnx import said
from halfpixel.formats.litert.read.contents import Contents
from halfpixel.formats.litert.read.custom import AREA, BOTH, FLAGS, as_area, custom_flags
from halfpixel.formats.litert.read.resampling import FIRST, LAST, OPTIONS, flags_of
from halfpixel.formats.litert.read.sought import CUSTOMS, SOUGHT, TURNED, WALKED
from halfpixel.formats.litert.read.stepwise import in_steps
from halfpixel.formats.onnx.read.walk import Walk
from halfpixel.site import Operation, Site

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array
    from halfpixel.formats.litert.read.separable import Separable
    from halfpixel.formats.litert.read.writing import Writing
    from halfpixel.formats.onnx.read.place import Place
    from halfpixel.site import Compute
    from halfpixel.storage.remote_file import File

DATA: Final = {"TRANSPOSE_CONV": 2}
"""Which input is the image, where it is not the first."""

_WORD: Final = re.compile(r"[A-Z][A-Za-z0-9]*")


class Described(Struct, frozen=True):
    """A site with what evaluates it on images as it is described."""

    site: Site


class LitertPlace(Struct, frozen=True):
    """A site in its file.

    Attributes:
        site: the site.
        graph: the number of its graph.
        node: the operator that it is; the gather of a resize written in several, or what ends it.
        found: the same, evaluated on images as it is described.
        data: the tensor that is resampled.
        output: the tensor that the site ends in.
        turned: it is described with the channels first, where the file has them last.
    """

    site: Site
    graph: int
    node: Node
    found: Described
    data: str
    output: str
    turned: bool

    @property
    def facts(self) -> tuple[object, ...]:
        """What it has to be where it is read back."""
        site, operation = self.site, self.site.operation
        known = None if operation.unjudged else (operation.operator, operation.torch_call)
        return site.name, site.graph, site.op, operation.attributes, known, self.data, self.output


def places_of(
    contents: Contents,
    path: "File",
    edit: LitertEdit,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Iterator[LitertPlace]:
    """Yield the sites of every graph.

    Args:
        contents: the model.
        path: its file.
        edit: how it differs from that.
        shapes: lengths of inputs of the first graph, by name.

    Raises:
        Malformed: numbers in the file stand for nothing.
        GraphError: a graph is impossible.
    """
    sought = SOUGHT if edit or RECORD in contents.metadata else WALKED
    for index in range(len(contents.subgraphs)):
        if sought.isdisjoint(contents.ops(index)):
            continue
        graph = edit.applied(contents.graph(index), index)
        inside = "/".join(filter(None, (contents.member, graph.name if index else "")))
        steps, taken = list[LitertPlace](), set[tuple[int, ...]]()
        for one, site in in_steps(contents, graph):
            taken |= one.nodes
            steps.append(_stepwise(graph, index, one, site, inside))
        found = list(steps)
        if any(node.op in WALKED and node.outputs not in taken for node in graph.nodes):
            writing = said(contents, graph, path)
            found += [
                _walked(place, writing, index, inside)
                for place in _walk(writing, path, None if index else shapes)
                if writing.made[place.node.output[0]].outputs not in taken
            ]
        if steps:
            order = {node.outputs: number for number, node in enumerate(graph.nodes)}
            found.sort(key=lambda one: order.get(one.node.outputs, 0))
        yield from found


def _walk(
    writing: "Writing", path: "File", shapes: Mapping[str, tuple[int, ...]] | None
) -> "list[Place]":
    """Return what ONNX's walk finds in a graph, at given lengths of its inputs."""
    model = writing.model
    if shapes:
        from halfpixel.formats.onnx.read.lengths.inference import with_lengths

        model = with_lengths(model, shapes)
    return Walk(model, path).places()


def _walked(place: "Place", writing: "Writing", index: int, inside: str) -> LitertPlace:
    """Return a site that ONNX's walk found, in its place in the file."""
    node = writing.made[place.node.output[0]]
    ends = place.data, place.output
    if node.op in TURNED:
        image = DATA.get(node.op, 0)
        ends = writing.name(node.inputs[image]), writing.name(node.outputs[0])
    found = _found(place.site, node, writing)
    site = _site(found, node, inside)
    return LitertPlace(site, index, node, Described(found), *ends, node.op in TURNED)


def _stepwise(graph: Graph, index: int, one: "Separable", site: Site, inside: str) -> LitertPlace:
    """Return a site that is written as a step an axis, in its place in the file."""
    ends = graph.values[one.data].name, graph.values[one.node.outputs[0]].name
    own = replace(site, graph=inside, compute=_channels_last(site.compute))
    return LitertPlace(own, index, one.node, Described(site), *ends, turned=True)


def _found(site: Site, node: Node, writing: "Writing") -> Site:
    """Return a site among ONNX's nodes as far as ONNX's words are what the operator computes."""
    untold = writing.untold.get(node.name)
    if untold is not None:
        return replace(site, operation=replace(site.operation, doubt=untold))
    if node.op == AREA:
        return as_area(site)
    near = writing.nearly.get(node.name)
    if near and site.torch_call:
        site = replace(site, operation=replace(site.operation, torch_where=near))
    reason = writing.uncomputed.get(node.name)
    return site if reason is None else replace(site, compute=_refusing(site.name, reason))


def _refusing(name: str, reason: str) -> "Compute":
    """Return what refuses to evaluate a site."""

    def refuse(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        del inputs
        raise GraphError("", name, f"cannot be evaluated: {reason}")

    return refuse


def _site(site: Site, node: Node, inside: str) -> Site:
    """Return a site with the operator that it is in the file.

    Args:
        site: the site among ONNX's nodes.
        node: its operator.
        inside: the member and the graph that it stands in; empty for the first graph of a file.
    """
    return replace(
        site,
        name=node.name,
        graph="/".join(filter(None, (inside, site.graph))),
        operation=_operation(site.operation, node),
        compute=_channels_last(site.compute) if node.op in TURNED else site.compute,
    )


def _channels_last(compute: "Compute | None") -> "Compute | None":
    """Return what evaluates a site on images with the channels last."""
    if compute is None:
        return None

    def turned(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        if not inputs or inputs[0].ndim != len(FIRST):
            raise GraphError("", "", f"expected an image of rank {len(FIRST)}")
        return compute([inputs[0].transpose(FIRST)]).transpose(LAST)

    return turned


def _operation(operation: Operation, node: Node) -> Operation:
    """Return an operation in LiteRT's words."""
    own = replace(operation, op=node.op, opset=node.version, dialect=LITERT)
    if operation.hidden:
        return replace(own, attributes={}, hidden=_renamed(operation.hidden))
    if node.op in CUSTOMS or operation.doubt:  # ONNX has no such operator: LiteRT's runtime does
        given = custom_flags(node)
        both = operation.operator is None and all(map(given.get, FLAGS))
        return replace(own, attributes=given, problem=BOTH if both else "")
    if node.op not in OPTIONS:
        return own
    flags = flags_of(node)
    attributes = {
        "align_corners": int(flags.align_corners),
        "half_pixel_centers": int(flags.half_pixel_centers),
    }
    try:
        read(node.op, flags)
    except ConventionError as error:
        return replace(
            own, attributes=attributes, operator=None, torch_call=None, problem=str(error)
        )
    return replace(own, attributes=attributes)


NAMES: Final = {
    "GatherND": "GATHER_ND", "Mul": "MUL", "Add": "ADD", "Sub": "SUB", "ReduceMean": "MEAN",
    "ReduceSum": "SUM", "Transpose": "TRANSPOSE",
}  # fmt: skip
"""LiteRT's names of operators that a resize is written in."""


def _renamed(words: str) -> str:
    """Return words about ONNX's operators with LiteRT's names.

    >>> _renamed("GatherND and Mul")
    'GATHER_ND and MUL'
    """
    return _WORD.sub(lambda found: NAMES.get(found[0], found[0]), words)
