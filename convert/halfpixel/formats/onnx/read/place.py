"""A site in its file: the graph and the node that it is, and the values between which it stands."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.sampling import ConvTranspose, DepthToSpace
from halfpixel.site import Site

if TYPE_CHECKING:
    from onnx import NodeProto

    from halfpixel.formats.onnx.read.decompositions.pattern import Decomposition


class Place(Struct, frozen=True):
    """A site, the graph it stands in, and its node.

    Attributes:
        site: the site.
        scope: the graph.
        node: the node; for a resize written in several, the one that gathers.
        data: the value that is resampled.
        output: the value that the site ends in.
        decomposition: what a resize written in several nodes is written in.
    """

    site: Site
    scope: Scope
    node: "NodeProto"
    data: str = ""
    output: str = ""
    decomposition: "Decomposition | None" = None


def plain(site: Site, scope: Scope, node: "NodeProto") -> Place:
    """Return the place of a site that is one node."""
    data = node.input[0] if node.input else ""
    return Place(site, scope, node, data, node.output[0] if node.output else "")


def once(places: Iterator[Place]) -> Iterator[Place]:
    """Yield sites; those of functions that other calls show alike once."""
    seen: set[tuple[object, ...]] = set()
    for place in places:
        container = place.scope.container
        if container[0] == "function":
            made = place.output or place.site.name
            key = (container, made, id(place.site.operation))
            if key in seen:
                continue
            seen.add(key)
        yield place


def is_ordinary(site: Site) -> bool:
    """Whether a ConvTranspose or DepthToSpace does not upsample: no site of ours."""
    operator = site.operator
    if isinstance(operator, DepthToSpace):
        return operator.block == 1
    return isinstance(operator, ConvTranspose) and set(operator.strides) == {1}
