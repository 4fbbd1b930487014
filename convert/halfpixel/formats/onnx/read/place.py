"""A site in its file: the graph and the node that it is, and the values between which it stands."""

from typing import TYPE_CHECKING

from msgspec import Struct

from halfpixel.formats.onnx.read.scope import Scope
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
