"""Why onnxruntime computes something else than a node's description: the known causes."""

from claims.nodes import Array, Node
from halfpixel.site import Site


def attribute(
    node: Node, site: Site, feeds: dict[str, Array], found: Array, exact: Array
) -> str | None:
    """Return the known cause of a difference; None where there is none."""
    return "unknown"
