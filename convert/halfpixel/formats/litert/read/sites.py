"""The sites of a LiteRT graph: what ONNX's walk finds, in LiteRT's own words again."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.litert.resize import read
from halfpixel.dialect import LITERT
from halfpixel.errors import ConventionError, GraphError
from halfpixel.formats.litert.edit import LitertEdit
from halfpixel.formats.litert.graph import Node
from halfpixel.formats.litert.read.as_onnx import said
from halfpixel.formats.litert.read.contents import Contents
from halfpixel.formats.litert.read.custom import AREA, as_area
from halfpixel.formats.litert.read.resampling import FIRST, LAST, OPTIONS, flags_of
from halfpixel.formats.litert.read.sought import CUSTOMS, SOUGHT, TURNED
from halfpixel.formats.onnx.read.walk import Walk
from halfpixel.site import Operation, Site

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array
    from halfpixel.formats.onnx.read.place import Place
    from halfpixel.site import Compute
    from halfpixel.storage.remote_file import File

DATA: Final = {"TRANSPOSE_CONV": 2}
"""Which input is the image, where it is not the first."""

_WORD: Final = re.compile(r"[A-Z][A-Za-z0-9]*")


class LitertPlace(Struct, frozen=True):
    """A site in its file.

    Attributes:
        site: the site.
        graph: the number of its graph.
        node: the operator that it is; the gather of a resize written in several.
        found: the same among ONNX's nodes.
        data: the tensor that is resampled.
        output: the tensor that the site ends in.
    """

    site: Site
    graph: int
    node: Node
    found: "Place"
    data: str
    output: str

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
    for index in range(len(contents.subgraphs)):
        if SOUGHT.isdisjoint(contents.ops(index)):
            continue
        graph = edit.applied(contents.graph(index), index)
        writing = said(contents, graph, path)
        model = writing.model
        if shapes and not index:
            from halfpixel.formats.onnx.read.lengths.inference import with_lengths

            model = with_lengths(model, shapes)
        for place in Walk(model, path).places():
            node = writing.made[place.node.output[0]]
            ends = place.data, place.output
            if node.op in TURNED:
                image = DATA.get(node.op, 0)
                ends = writing.name(node.inputs[image]), writing.name(node.outputs[0])
            inside = "/".join(filter(None, (contents.member, graph.name if index else "")))
            yield LitertPlace(_site(place, node, inside), index, node, place, *ends)


def _site(place: "Place", node: Node, inside: str) -> Site:
    """Return a site with the operator that it is in the file.

    Args:
        place: the site among ONNX's nodes.
        node: its operator.
        inside: the member and the graph that it stands in; empty for the first graph of a file.
    """
    site = as_area(place.site) if node.op == AREA else place.site
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
    if node.op in CUSTOMS:
        return replace(own, problem="")  # ONNX has no such operator: LiteRT's runtime does
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
