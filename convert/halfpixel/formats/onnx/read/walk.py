"""The walk over an ONNX model: every graph, subgraph and function body, every site."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from halfpixel.conventions.torch.call import closest_nearest
from halfpixel.errors import GraphError
from halfpixel.formats.onnx.edit import inner_graphs
from halfpixel.formats.onnx.read.described import Described
from halfpixel.formats.onnx.read.free_lengths import gather_trials, resize_trials
from halfpixel.formats.onnx.read.gathers import (
    HIDING,
    Gather,
    after_transpose,
    find_blends,
    gather_compute,
    gather_operation,
    is_resize,
    read_gather,
)
from halfpixel.formats.onnx.read.inference import inferred
from halfpixel.formats.onnx.read.likeness import (
    likeness,
    name_of,
    operation_key,
    spells_size,
)
from halfpixel.formats.onnx.read.pooling import pool_compute, pool_operation
from halfpixel.formats.onnx.read.resize import OPS, describe, misfit
from halfpixel.formats.onnx.read.scope import Scope, text
from halfpixel.formats.onnx.read.shape_arithmetic import LARGEST_GRAPH, Fixed, Trial, trials
from halfpixel.formats.onnx.read.surroundings import image_shape, surroundings_of
from halfpixel.intent import intent_of, version_of
from halfpixel.intents.pytorch_record import STACK_TRACE, is_resampling_line, user_line
from halfpixel.site import FreeLengths, Operation, Producer, Shape, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from onnx import FunctionProto, GraphProto, ModelProto, NodeProto, ValueInfoProto

NESTING: Final = frozenset({"If", "Loop", "Scan", "SequenceMap"})
DEEPEST: Final = 64


MISFITS: Final = (ValueError, IndexError, KeyError, OverflowError, ZeroDivisionError)
"""What reading a node raises where its parts contradict each other."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """A site, the graph it stands in, and its node.

    Attributes:
        site: the site.
        scope: the graph.
        node: the node; for a resize written in several, the one that gathers.
        data: the value that is resampled.
        output: the value that the site ends in.
    """

    site: Site
    scope: Scope
    node: "NodeProto"
    data: str = ""
    output: str = ""


@dataclass(slots=True)
class Walk:
    """One walk over one model.

    Attributes:
        model: the model, or its skeleton.
        folder: folder that external data is relative to.
    """

    model: "ModelProto"
    folder: Path | None
    producer: Producer = field(init=False)
    functions: "Mapping[tuple[str, str], FunctionProto]" = field(init=False)
    places_of: dict[tuple[str, str], int] = field(init=False)
    _image: Shape | None = None
    _known: dict[object, Operation] = field(default_factory=dict[object, Operation])
    _alike: dict[object, Operation] = field(default_factory=dict[object, Operation])

    def __post_init__(self) -> None:
        """Read what belongs to the whole model."""
        name = text(self.model.producer_name).strip().lower()
        self.producer = Producer(name, version_of(self.model.producer_version))
        self.functions = {(f.domain, f.name): f for f in self.model.functions}
        names = enumerate(self.model.functions)
        self.places_of = {(f.domain, f.name): index for index, f in names}

    def sites(self) -> list[Site]:
        """Return every site of the model, in graph order; raises as `places` does."""
        return [place.site for place in self.places()]

    def places(self) -> list[Place]:
        """Return every site of the model with its node, in graph order.

        Raises:
            GraphError: a cycle, functions that call themselves, or graphs nested too deep.
        """
        main = self._main()
        self._image = image_shape(main, [value.name for value in self.model.graph.input])
        found = [place for place in self._walk(main, 0) if not _ordinary(place.site)]
        if any(not place.site.operation.constant_lengths for place in found):
            attempts = trials(self.model, main)
            found = [self._tried(main, place, attempts) for place in found]
        return found

    def _main(self) -> Scope:
        graph = self.model.graph
        values = [*graph.value_info, *graph.input, *graph.output]
        main = Scope(
            path="",
            nodes=graph.node,
            opsets={entry.domain: entry.version for entry in self.model.opset_import},
            folder=self.folder,
            constants={tensor.name: tensor for tensor in graph.initializer},
            values={value.name: value for value in values},
        )
        main.producers  # noqa: B018 - refuses a cycle, before anything follows it
        if self._lacks_shapes(main):
            found = inferred(self.model)
            main.shapes.update(found.shapes)
            main.types.update(found.types)
        if len(main.nodes) <= LARGEST_GRAPH:
            main.compute = Fixed(self.model, main).value
        return main

    def _lacks_shapes(self, main: Scope) -> bool:
        """Whether a site stands on a value whose shape the file does not carry."""
        if len(main.nodes) > LARGEST_GRAPH:
            return False
        wanted = OPS | HIDING
        return any(
            node.op_type in wanted and node.input and main.shape(node.input[0]) is None
            for node in main.nodes
        )

    def _walk(self, scope: Scope, depth: int) -> Iterator[Place]:
        """Yield the sites of a graph in its order, those of nested graphs where they stand."""
        if depth > DEEPEST:
            raise GraphError("", scope.path, f"graphs are nested deeper than {DEEPEST}")
        gathers: dict[str, tuple[Gather, NodeProto]] = {}
        found: list[tuple[int, Place]] = []
        order: dict[str, int] = {}
        for index, node in enumerate(scope.nodes):
            op = node.op_type
            if op in OPS and node.domain in {"", "ai.onnx"}:
                found.append((index, _plain(self._site(scope, node), scope, node)))
            elif op == "GatherND":
                gather = _if_sound(read_gather, scope, node)
                if gather is not None:
                    gathers[node.output[0]] = (gather, node)
                    order[node.output[0]] = index
            elif op == "AveragePool":
                found += [(index, place) for place in self._pool(scope, node)]
            elif op in NESTING:
                found += [(index, place) for place in self._nested(scope, node, index, depth)]
            if self.functions and (node.domain, op) in self.functions:
                body = self._body(scope, node, self.functions[node.domain, op])
                found += [(index, place) for place in self._walk(body, depth + 1)]
        for place in self._gathers(scope, gathers):
            found.append((order[place.node.output[0]], place))
        found.sort(key=lambda pair: pair[0])
        yield from (place for _, place in found)

    def _nested(self, scope: Scope, node: "NodeProto", index: int, depth: int) -> Iterator[Place]:
        for number, place, graph in inner_graphs(node):
            name = node.attribute[number].name
            path = _path(scope.path, f"{node.name or node.op_type}.{name}")
            container = (*scope.container, index, number, place)
            yield from self._walk(_inner(scope, graph, path, container), depth + 1)

    def _body(self, scope: Scope, node: "NodeProto", function: "FunctionProto") -> Scope:
        """Return the body of a function as it is called by `node`."""
        given = {a.name: a for a in function.attribute_proto} | {a.name: a for a in node.attribute}
        opsets = {entry.domain: entry.version for entry in function.opset_import}
        return Scope(
            path=_path(scope.path, f"{node.name or function.name}.{function.name}"),
            nodes=function.node,
            opsets=opsets or scope.opsets,
            folder=scope.folder,
            constants={},
            values={value.name: value for value in function.value_info},
            bound={
                formal: (scope, actual)
                for formal, actual in zip(function.input, node.input, strict=False)
                if actual
            },
            arguments=given,
            container=("function", self.places_of[function.domain, function.name]),
        )

    def _site(self, scope: Scope, node: "NodeProto") -> Site:
        key = likeness(scope, node)
        if key is None:
            return self._judged(scope, node)
        known = self._alike.get(key)
        if known is None:
            site = self._judged(scope, node)
            self._alike[key] = site.operation
            return site

        def compute(inputs: "Sequence[NDArray[np.generic]]") -> "NDArray[np.float64]":
            return describe(scope, node, self.producer).compute(inputs)

        return Site(name_of(node), known, scope.path, compute=compute)

    def _judged(self, scope: Scope, node: "NodeProto") -> Site:
        try:
            described = describe(scope, node, self.producer)
        except MISFITS as error:
            reason = f"its attributes and inputs do not belong together: {error}"
            described = misfit(scope, node, self.producer, reason)
        operation = described.operation
        operation = replace(operation, surroundings=surroundings_of(scope, node, self._image))
        return self._placed(scope, node, Described(operation, described.compute))

    def _placed(self, scope: Scope, node: "NodeProto", described: Described) -> Site:
        properties = {entry.key: entry.value for entry in node.metadata_props}
        line = user_line(properties.get(STACK_TRACE, ""))
        source, text = line or (None, "")
        operation = described.operation
        intent = intent_of(operation, properties, text)
        if intent is not None:
            operation = operation.meaning(intent)
        if text and spells_size(text):
            origin = replace(operation.origin, literal_size=True)
            operation = replace(operation, origin=origin)
        operation = self._known.setdefault(operation_key(operation), operation)
        return Site(name_of(node), operation, scope.path, source, text, described.compute)

    def _pool(self, scope: Scope, node: "NodeProto") -> Iterator[Place]:
        properties = {entry.key: entry.value for entry in node.metadata_props}
        if not is_resampling_line(properties.get(STACK_TRACE, "")):
            return
        operation = _if_sound(pool_operation, scope, node, self.producer)
        if operation is not None:
            described = Described(operation, pool_compute(operation))
            yield _plain(self._placed(scope, node, described), scope, node)

    def _gathers(
        self, scope: Scope, gathers: "dict[str, tuple[Gather, NodeProto]]"
    ) -> Iterator[Place]:
        """Yield the gathers of a graph, two that are blended as one linear resize."""
        if not gathers:
            return
        ends = dict(after_transpose(scope, gathers))
        by_end = {end: gathers[start][0] for end, start in ends.items()}
        aliases = {start: end for end, start in ends.items()} | {end: end for end in ends}
        blends = _if_sound(find_blends, scope, by_end, aliases) or {}
        seconds = {blend.second for blend in blends.values()}
        for end, start in ends.items():
            if end in seconds:
                continue
            gather, node = gathers[start]
            blend, output = None, end
            if end in blends:
                found = blends[end]
                blend, output = (gathers[ends[found.second]][0], found.weights), found.output
            operation = _if_sound(gather_operation, scope, gather, self.producer, blend)
            if operation is None:
                continue
            properties = {entry.key: entry.value for entry in node.metadata_props}
            if is_resize(operation) or is_resampling_line(properties.get(STACK_TRACE, "")):
                described = Described(operation, gather_compute(gather, blend))
                site = self._placed(scope, node, described)
                yield Place(site, scope, node, gather.data, output)

    def _tried(self, main: Scope, place: Place, attempts: list[Trial]) -> Place:
        """Complete a site whose lengths the graph computes, at trial sizes."""
        site, node = place.site, place.node
        operation = site.operation
        if operation.constant_lengths or place.scope is not main:
            return place
        if operation.hidden == "GatherND":
            gather = read_gather(main, node)
            free = gather_trials(main, gather, attempts) if gather else FreeLengths()
            closest = closest_nearest(free.trials, free.tables, free.factors)
            if closest is not None and not closest.off:
                operation = replace(operation, torch_call=closest.call.text())
        else:
            free = resize_trials(main, node, operation, attempts)
        surroundings = replace(operation.surroundings, free_lengths=free)
        tried = replace(site, operation=replace(operation, surroundings=surroundings))
        return replace(place, site=tried)


def _if_sound(read: "Callable[P, T]", *arguments: "P.args", **names: "P.kwargs") -> "T | None":
    """Return what is read, or None where the node's parts do not belong together."""
    try:
        return read(*arguments, **names)
    except MISFITS:
        import logging

        logging.getLogger(__name__).debug("no resize", exc_info=True)
        return None


def _path(outer: str, inner: str) -> str:
    return f"{outer}/{inner}" if outer else inner


def _plain(site: Site, scope: Scope, node: "NodeProto") -> Place:
    """Return the place of a site that is one node."""
    data = node.input[0] if node.input else ""
    return Place(site, scope, node, data, node.output[0] if node.output else "")


def _inner(scope: Scope, graph: "GraphProto", path: str, container: tuple[str | int, ...]) -> Scope:
    values: Sequence[ValueInfoProto] = [*graph.value_info, *graph.input, *graph.output]
    return Scope(
        path=path,
        nodes=graph.node,
        opsets=scope.opsets,
        folder=scope.folder,
        constants={tensor.name: tensor for tensor in graph.initializer},
        values={value.name: value for value in values},
        outer=scope,
        arguments=scope.arguments,
        container=container,
    )


def _ordinary(site: Site) -> bool:
    """Whether a ConvTranspose does not upsample: no site of ours."""
    operator = site.operator
    strides = getattr(operator, "strides", None)
    return site.op == "ConvTranspose" and strides is not None and set(strides) == {1}
