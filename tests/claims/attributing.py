"""Why onnxruntime computes something else than a node's description: the known causes."""

from dataclasses import replace
from typing import cast

from claims.nodes import Array, Node
from halfpixel.checking.check import sites
from halfpixel.conforming.causes import cause_of
from halfpixel.conforming.conformance import Result
from halfpixel.conforming.models import KEPT, Config


def attribute(node: Node, feeds: dict[str, Array], found: Array, exact: Array) -> str | None:
    """Return the known cause of a difference by name; None where there is none."""
    x = feeds["x"]
    kept = KEPT if x.shape == exact.shape else ""
    given = cast("tuple[tuple[str, str | int | float], ...]", node.attributes)
    config = Config(node.op, node.opset, given, node.by, x.shape, exact.shape, "float32", kept)
    fixed = replace(node, shape=x.shape, free=frozenset[int](), unranked=False)
    if "sizes" in feeds:
        fixed = replace(fixed, by="sizes", values=tuple(feeds["sizes"].tolist()))
    (site,) = sites(fixed.model())
    grid = feeds.get("grid")
    result = Result(config, "different", 0.0, "", x, found, exact, site.operator, grid)
    cause = cause_of(result)
    return None if cause is None else cause.name
