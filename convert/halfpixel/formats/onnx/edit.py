"""A change of an ONNX model, apart from where it is made: in a message or in a file.

An edit says, node by node, what stands in a node's place; everything that it does not name
stays as it is, byte for byte. Two edits in a row compose to one, so that a model is lifted
to a later opset, repaired there, and written once. What nobody reads any more goes with it:
constants, tables, transposes.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from halfpixel.errors import GraphError
from halfpixel.formats.onnx.read.scope import inner_graphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import FunctionProto, GraphProto, ModelProto, NodeProto

    Item = NodeProto | None
    """A new node, or None for the old one as it is."""

Inner = tuple[int, int, int]
"""Where a subgraph stands: node, attribute, and place among the attribute's graphs."""

Container = tuple[str | int, ...]
"""A list of nodes: ("graph",) or ("function", index), then places of subgraphs."""

LARGEST: Final = 1 << 16
"""Most bytes of an initializer that is dropped; a larger one may be somebody's weights."""


class GraphEdit(Struct):
    """A change of one list of nodes.

    Attributes:
        nodes: for a node's index, what stands in its place.
        inner: changes of the subgraphs of nodes that stay.
        dropped: indices of initializers that go.
    """

    nodes: "dict[int, list[Item]]" = field(default_factory=lambda: {})  # noqa: PIE807 - typed by its place
    inner: "dict[Inner, GraphEdit]" = field(default_factory=lambda: {})  # noqa: PIE807 - typed by its place
    dropped: set[int] = field(default_factory=set[int])

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return bool(self.nodes or self.dropped or any(self.inner.values()))


class OnnxEdit(Struct):
    """A change of a model.

    Attributes:
        graph: change of the main graph.
        functions: changes of local functions, by index.
        opset: new version of the default operator set, or None where it stays.
        metadata: entries of metadata_props that are set.
    """

    graph: GraphEdit = field(default_factory=GraphEdit)
    functions: dict[int, GraphEdit] = field(default_factory=dict[int, GraphEdit])
    opset: int | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        parts = (self.graph, *self.functions.values())
        return any(parts) or self.opset is not None or bool(self.metadata)

    def at(self, container: Container) -> GraphEdit:
        """Return the change of one list of nodes, made where there is none yet."""
        head, rest = container[0], container[1:]
        if head == "graph":
            edit = self.graph
        else:
            edit = self.functions.setdefault(int(rest[0]), GraphEdit())
            rest = rest[1:]
        for place in range(0, len(rest), 3):
            key = (int(rest[place]), int(rest[place + 1]), int(rest[place + 2]))
            edit = edit.inner.setdefault(key, GraphEdit())
        return edit


def compose(first: OnnxEdit, second: OnnxEdit, model: "ModelProto") -> OnnxEdit:
    """Return the edit that does `first`, then `second`.

    Args:
        first: a change of `model`.
        second: a change of what `first` makes of it.
        model: the model that `first` applies to.
    """
    functions = {
        index: _compose(
            first.functions.get(index, GraphEdit()),
            second.functions.get(index, GraphEdit()),
            model.functions[index],
        )
        for index in first.functions.keys() | second.functions.keys()
    }
    return OnnxEdit(
        _compose(first.graph, second.graph, model.graph),
        functions,
        second.opset if second.opset is not None else first.opset,
        first.metadata | second.metadata,
    )


def _compose(first: GraphEdit, second: GraphEdit, graph: "GraphProto | FunctionProto") -> GraphEdit:
    if not first:
        return second
    tensors = range(len(getattr(graph, "initializer", ())))
    left = [index for index in tensors if index not in first.dropped]
    out = GraphEdit(dropped=first.dropped | {left[index] for index in second.dropped})
    inner = _by_node(second.inner)
    place = 0
    for index in range(len(graph.node)):
        items: list[Item] = []
        changed = index in first.nodes
        for item in first.nodes.get(index, [None]):
            then = second.nodes.get(place)
            changed |= then is not None
            items += [item if new is None else new for new in ([None] if then is None else then)]
            for key, edit in inner.get(place, {}).items():
                if item is not None:
                    raise GraphError("", item.name, "a subgraph of a lifted node is not changed")
                whole = index, key[1], key[2]
                before = first.inner.get(whole, GraphEdit())
                out.inner[whole] = _compose(before, edit, graph_at(graph, whole))
            place += 1
        if changed:
            out.nodes[index] = items
    for key, edit in first.inner.items():
        out.inner.setdefault(key, edit)
    return out


def graph_at(graph: "GraphProto | FunctionProto", place: Inner) -> "GraphProto":
    """Return the subgraph at a place."""
    holder = graph.node[place[0]].attribute[place[1]]
    return holder.graphs[place[2]] if holder.graphs else holder.g


def _by_node(inner: Mapping[Inner, GraphEdit]) -> dict[int, dict[Inner, GraphEdit]]:
    out: dict[int, dict[Inner, GraphEdit]] = {}
    for key, edit in inner.items():
        out.setdefault(key[0], {})[key] = edit
    return out


def applied(model: "ModelProto", edit: OnnxEdit) -> "ModelProto":
    """Return a changed copy of a model in memory; the model itself stays as it is."""
    out = type(model)()
    out.CopyFrom(model)
    _apply(out.graph, edit.graph)
    for tensor in sorted(edit.graph.dropped, reverse=True):
        del out.graph.initializer[tensor]
    for index, change in edit.functions.items():
        _apply(out.functions[index], change)
    if edit.opset is not None:
        entries = [*out.opset_import]
        entries += [e for index in edit.functions for e in out.functions[index].opset_import]
        for entry in entries:
            if entry.domain in {"", "ai.onnx"}:
                entry.version = edit.opset
    for key, value in edit.metadata.items():
        kept = [(entry.key, entry.value) for entry in out.metadata_props if entry.key != key]
        del out.metadata_props[:]
        for name, text in [*kept, (key, value)]:
            out.metadata_props.add(key=name, value=text)
    return out


def _apply(graph: "GraphProto | FunctionProto", edit: GraphEdit) -> None:
    for place, change in edit.inner.items():
        inner = graph_at(graph, place)
        _apply(inner, change)
        for tensor in sorted(change.dropped, reverse=True):
            del inner.initializer[tensor]
    if not edit.nodes:
        return
    nodes: list[NodeProto] = []
    for index, old in enumerate(graph.node):
        nodes += [old if item is None else item for item in edit.nodes.get(index, [None])]
    copies = [_copy(node) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)


def _copy(node: "NodeProto") -> "NodeProto":
    out = type(node)()
    out.CopyFrom(node)
    return out


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
