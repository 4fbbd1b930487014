"""The walk over an ONNX model: every graph, subgraph and function body, every site."""

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.conventions.onnx.resize import RESIZES
from halfpixel.errors import GraphError
from halfpixel.formats.onnx.read.calls import (
    MOST_MEANINGS,
    body_of,
    functions_of,
    inner_scope,
    leading_to,
    meaning,
    path_of,
)
from halfpixel.formats.onnx.read.nodes.known import Known, known
from halfpixel.formats.onnx.read.patterns.ends import ENDS, MOVES, holds_end, may_end, needs_shapes
from halfpixel.formats.onnx.read.place import Place, is_ordinary, once, plain
from halfpixel.formats.onnx.read.resize import OPS, RESAMPLING, is_resampling
from halfpixel.formats.onnx.read.scope import Scope, inner_graphs, text
from halfpixel.formats.onnx.read.sites import Sites
from halfpixel.formats.onnx.read.taken import taken_by
from halfpixel.origin import Producer, version_of
from halfpixel.site import Operation, Site
from halfpixel.work import TooMuchWork, is_spent, one_node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from onnx import AttributeProto, FunctionProto, ModelProto, NodeProto

    from halfpixel.formats.onnx.read.constants import Numbers
    from halfpixel.formats.onnx.read.lengths.shape_arithmetic import Fixed
    from halfpixel.formats.onnx.read.lengths.trial import Trial
    from halfpixel.formats.onnx.read.nodes.table import Table
    from halfpixel.storage.remote_file import File

NESTING: Final = frozenset({"If", "Loop", "Scan", "SequenceMap"})
WRITTEN_IN: Final = frozenset({"GatherND", "AveragePool"})
"""Operators in which exporters write resizes."""

ALONE: Final = RESAMPLING | WRITTEN_IN
"""Types of node for which a function is looked at, whatever stands beside them."""

WATCHED: Final = RESAMPLING | NESTING | WRITTEN_IN | ENDS
"""Types of node that the walk stops at, beside the calls of functions."""

DEEPEST: Final = 64

MAIN: Final = ("graph",)
"""The container of the main graph's nodes."""

Words = tuple[object, ...]
"""A call of a function, in full."""

LARGEST_GRAPH: Final = 20_000
"""Nodes of a graph beyond which shapes that the file lacks are not inferred."""


