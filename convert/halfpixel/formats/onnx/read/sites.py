"""From nodes to sites: what each computes, what stands around it, and where it comes from.

Nodes that are alike share one operation, which is described once.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.conventions.onnx.resize import RESIZES
from halfpixel.formats.onnx.read.evaluation import MISFITS, Described, if_sound
from halfpixel.formats.onnx.read.needs import in_doubt
from halfpixel.formats.onnx.read.nodes.likeness import Likeness
from halfpixel.formats.onnx.read.place import Place, plain
from halfpixel.formats.onnx.read.resize import describe, misfit
from halfpixel.formats.onnx.read.scope import Scope, name_of
from halfpixel.formats.onnx.read.surroundings import kept_at, surroundings_of
from halfpixel.formats.onnx.read.taken import Taken
from halfpixel.intents.exporter_habit import meant
from halfpixel.intents.kept_name import named
from halfpixel.intents.pytorch_record import (
    CLASSES,
    STACK_TRACE,
    is_resampling_line,
    is_resampling_module,
    recorded,
    spells_size,
    user_line,
)
from halfpixel.origin import Intent, Producer
from halfpixel.site import Operation, Site, operation_key
from halfpixel.surroundings import Surroundings
from halfpixel.work import PLAIN, TooMuchWork, one_node, spend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    from halfpixel.formats.onnx.read.decompositions.pattern import Decomposition
    from halfpixel.formats.onnx.read.patterns.find import Pattern


SUPPRESS: Final = "halfpixel.suppress"
"""Key of a node's metadata_props under which findings are suppressed, a line each."""


