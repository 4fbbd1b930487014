"""What nobody reads any more once a site was written anew: constants, tables, transposes."""

from collections import Counter
from typing import TYPE_CHECKING

from halfpixel.formats.onnx.edit import GraphEdit, OnnxEdit, graph_at
from halfpixel.formats.onnx.read.scope import inner_graphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import FunctionProto, GraphProto, ModelProto, NodeProto

LARGEST = 1 << 16
"""Most bytes of an initializer that is dropped; a larger one may be somebody's weights."""


def drop_unread(model: "ModelProto", edit: OnnxEdit) -> None:
    """Add to an edit the nodes and small initializers that only replaced nodes read.

    Args:
        model: the model that the edit applies to.
        edit: the edit, which grows.
    """
    _drop(model.graph, edit.graph)
    for index, change in edit.functions.items():
        _drop(model.functions[index], change)


def _drop(graph: "GraphProto | FunctionProto", edit: GraphEdit) -> None:
    for place, change in edit.inner.items():
        _drop(graph_at(graph, place), change)
    if not edit.nodes:
        return
    reads = Counter(_outputs(graph))
    for index, node in enumerate(graph.node):
        for kept in _items(node, edit.nodes.get(index)):
            reads.update(_reads(kept))
    gone = _unread(graph, edit, reads)
    inputs = {value.name for value in getattr(graph, "input", ()) if hasattr(value, "name")}
    for index, tensor in enumerate(getattr(graph, "initializer", ())):
        if tensor.name in gone and tensor.name not in inputs and tensor.ByteSize() <= LARGEST:
            edit.dropped.add(index)


def _unread(graph: "GraphProto | FunctionProto", edit: GraphEdit, reads: Counter[str]) -> set[str]:
    """Drop nodes that only replaced nodes read, back to their sources; return their values."""
    producers = {name: place for place, node in enumerate(graph.node) for name in node.output}
    waiting = [n for index in edit.nodes for n in _reads(graph.node[index]) if not reads[n]]
    gone: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in gone or reads[name]:
            continue
        gone.add(name)
        place = producers.get(name)
        if place is None or place in edit.nodes:
            continue
        node = graph.node[place]
        if inner_graphs(node) or any(reads[output] for output in node.output):
            continue
        edit.nodes[place] = []
        reads.subtract(_reads(node))
        waiting += [source for source in _reads(node) if not reads[source]]
    return gone


def _items(node: "NodeProto", items: "Sequence[NodeProto | None] | None") -> "list[NodeProto]":
    if items is None:
        return [node]
    return [node if item is None else item for item in items]


def _outputs(graph: "GraphProto | FunctionProto") -> list[str]:
    return [value if isinstance(value, str) else value.name for value in graph.output]


def _reads(node: "NodeProto") -> list[str]:
    """Return the values that a node reads, its subgraphs included."""
    names = [name for name in node.input if name]
    for _, _, graph in inner_graphs(node):
        names += [name for inner in graph.node for name in _reads(inner)]
        names += [value.name for value in graph.output]
    return names