class Walk:
    """One walk over one model.

    Args:
        model: the model, or its skeleton.
        file: the model's file, which external data is relative to; None for one in memory.
        told: the bytes that the model was parsed from, where they are at hand; or the nodes of
            its graph, where it comes without them.
    """

    _sites: Sites
    _known: Known

    def __init__(
        self, model: "ModelProto", file: "File | None", told: "bytes | Table" = b""
    ) -> None:
        """Look up the functions."""
        self.model, self.file, self._told = model, file, told
        self.functions: Mapping[tuple[str, str], tuple[int, FunctionProto]] = functions_of(model)
        self._meanings: dict[int, set[object]] = {}
        self._watched = WATCHED

    def sites(self) -> list[Site]:
        """Return every site of the model, in graph order; raises as `places` does."""
        return [place.site for place in self.places()]

    def places(self) -> list[Place]:
        """Return every site of the model with its node, in graph order.

        Raises:
            GraphError: a cycle, functions that call themselves, or graphs nested too deep.
        """
        model, main = self.model, self._main()
        self.functions = leading_to(self.functions, _holds_site)
        self._watched = WATCHED.union(name for _, name in self.functions)
        name, graph = (text(one).strip().lower() for one in (model.producer_name, model.graph.name))
        self._sites = Sites(
            Producer(name, version_of(model.producer_version), graph),
            taken_by(main, model.graph),
        )
        found = [place for place in once(self._walk(main, 0)) if not is_ordinary(place.site)]
        if any(not place.site.operation.constant_lengths for place in found):
            return self._with_free_lengths(main, found)
        return found

    def _with_free_lengths(self, main: Scope, places: list[Place]) -> list[Place]:
        """Complete the sites whose lengths the main graph computes, at trial sizes."""
        from halfpixel.formats.onnx.read.decompositions.trials import tried_operation
        from halfpixel.formats.onnx.read.lengths.free_lengths import with_free_lengths
        from halfpixel.formats.onnx.read.lengths.shape_arithmetic import trials

        attempts: list[Trial] = []
        refused = ""
        try:
            if len(main.nodes) <= LARGEST_GRAPH:
                attempts = trials(self.model, main)
        except TooMuchWork as error:
            refused = str(error)
        out: list[Place] = []
        for place in places:
            found, operation = place.decomposition, place.site.operation
            if operation.constant_lengths:
                out.append(place)
                continue
            tried: Operation | None = operation
            reason = refused if found is not None or place.scope is main else ""
            try:
                with one_node():
                    if found is not None and not reason:
                        tried = tried_operation(found, operation, attempts)
                    elif place.scope is main and not reason:
                        tried = with_free_lengths(main, place.node, operation, attempts)
            except TooMuchWork as error:
                reason = str(error)
            if reason:
                tried = replace(operation, problem=reason, unjudged=True)
            if tried is not None:
                out.append(replace(place, site=replace(place.site, operation=tried)))
        return out

    def _main(self) -> Scope:
        graph = self.model.graph
        asked = WATCHED.union(name for _, name in self.functions)
        self._known = nodes = known(graph.node, self._told, asked)
        values = [*graph.value_info, *graph.input, *graph.output]
        main = Scope(
            path="",
            nodes=nodes.nodes,
            opsets={entry.domain: entry.version for entry in self.model.opset_import},
            file=self.file,
            constants={tensor.name: tensor for tensor in graph.initializer},
            values={value.name: value for value in values},
            outputs=frozenset([value.name for value in graph.output]),
            made=nodes.producers,
            read_by=nodes.readers,
            joining=nodes.joining,
        )
        main.producers  # noqa: B018 - refuses a cycle, before anything follows it
        if self._lacks_shapes(main):
            from halfpixel.formats.onnx.read.lengths.inference import inferred

            found = inferred(self.model)
            main.shapes.update(found.shapes)
            main.types.update(found.types)
        if len(main.nodes) <= LARGEST_GRAPH:
            main.compute = _fixed(self.model, main)
        return main

    def _lacks_shapes(self, main: Scope) -> bool:
        """Whether a site stands on a value whose shape the file does not carry."""
        if len(main.nodes) > LARGEST_GRAPH:
            return False
        wanted = OPS | WRITTEN_IN
        return any(
            node.input
            and main.shape(node.input[0]) is None
            and (node.op_type in wanted or needs_shapes(main, node))
            for node in main.nodes
            if node.op_type in wanted or node.op_type in MOVES
        )

    def _walk(self, scope: Scope, depth: int) -> Iterator[Place]:
        """Yield the sites of a graph in its order, those of nested graphs where they stand."""
        if depth > DEEPEST:
            raise GraphError("", scope.path, f"graphs are nested deeper than {DEEPEST}")
        found: list[tuple[int, Place]] = []
        gathers: dict[int, NodeProto] = {}
        ends: dict[int, NodeProto] = {}
        asked: set[Words] = set()
        alike = frozenset[str]() if self.functions else RESIZES
        for index, node, body in self._nodes(scope):
            op = node.op_type
            if op not in self._watched:
                continue
            if op in ENDS and may_end(scope, node):
                ends[index] = node
            elif op == "GatherND":
                gathers[index] = node
            like = self._sites.alike(scope, node, body) if op in alike else None
            if like is not None:
                found.append((index, like))
            else:
                found += [(index, place) for place in self._at(scope, node, index, depth, asked)]
        found += self._written(scope, gathers, ends)
        found.sort(key=lambda pair: pair[0])
        yield from (place for _, place in found)

    def _nodes(self, scope: Scope) -> "Iterator[tuple[int, NodeProto, bytes | None]]":
        """Return the nodes of a graph that may count, with their places, and bytes at hand."""
        asked = self._known.asked
        if asked is None or scope.container != MAIN:
            return ((index, node, None) for index, node in enumerate(scope.nodes))
        return ((index, scope.nodes[index], body) for index, body in asked.items())

    def _written(
        self, scope: Scope, gathers: "Mapping[int, NodeProto]", ends: "Mapping[int, NodeProto]"
    ) -> Iterator[tuple[int, Place]]:
        """Yield the sites that are written in several nodes, with the place of one of these."""
        if gathers:
            for site, index, one in self._sites.of_gathers(scope, gathers):
                whole = plain(site, scope, gathers[index])
                if one is not None:
                    whole = Place(site, scope, one.node, one.data, one.output, one)
                yield index, whole
        if ends:
            for site, index, data, output in self._sites.of_patterns(scope, ends):
                yield index, Place(site, scope, ends[index], data, output)

    def _at(
        self, scope: Scope, node: "NodeProto", index: int, depth: int, asked: set[Words]
    ) -> Iterator[Place]:
        """Yield the site that a node is, and those of the graphs that it holds or calls."""
        called = (node.domain, node.op_type) in self.functions
        if is_resampling(node) and not called:
            yield self._sites.at_node(scope, node)
        elif node.op_type == "AveragePool":
            for site, data, output in self._sites.of_pooling(scope, node):
                yield Place(site, scope, node, data, output)
        elif node.op_type in NESTING:
            yield from self._nested(scope, node, index, depth)
        if called:
            yield from self._called(scope, node, depth, asked)

    def _called(
        self, scope: Scope, node: "NodeProto", depth: int, asked: set[Words]
    ) -> Iterator[Place]:
        """Yield the sites of a function, unless a call that tells it the same has shown them."""
        words = (node.domain, node.op_type, *node.input, *map(_serialized, node.attribute))
        if words in asked:  # in the same graph
            return
        if is_spent():  # and what the function holds cannot be told any more
            yield plain(self._sites.unjudged(scope, node, str(TooMuchWork(0))), scope, node)
            return
        asked.add(words)
        index, function = self.functions[node.domain, node.op_type]
        body = body_of(scope, node, index, function)
        known, told = self._meanings.setdefault(index, set()), meaning(body, function)
        if told in known:
            return
        if len(known) >= MOST_MEANINGS:
            reason = f"not judged: its function is called in more than {MOST_MEANINGS} ways"
            yield plain(self._sites.unjudged(scope, node, reason), scope, node)
            return
        known.add(told)
        yield from self._walk(body, depth + 1)

    def _nested(self, scope: Scope, node: "NodeProto", index: int, depth: int) -> Iterator[Place]:
        for number, place, graph in inner_graphs(node):
            name = node.attribute[number].name
            path = path_of(scope.path, f"{node.name or node.op_type}.{name}")
            container = (*scope.container, index, number, place)
            yield from self._walk(inner_scope(scope, graph, path, container), depth + 1)


def _holds_site(nodes: "Sequence[NodeProto]") -> bool:
    """Whether a site may stand among the nodes of a function."""
    return any(node.op_type in ALONE for node in nodes) or holds_end(nodes)


def _serialized(attribute: "AttributeProto") -> bytes:
    return attribute.SerializeToString()


def _fixed(model: "ModelProto", main: Scope) -> "Callable[[str], Numbers | None]":
    """Return what computes a value from lengths that the file fixes, by onnx itself."""

    @lru_cache(maxsize=1)
    def fixed() -> "Fixed":
        from halfpixel.formats.onnx.read.lengths.shape_arithmetic import Fixed

        return Fixed(model, main)

    return lambda name: fixed().value(name)