class Sites(Struct):
    """The sites of one model, in the making.

    Attributes:
        producer: which program wrote the model.
        taken: what it takes.
    """

    producer: Producer
    taken: Taken
    _known: dict[object, Operation] = field(default_factory=dict[object, Operation])
    _alike: dict[object, Operation | None] = field(default_factory=dict[object, Operation | None])
    _likeness: Likeness = field(default_factory=Likeness)

    def at_node(self, scope: Scope, node: "NodeProto", body: bytes | None = None) -> Place:
        """Return the site that a resampling node is, in its place.

        Args:
            scope: the graph that it stands in.
            node: the node.
            body: its bytes, where they are at hand.
        """
        like = self.alike(scope, node, body) if node.op_type in RESIZES else None
        if like is not None:
            return like
        return plain(self._described(scope, node), scope, node)

    def alike(self, scope: Scope, node: "NodeProto", body: bytes | None = None) -> Place | None:
        """Return the site that a resize is, described with others; None where it is none of many.

        Args:
            scope: the graph that it stands in.
            node: a node of one of `RESIZES`.
            body: its bytes, where they are at hand.
        """
        named = self._likeness.of(scope, node, body)
        if named is None:
            return None
        key, data, output, name = named
        known = self._alike.get(key)
        if known is None:
            site = self._described(scope, node)  # what reads one in doubt counts
            if key not in self._alike:
                self._alike[key] = None if in_doubt(site.operation) else site.operation
            return plain(site, scope, node)

        def compute(inputs: "Sequence[NDArray[np.generic]]") -> "NDArray[np.float64]":
            return describe(scope, node, self.producer).compute(inputs)

        return Place(Site(name, known, scope.path, compute=compute), scope, node, data, output)

    def of_pooling(self, scope: Scope, node: "NodeProto") -> "list[tuple[Site, str, str]]":
        """Return the site that an AveragePool is, with the values between which it stands.

        None where its windows do not lie beside each other, or it is known to resample nothing.
        """
        from halfpixel.formats.onnx.read.decompositions.pooling import (
            pool_compute,
            pool_operation,
            read_pool,
        )

        pool = if_sound(read_pool, scope, node)
        if pool is None:
            return []
        kind = pooled_by(node)
        try:
            with one_node():
                spend(PLAIN)
                operation = if_sound(
                    pool_operation, scope, node, pool, self.producer, adaptive=kind
                )
        except TooMuchWork as error:
            return [(self.unjudged(scope, node, str(error)), pool.data, pool.output)]
        if operation is None:
            return []
        site = self._placed(scope, node, Described(operation, pool_compute(pool)))
        return [(site, pool.data, pool.output)]

    def of_gathers(
        self, scope: Scope, nodes: "Mapping[int, NodeProto]"
    ) -> "Iterator[tuple[Site, int, Decomposition | None]]":
        """Yield the sites that gathers of a graph are, with their places.

        With each is what it is written in; None for one that is too much work to read.

        Args:
            scope: the graph.
            nodes: its GatherND nodes, by their places.
        """
        from halfpixel.formats.onnx.read.decompositions.describe import (
            decomposed_compute,
            decomposed_operation,
        )
        from halfpixel.formats.onnx.read.decompositions.find import decompositions_of

        for index, found in decompositions_of(scope, nodes):
            if isinstance(found, str):
                yield self.unjudged(scope, nodes[index], found), index, None
                continue
            lines = records_resampling(found.node)
            try:
                with one_node():
                    spend(PLAIN)
                    operation = if_sound(decomposed_operation, found, self.producer, recorded=lines)
            except TooMuchWork as error:
                yield self.unjudged(scope, found.node, str(error)), index, found
                continue
            if operation is not None:
                described = Described(operation, decomposed_compute(found))
                yield self._placed(scope, found.node, described), index, found

    def unjudged(self, scope: Scope, node: "NodeProto", reason: str) -> Site:
        """Return a node that is too much work, as a site of which nothing is known."""
        described = misfit(scope, node, self.producer, reason)
        operation = replace(described.operation, unjudged=True)
        return Site(name_of(node), operation, scope.path, compute=described.compute)

    def of_patterns(
        self, scope: Scope, nodes: "Mapping[int, NodeProto]"
    ) -> Iterator[tuple[Site, int, str, str]]:
        """Yield the sites that end in nodes which only move data, as `of_gathers` does."""
        from halfpixel.formats.onnx.read.patterns.find import patterns_of, read_pattern

        def read(node: "NodeProto") -> "Pattern | None":
            return if_sound(read_pattern, scope, node, self.producer)

        for index, pattern in patterns_of(nodes, read):
            node = nodes[index]
            if isinstance(pattern, str):
                site = self.unjudged(scope, node, pattern)
                yield site, index, node.input[0], node.output[0]
            else:
                site = self._placed(scope, node, pattern.described)
                yield site, index, pattern.data, node.output[0]

    def _described(self, scope: Scope, node: "NodeProto") -> Site:
        try:
            with one_node():
                spend(PLAIN)
                return self._read(scope, node)
        except TooMuchWork as error:
            return self.unjudged(scope, node, str(error))

    def _read(self, scope: Scope, node: "NodeProto") -> Site:
        """Return the site of a node: what it computes, what surrounds it, where it comes from."""
        try:
            described = describe(scope, node, self.producer)
        except TooMuchWork:
            raise
        except MISFITS as error:
            reason = f"its attributes and inputs do not belong together: {error}"
            described = misfit(scope, node, self.producer, reason)
        operation = described.operation
        around = if_sound(surroundings_of, scope, node, operation, self.taken)
        operation = replace(operation, surroundings=around or Surroundings())
        return self._placed(scope, node, Described(operation, described.compute))

    def _placed(self, scope: Scope, node: "NodeProto", described: Described) -> Site:
        properties = {entry.key: entry.value for entry in node.metadata_props}
        line = user_line(properties[STACK_TRACE]) if STACK_TRACE in properties else None
        source, text = line or (None, "")
        operation = described.operation
        kept = kept_at(scope, node)
        if kept:
            operation = replace(operation, origin=replace(operation.origin, kept=kept))
        intent = intent_of(operation, properties, text)
        if intent is not None:
            operation = operation.meaning(intent)
        if text and spells_size(text):
            origin = replace(operation.origin, literal_size=True)
            operation = replace(operation, origin=origin)
        operation = self._known.setdefault(operation_key(operation), operation)
        known = properties.get(SUPPRESS, "")
        return Site(name_of(node), operation, scope.path, source, text, known, described.compute)


def intent_of(
    operation: Operation, properties: "Mapping[str, str]", source_text: str
) -> Intent | None:
    """Return what was meant by an operation, from the strongest source that knows.

    The exporter's own record is strongest, then the original's name where it was kept, then the
    habits of a known exporter; the user's policy, where one is given, overrides all in a check.
    A site with no intent is described, and never called wrong without a reason.
    """
    told = recorded(operation, properties, source_text) if properties or source_text else None
    return told or named(operation) or meant(operation)


def records_resampling(node: "NodeProto") -> bool:
    """Whether the exporter recorded that the user's own line resamples."""
    properties = {entry.key: entry.value for entry in node.metadata_props}
    return STACK_TRACE in properties and is_resampling_line(properties[STACK_TRACE])


def pooled_by(node: "NodeProto") -> bool | None:
    """Whether a pooling is recorded as an adaptive one; None where nothing tells which it is."""
    if records_resampling(node):
        return True
    properties = {entry.key: entry.value for entry in node.metadata_props}
    if "avg_pool" in properties.get(STACK_TRACE, ""):
        return False
    return is_resampling_module(properties.get(CLASSES, ""))
