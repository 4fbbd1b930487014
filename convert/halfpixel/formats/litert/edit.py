"""How a LiteRT model differs from its file: what stands in the place of operators."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.formats.litert.graph import Graph, Node, Options, Value

RECORD: Final = "halfpixel.fix"
"""Name of the metadata under which changes are recorded."""

Place = tuple[int, int]
"""An operator: the number of its graph, and its own in there."""


class Flagged(Struct, frozen=True):
    """Other flags of a resize.

    Attributes:
        options: the flags.
        version: of the operator that has them.
    """

    options: Options
    version: int


class Written(Struct, frozen=True):
    """Other operators in the place of one.

    Attributes:
        nodes: the operators, the last of which makes what the old one made.
        values: new tensors, which are numbered behind the graph's own.
    """

    nodes: tuple[Node, ...]
    values: tuple[Value, ...]


class LitertEdit(Struct, frozen=True):
    """How a model differs from its file.

    Attributes:
        changes: what stands in the place of operators.
        record: the record of all changes, a line each.
    """

    changes: Mapping[Place, Flagged | Written] = field(
        default_factory=dict[Place, "Flagged | Written"]
    )
    record: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.changes)

    def applied(self, graph: Graph, index: int) -> Graph:
        """Return a graph with its changes; operators that are new have no place of their own."""
        values, nodes = list(graph.values), list[Node]()
        for place, node in enumerate(graph.nodes):
            change = self.changes.get((index, place))
            if change is None:
                nodes.append(node)
            elif isinstance(change, Flagged):
                nodes.append(replace(node, given=change.options, version=change.version))
            else:
                nodes += change.nodes
        for one in self.written(index):
            values += one.values
        return replace(graph, values=tuple(values), nodes=tuple(nodes))

    def written(self, index: int) -> list[Written]:
        """Return the operators of a graph that are written in others, by their places."""
        found = [(at, self.changes[at]) for at in sorted(self.changes) if at[0] == index]
        return [one for _, one in found if isinstance(one, Written)]


UNCHANGED: Final = LitertEdit()
"""That of a model as its file has it."""
