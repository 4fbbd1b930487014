"""The values of inner graphs, made outputs of the nodes of the main graph that hold them.

Inside, a value's new name ends in a prime a level: no name is that of one in a graph around it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from halfpixel.format import Value
from halfpixel.formats.onnx.read.calls import path_of
from halfpixel.formats.onnx.read.scope import inner_graphs, name_of

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

NESTING: Final = frozenset({"If", "Loop", "Scan"})

DEEPEST: Final = 8
"""Graphs within each other that are laid open."""

Container = tuple[str | int, ...]
"""Which list of nodes a graph is: ("graph",), then (node, attribute, place) of each on the way."""


@dataclass
class Inner:
    """A value of an inner graph that the graph around it has too.

    Attributes:
        name: its name in the graph that it stands in now.
        dtype: element type, as TensorProto numbers it; 0 where unknown.
        value: what makes it, by the names of the main graph; no node for what a body is given.
        depth: Loops and Scans that it is stacked by.
    """

    name: str
    dtype: int
    value: Value
    depth: int = 0


@dataclass
class Opening:
    """The values of inner graphs on their way to the main graph.

    Attributes:
        proto: the model, which is changed.
        typed: the same with inferred types.
        wanted: names of inner values that may be asked for; None for all.
        own: names of the nodes of its functions.
        names: what inner values are called in the main graph, by container and own name.
        inside: what is made inside of each node of the main graph.
        depths: Loops and Scans that a value of the main graph is stacked by.
        asked: names in the main graph of the values that are returned; None for all.
    """

    proto: "ModelProto"
    typed: "ModelProto"
    wanted: set[str] | None
    own: frozenset[str]
    names: dict[Container, dict[str, str]] = field(default_factory=dict[Container, dict[str, str]])
    inside: dict[int, list[Value]] = field(default_factory=dict[int, list[Value]])
    depths: dict[str, int] = field(default_factory=dict[str, int])
    asked: Collection[str] | None = None

    def open(self) -> None:
        """Lay the inner graphs of the main graph open."""
        for index, node in enumerate(self.proto.graph.node):
            other = self.typed.graph.node[index]
            found = list(self._node(node, other, ("graph", index), "", {}))
            node.output.extend(one.name for one in found)
            self.inside[index] = [one.value for one in found if one.value.node]
            self.depths |= {one.name: one.depth for one in found}

    def _node(
        self,
        node: "NodeProto",
        typed: "NodeProto",
        container: Container,
        path: str,
        outer: Mapping[str, str],
    ) -> Iterator[Inner]:
        """Yield what the inner graphs of a node compute, under the names it is to return them."""
        if node.op_type not in NESTING or len(container) > 3 * DEEPEST:
            return
        graphs, types = inner_graphs(node), inner_graphs(typed)
        found: list[list[Inner]] = []
        for (number, place, graph), (_, _, beside) in zip(graphs, types, strict=True):
            here = path_of(path, f"{node.name or node.op_type}.{node.attribute[number].name}")
            inner = self._graph(graph, beside, (*container, number, place), here, dict(outer))
            found.append([one for one in inner if one.dtype or node.op_type != "If"])
        for position, (_, _, graph) in enumerate(graphs):
            for other, several in enumerate(found):
                for one in several:
                    _return(graph, one, empty=other != position)
        if node.op_type == "Scan":
            scan_axes(node, sum(map(len, found)))
        deeper = int(node.op_type != "If")
        for several in found:
            for one in several:
                yield Inner(one.name[:-1], one.dtype, one.value, one.depth + deeper)

    def _graph(
        self,
        graph: "GraphProto",
        typed: "GraphProto",
        container: Container,
        path: str,
        seen: dict[str, str],
    ) -> list[Inner]:
        """Return what a graph computes, each under a name of its own in all graphs."""
        from onnx import helper

        declared = (*typed.value_info, *typed.output, *typed.input, *graph.output)
        kinds = {value.name: value.type.tensor_type.elem_type for value in declared}
        known = self.names.setdefault(container, {})
        found: list[Inner] = []
        copies: list[tuple[str, str]] = []
        primes = "'" * (len(container) // 3)

        def copied(name: str, node: str, op: str, reads: tuple[str, ...]) -> None:
            if name and (self.wanted is None or name in self.wanted):
                known[name] = seen[name] = f"{path}/{name}"
                if self.asked is not None and known[name] not in self.asked:
                    return
                value = Value(known[name], own_name(node, self.own), op, reads, path)
                copies.append((name, known[name] + primes))
                found.append(Inner(copies[-1][1], kinds.get(name, 0), value))

        for given in graph.input:
            copied(given.name, "", "", ())
        for index, node in enumerate(graph.node):
            made = list(node.output)
            inside = list(self._node(node, typed.node[index], (*container, index), path, seen))
            node.output.extend(one.name for one in inside)
            found += inside
            reads = tuple(seen.get(name, name) for name in node.input if name)
            for name in made:
                copied(name, name_of(node), node.op_type, reads)
        graph.node.extend(helper.make_node("Identity", [one], [two]) for one, two in copies)
        return found


def _return(graph: "GraphProto", one: Inner, *, empty: bool) -> None:
    """Have a graph return a value or, where another graph makes it, nothing in its place."""
    from onnx import TensorProto, helper

    name = f"{one.name}/none" if empty else one.name
    if empty:
        nothing = TensorProto(data_type=one.dtype, dims=[0])
        graph.node.append(helper.make_node("Constant", [], [name], value=nothing))
    graph.output.append(helper.make_empty_tensor_value_info(name))


def scan_axes(node: "NodeProto", count: int) -> None:
    """Have a Scan stack what it returns more along the first axis, in its own order."""
    for attribute in node.attribute:
        if attribute.name in {"scan_output_axes", "scan_output_directions"}:
            attribute.ints.extend([0] * count)


def own_name(name: str, own: frozenset[str]) -> str:
    """Return the name that a node has in its function, which onnx's inliner ends in a number.

    >>> own_name("up__2", frozenset({"up"})), own_name("up__2", frozenset())
    ('up', 'up__2')
    """
    before, _, number = name.rpartition("__")
    return before if number.isdigit() and before in own else name


def inner_values(graph: "GraphProto", depth: int = 0) -> int:
    """Return how many values inner graphs compute; many where they are too deep."""
    if depth > DEEPEST:
        return 1 << 30
    inner = [one for node in graph.node for _, _, one in inner_graphs(node)]
    return sum(len(one.node) + inner_values(one, depth + 1) for one in inner)
